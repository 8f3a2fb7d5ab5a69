"""A comparison as a report to read: totals, then what changed most, relative figures before absolute ones."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from perilune.profiler.comparison import Comparison, Excess, Figure, Place, Row
from perilune.profiler.model import Profile
from perilune.profiler.renderers.figures import count_text, cut, cut_left, printable, time_text
from perilune.profiler.renderers.report.table import Column, Line, Segment, table
from perilune.profiler.sources import Sources

_NAMES = {
    "run_ns": "time",
    "cpu_ns": "processor time",
    "gc_ns": "collector",
    "compile_ns": "compiler",
    "self_ns": "time",
    "total_ns": "time",
    "instructions": "instructions",
    "calls": "calls",
    "allocated_bytes": "allocated bytes",
    "allocations": "allocations",
    "peak_bytes": "peak bytes",
    "current_bytes": "bytes at the end",
    "peak_depth": "peak stack slots",
}
_MEASURED = {"count": "instructions", "time": "time", "memory": "allocated bytes"}
_STYLES = {"more": "red", "new": "red", "less": "green", "gone": "green", "within noise": "dim", "same": "dim"}
_LOCATION_WIDTH = 26
_AS_FACTOR = Fraction(3, 2)  # from here on a ratio says more than a percentage

_TIMES = (
    "Counts and bytes are exact. Times are estimates: a difference within the combined 95% error of both, which includes "
    "10% for the machine, is within noise."
)
_TRACED = (
    " In trace mode the time that other processes take counts for the instruction that they interrupt: compare traces of "
    "a quiet machine, or samples."
)


_Item = tuple[str, Row]
"""The name of a figure and the row that has it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`top` rows a table (0: all), by `metric`: "count", "time" or "memory"."""

    metric: str
    top: int = 10
    width: int = 80


def change_text(figure: Figure) -> str:
    """The relative change: `-12.5%`, `x1.8`, `new`, `gone`, `within noise`. Never 0% for what changed."""
    if figure.verdict in ("same", "within noise", "new", "gone"):
        return figure.verdict
    ratio = figure.ratio
    if ratio is None:
        return "from 0"
    if ratio >= _AS_FACTOR:
        return f"x{float(ratio):,.0f}" if ratio >= 100 else f"x{float(ratio):.1f}"
    return growth_text(ratio)


def growth_text(ratio: Fraction) -> str:
    """`+2.1%`, with as many decimals as show that something changed and that something is left: `+0.0004%`, `-99.98%`."""
    percent = 100 * (ratio - 1)
    decimals = 1
    while ratio not in (0, 1) and decimals < 12 and abs(round(percent, decimals)) in (0, 100):
        decimals += 1
    return f"{float(percent):+.{decimals}f}%"


def difference_text(name: str, figure: Figure) -> str:
    """`+1,234`, and for times `+1.20 ms ±0.30 ms`."""
    if not name.endswith("_ns"):
        return f"{figure.difference:+,}"
    sign = "-" if figure.difference < 0 else "+"
    return f"{sign}{time_text(abs(figure.difference))} ±{time_text(figure.error)}"


def excess_text(excess: Excess) -> str:
    """What grew by more than its limit, in one line."""
    figure = excess.figure
    what = _NAMES[excess.figure_name]
    if excess.place is not None:
        what += f" of {printable(excess.place.name)} ({excess.place.path}:{excess.place.line})"
    growth = "from nothing" if figure.ratio is None else f"by {growth_text(figure.ratio)[1:]}"
    values = [_value_text(excess.figure_name, value, exact=True) for value in (figure.a, figure.b)]
    return f"{what} grew {growth}, from {values[0]} to {values[1]}: more than {excess.limit.text}"


def report(comparison: Comparison, sources_a: Sources, sources_b: Sources, layout: Layout) -> list[Line]:
    """The laid-out report."""
    page = _Page(comparison, sources_a, sources_b, layout)
    tables = (
        page.named_rows("Functions", "function", comparison.functions),
        page.source_lines(),
        page.named_rows("Opcodes", "opcode", comparison.opcodes),
        page.named_rows("Library functions", "function", comparison.builtins),
        page.named_rows("Zones", "zone", comparison.zones),
    )
    lines: list[Line] = page.heading()
    for section in (page.totals(), *(tables if any(tables) else (page.no_difference(),)), page.notes()):
        if section:
            lines += [[], *section]
    return lines


def changed_rows(comparison: Comparison, sources_a: Sources, sources_b: Sources, layout: Layout) -> list[Line]:
    """The tables of functions and lines alone, an empty line before each."""
    page = _Page(comparison, sources_a, sources_b, layout)
    tables = (page.named_rows("Functions", "function", comparison.functions), page.source_lines())
    return [line for section in tables if section for line in ([], *section)]


def _text_column(title: str, text: Callable[[_Item], str]) -> Column[_Item]:
    return Column(title, lambda item: (text(item), ""), False)


def _value_text(name: str, value: int | None, exact: bool = False) -> str:
    if value is None:
        return ""
    return time_text(value) if name.endswith("_ns") else count_text(value, exact)


def _cell(text: Callable[[str, Figure], str]) -> Callable[[_Item], Segment]:
    return lambda item: (text(item[0], item[1].figures[item[0]]), "")


def _figure_columns(exact: bool) -> list[Column[_Item]]:
    def change(item: _Item) -> Segment:
        figure = item[1].figures[item[0]]
        return change_text(figure), _STYLES[figure.verdict]

    return [
        Column("change", change),
        Column("difference", _cell(difference_text)),
        Column("A", _cell(lambda name, figure: _value_text(name, figure.a, exact))),
        Column("B", _cell(lambda name, figure: _value_text(name, figure.b, exact))),
    ]


class _Page:
    def __init__(self, comparison: Comparison, sources_a: Sources, sources_b: Sources, layout: Layout) -> None:
        self.comparison = comparison
        self.sources_a, self.sources_b = sources_a, sources_b
        self.layout = layout
        self.one_file = max(len(comparison.a.files), len(comparison.b.files)) <= 1

    def heading(self) -> list[Line]:
        by_cpu = self.layout.metric == "time" and self.comparison.b.clock == "cpu"
        measured = "processor time" if by_cpu else _MEASURED[self.layout.metric]
        return [
            [("Comparison of A and B by ", ""), (measured, "bold")],
            self._program("A", self.comparison.a),
            self._program("B", self.comparison.b),
        ]

    def _program(self, side: str, profile: Profile) -> Line:
        mode = f"  ({profile.mode} mode)"
        command = " ".join([profile.program.path, *profile.program.args])
        return [
            (f"  {side}  ", "dim"),
            (cut(printable(command), self.layout.width - len(mode) - 5), "bold"),
            (mode, ""),
        ]

    def totals(self) -> list[Line]:
        totals = self.comparison.totals
        name = totals.leading(self.layout.metric)
        names = sorted(totals.figures, key=lambda figure: figure != name)
        columns = [*_figure_columns(exact=True), _text_column("", lambda item: _NAMES[item[0]])]
        return table("Totals", columns, [(name, totals) for name in names], 0, self.layout.width)

    def named_rows(self, title: str, kind: str, rows: Sequence[Row]) -> list[Line]:
        columns = _figure_columns(exact=False)
        if any(row.place.path is not None for row in rows):
            columns.append(self._location_column())
        columns.append(_text_column(kind, lambda item: _name_text(item[1])))
        return table(title, columns, self._sorted(rows), self.layout.top, self.layout.width)

    def source_lines(self) -> list[Line]:
        columns = [
            *_figure_columns(exact=False),
            self._location_column(),
            _text_column("source", lambda item: self._source(item[1])),
        ]
        return table("Lines", columns, self._sorted(self.comparison.lines), self.layout.top, self.layout.width)

    def no_difference(self) -> list[Line]:
        return [[(f"No line, function or opcode differs in its {_MEASURED[self.layout.metric]}.", "")]]

    def notes(self) -> list[Line]:
        notes = [f"Note: {note}." for note in self.comparison.notes]
        if self.comparison.is_timed:
            modes = {self.comparison.a.mode, self.comparison.b.mode}
            notes.append(_TIMES + (_TRACED if "trace" in modes else ""))
        return [[(line, "dim")] for note in notes for line in textwrap.wrap(printable(note), self.layout.width)]

    def _sorted(self, rows: Sequence[Row]) -> list[_Item]:
        """The rows that differ in the metric, with the name of their figure: what is noise stands last."""
        named = [(row.leading(self.layout.metric), row) for row in rows]
        found = [(name, row) for name, row in named if name is not None and row.figures[name].verdict != "same"]
        found.sort(key=lambda item: _order(item[1].figures[item[0]], item[1].place))
        return found

    def _location_column(self) -> Column[_Item]:
        return Column("line", lambda item: (self._location(item[1]), "cyan"), self.one_file)

    def _location(self, row: Row) -> str:
        """`12` for a line that stayed, `12→14` for one that moved, `→14` for a new one, `12→` for one that is gone."""
        line_a, line_b = (str(place.line or "?") if place is not None else "" for place in (row.a, row.b))
        number = line_b if line_a == line_b else f"{line_a}→{line_b}"
        if self.one_file:
            return number
        return cut_left(printable(row.place.path or ""), _LOCATION_WIDTH - len(number) - 1) + ":" + number

    def _source(self, row: Row) -> str:
        place, sources = (row.b, self.sources_b) if row.b is not None else (row.a, self.sources_a)
        lines = sources.get(place.path or "", []) if place is not None else []
        return printable(lines[place.line - 1].strip()) if place is not None and 0 < place.line <= len(lines) else ""


def _name_text(row: Row) -> str:
    if row.a is not None and row.b is not None and row.a.name != row.b.name:
        return f"{printable(row.b.name)}, was {printable(row.a.name)}"
    return printable(row.place.name)


def _order(figure: Figure, place: Place) -> tuple[object, ...]:
    return figure.verdict == "within noise", -abs(figure.difference), place.path or "", place.line, place.name
