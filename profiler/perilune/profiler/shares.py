"""Shares of a run: which of them leads, and how far a sampled one may be from the truth."""

from __future__ import annotations

import math
from typing import NamedTuple

from perilune.profiler.model import FunctionRow, LineRow, Profile

CONFIDENCE = 1.96  # standard deviations of a 95 % interval


class Interval(NamedTuple):
    """Between which values a true share lies, with a probability of 95 %."""

    low: float
    high: float

    def error(self, share: float) -> float:
        """How far the farther end is from a share in it, so that the share plus or minus this covers the interval."""
        return max(share - self.low, self.high - share)


def interval_of_share(share: float, samples: int) -> Interval:
    """Wilson's interval of a share of so many samples; without any, a share can be everything.

    The usual one, share plus or minus a multiple of its standard deviation, shrinks to nothing at 0 and at 1, where few
    samples know least (Brown, Cai and DasGupta, "Interval Estimation for a Binomial Proportion", 2001).
    """
    squared = CONFIDENCE**2
    middle = samples * share + squared / 2
    reach = CONFIDENCE * math.sqrt(max(0.0, samples * share * (1 - share)) + squared / 4)
    low, high = ((middle + end) / (samples + squared) for end in (-reach, reach))
    return Interval(max(0.0, min(low, share)), min(1.0, max(high, share)))


def sampled_interval(profile: Profile, share: float | None) -> Interval | None:
    """The interval of a share of the run's time; None where it was not sampled."""
    samples = profile.totals.samples
    return None if samples is None or share is None else interval_of_share(share, samples)


def sampling_error(profile: Profile, share: float | None) -> float | None:
    """The error of a share of the run's time; None where it was not sampled."""
    interval = sampled_interval(profile, share)
    return None if interval is None or share is None else interval.error(share)


def times_lead(profile: Profile) -> bool:
    """Whether the profile knows anything of where its time went: then shares of time lead, with their errors."""
    return profile.totals.run_ns is not None and profile.totals.samples != 0


def leading_metric(profile: Profile) -> str:
    """Which figures lead: time, counts, or memory where a foreign profile holds nothing else."""
    if times_lead(profile):
        return "time"
    return "count" if profile.holds("instructions") or profile.holds("hits") else "memory"


def order_is_known(profile: Profile) -> bool:
    """Whether the profile knows which line leads.

    The time of the leading line must be told from that of a line which no sample hit: else any line may have taken most.
    It takes 4 samples if all of them are of one line, about 8 if it has a small part of the time.
    """
    samples = profile.totals.samples
    if samples is None:
        return True
    largest = max((line.share for file in profile.files for line in file.lines), default=0.0)
    return interval_of_share(largest, samples).low > interval_of_share(0.0, samples).high


def stands_out(row: LineRow) -> bool:
    """Whether a line's share of time is larger than its error, so that it says more than that it is small."""
    return row.error is None or row.share > row.error


def instruction_share(profile: Profile, instructions: int) -> float:
    """The part of the run's instructions, from 0 to 1."""
    return instructions / (profile.totals.instructions or 1)


def count_share(profile: Profile, row: LineRow | FunctionRow) -> float:
    """A row's part of the run's instructions; of all lines' hits where a foreign profile knows no instructions."""
    if profile.totals.hits and not profile.holds("instructions"):
        return row.hits / profile.totals.hits if isinstance(row, LineRow) else 0.0
    return instruction_share(profile, row.instructions)


def allocation_share(profile: Profile, allocated_bytes: int) -> float:
    """The part of the allocated bytes, from 0 to 1."""
    return allocated_bytes / (profile.totals.memory.allocated_bytes or 1)


def time_share(profile: Profile, ns: int | None) -> float | None:
    """The part of the run's time, from 0 to 1; None where no time was taken."""
    run_ns = profile.totals.run_ns
    return None if ns is None or not run_ns else ns / run_ns


def leading_share(profile: Profile, row: LineRow | FunctionRow) -> float:
    """The share that a line or a function is shown with."""
    return count_share(profile, row) if profile.totals.samples == 0 else row.share
