"""A program's figures through revisions: those of the whole run in each, and the functions and lines where they changed.

Pure. Each revision is compared with the one before it that could be run. All figures are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from perilune.profiler.bisection import FIGURES
from perilune.profiler.comparison import Figure, Place, Row, compare
from perilune.profiler.matching import match_lines, pair_files
from perilune.profiler.model import Profile
from perilune.profiler.repository import Revision
from perilune.profiler.sources import Sources

FORMAT = "perilune-history"
VERSION = 1

ROW_FIGURES = {"instructions": "instructions", "allocated": "allocated_bytes", "peak": "peak_live_bytes"}
"""The field that each metric is in those of a line; functions have no peak."""

_ALLOCATIONS = "allocations"
_ROW_FIELDS = (*ROW_FIGURES.values(), _ALLOCATIONS)
_RUN_FIELDS = (*FIGURES.values(), _ALLOCATIONS)


@dataclass(slots=True)
class Series:
    """The instructions of a function or a line by place in `points`, for revisions in which it ran.

    `text` is the function's name, or what stands on the line; where it is, and was last.
    """

    path: str
    line: int
    text: str
    values: dict[int, int] = field(default_factory=dict)

    @property
    def span(self) -> int:
        """By how much it changed over all, 0 if never."""
        return max(self.values.values()) - min(self.values.values())


@dataclass(frozen=True, slots=True)
class Point:
    """A revision: the figures of its run by the names of their fields, or why it was `skipped`.

    `changes` are against the revision before that was not skipped.
    """

    revision: Revision
    figures: dict[str, int] = field(default_factory=dict)
    changes: dict[str, Figure] = field(default_factory=dict)
    skipped: str | None = None

    @property
    def has_changed(self) -> bool:
        """Whether any figure of the run is another than before."""
        return any(figure.difference for figure in self.changes.values())


@dataclass(frozen=True, slots=True)
class Change:
    """A function or a line whose figures changed in a revision, and the line's text."""

    revision: Revision
    row: Row
    source: str = ""

    def figure(self, metric: str) -> Figure | None:
        """The figure of a metric, None where the row has none."""
        return self.row.figures.get(ROW_FIGURES[metric])

    def to_json(self) -> dict[str, Any]:
        """The change as plain values."""
        row = self.row
        return {
            "commit": self.revision.commit,
            "a": _place(row.a),
            "b": _place(row.b),
            "source": self.source,
            **{name: row.figures[name].to_json() for name in _ROW_FIELDS if name in row.figures},
        }


def _place(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"path": place.path, "name": place.name, "line": place.line}


@dataclass(slots=True)
class History:
    """What became of a program. The revisions are the oldest first.

    `functions` and `lines` hold what changed, in the order of the revisions; `function_series` and `line_series` follow
    those whose instructions did, what changed most first.
    """

    path: str
    arguments: Sequence[str]
    since: str
    points: list[Point] = field(default_factory=list)
    functions: list[Change] = field(default_factory=list)
    lines: list[Change] = field(default_factory=list)
    function_series: list[Series] = field(default_factory=list)
    line_series: list[Series] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ran(self) -> list[Point]:
        """The revisions that were run."""
        return [point for point in self.points if point.skipped is None]

    def to_json(self) -> dict[str, Any]:
        """The history as a JSON object, made of dicts, lists and plain values."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "program": {"path": self.path, "args": list(self.arguments)},
            "since": self.since,
            "revisions": [
                {
                    "commit": point.revision.commit,
                    "author": point.revision.author,
                    "date": point.revision.date,
                    "subject": point.revision.subject,
                    "skipped": point.skipped,
                    **{name: point.figures.get(name) for name in _RUN_FIELDS},
                }
                for point in self.points
            ],
            "functions": [change.to_json() for change in self.functions],
            "lines": [change.to_json() for change in self.lines],
            "notes": self.notes,
        }


class Historian:
    """Writes a history, a revision at a time. It keeps one profile, the last."""

    def __init__(self, path: str, arguments: Sequence[str], since: str) -> None:
        self.history = History(path, arguments, since)
        self._last: tuple[Profile, Sources] | None = None
        self._functions: dict[tuple[str, str], Series] = {}
        self._lines: dict[tuple[str, int], Series] = {}
        self._left: list[Series] = []

    def skip(self, revision: Revision, reason: str) -> None:
        """Adds a revision that could not be run."""
        self.history.points.append(Point(revision, skipped=reason))

    def add(self, revision: Revision, profile: Profile, sources: Sources) -> None:
        """Adds a revision that was run. The sources are the texts that ran."""
        history = self.history
        changes: dict[str, Figure] = {}
        if self._last is not None:
            before, sources_before = self._last
            comparison = compare(before, profile, sources_before, sources)
            changes = {name: comparison.totals.figures[name] for name in _RUN_FIELDS}
            history.functions += _changes(revision, comparison.functions, sources_before, sources)
            history.lines += _changes(revision, comparison.lines, sources_before, sources)
        self._follow_functions(profile)
        self._follow_lines(profile, sources)
        history.points.append(Point(revision, _figures(profile), changes))
        self._last = profile, sources

    def finish(self) -> History:
        """The history of what was added."""
        history = self.history
        history.function_series = _changing(self._functions.values())
        history.line_series = _changing([*self._lines.values(), *self._left])
        return history

    def _follow_functions(self, profile: Profile) -> None:
        place = len(self.history.points)
        for file in profile.files:
            for function in file.functions:
                key = (file.path, function.name)
                series = self._functions.setdefault(key, Series(file.path, function.line, function.name))
                series.line = function.line
                series.values[place] = series.values.get(place, 0) + function.instructions

    def _follow_lines(self, profile: Profile, sources: Sources) -> None:
        place = len(self.history.points)
        known, self._lines = self._lines, {}
        pairs = [(None, file) for file in profile.files] if self._last is None else pair_files(self._last[0], profile)
        for before, after in pairs:
            if after is None:
                continue
            text = sources.get(after.path)
            origins: dict[int, int] = {}
            if before is not None and self._last is not None:
                origins = match_lines(before, after, self._last[1].get(before.path), text).origins
            for row in after.lines:
                origin = (before.path, origins[row.line]) if before is not None and row.line in origins else None
                series = known.pop(origin, None) if origin is not None else None
                series = series or Series(after.path, row.line, "")
                series.path, series.line, series.text = after.path, row.line, _line(text, row.line)
                series.values[place] = row.instructions
                self._lines[after.path, row.line] = series
        self._left += [series for series in known.values() if series.span]


def _changing(series: Iterable[Series]) -> list[Series]:
    return sorted((each for each in series if each.span), key=lambda each: -each.span)


def _line(text: Sequence[str] | None, number: int) -> str:
    return text[number - 1].strip() if text is not None and 0 < number <= len(text) else ""


def _figures(profile: Profile) -> dict[str, int]:
    totals = profile.totals
    return {"instructions": totals.instructions, **{name: getattr(totals.memory, name) for name in _RUN_FIELDS[1:]}}


def _changes(revision: Revision, rows: Sequence[Row], before: Sources, after: Sources) -> list[Change]:
    """The rows of which one of our figures changed."""
    found = []
    for row in rows:
        if any(row.figures[name].difference for name in _ROW_FIELDS if name in row.figures):
            text = (after if row.b is not None else before).get(row.place.path or "")
            found.append(Change(revision, row, _line(text, row.place.line)))
    return found


def by_size(changes: Sequence[Change], metric: str) -> list[tuple[Change, Figure]]:
    """The changes of a metric with its figure, those that are most first; the older of equal ones."""
    found = [
        (change, figure) for change in changes if (figure := change.figure(metric)) is not None and figure.difference
    ]
    return sorted(found, key=lambda pair: -abs(pair[1].difference))
