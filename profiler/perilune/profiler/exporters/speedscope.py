"""speedscope's JSON: one file with a profile each for time, instructions and allocated bytes."""

from __future__ import annotations

import json
from typing import Any

from perilune.profiler.exporters import ProfileExportError
from perilune.profiler.exporters.stacks import Frame, Stack, flame_stacks, time_name
from perilune.profiler.model import Profile
from perilune.profiler.sources import Sources

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def export(profile: Profile, sources: Sources) -> bytes:
    """The stacks of the time profile are calls; in the others every line stands under its function."""
    if profile.totals.run_ns is None and not (profile.holds("instructions") or profile.holds("allocations")):
        raise ProfileExportError(
            "speedscope holds times, instructions and allocations, and this profile has none of them"
        )
    frames: dict[Frame, int] = {}
    profiles = [
        _profile(time_name(profile), "nanoseconds", flame_stacks(profile, "self_ns"), frames),
        _profile("instructions", "none", flame_stacks(profile, "instructions"), frames),
        _profile("allocated bytes", "bytes", flame_stacks(profile, "allocated_bytes"), frames),
    ]
    value = {
        "$schema": _SCHEMA,
        "exporter": "perilune",
        "name": profile.program.path,
        "activeProfileIndex": 0,
        "shared": {"frames": [_frame(frame) for frame in frames]},
        "profiles": [found for found in profiles if found["samples"]],
    }
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _profile(name: str, unit: str, stacks: list[tuple[Stack, int]], frames: dict[Frame, int]) -> dict[str, Any]:
    """One profile; `frames` numbers the frames of all of them and grows."""
    return {
        "type": "sampled",
        "name": name,
        "unit": unit,
        "startValue": 0,
        "endValue": sum(weight for _, weight in stacks),
        "samples": [[frames.setdefault(frame, len(frames)) for frame in stack] for stack, _ in stacks],
        "weights": [weight for _, weight in stacks],
    }


def _frame(frame: Frame) -> dict[str, Any]:
    if frame.path is None:
        return {"name": frame.label}
    return {"name": frame.label, "file": frame.path, "line": frame.line or frame.function_line}
