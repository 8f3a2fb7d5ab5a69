"""The profile as a report to read: totals, hottest lines with their source, opcodes, functions, builtins, memory.

The report is laid out once, as lines of styled segments. `render` gives it as plain text and `print_colored` writes the
same text with colours through rich.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO, TypeVar

from perilune.compiler.opcodes import BY_NAME
from perilune.profiler.model import FileProfile, FunctionRow, LineRow, Profile
from perilune.profiler.sources import Sources

Segment = tuple[str, str]
"""Text and the name of its rich style; the style "" is the terminal's own."""

Line = list[Segment]

_Row = TypeVar("_Row")

SORT_KEYS = ("share", "instructions", "hits", "memory", "line")

_MINIMUM_WIDTH = 60
_LOCATION_WIDTH = 24
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Layout:
    """How the report is cut: `top` rows a table (0: all), ordered by one of SORT_KEYS, `exact` counts written in full."""

    top: int = 10
    sort: str = "share"
    exact: bool = False
    width: int = 80


def render(profile: Profile, sources: Sources, layout: Layout) -> str:
    """The report as plain text, no wider than the layout allows."""
    lines = ("".join(text for text, _ in line).rstrip() for line in report(profile, sources, layout))
    return "\n".join(lines) + "\n"


def print_colored(profile: Profile, sources: Sources, layout: Layout, stream: TextIO) -> None:
    """Writes the report with colours, unless the user's environment asks for none."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, width=layout.width, highlight=False, soft_wrap=True)
    for line in report(profile, sources, layout):
        console.print(Text.assemble(*line))


def report(profile: Profile, sources: Sources, layout: Layout) -> list[Line]:
    """The laid-out report."""
    page = _Page(profile, sources, layout)
    sections = (
        page.heading(),
        page.totals(),
        page.hottest_lines(),
        page.opcodes(),
        page.functions(),
        page.builtins(),
        page.allocating_lines(),
        page.notes(),
    )
    lines: list[Line] = []
    for section in sections:
        if section and lines:
            lines.append([])
        lines += section
    return lines


def count_text(count: int, exact: bool = False) -> str:
    """`9,512`, `12.3K`, `4.56M`; with `exact` always all digits."""
    if exact or count < 10_000:
        return f"{count:,}"
    return _scaled(count, ("", "K", "M", "G", "T", "P", "E"))


def bytes_text(size: int) -> str:
    """`512 B`, `12.3 kB`; a kB is 1,000 bytes."""
    return f"{size} B" if size < 1000 else _scaled(size, ("B", " kB", " MB", " GB", " TB", " PB"))


def time_text(ns: int | None) -> str:
    """`850 ns`, `12.3 ms`, `4.56 s`; nothing where no time was taken."""
    if ns is None:
        return ""
    return (
        f"{ns} ns" if ns < 1000 else _scaled(ns, (" ns", " µs", " ms", " s")) if ns < 10**12 else f"{ns / 1e9:,.0f} s"
    )


def share_text(share: float | None) -> str:
    """`12.3%`."""
    return "" if share is None else f"{100 * share:.1f}%"


def _scaled(number: int, units: Sequence[str]) -> str:
    """The number with three significant digits and the unit for its power of a thousand."""
    scaled = float(number)
    power = 0
    while scaled >= 999.5 and power < len(units) - 1:
        scaled /= 1000
        power += 1
    decimals = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    return f"{scaled:.{decimals}f}{units[power]}"


def cell_width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def cut(text: str, width: int) -> str:
    """The text, shortened to `width` columns with an ellipsis where it is wider."""
    if cell_width(text) <= width:
        return text
    kept = ""
    for char in text:
        if cell_width(kept + char) >= width:
            break
        kept += char
    return kept + "…"


def cut_left(text: str, width: int) -> str:
    """The text, shortened at its beginning."""
    return text if cell_width(text) <= width else cut(text[::-1], width)[::-1]


def printable(text: str) -> str:
    """One line of text in which nothing acts on the terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\t", "  "))


def _plural(count: int, noun: str, exact: bool = False) -> str:
    return f"{count_text(count, exact)} {noun}{'' if count == 1 else 's'}"


def _heat(share: float | None) -> str:
    if share is None or share < 0.01:
        return ""
    return "bold red" if share >= 0.2 else "yellow" if share >= 0.05 else "green"


@dataclass(frozen=True, slots=True)
class _Column:
    """A table's column; the last one of a table takes the width that is left and is cut to it."""

    title: str
    right: bool = True


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line with the file that it belongs to."""

    file: FileProfile
    line: LineRow


class _Page:
    """Lays out one profile."""

    def __init__(self, profile: Profile, sources: Sources, layout: Layout) -> None:
        self.profile = profile
        self.sources = sources
        self.layout = layout
        self.width = max(_MINIMUM_WIDTH, layout.width)
        self.timed = profile.mode != "count"
        self.one_file = len(profile.files) <= 1

    def heading(self) -> list[Line]:
        program = self.profile.program
        mode = f"{self.profile.mode} mode"
        command = cut(printable(" ".join([program.path, *program.args])), self.width - len(mode) - 16)
        return [[("Profile of ", ""), (command, "bold"), (f"  ({mode})", "dim")]]

    def totals(self) -> list[Line]:
        totals = self.profile.totals
        rows = [("instructions", f"{totals.instructions:,}")]
        if totals.run_ns is not None:
            rows.append(("time", time_text(totals.run_ns) + self._measured()))
            rows.append(("collector", f"{time_text(totals.gc_ns)}, {share_text(self._share(totals.gc_ns))}"))
        allocations = _plural(totals.memory.allocations, "allocation", True)
        rows += [
            (
                "memory",
                f"peak {bytes_text(totals.memory.peak_bytes)}, at the end {bytes_text(totals.memory.current_bytes)}",
            ),
            ("allocated", f"{bytes_text(totals.memory.allocated_bytes)} in {allocations}"),
            ("stack depth", f"peak {_plural(totals.stack.peak_depth, 'slot', True)}"),
        ]
        return [[(f"  {label:<14}", "dim"), (value, "")] for label, value in rows]

    def _measured(self) -> str:
        totals = self.profile.totals
        if totals.raw_ns is None or totals.run_ns is None or totals.raw_ns <= totals.run_ns:
            return ""
        return f" ({time_text(totals.raw_ns)} with the probes)"

    def _share(self, ns: int | None) -> float | None:
        run_ns = self.profile.totals.run_ns
        return None if ns is None or not run_ns else ns / run_ns

    def hottest_lines(self) -> list[Line]:
        placed = [_Placed(file, line) for file in self.profile.files for line in file.lines if line.hits]
        rows = self._top(sorted(placed, key=lambda row: self._line_order(row.line)))
        columns = [_Column("share"), *self._if_timed("time"), _Column("instr"), _Column("hits")]
        columns += [_Column("line", self.one_file), _Column("source", False)]
        return self._table(
            "Hottest lines" if self.layout.sort == "share" else f"Lines by {self.layout.sort}",
            len(placed),
            columns,
            [
                [
                    (share_text(row.line.share), _heat(row.line.share)),
                    *([(time_text(row.line.self_ns), "")] if self.timed else []),
                    (self._count(row.line.instructions), ""),
                    (self._count(row.line.hits), ""),
                    (self._location(row.file, row.line.line), "cyan"),
                    (self._source(row.file, row.line.line), ""),
                ]
                for row in rows
            ],
        )

    def opcodes(self) -> list[Line]:
        opcodes = self.profile.opcodes
        rows = self._top(opcodes)
        columns = [_Column("share"), *self._if_timed("time", "measured"), _Column("count")]
        columns += [_Column("opcode", False), _Column("meaning", False)]
        return self._table(
            "Opcodes",
            len(opcodes),
            columns,
            [
                [
                    (share_text(row.share), _heat(row.share)),
                    *([(time_text(row.self_ns), ""), (time_text(row.raw_ns), "dim")] if self.timed else []),
                    (self._count(row.count), ""),
                    (row.name, "cyan"),
                    (BY_NAME[row.name].meaning if row.name in BY_NAME else "", "dim"),
                ]
                for row in rows
            ],
        )

    def functions(self) -> list[Line]:
        placed = [(file, row) for file in self.profile.files for row in file.functions if row.calls]
        rows = self._top(sorted(placed, key=lambda pair: self._function_order(pair[1])))
        columns = [_Column("share"), *self._if_timed("time"), _Column("instr"), _Column("calls")]
        columns += [_Column("line", self.one_file), _Column("function", False)]
        return self._table(
            "Functions",
            len(placed),
            columns,
            [
                [
                    (share_text(row.share), _heat(row.share)),
                    *([(time_text(row.self_ns), "")] if self.timed else []),
                    (self._count(row.instructions), ""),
                    (self._count(row.calls), ""),
                    (self._location(file, row.line), "cyan"),
                    (printable(row.name), ""),
                ]
                for file, row in rows
            ],
        )

    def builtins(self) -> list[Line]:
        builtins = self.profile.builtins
        rows = self._top(builtins)
        return self._table(
            "Library functions",
            len(builtins),
            [*self._if_timed("share", "time"), _Column("calls"), _Column("function", False)],
            [
                [
                    *([(share_text(row.share), _heat(row.share)), (time_text(row.self_ns), "")] if self.timed else []),
                    (self._count(row.calls), ""),
                    (printable(row.name), ""),
                ]
                for row in rows
            ],
        )

    def allocating_lines(self) -> list[Line]:
        placed = [_Placed(file, line) for file in self.profile.files for line in file.lines if line.allocations]
        placed.sort(key=lambda row: (-row.line.allocated_bytes, row.line.line))
        columns = [_Column("share"), _Column("bytes"), _Column("allocations")]
        columns += [_Column("line", self.one_file), _Column("source", False)]
        rows = [
            [
                *self._allocated(row.line.allocated_bytes, row.line.allocations),
                (self._location(row.file, row.line.line), "cyan"),
                (self._source(row.file, row.line.line), ""),
            ]
            for row in self._top(placed)
        ]
        memory = self.profile.totals.memory
        outside_bytes = memory.allocated_bytes - sum(row.line.allocated_bytes for row in placed)
        outside_allocations = memory.allocations - sum(row.line.allocations for row in placed)
        if outside_allocations > 0:
            rows.append(
                [
                    *self._allocated(outside_bytes, outside_allocations),
                    ("", ""),
                    ("(outside any line: loading the program)", "dim"),
                ]
            )
        return self._table("Lines that allocate", len(placed), columns, rows)

    def _allocated(self, size: int, allocations: int) -> list[Segment]:
        share = size / (self.profile.totals.memory.allocated_bytes or 1)
        text = f"{size:,}" if self.layout.exact else bytes_text(size)
        return [(share_text(share), _heat(share)), (text, ""), (self._count(allocations), "")]

    def notes(self) -> list[Line]:
        if not self.timed:
            return []
        text = (
            "Counts are exact. Times are estimates: the calibrated cost of a probe is subtracted at every instruction, "
            "which can leave the time of a single opcode off by a factor of 2."
        )
        return [[(line, "dim")] for line in textwrap.wrap(text, self.width)]

    def _if_timed(self, *titles: str) -> list[_Column]:
        return [_Column(title) for title in titles] if self.timed else []

    def _count(self, count: int) -> str:
        return count_text(count, self.layout.exact)

    def _location(self, file: FileProfile, line: int) -> str:
        number = str(line) if line else "?"
        if self.one_file:
            return number
        shorten = cut if file.path.startswith("[") else cut_left
        return shorten(printable(file.path), _LOCATION_WIDTH - len(number) - 1) + ":" + number

    def _source(self, file: FileProfile, line: int) -> str:
        lines = self.sources.get(file.path, [])
        return printable(lines[line - 1].strip()) if 0 < line <= len(lines) else ""

    def _line_order(self, row: LineRow) -> tuple[float, ...]:
        key = {
            "share": -row.share,
            "instructions": -row.instructions,
            "hits": -row.hits,
            "memory": -row.allocated_bytes,
            "line": row.line,
        }[self.layout.sort]
        return key, -row.instructions, row.line

    def _function_order(self, row: FunctionRow) -> tuple[float, ...]:
        key = {
            "share": -row.share,
            "instructions": -row.instructions,
            "hits": -row.calls,
            "memory": -row.share,
            "line": row.line,
        }[self.layout.sort]
        return key, -row.instructions, row.line

    def _top(self, rows: list[_Row]) -> list[_Row]:
        return rows[: self.layout.top] if self.layout.top else rows

    def _table(self, title: str, total: int, columns: list[_Column], rows: list[list[Segment]]) -> list[Line]:
        if not rows:
            return []
        top = self.layout.top
        shown = f"  {top} of {total:,}" if top and top < total else ""
        widths = [
            max(cell_width(column.title), *(cell_width(row[index][0]) for row in rows))
            for index, column in enumerate(columns)
        ]
        widths[-1] = max(0, self.width - sum(widths[:-1]) - 2 * len(columns))
        header = [(column.title, "dim") for column in columns]
        return [[(title, "bold"), (shown, "dim")], *(_cells(columns, widths, row) for row in (header, *rows))]


def _cells(columns: list[_Column], widths: list[int], row: list[Segment]) -> Line:
    line: Line = []
    for column, width, (text, style) in zip(columns, widths, row, strict=True):
        text = cut(text, width)
        padding = " " * (width - cell_width(text))
        line += [("  " + padding, ""), (text, style)] if column.right else [("  ", ""), (text, style), (padding, "")]
    if not columns[-1].right:
        line.pop()
    return line
