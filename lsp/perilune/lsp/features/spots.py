"""Where a run was hot: files, functions, lines, library functions and the collector, ranked, as plain data."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perilune.lsp.features.costs import (
    Cost,
    calls_much,
    change_on,
    cost_of,
    counted_noun,
    knows_order,
    prominent_rows,
    total_cost,
)
from perilune.lsp.features.figures import duration, rounded_percent, short_count
from perilune.lsp.features.inlay_hints import MAX_LENGTH, STALE, hints, line_label
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.model import FunctionRow, LineRow, Profile
from perilune.profiler.renderers.caution import caution
from perilune.profiler.shares import instruction_share, sampling_error, time_share

SORTS = ("self", "total", "count", "memory", "change")
METRIC_OF_SORT = {"self": "time", "total": "total", "count": "count", "memory": "memory", "change": "change"}
MAX_SPOTS = 50
_LEAST_SHOWN = 0.0005  # a smaller share reads as 0.0%


@dataclass(frozen=True, slots=True)
class Bar:
    """What an editor needs to mark a line, from 1: its part of the run, 0 where that is not known."""

    line: int
    cost: Cost
    label: str
    stale: bool


def bars(view: View, threshold: float, metric: str, room: int = MAX_LENGTH) -> list[Bar]:
    """Every line that has a hint, with the share that grades it."""
    found = []
    for hint in hints(view, 1, len(view.document.lines), threshold, metric, room):
        row = view.measurement.rows[hint.measured_line]
        cost = known_cost(row, view.measurement.profile, metric) or Cost(0.0)
        found.append(Bar(view.document.line_at(hint.offset), cost, hint.label, hint.changed))
    return found


def known_cost(row: LineRow | FunctionRow, profile: Profile, metric: str) -> Cost | None:
    """What a row costs by a metric; None where samples do not tell it."""
    if metric not in ("count", "memory") and not knows_order(profile):
        return None
    cost = cost_of(row, profile, metric)
    return cost if cost.is_known else None


def hot_lines(view: View, threshold: float, metric: str) -> list[int]:
    """The lines, from 1, that one goes to from one to the next: those with a figure in their hint."""
    profile = view.measurement.profile
    prominent = prominent_rows(view.measurement, threshold, metric)
    hot = {
        line
        for line, row in prominent.items()
        if not knows_order(profile) or known_cost(row, profile, metric) is not None or calls_much(row, profile)
    }
    return sorted(line for line, origin in view.origins.items() if origin.line in hot)


def next_hot(
    views: Mapping[str, View], uri: str, line: int, step: int, how: tuple[float, str]
) -> tuple[str, int] | None:
    """The hot line after (`step` 1) or before (-1) a line, from 1, of a file; then those of the other files, in turn.

    `views` are in the order of the files; `how` is the threshold and the metric. None if no other line is hot.
    """
    order = [name for name in views if hot_lines(views[name], *how)]
    places = [(name, hot) for name in order for hot in hot_lines(views[name], *how)]
    of_file = [place for place in places if place[0] == uri]
    if step > 0:
        found = next((place for place in of_file if place[1] > line), None)
    else:
        found = next((place for place in reversed(of_file) if place[1] < line), None)
    if found is None and places:
        at = order.index(uri) if uri in order else -1 if step > 0 else 0
        lines = [place for place in places if place[0] == order[(at + step) % len(order)]]
        found = lines[0] if step > 0 else lines[-1]
    return None if found == (uri, line) else found


def by_heat(views: Mapping[str, View], metric: str) -> dict[str, View]:
    """The files of a run, those that cost most first."""
    return dict(sorted(views.items(), key=lambda pair: -_file_share(pair[1], metric)))


def _file_share(view: View, metric: str) -> float:
    shares = (cost_of(row, view.measurement.profile, metric).share for row in view.measurement.file.lines)
    return min(1.0, sum(shares))  # shares are rounded


def file_spots(views: Mapping[str, View], sort: str) -> list[dict[str, Any]]:
    """The files of a run."""
    metric = "time" if sort in ("total", "change") else METRIC_OF_SORT[sort]  # totals of a file's lines overlap
    return [
        {
            "uri": uri,
            "path": view.measurement.file.path,
            **_shares(
                Cost(share, _sampled_error(view.measurement.profile, share, metric)), view.measurement.profile, metric
            ),
            "self_ns": _sum(row.self_ns for row in view.measurement.file.lines),
            **_known(
                view.measurement.profile,
                instructions=sum(row.instructions for row in view.measurement.file.lines),
                allocated_bytes=sum(row.allocated_bytes for row in view.measurement.file.lines),
            ),
            "changed": view.measurement.document.lines != view.document.lines,
        }
        for uri, view in by_heat(views, metric).items()
        for share in [_file_share(view, metric)]
    ]


def _known(profile: Profile, **counts: int) -> dict[str, int | None]:
    """Counts by the names of their fields, null where a foreign profile does not know them."""
    return {name: None if name in profile.unknown_fields else count for name, count in counts.items()}


def _sampled_error(profile: Profile, share: float, metric: str) -> float | None:
    return None if metric in ("count", "memory") else sampling_error(profile, share)


def _sum(values: Iterator[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _shares(cost: Cost, profile: Profile, metric: str) -> dict[str, Any]:
    """A share as clients get it: null where it is not known to be more than small."""
    is_known = cost.is_known and (metric in ("count", "memory") or knows_order(profile))
    return {"share": cost.share if is_known else None, "error": cost.error}


def line_spots(views: Mapping[str, View], sort: str, limit: int) -> list[dict[str, Any]]:
    """The hottest lines of all files; of those that are gone nothing is shown."""
    metric = METRIC_OF_SORT[sort]
    found = [
        (_rank(view, row, metric), uri, line, row, view)
        for uri, view in views.items()
        for line, row, _ in _placed(view)
        if sort != "change" or view.measurement.changes is None or change_on(row.line, view.measurement.changes)
    ]
    found.sort(key=lambda spot: (-spot[0], spot[1], spot[2]))
    return [_line_spot(uri, line, row, view, metric) for rank, uri, line, row, view in found[:limit] if rank > 0]


def _placed(view: View) -> Iterator[tuple[int, LineRow, bool]]:
    """(line, its figures, whether it was edited) for every line that has some."""
    for line, origin in view.origins.items():
        row = view.measurement.rows.get(origin.line)
        if row is not None:
            yield line, row, origin.changed


def _rank(view: View, row: LineRow, metric: str) -> float:
    """By the metric, what is not known to be more than small behind the rest; by change, what changed most."""
    change = change_on(row.line, view.measurement.changes) if metric == "change" else None
    if change is not None:
        return abs(change.instructions) + abs(change.self_ns) + 1.0
    cost = known_cost(row, view.measurement.profile, metric)
    if cost is not None:
        return cost.share
    return instruction_share(view.measurement.profile, row.instructions) / 1e6


def _line_spot(uri: str, line: int, row: LineRow, view: View, metric: str) -> dict[str, Any]:
    measurement = view.measurement
    is_stale = view.origins[line].changed
    text = view.document.lines[line - 1].strip().encode("latin-1").decode("utf-8", "replace")
    label = line_label(row, measurement, metric)
    return {
        "uri": uri,
        "line": line - 1,
        "text": text,
        "label": f"{STALE}{label}" if is_stale else label,
        "stale": is_stale,
        **_shares(cost_of(row, measurement.profile, metric), measurement.profile, metric),
        "self_ns": row.self_ns,
        "total_ns": row.total_ns,
        **_known(
            measurement.profile, hits=row.hits, instructions=row.instructions, allocated_bytes=row.allocated_bytes
        ),
        "gc_ns": row.gc_ns,
        "change": _change_text(view, row.line),
    }


def _change_text(view: View, line: int) -> str | None:
    change = change_on(line, view.measurement.changes)
    return change.ratio_text if change is not None else None


def function_spots(views: Mapping[str, View], sort: str, limit: int) -> list[dict[str, Any]]:
    """The hottest functions of all files, those whose first line is gone left out."""
    metric = METRIC_OF_SORT[sort]
    found = []
    for uri, view in views.items():
        lines_now = {origin.line: line for line, origin in view.origins.items()}
        edited = edited_lines(view)
        for row in view.measurement.file.functions:
            if row.line in lines_now and has_run(row):
                cost = cost_of(row, view.measurement.profile, metric)
                rank = row.calls / 1e12 if metric == "count" else cost.share
                found.append((rank, uri, lines_now[row.line], row, view, is_edited(row, edited)))
    key = (
        (lambda spot: (-spot[3].calls, spot[1], spot[2]))
        if sort == "count"
        else (lambda spot: (-spot[0], spot[1], spot[2]))
    )
    found.sort(key=key)
    return [_function_spot(uri, line, row, view, metric, stale) for _, uri, line, row, view, stale in found[:limit]]


def _function_spot(uri: str, line: int, row: FunctionRow, view: View, metric: str, is_stale: bool) -> dict[str, Any]:
    profile = view.measurement.profile
    label = function_label(row, view.measurement)
    return {
        "name": row.name,
        "uri": uri,
        "line": line - 1,
        "label": f"{STALE}{label}" if is_stale else label,
        "stale": is_stale,
        **_shares(cost_of(row, profile, metric), profile, metric),
        "self_ns": row.self_ns,
        "total_ns": row.total_ns,
        **_known(profile, calls=row.calls, instructions=row.instructions, allocated_bytes=row.allocated_bytes),
        "gc_ns": row.gc_ns,
    }


def has_run(row: FunctionRow) -> bool:
    """Whether a function ran; a foreign profile may not know of calls."""
    return bool(row.calls or row.total_ns or row.self_ns)


def edited_lines(view: View) -> list[int]:
    """The measured lines, in order, that have figures and were edited, or are gone."""
    kept = {origin.line for origin in view.origins.values() if not origin.changed}
    return sorted(line for line in view.measurement.rows if line not in kept)


def is_edited(function: FunctionRow, edited: Sequence[int]) -> bool:
    """Whether one of the `edited_lines` is in a function."""
    return bisect_left(edited, function.line) < bisect_right(edited, function.end_line)


def function_label(row: FunctionRow, measurement: Measurement) -> str:
    """`22k calls · 65% self · 65% total`, shares only where they are known; limited to a call, `22k calls in all · ...`."""
    profile = measurement.profile
    in_all = "" if measurement.call is None else " in all"
    calls = f"{short_count(row.calls)} call{'' if row.calls == 1 else 's'}{in_all}"
    parts = [calls] if profile.holds("calls") else []
    own, total = known_cost(row, profile, "time"), total_cost(row, profile)
    if own is not None:
        unit = "self" if row.self_ns is not None else f"of {counted_noun(profile)}"
        parts.append(f"{rounded_percent(own.share, own.error)} {unit}")
    if knows_order(profile) and total is not None and total.is_known:
        parts.append(f"{rounded_percent(total.share, total.error)} total")
    return " · ".join(parts)


def builtin_spots(profile: Profile, sort: str, limit: int) -> list[dict[str, Any]]:
    """The library functions, by time or by calls."""
    by_calls = sort == "count" or not knows_order(profile)
    rows = sorted(
        profile.builtins, key=lambda row: (-(row.calls if by_calls else row.self_ns or 0), -row.calls, row.name)
    )
    return [
        {
            "name": row.name,
            **_known(profile, calls=row.calls),
            **_shares(Cost(row.share or 0.0, row.error), profile, "time"),
            "self_ns": row.self_ns,
        }
        for row in rows[:limit]
        if row.calls or row.self_ns
    ]


def collector_spot(views: Mapping[str, View], profile: Profile, limit: int) -> dict[str, Any]:
    """The collector: its part of the run, what it did, and the lines that drive it."""
    share = time_share(profile, profile.totals.gc_ns)
    cost = Cost(share or 0.0, sampling_error(profile, share))
    collector = profile.totals.collector
    lines = sorted(
        (
            (row.gc_share, uri, line)
            for uri, view in views.items()
            for line, row, _ in _placed(view)
            if row.gc_share >= _LEAST_SHOWN
        ),
        key=lambda spot: (-spot[0], spot[1], spot[2]),
    )
    return {
        **(_shares(cost, profile, "time") if share is not None else {"share": None, "error": None}),
        "ns": profile.totals.gc_ns,
        "cycles": None if collector is None else collector.cycles,
        "freed_bytes": None if collector is None else collector.freed_bytes,
        "lines": [{"uri": uri, "line": line - 1, "share": part} for part, uri, line in lines[:limit]],
    }


def run_header(views: Mapping[str, View]) -> dict[str, Any] | None:
    """What ran, with what, when, how long, and what of it was edited since; None without figures."""
    view = next(iter(views.values()), None)
    if view is None:
        return None
    measurement = view.measurement
    profile = measurement.profile
    totals = profile.totals
    return {
        "program": profile.program.path,
        "arguments": profile.program.args,
        "mode": profile.mode,
        "complete": measurement.complete,
        "failure": profile.failure,
        "measured_at": measurement.measured_at,
        "run_ns": totals.run_ns,
        "cpu_ns": totals.cpu_ns,
        **_known(profile, instructions=totals.instructions, allocated_bytes=totals.memory.allocated_bytes),
        "origin": None if profile.origin is None else profile.origin.text,
        "samples": totals.samples,
        "runs": 1 if totals.repeats is None else totals.repeats.runs,
        "caution": caution(profile),
        "called_from": None if measurement.call is None else measurement.call.label,
        "changed": [uri for uri, v in views.items() if v.measurement.document.lines != v.document.lines],
    }


def run_label(profile: Profile) -> str:
    """`1.2 s · collector 16%`: what the whole run cost."""
    totals = profile.totals
    parts = [duration(totals.run_ns)] if totals.run_ns is not None else []
    if totals.run_ns is None and profile.holds("instructions"):
        parts.append(f"{short_count(totals.instructions)} instructions")
    if profile.origin is not None:
        parts.append(profile.origin.text)
    share = time_share(profile, totals.gc_ns)
    if share:
        cost = Cost(share, sampling_error(profile, share))
        if cost.is_known:
            parts.append(f"collector {rounded_percent(cost.share, cost.error)}")
    return " · ".join(parts)
