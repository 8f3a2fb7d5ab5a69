"""A suite as Markdown, for the summary of a job or a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from perilune.profiler.renderers.comparison import change_text
from perilune.profiler.renderers.figures import bytes_text, count_text, printable, share_text
from perilune.profiler.renderers.suite import SuiteReport, ranking, summary_text, use_of, users_text


def render(of: SuiteReport, top: int) -> str:
    """The document; tables have `top` rows, 0 for all."""
    parts = [f"### {_code(of.suite.profile.program.path)}\n\n{summary_text(of)}.\n"]
    for section in (_findings(of), _programs(of, top), _lines(of, top)):
        if section:
            parts.append(section)
    return "\n".join(parts)


def _findings(of: SuiteReport) -> str:
    rows = (
        (
            f"**{finding.kind}**",
            _code(of.suite.programs[finding.program].name),
            _code(finding.message),
        )
        for finding in of.findings
    )
    return _table(("", "program", "what"), rows) if of.findings else ""


def _programs(of: SuiteReport, top: int) -> str:
    suite = of.suite
    whole = suite.profile.totals.instructions or 1
    shown = ranking(suite)[: top or None]
    header = ["program", "share", "instructions", "allocated", "peak"]
    header += [f"change of {of.metric.replace('_', ' ')}"] if of.growth else []
    rows = []
    for index in shown:
        program = suite.programs[index]
        count = program.instructions
        cells = [
            _code(program.name),
            "" if count is None else share_text(count / whole),
            "" if count is None else count_text(count),
            "" if program.allocated_bytes is None else bytes_text(program.allocated_bytes),
            "" if program.peak_bytes is None else bytes_text(program.peak_bytes),
        ]
        if of.growth:
            figure = of.growth[index]
            cells.append("" if figure is None else change_text(figure))
        rows.append(cells)
    return _table(header, rows, len(suite.programs))


def _lines(of: SuiteReport, top: int) -> str:
    rows = []
    for use in of.suite.uses[: top or None]:
        row = use_of(of.suite, use)
        if row is not None:
            place, users = f"{use.path}:{use.line}", users_text(of.suite, use)
            rows.append([_code(place), share_text(row.share), count_text(row.instructions), _code(users)])
    return _table(("line", "share", "instructions", "run by"), rows, len(of.suite.uses))


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], total: int = 0) -> str:
    shown = list(rows)
    lines = [_row(header), _row("---" for _ in header), *map(_row, shown)]
    lines += [f"\n{len(shown):,} of {total:,}"] if len(shown) < total else []
    return "\n".join(lines) + "\n" if shown else ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    """The text as code in a cell, whatever is in it."""
    return f"`{printable(text).replace('`', chr(39)).replace('|', chr(0x2758))}`" if text else ""
