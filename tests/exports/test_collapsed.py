"""Collapsed stacks, read by the format's one rule and by speedscope's importer."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from export_readers import exported, line_sums, own_times, real_profile, speedscope
from perilune.profiler.model import Profile
from sampled_profile import sampled_profile


def read(path: Path) -> dict[tuple[str, ...], int]:
    stacks = {}
    for line in path.read_text().splitlines():
        match = re.fullmatch(r"(.+) (\d+)", line)
        assert match is not None, line
        stacks[tuple(match[1].split(";"))] = int(match[2])
    return stacks


def own_costs(stacks: dict[tuple[str, ...], int]) -> Counter[tuple[str, int | str]]:
    """By path and line, or by "" and the name of what has no path."""
    sums: Counter[tuple[str, int | str]] = Counter()
    for stack, cost in stacks.items():
        match = re.fullmatch(r".+? \((.+):(\d+)\)", stack[-1])
        sums[(match[1], int(match[2])) if match else ("", stack[-1])] += cost
    return sums


def test_instructions_come_back(tmp_path: Path) -> None:
    profile = real_profile("count", tmp_path)
    stacks = read(exported(profile, "collapsed", tmp_path))
    assert own_costs(stacks) == line_sums(profile, "instructions")
    assert sum(stacks.values()) == profile.totals.instructions


def test_times_come_back(timed_profile: Profile, tmp_path: Path) -> None:
    stacks = read(exported(timed_profile, "collapsed", tmp_path))
    assert own_costs(stacks) == own_times(timed_profile)
    assert sum(stacks.values()) == timed_profile.totals.run_ns


def test_stacks_are_calls(tmp_path: Path) -> None:
    stacks = read(exported(sampled_profile(), "collapsed", tmp_path))
    assert stacks["main chunk (main.lua:6)", "fib (main.lua:3)", "fib (main.lua:2)"] == 280_000_000
    assert stacks["main chunk (main.lua:8)", "join (lib/text.lua:4)", "table.concat"] == 150_000_000


def test_speedscope_reads_it(profile: Profile, tmp_path: Path) -> None:
    (found,) = speedscope(exported(profile, "collapsed", tmp_path))
    assert found["total"] == (profile.totals.run_ns or profile.totals.instructions)
