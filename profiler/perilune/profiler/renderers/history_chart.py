"""Figures through revisions as charts, in SVG: steps from revision to revision, with a mark at each that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from perilune.profiler.bisection import FIGURES, WORDS
from perilune.profiler.history import History
from perilune.profiler.renderers.figures import bytes_text, count_text, cut, plural, printable

_LEFT, _RIGHT, _TOP, _BOTTOM = 120, 20, 30, 24
_NEAR = 0.5  # a range that begins above this part of its end does not begin at 0
_ROOM = 0.08
_MOST_FUNCTIONS, _MOST_LINES = 6, 6
_TITLE_WIDTH = 90

STYLE = """\
.chart { font: 12px system-ui, sans-serif; }
.chart .line { fill: none; stroke: #0b559f; stroke-width: 1.5; }
.chart .mark { fill: #d95f02; }
.chart .gap { stroke: #888; stroke-dasharray: 2 2; }
.chart .axis { stroke: #8888; }
.chart text { fill: #777; }
.chart .title { fill: currentColor; font-weight: 600; }
"""


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure by the place of its revision among all. `unit` is "count" or "bytes"; `labels` say what a place is."""

    title: str
    values: Mapping[int, int]
    labels: Sequence[str]
    unit: str = "count"

    @property
    def range(self) -> tuple[float, float]:
        """What the axis goes from and to."""
        low, high = min(self.values.values(), default=0), max(self.values.values(), default=0)
        begin = low - _ROOM * (high - low) if _NEAR * high < low < high else 0.0
        return begin, high + _ROOM * ((high - begin) or 1)

    def text(self, value: float) -> str:
        """A value in the chart's unit, exact where the axis does not begin at 0: there the short texts would be the same."""
        if self.range[0]:
            return f"{round(value):,}" + (" B" if self.unit == "bytes" else "")
        return bytes_text(round(value)) if self.unit == "bytes" else count_text(round(value))

    @property
    def marks(self) -> list[int]:
        """The places where the value is another than before."""
        places = sorted(self.values)
        return [after for before, after in pairwise(places) if self.values[before] != self.values[after]]


def charts(history: History) -> list[Chart]:
    """A chart of each metric of the run, and of the functions and the lines whose instructions changed most."""
    labels = [
        f"{point.revision.short} {printable(point.revision.subject)}" + (f" ({point.skipped})" if point.skipped else "")
        for point in history.points
    ]
    places = {place: point for place, point in enumerate(history.points) if point.skipped is None}
    found = [
        Chart(
            f"{WORDS[metric]} of the run",
            {place: point.figures[name] for place, point in places.items()},
            labels,
            "count" if metric == "instructions" else "bytes",
        )
        for metric, name in FIGURES.items()
    ]
    series = (*history.function_series[:_MOST_FUNCTIONS], *history.line_series[:_MOST_LINES])
    several = len({each.path for each in series}) > 1
    for each in history.function_series[:_MOST_FUNCTIONS]:
        where = f" ({each.path})" if several else ""
        found.append(Chart(printable(f"instructions of {each.text}{where}"), each.values, labels))
    for each in history.line_series[:_MOST_LINES]:
        where = f"{each.path}:{each.line}" if several else f"line {each.line}"
        found.append(Chart(cut(printable(f"instructions of {where}  {each.text}"), _TITLE_WIDTH), each.values, labels))
    return found


def picture(history: History, width: int = 900, height: int = 170) -> str:
    """All charts, one above the other, as the text of an SVG file."""
    drawn = charts(history)
    body = "".join(
        f'<g transform="translate(0,{place * height})">{_body(chart, width, height)}</g>'
        for place, chart in enumerate(drawn)
    )
    total = height * len(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="{width}" height="{total}" '
        f'viewBox="0 0 {width} {total}"><style>{STYLE}</style>{body}</svg>\n'
    )


def svg(chart: Chart, width: int, height: int) -> str:
    """One chart as an element of a page that has STYLE."""
    return (
        f'<svg class="chart" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">'
        f"{_body(chart, width, height)}</svg>"
    )


def _body(chart: Chart, width: int, height: int) -> str:
    begin, end = chart.range
    count = len(chart.labels)
    step = (width - _LEFT - _RIGHT) / max(1, count - 1)
    bottom = height - _BOTTOM

    def x(place: int) -> str:
        return f"{_LEFT + step * place:.1f}"

    def y(value: float) -> str:
        return f"{bottom - (bottom - _TOP) * (value - begin) / ((end - begin) or 1):.1f}"

    parts = [f'<text class="title" x="{_LEFT}" y="16">{escape(chart.title)}</text>']
    for value in (begin, (begin + end) / 2, end):
        parts.append(f'<line class="axis" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y(value)}" y2="{y(value)}"/>')
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y(value)}" dy="4" text-anchor="end">{escape(chart.text(value))}</text>'
        )
    places = sorted(chart.values)
    path = ""
    for place in places:
        path += f"H{x(place)}V{y(chart.values[place])}" if path else f"M{x(place)},{y(chart.values[place])}"
    parts.append(f'<path class="line" d="{path}"/>' if path else "")
    for place in set(range(count)) - set(places):
        parts.append(
            f'<line class="gap" x1="{x(place)}" x2="{x(place)}" y1="{bottom}" y2="{bottom + 6}">'
            f"<title>{escape(chart.labels[place])}</title></line>"
        )
    for place in chart.marks:
        text = f"{chart.labels[place]}: {chart.values[place]:,}"
        parts.append(
            f'<circle class="mark" cx="{x(place)}" cy="{y(chart.values[place])}" r="3.5"><title>{escape(text)}</title></circle>'
        )
    for place, anchor in ((0, "start"), (count - 1, "end")):
        if 0 <= place < count and (place or anchor == "start"):
            text = chart.labels[place].partition(" ")[0]
            parts.append(f'<text x="{x(place)}" y="{height - 6}" text-anchor="{anchor}">{escape(text)}</text>')
    said = plural(len(chart.marks), "change")
    parts.append(f'<text x="{width - _RIGHT}" y="16" text-anchor="end">{said}</text>')
    return "".join(parts)
