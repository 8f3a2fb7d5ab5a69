"""A history as a report to read: the revisions that changed the run's figures, then the functions and lines that did."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from perilune.profiler.bisection import FIGURES
from perilune.profiler.comparison import Figure
from perilune.profiler.history import Change, History, Point, by_size
from perilune.profiler.renderers.comparison import change_text
from perilune.profiler.renderers.figures import cut, cut_left, plural, printable
from perilune.profiler.renderers.report.table import Column, Line, Segment, table

_STYLES = {"more": "red", "new": "red", "less": "green", "gone": "green"}
_LOCATION_WIDTH = 22
_MOST_SKIPPED = 5

_Item = tuple[Change, Figure]


@dataclass(frozen=True, slots=True)
class Layout:
    """`top` rows a table (0: all), those of which `metric` changed most."""

    metric: str = "instructions"
    top: int = 10
    width: int = 80


def report(history: History, layout: Layout) -> list[Line]:
    """The laid-out report."""
    page = _Page(history, layout)
    sections = (page.revisions(), page.changes("Functions", history.functions), page.changes("Lines", history.lines))
    lines: list[Line] = [[(cut(printable(title(history)), layout.width), "bold")]]
    for section in (*sections, page.notes()):
        if section:
            lines += [[], *section]
    return lines


def title(history: History) -> str:
    """What the history is of."""
    command = " ".join([history.path, *history.arguments])
    return f"{command}: {plural(len(history.points), 'revision')} since {history.since}"


def difference_text(figure: Figure | None) -> str:
    """`+1,234`; nothing where nothing changed."""
    return "" if figure is None or not figure.difference else f"{figure.difference:+,}"


def notes_of(history: History) -> list[str]:
    """What a reader has to know beside the figures."""
    notes = list(history.notes)
    skipped = [point for point in history.points if point.skipped is not None]
    for point in skipped[:_MOST_SKIPPED]:
        notes.append(f"{point.revision.short} is skipped: {point.skipped}")
    if len(skipped) > _MOST_SKIPPED:
        notes.append(f"{len(skipped) - _MOST_SKIPPED} more are skipped")
    notes.append("revisions follow each other by first parents: a merge is one step, with all that it brought in")
    return notes


class _Page:
    def __init__(self, history: History, layout: Layout) -> None:
        self.history, self.layout = history, layout
        paths = {change.row.place.path for change in (*history.functions, *history.lines)}
        self.one_file = len(paths) <= 1

    def revisions(self) -> list[Line]:
        metric, top = self.layout.metric, self.layout.top
        ran = self.history.ran
        changed = [point for point in ran if point.has_changed]
        shown = changed
        if top and len(changed) > top:
            name = FIGURES[metric]
            most = sorted(changed, key=lambda point: -abs(point.changes[name].difference))[:top]
            shown = [point for point in changed if point in most]
        others = [each for each in FIGURES if each != metric]
        columns: list[Column[Point]] = [
            Column(metric, lambda point: (f"{point.figures[FIGURES[metric]]:,}", "")),
            Column("change", lambda point: _change(point.changes.get(FIGURES[metric]))),
            *(_change_column(each) for each in others),
            Column("revision", lambda point: (point.revision.short, "cyan"), False),
            Column("subject", lambda point: (printable(point.revision.subject), ""), False),
        ]
        rows = [*ran[:1], *(point for point in shown if point is not ran[0])]
        lines = table("Revisions", columns, rows, 0, self.layout.width)
        if lines:
            of = f"{len(shown)} of " if len(shown) < len(changed) else ""
            lines[0] = [*lines[0][:1], (f"  {of}{plural(len(changed), 'change')} in {plural(len(ran), 'run')}", "dim")]
        return lines

    def changes(self, heading: str, changes: Sequence[Change]) -> list[Line]:
        is_lines = heading == "Lines"
        metric = self.layout.metric
        others = [each for each in FIGURES if each != metric and (is_lines or each != "peak")]
        columns: list[Column[_Item]] = [
            Column(metric, lambda item: (difference_text(item[1]), "")),
            Column("change", lambda item: _change(item[1])),
            *(_difference_column(each) for each in others),
            Column("revision", lambda item: (item[0].revision.short, "cyan"), False),
            Column("line", lambda item: (self._location(item[0]), ""), self.one_file),
            Column(
                "source" if is_lines else "function",
                lambda item: (printable(item[0].source if is_lines else item[0].row.place.name), ""),
                False,
            ),
        ]
        return table(heading, columns, by_size(changes, metric), self.layout.top, self.layout.width)

    def notes(self) -> list[Line]:
        wrapped = [
            line
            for note in notes_of(self.history)
            for line in textwrap.wrap(printable(f"Note: {note}."), self.layout.width)
        ]
        return [[(line, "dim")] for line in wrapped]

    def _location(self, change: Change) -> str:
        place = change.row.place
        if self.one_file:
            return str(place.line or "?")
        return cut_left(printable(place.path or ""), _LOCATION_WIDTH) + f":{place.line}"


def _change(figure: Figure | None) -> Segment:
    if figure is None or not figure.difference:
        return "", ""
    return change_text(figure), _STYLES.get(figure.verdict, "")


def _change_column(metric: str) -> Column[Point]:
    return Column(metric, lambda point: _change(point.changes.get(FIGURES[metric])))


def _difference_column(metric: str) -> Column[_Item]:
    return Column(metric, lambda item: (difference_text(item[0].figure(metric)), ""))
