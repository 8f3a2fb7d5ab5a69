"""Collapsed stacks, as flamegraph.pl reads them: a line for every stack, frames joined by semicolons, then its cost.

The cost is nanoseconds, or in count mode, which has no time, instructions.
"""

from __future__ import annotations

from collections import Counter

from perilune.profiler.exporters import ProfileExportError
from perilune.profiler.exporters.stacks import Frame, flame_stacks
from perilune.profiler.model import Profile
from perilune.profiler.sources import Sources

_RESERVED = str.maketrans({";": ",", "\n": " ", "\r": " "})


def export(profile: Profile, sources: Sources) -> bytes:
    """Frames read `function (path:line)`."""
    if profile.totals.run_ns is None and not profile.holds("instructions"):
        raise ProfileExportError("collapsed holds times or instructions, and this profile has neither")
    costs: Counter[str] = Counter()
    for frames, cost in flame_stacks(profile, "instructions" if profile.totals.run_ns is None else "self_ns"):
        costs[";".join(_text(frame).translate(_RESERVED) for frame in frames)] += cost
    return "".join(f"{stack} {cost}\n" for stack, cost in costs.items()).encode("utf-8", "replace")


def _text(frame: Frame) -> str:
    if frame.path is None:
        return frame.function
    return f"{frame.function} ({frame.path}:{frame.line})" if frame.line else f"{frame.function} ({frame.path})"
