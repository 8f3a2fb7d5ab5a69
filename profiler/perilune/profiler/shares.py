"""Which share of a row leads: of time where the run was long enough to believe times, else of exact counts."""

from __future__ import annotations

import math

from perilune.profiler.model import FunctionRow, LineRow, Profile

FEWEST_SAMPLES = 100
"""With fewer samples a share of 50 % is uncertain by more than 10 points, so that times mislead."""

CONFIDENCE = 1.96  # standard deviations of a 95 % interval


def too_short_for_times(profile: Profile) -> bool:
    """Whether the profile has times, but of too few samples to believe them."""
    samples = profile.totals.samples
    return samples is not None and samples < FEWEST_SAMPLES


def times_lead(profile: Profile) -> bool:
    """Whether the profile has times that can be believed."""
    return profile.totals.run_ns is not None and not too_short_for_times(profile)


def instruction_share(profile: Profile, instructions: int) -> float:
    """The part of the run's instructions, from 0 to 1."""
    return instructions / (profile.totals.instructions or 1)


def allocation_share(profile: Profile, allocated_bytes: int) -> float:
    """The part of the allocated bytes, from 0 to 1."""
    return allocated_bytes / (profile.totals.memory.allocated_bytes or 1)


def time_share(profile: Profile, ns: int | None) -> float | None:
    """The part of the run's time, from 0 to 1; None where no time was taken."""
    run_ns = profile.totals.run_ns
    return None if ns is None or not run_ns else ns / run_ns


def leading_share(profile: Profile, row: LineRow | FunctionRow) -> float:
    """The share that a line or a function is shown with."""
    return instruction_share(profile, row.instructions) if too_short_for_times(profile) else row.share


def sampling_error(profile: Profile, share: float | None) -> float | None:
    """The half-width of the 95 % interval of a sampled share; None where it was not sampled."""
    samples = profile.totals.samples
    return error_of_share(share, samples) if samples and share is not None else None


def error_of_share(share: float, samples: int) -> float:
    """The half-width of the 95 % interval of a share of so many samples."""
    return CONFIDENCE * math.sqrt(max(0.0, share * (1 - share)) / samples)
