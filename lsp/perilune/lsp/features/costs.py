"""What a line or a function costs by a metric: the share that ranks it, stands first in a hint, and grades a bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from perilune.lsp.changes import LineChange
from perilune.lsp.measurement import Measurement
from perilune.profiler.cpu_times import Waiting
from perilune.profiler.model import FunctionRow, LineRow, Profile
from perilune.profiler.shares import (
    allocation_share,
    count_share,
    leading_share,
    order_is_known,
    sampling_error,
    time_share,
    times_lead,
)

TOP_LINES = 5
INVISIBLE_SHARE = 0.0005
"""A share below it would be written 0.0%."""

_MUCH_BELOW = 2  # times its own time that a line must take with its callees to be a call line
_CALL_THRESHOLD = 0.05  # a call line is worth showing from here on: every line above a hot one is a call line
_NOTICEABLE = 0.01  # of the run, from which the collector's time is worth a word
_MOSTLY = 0.5  # of its time, from which a line is one that waits


@dataclass(frozen=True, slots=True)
class Cost:
    """A share of the run, and its error if it was sampled."""

    share: float
    error: float | None = None

    @property
    def is_known(self) -> bool:
        """Whether it is larger than its error, so that it says more than that it is small."""
        return self.error is None or self.share > self.error

    @property
    def limit(self) -> float:
        """What the share is below, as far as one knows."""
        return min(1.0, self.share + (self.error or 0.0))


def cost_of(row: LineRow | FunctionRow, profile: Profile, metric: str) -> Cost:
    """What a row costs; by a metric that the run has no figures for, as by "time"."""
    if metric == "count":
        return Cost(count_share(profile, row))
    if metric == "memory":
        return Cost(allocation_share(profile, row.allocated_bytes))
    if metric == "total" and (total := total_cost(row, profile)) is not None:
        return total
    return Cost(leading_share(profile, row), row.error if times_lead(profile) else None)


def total_cost(row: LineRow | FunctionRow, profile: Profile) -> Cost | None:
    """The share of time with callees, where stacks were recorded."""
    share = time_share(profile, row.total_ns) if times_lead(profile) else None
    return None if share is None else Cost(share, row.total_error)


def counted_noun(profile: Profile) -> str:
    """What shares are of where there are no times."""
    if profile.holds("instructions"):
        return "instructions"
    return "hits" if profile.holds("hits") else "memory"


_orders: list[tuple[Profile, bool]] = []
"""What `order_is_known` said of the profiles that are shown: it looks at every line, and every label asks."""


def knows_order(profile: Profile) -> bool:
    """Whether a profile knows which line leads."""
    for known, answer in _orders[:]:
        if known is profile:
            return answer
    answer = order_is_known(profile)
    _orders.insert(0, (profile, answer))
    del _orders[2:]
    return answer


def calls_much(row: LineRow, profile: Profile) -> bool:
    """Whether what a line calls costs much more than the line itself, so that its total is what there is to say."""
    total = total_cost(row, profile)
    if total is None or not total.is_known:
        return False
    return (row.total_ns or 0) >= _MUCH_BELOW * (row.self_ns or 0)


def collector_cost(row: LineRow, profile: Profile) -> Cost | None:
    """The share of the run that the collector worked for what a line allocated; None where it is not worth a word."""
    share = time_share(profile, row.gc_ns)
    if share is None or share < _NOTICEABLE:
        return None
    cost = Cost(share, sampling_error(profile, share))
    return cost if cost.is_known else None


def waits(row: LineRow, profile: Profile) -> bool:
    """Whether a line waits for most of its time, and for a part of the run that is worth a word."""
    share = Waiting(profile.totals).share(row.self_ns, row.cpu_ns)
    return share is not None and share >= _MOSTLY


def prominent_rows(measurement: Measurement, threshold: float, metric: str = "time") -> dict[int, LineRow]:
    """The lines worth showing: those known to cost at least the threshold, and the few that cost most.

    By time, lines that call much or drive the collector are among them; where samples do not order the lines, those that
    allocate much are. By "change" those that differ; without an earlier run all that time would show.
    """
    known = measurement.prominent.get((threshold, metric))
    if known is None:
        known = measurement.prominent[threshold, metric] = _prominent(measurement, threshold, metric)
    return known


def _prominent(measurement: Measurement, threshold: float, metric: str) -> dict[int, LineRow]:
    profile, rows = measurement.profile, measurement.file.lines
    if metric == "growth" and measurement.growth is not None:
        growing = {
            line: Cost(max(each.share, each.predicted_share or 0.0)) for line, each in measurement.growth.items()
        }
        return _largest([row for row in rows if row.line in growing], growing, threshold)
    if metric == "change" and measurement.changes is not None:
        return {row.line: row for row in rows if change_on(row.line, measurement.changes) is not None}
    found = _largest(rows, {row.line: cost_of(row, profile, metric) for row in rows}, threshold)
    if metric in ("count", "memory"):
        return found
    if not knows_order(profile):
        return found | _largest(rows, {row.line: cost_of(row, profile, "memory") for row in rows}, threshold)
    for row in rows:
        total = total_cost(row, profile)
        calls = total is not None and total.share >= max(threshold, _CALL_THRESHOLD) and calls_much(row, profile)
        if calls or collector_cost(row, profile) is not None:
            found[row.line] = row
    return found


def _largest(rows: list[LineRow], costs: Mapping[int, Cost], threshold: float) -> dict[int, LineRow]:
    return {
        row.line: row
        for rank, row in enumerate(sorted(rows, key=lambda row: costs[row.line].share, reverse=True))
        if (costs[row.line].share >= threshold and costs[row.line].is_known)
        or (rank < TOP_LINES and costs[row.line].share >= INVISIBLE_SHARE)
    }


def change_on(line: int, changes: Mapping[int, LineChange] | None) -> LineChange | None:
    """What changed on a line since an earlier run, if anything is known to have."""
    change = changes.get(line) if changes is not None else None
    return change if change is not None and change.is_change else None
