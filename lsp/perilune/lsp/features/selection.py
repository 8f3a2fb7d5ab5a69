"""What a range of lines cost together."""

from __future__ import annotations

from dataclasses import dataclass

from perilune.lsp.features.costs import Cost, counted_noun, knows_order
from perilune.lsp.features.figures import duration, percent, rounded_percent, short_count
from perilune.lsp.measurement import View
from perilune.profiler.renderers.figures import bytes_text
from perilune.profiler.shares import count_share, sampling_error, time_share, times_lead


@dataclass(frozen=True, slots=True)
class Summary:
    """The sum of some lines' figures; `share` is None where samples do not tell it, `hits` is the largest of a line."""

    share: float | None
    error: float | None
    self_ns: int | None
    instructions: int
    hits: int
    allocated_bytes: int
    edited: int
    text: str


def summarize(view: View, first_line: int, last_line: int) -> Summary | None:
    """The lines, from 1, ends inclusive; those that were edited are left out. None if none has figures."""
    measurement = view.measurement
    profile = measurement.profile
    origins = [view.origins[line] for line in range(first_line, last_line + 1) if line in view.origins]
    rows = [measurement.rows[o.line] for o in origins if not o.changed and o.line in measurement.rows]
    edited = sum(origin.changed and origin.line in measurement.rows for origin in origins)
    if not rows:
        return None
    instructions = sum(row.instructions for row in rows)
    allocated = sum(row.allocated_bytes for row in rows)
    hits = max(row.hits for row in rows)
    timed = times_lead(profile)
    self_ns = sum(row.self_ns or 0 for row in rows) if timed else None
    if timed:
        share = min(1.0, time_share(profile, self_ns) or 0.0)
        cost = Cost(share, sampling_error(profile, share))
    else:
        cost = Cost(min(1.0, sum(count_share(profile, row) for row in rows)))
    is_known = cost.is_known and knows_order(profile)
    call = view.measurement.call
    of_time = "the run's time" if call is None else f"the time below {call.label}"
    whole = of_time if timed else f"the run's {counted_noun(profile)}"
    parts = [f"{rounded_percent(cost.share, cost.error)} of {whole}"] if is_known else []
    if timed and knows_order(profile) and not is_known:
        parts.append(f"under {percent(cost.limit)} of {whole}")
    if is_known and self_ns is not None:
        parts.append(duration(self_ns))
    if profile.holds("instructions"):
        parts.append(f"{short_count(instructions)} instruction{'' if instructions == 1 else 's'}")
    if profile.holds("hits"):
        parts.append(f"at most {short_count(hits)}×")
    if allocated:
        parts.append(f"{bytes_text(allocated)} allocated")
    if edited:
        parts.append(f"{edited} edited line{'' if edited == 1 else 's'} left out")
    where = f"line {first_line}" if first_line == last_line else f"lines {first_line} to {last_line}"
    return Summary(
        cost.share if is_known else None,
        cost.error if is_known else None,
        self_ns if is_known else None,
        instructions,
        hits,
        allocated,
        edited,
        f"{where}: {' · '.join(parts)}",
    )
