"""speedscope's JSON, read by speedscope's own importer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from export_readers import exported, line_sums, outside_ns, speedscope
from perilune.profiler.model import Profile
from sampled_profile import sampled_profile


def self_by_line(read: dict[str, Any]) -> Counter[tuple[str, int]]:
    sums: Counter[tuple[str, int]] = Counter()
    for frame in read["frames"]:
        if frame["file"] is not None and frame["self"]:
            sums[frame["file"], frame["line"]] += frame["self"]
    return sums


def test_every_sum_comes_back(profile: Profile, tmp_path: Path) -> None:
    read = {found["name"]: found for found in speedscope(exported(profile, "speedscope", tmp_path))}
    timed = ["time"] if profile.totals.run_ns is not None else []
    assert list(read) == [*timed, "instructions", "allocated bytes"]
    assert (read["instructions"]["unit"], read["allocated bytes"]["unit"]) == ("none", "bytes")
    assert read["instructions"]["total"] == profile.totals.instructions
    assert self_by_line(read["instructions"]) == line_sums(profile, "instructions")
    assert self_by_line(read["allocated bytes"]) == line_sums(profile, "allocated_bytes")


def test_time_comes_back(timed_profile: Profile, tmp_path: Path) -> None:
    read = speedscope(exported(timed_profile, "speedscope", tmp_path))[0]
    assert (read["unit"], read["total"]) == ("nanoseconds", timed_profile.totals.run_ns)
    builtins = {row.name: row.self_ns for row in timed_profile.builtins if row.self_ns and timed_profile.call_tree}
    assert {frame["name"]: frame["self"] for frame in read["frames"] if frame["file"] is None} == {
        **builtins,
        **outside_ns(timed_profile),
    }
    lines = line_sums(timed_profile, "self_ns")
    if timed_profile.call_tree is not None:
        lines["lib/text.lua", 4] -= 150_000_000  # table.concat stands in a frame of its own
    assert self_by_line(read) == lines


def test_frames_are_lines_of_functions(tmp_path: Path) -> None:
    frames = {
        frame["name"]: frame for frame in speedscope(exported(sampled_profile(), "speedscope", tmp_path))[0]["frames"]
    }
    assert (frames["fib:3"]["file"], frames["fib:3"]["line"]) == ("main.lua", 3)
    assert (frames["fib:3"]["self"], frames["fib:3"]["total"]) == (350_000_000, 630_000_000)
    assert frames["join:4"]["total"] == 170_000_000
