"""The page that the parts of a report are laid out on: what they know of the profile, and tables of styled cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from perilune.profiler.cpu_times import Waiting
from perilune.profiler.model import FileProfile, LineRow, Profile
from perilune.profiler.quick_dataclasses import dataclass
from perilune.profiler.renderers.figures import (
    bytes_text,
    count_text,
    cut,
    cut_left,
    plural,
    points_text,
    printable,
    share_text,
    time_text,
)
from perilune.profiler.renderers.report.layout import Layout
from perilune.profiler.renderers.report.table import Column, Line, Row, Segment, table
from perilune.profiler.shares import leading_metric, order_is_known, sampling_error, time_share, times_lead
from perilune.profiler.sources import Sources

_MINIMUM_WIDTH = 60
_WIDE = 110  # columns from which tables show what is less important
_NARROW = 76  # below which they leave out what can be missed
_LOCATION_WIDTH, _SHORT_LOCATION_WIDTH = 24, 16
_BAR_CELLS = 8
_INVISIBLE_SHARE = 0.0005  # would be written 0.0%


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line with the file that it belongs to."""

    file: FileProfile
    line: LineRow


def heat(share: float | None) -> str:
    """The style of a share."""
    if share is None or share < 0.01:
        return "dim" if share is not None and share < _INVISIBLE_SHARE else ""
    return "bold red" if share >= 0.2 else "yellow" if share >= 0.05 else "green"


class Page:
    """What all parts of a report share. `metric` is the one that leads; `timed` says whether times are shown."""

    def __init__(self, profile: Profile, sources: Sources, layout: Layout) -> None:
        self.profile = profile
        self.sources = sources
        self.layout = layout
        self.width = max(_MINIMUM_WIDTH, layout.width)
        self.wide, self.narrow = self.width >= _WIDE, self.width < _NARROW
        self.metric = layout.metric or leading_metric(profile)
        self.timed = times_lead(profile) or self.metric == "time"
        self.sampled = profile.totals.samples is not None
        self.ordered = order_is_known(profile)
        self.one_file = len(profile.files) <= 1
        self.waiting = Waiting(profile.totals)
        self.holds = profile.holds

    def lines(self) -> list[PlacedLine]:
        """All lines of all files that the reader wants to see."""
        wanted, program = self.layout.lines, self.profile.program.path
        return [
            row for row in self.all_lines() if wanted is None or wanted.holds(row.file.path, row.line.line, program)
        ]

    def all_lines(self) -> list[PlacedLine]:
        """All lines of all files."""
        return [PlacedLine(file, line) for file in self.profile.files for line in file.lines]

    def top(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The first rows, as many as the reader wants."""
        return rows[: self.layout.top] if self.layout.top else rows

    def count(self, count: int) -> Segment:
        """A cell with a count."""
        return count_text(count, self.layout.exact), ""

    def size(self, size: int | None) -> Segment:
        """A cell with a number of bytes, empty where it was not recorded."""
        return ("" if size is None else f"{size:,}" if self.layout.exact else bytes_text(size)), ""

    def location_column(self, place: Callable[[Row], tuple[FileProfile, int]], crowded: bool = False) -> Column[Row]:
        """The column of places in the source: a line number, with its file where the profile has several.

        In a `crowded` table it leaves its room to the line's text, which says more than the folder of its file.
        """
        is_short = self.narrow or (crowded and not self.wide)
        width = _SHORT_LOCATION_WIDTH if is_short else _LOCATION_WIDTH
        return Column("line", lambda row: (self._location(*place(row), width), "cyan"), self.one_file)

    def _location(self, file: FileProfile, line: int, width: int) -> str:
        number = str(line) if line else "?"
        if self.one_file:
            return number
        shorten = cut if file.path.startswith("[") else cut_left
        return shorten(printable(file.path), width - len(number) - 1) + ":" + number

    def source_column(self, hotness: Callable[[PlacedLine], float | None]) -> Column[PlacedLine]:
        """The column of the lines' texts, the hot ones in their colour."""
        return Column("source", lambda row: (self._source(row), heat(hotness(row))), False)

    def _source(self, row: PlacedLine) -> str:
        lines = self.sources.get(row.file.path, [])
        if row.file.is_binary:
            return "(in a binary chunk, without text)"
        return printable(lines[row.line.line - 1].strip()) if 0 < row.line.line <= len(lines) else ""

    def bar_column(self, rows: Sequence[Row], share: Callable[[Row], float | None]) -> list[Column[Row]]:
        """On a wide page a column of bars, the longest for the largest share."""
        largest = max((share(row) or 0.0 for row in rows), default=0.0)
        if not self.wide or not largest:
            return []
        return [Column("", lambda row: (_bar((share(row) or 0.0) / largest), heat(share(row))), False)]

    def share_columns(
        self, share: Callable[[Row], float | None], error: Callable[[Row], float | None] | None = None
    ) -> list[Column[Row]]:
        """The column of shares, and the one of their errors where they were sampled."""
        columns: list[Column[Row]] = [Column("share", lambda row: (share_text(share(row)), heat(share(row))))]
        if self.sampled and error is not None:
            columns.append(Column("±", lambda row: (points_text(error(row)), "dim")))
        return columns

    def time_column(self, title: str, ns: Callable[[Row], int | None], style: str = "") -> Column[Row]:
        """A column of times. That no sample hit a row does not mean that it took 0 ns."""
        return Column(title, lambda row: (time_text((ns(row) or None) if self.sampled else ns(row)), style))

    def waiting_column(
        self, rows: Sequence[Row], times: Callable[[Row], tuple[int | None, int | None]]
    ) -> list[Column[Row]]:
        """The column of how much of a row's time waited, where that is worth to be told of any row that is shown."""
        if all(self.waiting.share(*times(row)) is None for row in self.top(rows)):
            return []
        return [Column("waits", lambda row: (_percent(self.waiting.share(*times(row))), ""))]

    def total_error_column(self, error: Callable[[Row], float | None]) -> list[Column[Row]]:
        """On a wide page the column of the errors of total times, as shares."""
        return [Column("± total", lambda row: (points_text(error(row)), "dim"))] if self.wide and self.sampled else []

    def time_of_run(self, ns: int | None) -> str:
        """A part of the run's time, as `60.0 ms, 6.0% ± 1.5`; only its share where no sample hit it."""
        share = time_share(self.profile, ns)
        points = points_text(sampling_error(self.profile, share))
        text = share_text(share) + (f" ± {points}" if points else "")
        return text if self.sampled and not ns else f"{time_text(ns)}, {text}"

    def plural(self, count: int, noun: str) -> str:
        """A count with all its digits and its noun."""
        return plural(count, noun, exact=True)

    def table(
        self,
        title: str,
        columns: Sequence[Column[Row]],
        rows: Sequence[Row],
        below: Sequence[Mapping[str, Segment]] = (),
    ) -> list[Line]:
        """A table of the top rows under its title; `below` stand rows that are no such, by title of their columns."""
        return table(title, columns, rows, self.layout.top, self.width, below)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{round(100 * share)}%"


def _bar(part: float) -> str:
    """A bar of a part of `_BAR_CELLS`, in steps of half a cell."""
    whole, half = divmod(round(part * _BAR_CELLS * 2), 2)
    return "━" * whole + "╸" * half
