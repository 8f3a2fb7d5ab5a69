"""All formats: they are made from every profile that has what they need, always alike, and say what is missing."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from export_readers import function_sums, line_sums, real_profile
from perilune.profiler.exporters import EXPORTERS, ProfileExportError
from perilune.profiler.exporters.stacks import line_costs, timed_stacks
from perilune.profiler.model import FileProfile, FunctionRow, LineRow, Memory, Profile, Program, Totals
from perilune.profiler.session import profile_file
from sampled_profile import SOURCES, sampled_profile

EXAMPLES = Path(__file__).parents[2] / "examples"
COSTS = ["instructions", "allocated_bytes", "allocations"]


@pytest.mark.parametrize("name", EXPORTERS)
def test_the_same_profile_gives_the_same_bytes(name: str) -> None:
    assert EXPORTERS[name].export(sampled_profile(), SOURCES) == EXPORTERS[name].export(sampled_profile(), SOURCES)


@pytest.mark.parametrize("name", EXPORTERS)
def test_counts_alone(name: str, tmp_path: Path) -> None:
    profile = real_profile("count", tmp_path)
    if EXPORTERS[name].needs_time:
        with pytest.raises(ProfileExportError, match="profile with --mode sample or --mode trace"):
            EXPORTERS[name].export(profile, {})
    else:
        assert EXPORTERS[name].export(profile, {})


@pytest.mark.parametrize("name", EXPORTERS)
@pytest.mark.parametrize("run_ns", [None, 0])
def test_a_program_that_did_nothing(name: str, run_ns: int | None) -> None:
    mode = "count" if run_ns is None else "trace"
    profile = Profile(mode, Program("empty.lua"), Totals(run_ns=run_ns, memory=Memory()))
    profile.files = [FileProfile("empty.lua", "0" * 64, [], [FunctionRow("main chunk", 1, 1, 0, 0, 0.0)])]
    if run_ns is not None or not EXPORTERS[name].needs_time:
        assert isinstance(EXPORTERS[name].export(profile, {}), bytes)


@pytest.mark.parametrize("name", EXPORTERS)
def test_names_that_cannot_be_written_as_they_are(name: str) -> None:
    profile = sampled_profile()
    profile.files[0].path = "a;b,c\nd (x)\udcff.lua"
    profile.files[0].functions[0].name = "(1) we;ird,\nname"
    assert EXPORTERS[name].export(profile, {})


def test_a_format_is_loaded_only_when_it_is_used() -> None:
    listing = "import sys, perilune.profiler.exporters; print([m for m in sys.modules if '.exporters.' in m])"
    assert subprocess.check_output([sys.executable, "-c", listing], text=True) == "[]\n"


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("program", ["json.lua", "nbody.lua", None])
def test_sums_over_lines_and_functions_both_hold(program: str | None, cost: str, tmp_path: Path) -> None:
    """Also where functions share lines; `None` is a program that is made of such lines."""
    profile = profile_file(str(EXAMPLES / program), ["5"])[1] if program else real_profile("count", tmp_path)
    by_line: Counter[tuple[str, int]] = Counter()
    by_function: Counter[tuple[str, str]] = Counter()
    for frame, costs in line_costs(profile):
        by_line[str(frame.path), frame.line] += getattr(costs, cost)
        by_function[str(frame.path), frame.function] += getattr(costs, cost)
    assert +by_line == line_sums(profile, cost)
    assert +by_function == function_sums(profile, cost)


def test_a_line_that_makes_a_function_is_not_that_functions() -> None:
    owners = {(frame.path, frame.line): frame.function for frame, _ in line_costs(sampled_profile())}
    assert owners["main.lua", 1] == "main chunk"
    assert owners["main.lua", 2] == "fib"


def test_lines_without_numbers_keep_their_functions() -> None:
    """As in a chunk that was stripped."""
    profile = Profile("count", Program("a.luac"), Totals(instructions=9))
    functions = [FunctionRow("f", 3, 4, 1, 2, 0.2), FunctionRow("main chunk", 1, 1, 1, 7, 0.8)]
    profile.files = [FileProfile("?", None, [LineRow(0, 7, 9, 1.0)], functions)]
    found = {frame.function: cost.instructions for frame, cost in line_costs(profile)}
    assert found == {"f": 2, "main chunk": 7}


def test_times_add_up_to_the_run(timed_profile: Profile) -> None:
    assert sum(stack.self_ns for stack in timed_stacks(timed_profile)) == timed_profile.totals.run_ns
