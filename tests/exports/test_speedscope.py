"""speedscope's JSON, read by speedscope's own importer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from export_readers import exported, line_sums, own_times, speedscope
from perilune.profiler.model import Profile
from sampled_profile import sampled_profile


def own_weights(read: dict[str, Any]) -> Counter[tuple[str, int | str]]:
    """By path and line, or by "" and the name of what has no path."""
    sums: Counter[tuple[str, int | str]] = Counter()
    for frame in read["frames"]:
        place = ("", frame["name"]) if frame["file"] is None else (frame["file"], frame["line"])
        sums[place] += frame["self"]
    return +sums


def test_every_sum_comes_back(profile: Profile, tmp_path: Path) -> None:
    read = {found["name"]: found for found in speedscope(exported(profile, "speedscope", tmp_path))}
    timed = ["time"] if profile.totals.run_ns is not None else []
    assert list(read) == [*timed, "instructions", "allocated bytes"]
    assert (read["instructions"]["unit"], read["allocated bytes"]["unit"]) == ("none", "bytes")
    assert read["instructions"]["total"] == profile.totals.instructions
    assert own_weights(read["instructions"]) == line_sums(profile, "instructions")
    assert own_weights(read["allocated bytes"]) == line_sums(profile, "allocated_bytes")


def test_time_comes_back(timed_profile: Profile, tmp_path: Path) -> None:
    read = speedscope(exported(timed_profile, "speedscope", tmp_path))[0]
    assert (read["unit"], read["total"]) == ("nanoseconds", timed_profile.totals.run_ns)
    assert own_weights(read) == own_times(timed_profile)


def test_frames_are_lines_of_functions(tmp_path: Path) -> None:
    frames = {
        frame["name"]: frame for frame in speedscope(exported(sampled_profile(), "speedscope", tmp_path))[0]["frames"]
    }
    assert (frames["fib:3"]["file"], frames["fib:3"]["line"]) == ("main.lua", 3)
    assert (frames["fib:3"]["self"], frames["fib:3"]["total"]) == (350_000_000, 630_000_000)
    assert frames["join:4"]["total"] == 170_000_000
