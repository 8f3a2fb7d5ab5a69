"""The figures at the ends of lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from perilune.lsp.changes import LineChange
from perilune.lsp.features.costs import (
    Cost,
    calls_much,
    change_on,
    collector_cost,
    cost_of,
    knows_order,
    prominent_rows,
    total_cost,
    waits,
)
from perilune.lsp.features.figures import duration, percent, rounded_percent, short_count
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.growth.words import factor_text, growth_text
from perilune.profiler.model import LineRow, Profile
from perilune.profiler.renderers.figures import bytes_text

STALE = "~"
VARIES = "≈"
MAX_LENGTH = 30
_SEPARATOR = " · "
_NOTICEABLE = 0.01


@dataclass(frozen=True, slots=True)
class Hint:
    """A label that stands behind the text of a line.

    `measured_line` is the line whose figures it stands for; `changed` if the text is another since.
    """

    offset: int
    label: str
    measured_line: int
    changed: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a label; where there is no room for all, those with the greatest `rank` are left out."""

    rank: int
    text: str


def hints(
    view: View, first_line: int, last_line: int, threshold: float, metric: str = "time", room: int = MAX_LENGTH
) -> Iterator[Hint]:
    """The hints of a range of lines, ends inclusive, `room` characters at the most.

    A line that was edited shows what it was known for, as such.
    """
    prominent = prominent_rows(view.measurement, threshold, metric)
    for line in range(max(1, first_line), min(last_line, len(view.document.lines)) + 1):
        origin = view.origins.get(line)
        if origin is None or origin.line not in prominent:
            continue
        row = prominent[origin.line]
        if origin.changed:
            written = stale_label(row, view.measurement, metric)
        else:
            written = line_label(row, view.measurement, metric, room)
        yield Hint(view.document.line_end(line), written, origin.line, origin.changed)


def line_label(row: LineRow, measurement: Measurement, metric: str = "time", room: int = MAX_LENGTH) -> str:
    """The label of a line, with what changed on it since an earlier run."""
    change = change_on(row.line, measurement.changes)
    if metric == "growth" and measurement.growth is not None:
        return _SEPARATOR.join(_growth_parts(row, measurement, room))
    return label(row, measurement.profile, metric, change, counts_hits=measurement.call is None, room=room)


def stale_label(row: LineRow, measurement: Measurement, metric: str = "time") -> str:
    """`~18%`: what the line was known for before it was edited."""
    if metric == "growth" and measurement.growth is not None:
        return STALE + _growth_parts(row, measurement)[0]
    return STALE + min(_parts(row, measurement.profile, metric, None), key=lambda part: part.rank).text


def _growth_parts(row: LineRow, measurement: Measurement, room: int = MAX_LENGTH) -> list[str]:
    """`~n²`, `×4 per doubling`; how often the line ran where its growth is not known."""
    subject = (measurement.growth or {}).get(row.line)
    if subject is None or subject.leading.fit is None or measurement.grown is None:
        return [_hits(row)]
    growth = growth_text(subject.leading.fit)
    factor = factor_text(subject.leading.fit, measurement.grown.sizes[-1])
    return [growth, factor] if factor and len(growth + _SEPARATOR + factor) <= room else [growth]


def label(
    row: LineRow,
    profile: Profile,
    metric: str = "time",
    change: LineChange | None = None,
    counts_hits: bool = True,
    room: int = MAX_LENGTH,
) -> str:
    """`41.2% · 1.2M× · 340 ms`, the metric's own figure first; what has no room is left out, but for what matters most.

    A sampled share has no more digits than its error leaves, and one that is smaller than its error is no figure. Where
    samples do not order the lines, what a line allocated stands in place of its time. Beside times that are limited to a
    call there is no place for hits, which are of the whole run.
    """
    parts = _parts(row, profile, metric, change)
    if not counts_hits and metric not in ("count", "memory"):
        parts = [part for part in parts if part.text != _hits(row)] or parts
    kept: set[int] = set()
    length = -len(_SEPARATOR)
    for index in sorted(range(len(parts)), key=lambda index: parts[index].rank):
        added = len(_SEPARATOR) + len(parts[index].text)
        if length + added <= room or not kept:
            kept.add(index)
            length += added
    return _SEPARATOR.join(part.text for index, part in enumerate(parts) if index in kept)


def _parts(row: LineRow, profile: Profile, metric: str, change: LineChange | None) -> list[_Part]:
    """In the order in which they are written."""
    if metric == "count" and (profile.holds("hits") or profile.holds("instructions")):
        unit = "instr" if profile.holds("instructions") else "hits"
        return [
            *([_Part(0, _hits(row))] if profile.holds("hits") else []),
            _Part(2, f"{percent(cost_of(row, profile, metric).share)} {unit}"),
            *_changed(change, "count", 1),
        ]
    if metric == "memory" and profile.holds("allocations"):
        return [
            _Part(0, bytes_text(row.allocated_bytes)),
            _Part(1, f"{percent(cost_of(row, profile, metric).share)} mem"),
            *([_Part(4, f"keeps {bytes_text(row.live_bytes)}")] if row.live_bytes else []),
            *_collecting(row, profile, 3),
            *_changed(change, "memory", 2),
        ]
    costs = _time_parts(row, profile, is_total=metric == "total")
    if metric == "change" and change is not None:
        leading = [_Part(-1, change.ratio_text)]
        others = [_Part(9, text) for text in change.by_metric.values() if text != change.ratio_text]
        return [*leading, *others, *costs]
    return [*costs, *_changed(change, None, 2)]


def _time_parts(row: LineRow, profile: Profile, is_total: bool) -> list[_Part]:
    hits = [_Part(1, _hits(row))] if profile.holds("hits") else []
    if not knows_order(profile):
        if not hits:
            return [_Part(0, f"{percent(row.share)}?")]
        return [*hits, *([_Part(3, bytes_text(row.allocated_bytes))] if row.allocated_bytes else [])]
    remarks = [*([_Part(3, "waits")] if waits(row, profile) else []), *_collecting(row, profile, 3)]
    own, total = cost_of(row, profile, "time"), total_cost(row, profile)
    if total is not None and total.is_known and (is_total or calls_much(row, profile)):
        return [_Part(0, f"{_share(total)} total"), *hits, _Part(4, _own_or_time(row, own)), *remarks]
    if not own.is_known:
        return [*hits, *remarks] or [_Part(0, f"<{percent(own.limit)}")]
    time = [_Part(4, duration(row.self_ns))] if row.self_ns is not None else []
    return [_Part(0, _share(own)), *hits, *time, *remarks]


def _own_or_time(row: LineRow, own: Cost) -> str:
    """What stands beside a total: the line's own share, so that these add up, or the time where that is next to nothing."""
    if own.is_known and own.share >= _NOTICEABLE and row.self_ns != row.total_ns:
        return f"{_share(own)} self"
    return duration(row.total_ns or 0)


def _hits(row: LineRow) -> str:
    """How often a line ran; `≈1.2k×` where that, or what it did, is another in every run."""
    return f"{VARIES if row.ranges else ''}{short_count(row.hits)}×"


def _share(cost: Cost) -> str:
    return rounded_percent(cost.share, cost.error)


def _collecting(row: LineRow, profile: Profile, rank: int) -> list[_Part]:
    cost = collector_cost(row, profile)
    return [] if cost is None else [_Part(rank, f"gc {_share(cost)}")]


def _changed(change: LineChange | None, metric: str | None, rank: int) -> list[_Part]:
    """What changed by a metric, or by the one that changed most clearly."""
    text = "" if change is None else change.ratio_text if metric is None else change.by_metric.get(metric, "")
    return [_Part(rank, text)] if text else []
