"""A suite as a report to read: its programs, the lines that cost most in all of them, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from perilune.profiler.comparison import Figure
from perilune.profiler.model import LineRow
from perilune.profiler.renderers.comparison import change_text
from perilune.profiler.renderers.figures import bytes_text, count_text, cut, cut_left, plural, printable, share_text
from perilune.profiler.renderers.report.table import Column, Line, Segment, table
from perilune.profiler.sources import Sources
from perilune.profiler.suites import Finding, LineUse, ProgramRow, Suite

_PLACE_WIDTH = 30
_KINDS = {"failed": "red", "budget": "yellow", "growth": "yellow"}


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """All that there is to say of a suite.

    `growth` has for every program the figure called `metric` before and now; it is empty where nothing is compared.
    `seconds` are those of each program's run.
    """

    suite: Suite
    findings: Sequence[Finding] = ()
    metric: str = "instructions"
    growth: Sequence[Figure | None] = ()
    seconds: Sequence[float] = ()
    from_store: int = 0
    sources: Sources = field(default_factory=dict)


def report(of: SuiteReport, top: int, width: int) -> list[Line]:
    """The laid-out report, tables of `top` rows."""
    lines: list[Line] = [_heading(of)]
    for section in (_programs(of, top, width), _lines(of, top, width), _findings(of, width)):
        if section:
            lines += [[], *section]
    return lines


def summary_text(of: SuiteReport) -> str:
    """`12 programs: 11 ended well, 1 failed, 3 from the store; 1.20M instructions`."""
    programs = of.suite.programs
    failed = sum(program.failure is not None for program in programs)
    parts = [f"{len(programs) - failed:,} ended well"]
    parts += [f"{failed:,} failed"] if failed else []
    parts += [f"{of.from_store:,} from the store"] if of.from_store else []
    instructions = count_text(of.suite.profile.totals.instructions)
    return f"{plural(len(programs), 'program')}: {', '.join(parts)}; {instructions} instructions"


def ranking(suite: Suite) -> list[int]:
    """The indices of the programs, by the instructions that they executed."""
    order = range(len(suite.programs))
    return sorted(order, key=lambda index: (-(suite.programs[index].instructions or 0), suite.programs[index].name))


def use_of(suite: Suite, use: LineUse) -> LineRow | None:
    """The row of a line in the suite's profile."""
    file = suite.profile.file(use.path)
    return next((row for row in file.lines if row.line == use.line), None) if file is not None else None


def users_text(suite: Suite, use: LineUse) -> str:
    """`a.lua`, or `a.lua 64%, b.lua 36%`, `a.lua 64%, b.lua 20% and 3 more`: who executed a line, and what part of it."""
    whole = sum(use.instructions) or 1
    names = [suite.programs[index].name for index in use.programs]
    if len(names) == 1:
        return names[0]
    shown = [f"{name} {100 * count / whole:.0f}%" for name, count in zip(names, use.instructions, strict=True)][:2]
    return ", ".join(shown) + (f" and {len(names) - 2:,} more" if len(names) > 2 else "")


def _heading(of: SuiteReport) -> Line:
    return [(printable(of.suite.profile.program.path), "bold"), (f"  {summary_text(of)}", "")]


def _programs(of: SuiteReport, top: int, width: int) -> list[Line]:
    suite = of.suite
    whole = suite.profile.totals.instructions or 1

    def row(index: int) -> ProgramRow:
        return suite.programs[index]

    def share(index: int) -> Segment:
        instructions = row(index).instructions
        return ("" if instructions is None else share_text(instructions / whole)), ""

    def count(index: int) -> Segment:
        instructions = row(index).instructions
        return ("" if instructions is None else count_text(instructions)), ""

    def size(value: int | None) -> Segment:
        return ("" if value is None else bytes_text(value)), ""

    def name(index: int) -> Segment:
        return printable(row(index).name), "" if row(index).failure is None else "red"

    columns: list[Column[int]] = [
        Column("share", share),
        Column("instr", count),
        Column("allocated", lambda index: size(row(index).allocated_bytes)),
        Column("peak", lambda index: size(row(index).peak_bytes)),
    ]
    if of.growth:
        columns.append(Column("change", lambda index: _change(of.growth[index])))
    columns.append(Column("program", name, False))
    return table("Programs", columns, ranking(suite), top, width)


def _change(figure: Figure | None) -> Segment:
    if figure is None:
        return "", ""
    style = "red" if figure.difference > 0 else "green" if figure.difference else "dim"
    return change_text(figure), style


def _lines(of: SuiteReport, top: int, width: int) -> list[Line]:
    suite = of.suite

    def figures(use: LineUse) -> LineRow:
        row = use_of(suite, use)
        assert row is not None
        return row

    def source(use: LineUse) -> Segment:
        lines = of.sources.get(use.path, [])
        return (printable(lines[use.line - 1].strip()) if 0 < use.line <= len(lines) else ""), ""

    def place(use: LineUse) -> Segment:
        return cut_left(printable(f"{use.path}:{use.line}"), _PLACE_WIDTH), "cyan"

    columns: list[Column[LineUse]] = [
        Column("share", lambda use: (share_text(figures(use).share), "")),
        Column("instr", lambda use: (count_text(figures(use).instructions), "")),
        Column("hits", lambda use: (count_text(figures(use).hits), "")),
        Column("programs", lambda use: (f"{len(use.programs):,}", "")),
        Column("line", place, False),
        Column("run by", lambda use: (cut(printable(users_text(suite, use)), _PLACE_WIDTH), "dim"), False),
        Column("source", source, False),
    ]
    return table("Lines of all programs", columns, suite.uses, top, width)


def _findings(of: SuiteReport, width: int) -> list[Line]:
    columns: list[Column[Finding]] = [
        Column("", lambda finding: (finding.kind, _KINDS[finding.kind]), False),
        Column("program", lambda finding: (printable(of.suite.programs[finding.program].name), ""), False),
        Column("", lambda finding: (printable(finding.message), ""), False),
    ]
    return table("Wrong", columns, of.findings, 0, width)
