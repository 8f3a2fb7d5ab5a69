"""Which lines of a profile are worth a rewrite."""

from __future__ import annotations

from perilune.profiler.model import LineRow, Profile
from perilune.profiler.shares import instruction_share, time_share

THRESHOLD = 0.01
"""The part of the run from which on a line matters."""


def weight(profile: Profile, row: LineRow) -> float:
    """What a line is of the run: of its instructions, or of its time with the part of the collector that it drives."""
    ns = None if row.self_ns is None else row.self_ns + (row.gc_ns or 0)
    return max(instruction_share(profile, row.instructions), time_share(profile, ns) or 0.0, row.share)
