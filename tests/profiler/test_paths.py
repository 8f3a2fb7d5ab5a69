"""A profile limited to what ran below one call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perilune.profiler.model import CallNode, Profile
from perilune.profiler.paths import Frame, PathError, callees, limited, limited_to_frame
from perilune.profiler.shares import interval_of_share
from sampled_profile import MS, sampled_profile, waiting_profile


def times(profile: Profile) -> dict[tuple[str, int], tuple[int, int]]:
    """Self and total milliseconds by file and line."""
    return {
        (file.path, row.line): ((row.self_ns or 0) // MS, (row.total_ns or 0) // MS)
        for file in profile.files
        for row in file.lines
    }


def test_only_what_ran_below_the_call_is_left() -> None:
    profile, call = limited(sampled_profile(), "main.lua", 8)
    assert (call.label, call.samples, call.share) == ("main chunk:8", 265, 0.265)
    assert times(profile) == {
        ("main.lua", 8): (15, 265),
        ("lib/text.lua", 3): (80, 80),
        ("lib/text.lua", 4): (170, 170),
    }
    assert [(row.name, row.self_ns) for row in profile.builtins] == [("table.concat", 150 * MS)]
    assert [row.name for file in profile.files for row in file.functions] == ["main chunk", "join"]


def test_the_shares_are_of_the_path_with_the_errors_of_its_own_samples() -> None:
    profile, call = limited(sampled_profile(), "main.lua", 6)
    assert (profile.totals.run_ns, profile.totals.samples) == (655 * MS, 655)
    row = next(row for row in profile.files[0].lines if row.line == 3)
    assert row.share == pytest.approx(350 / 655)
    assert row.error == interval_of_share(350 / 655, 655).error(350 / 655)
    assert call.error == interval_of_share(0.655, 1000).error(0.655)
    assert sum(line.self_ns or 0 for file in profile.files for line in file.lines) == 655 * MS


def test_a_line_that_is_on_the_stack_twice_counts_once_in_its_total() -> None:
    assert times(limited(sampled_profile(), "main.lua", 3)[0]) == {
        ("main.lua", 2): (280, 280),
        ("main.lua", 3): (350, 630),
    }


def test_one_of_the_functions_that_a_line_calls() -> None:
    profile = sampled_profile()
    assert callees(profile, "lib/text.lua", 4) == ["table.concat"]
    below, call = limited(profile, "lib/text.lua", 4, "concat")
    assert (call.label, call.samples) == ("join:4 calling concat", 150)
    assert times(below) == {("lib/text.lua", 4): (150, 150)}
    with pytest.raises(PathError, match="below a call of rep in line 4"):
        limited(profile, "lib/text.lua", 4, "rep")


def test_calls_from_several_places_are_added_up() -> None:
    profile = sampled_profile()
    assert profile.call_tree is not None
    join = CallNode("join", "lib/text.lua", 2, 3, 7, 7 * MS)
    join.children.append(CallNode("string.rep", None, 0, 0, 3, 3 * MS))
    profile.call_tree.children[1].children.append(join)
    below, _ = limited(profile, "lib/text.lua", 3)
    assert times(below) == {("lib/text.lua", 3): (90, 90)}
    assert below.call_tree is not None
    assert [node.samples for node in below.call_tree.children] == [87]


def test_the_profile_itself_stays_as_it_is() -> None:
    profile = sampled_profile()
    limited(profile, "main.lua", 8)
    assert profile == sampled_profile()


def test_counts_are_those_of_the_whole_run() -> None:
    whole = sampled_profile()
    profile, _ = limited(whole, "main.lua", 8)
    assert profile.files[1].lines[0].allocated_bytes == whole.files[1].lines[0].allocated_bytes == 12_000
    assert (profile.totals.instructions, profile.files[1].functions[0].calls) == (153_246, 100)
    assert (profile.opcodes, profile.zones) == ([], [])


def test_what_waits_below_the_call_is_told() -> None:
    profile, _ = limited(waiting_profile(), "main.lua", 8)
    assert (profile.totals.cpu_ns, profile.totals.waiting_samples) == (115 * MS, 150)
    assert [row.cpu_ns for row in profile.files[1].lines] == [80 * MS, 20 * MS]


def test_what_no_sample_hit_is_not_known() -> None:
    with pytest.raises(PathError, match="no sample fell below a call in line 5"):
        limited(sampled_profile(), "main.lua", 5)
    with pytest.raises(PathError, match="no sample fell below a call in line 7"):
        limited(sampled_profile(), "main.lua", 7)
    with pytest.raises(PathError, match="sample mode only"):
        limited(replace(sampled_profile(), mode="count", call_tree=None), "main.lua", 8)


MAIN, FIB = Frame("main chunk", "main.lua", 1), Frame("fib", "main.lua", 1)
JOIN = Frame("join", "lib/text.lua", 2)


def test_a_frame_of_the_flame_graph_is_what_the_graph_shows_of_it() -> None:
    profile, call = limited_to_frame(sampled_profile(), [MAIN, JOIN])
    assert (call.label, call.samples, call.share) == ("main chunk > join", 250, 0.25)
    assert times(profile) == {("lib/text.lua", 3): (80, 80), ("lib/text.lua", 4): (170, 170)}
    below, call = limited_to_frame(sampled_profile(), [MAIN, JOIN, Frame("table.concat", None, 0)])
    assert (call.samples, [row.name for row in below.builtins], times(below)) == (150, ["table.concat"], {})


def test_a_function_that_calls_itself_is_one_frame_unless_lines_are_frames() -> None:
    profile, call = limited_to_frame(sampled_profile(), [MAIN, FIB])
    assert call.samples == 650
    assert times(profile) == {("main.lua", 2): (300, 300), ("main.lua", 3): (350, 630)}
    lines = [replace(MAIN, line=6), replace(FIB, line=3)]
    assert limited_to_frame(sampled_profile(), lines)[1].samples == 630
    assert limited_to_frame(sampled_profile(), [*lines, replace(FIB, line=2)])[1].samples == 280


def test_a_function_that_is_called_back_by_what_it_calls_counts_at_its_outermost_place() -> None:
    profile = sampled_profile()
    assert profile.call_tree is not None
    join = CallNode("join", "lib/text.lua", 2, 4, 0, 0, [CallNode("main chunk", "main.lua", 1, 8, 7, 7 * MS)])
    profile.call_tree.children[1].children.append(join)
    assert limited_to_frame(profile, [MAIN, JOIN])[1].samples == 250
    assert limited_to_frame(profile, [MAIN])[1].samples == 655 + 10 + 265 + 7


def test_a_frame_that_is_not_there_is_an_error() -> None:
    for frames in ([], [JOIN], [MAIN, Frame("join", "main.lua", 2)]):
        with pytest.raises(PathError, match="no such frame"):
            limited_to_frame(sampled_profile(), frames)
    with pytest.raises(PathError, match="sample mode only"):
        limited_to_frame(replace(sampled_profile(), call_tree=None, mode="count"), [MAIN])
