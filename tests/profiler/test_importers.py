"""What was exported by us and imported again is equal in every figure that the format holds; hostile files are refused."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.profiler.exporters import EXPORTERS
from perilune.profiler.exporters.stacks import Frame
from perilune.profiler.foreign import ForeignProfile
from perilune.profiler.importers import read_profile
from perilune.profiler.model import COLLECTOR, CallNode, Profile, Program
from perilune.profiler.origin import Origin

FUNCTIONS = [
    Frame("main chunk", "main.lua", 1, 0),
    Frame("fib", "main.lua", 10, 0),
    Frame("Account:get", "lib/a b.lua", 7, 0),
    Frame("M.join", "lib/a b.lua", 20, 0),
]
BUILTINS = [Frame("table.concat", None, 0, 0), Frame("string.format", None, 0, 0)]
ELSEWHERE = (Frame(COLLECTOR, None, 0, 0),)

counts = st.integers(0, 10**6)
lua_frames = st.builds(
    lambda function, line: function._replace(line=function.function_line + line),
    st.sampled_from(FUNCTIONS),
    st.integers(0, 3),
)
stacks = st.builds(
    lambda lua, builtin: (*lua, *builtin),
    st.lists(lua_frames, min_size=1, max_size=5),
    st.sampled_from([(), *((builtin,) for builtin in BUILTINS)]),
) | st.just(ELSEWHERE)
timed = st.lists(st.tuples(stacks, st.integers(1, 10**6), st.integers(1, 50)), min_size=1, max_size=12)
counted = st.lists(st.tuples(lua_frames, counts, counts, counts, counts), min_size=1, max_size=8)


def profile_of(times: list, figures: list) -> Profile:  # type: ignore[type-arg]
    """A profile with the times of some stacks, in whole microseconds, and the figures of some lines."""
    builder = ForeignProfile(Origin("record", "sampled and exact"), Program("main.lua"))
    for stack, us, samples in times:
        builder.add_stack(stack, us * 1000, samples)
    for frame, hits, instructions, size, allocations in figures:
        builder.add_line(
            frame.path,
            frame.line,
            hits=hits,
            instructions=instructions,
            allocated_bytes=size,
            allocations=allocations,
            function=frame,
        )
        builder.add_function(frame.path, frame.function, frame.function_line, hits, frame.line)
    profile = builder.profile()
    for file in profile.files:
        file.sha256 = "a" * 64
    return profile


profiles = st.builds(profile_of, timed, counted)


def again(profile: Profile, name: str) -> Profile:
    """The profile, exported and imported."""
    content = EXPORTERS[name].export(profile, {})
    found = read_profile(content, "file")
    assert found.origin is not None and found.origin.format == name
    return found


def by_line(profile: Profile, figure: str) -> Counter[tuple[str, int]]:
    """A figure of all lines that have it."""
    found = Counter({(file.path, row.line): getattr(row, figure) for file in profile.files for row in file.lines})
    return +found


def by_function(profile: Profile, figure: str) -> Counter[tuple[str, str]]:
    """A figure of all functions that have it; two of one name in a file are one."""
    found: Counter[tuple[str, str]] = Counter()
    for file in profile.files:
        for row in file.functions:
            found[file.path, row.name] += getattr(row, figure)
    return +found


def by_builtin(profile: Profile, figure: str) -> Counter[str]:
    """A figure of all library functions that have it."""
    return +Counter({row.name: getattr(row, figure) for row in profile.builtins})


def tree(node: CallNode | None, figure: str) -> object:
    """The call tree with a figure; it does not say where functions begin, which few formats hold."""
    if node is None:
        return None
    return (
        node.function,
        node.path,
        node.line,
        getattr(node, figure),
        sorted((tree(child, figure) for child in node.children), key=repr),
    )


def assert_same_times(found: Profile, profile: Profile) -> None:
    """Both have the same times of lines, functions, library functions and of what is outside of them."""
    for name in ("run_ns", "gc_ns", "compile_ns", "outside_ns"):
        assert getattr(found.totals, name) == getattr(profile.totals, name)
    assert by_line(found, "self_ns") == by_line(profile, "self_ns")
    assert by_function(found, "self_ns") == by_function(profile, "self_ns")
    assert by_builtin(found, "self_ns") == by_builtin(profile, "self_ns")


def assert_same_stacks(found: Profile, profile: Profile) -> None:
    """Both have the same times below lines and functions, and the same tree."""
    if found.call_tree is not None:
        assert by_line(found, "total_ns") == by_line(profile, "total_ns")
        assert by_function(found, "total_ns") == by_function(profile, "total_ns")
        assert tree(found.call_tree, "self_ns") == tree(profile.call_tree, "self_ns")


@settings(max_examples=25, deadline=None)
@given(profiles)
def test_collapsed_stacks_come_back(profile: Profile) -> None:
    found = again(profile, "collapsed")
    assert_same_times(found, profile)
    assert_same_stacks(found, profile)


@settings(max_examples=25, deadline=None)
@given(profiles)
def test_speedscope_comes_back(profile: Profile) -> None:
    found = again(profile, "speedscope")
    assert_same_times(found, profile)
    assert_same_stacks(found, profile)
    for figure in ("instructions", "allocated_bytes"):
        assert by_line(found, figure) == by_line(profile, figure)


@settings(max_examples=25, deadline=None)
@given(profiles)
def test_cpuprofile_comes_back(profile: Profile) -> None:
    found = again(profile, "cpuprofile")
    assert_same_times(found, profile)


@settings(max_examples=25, deadline=None)
@given(profiles)
def test_pprof_comes_back(profile: Profile) -> None:
    found = again(profile, "pprof")
    assert_same_times(found, profile)
    assert_same_stacks(found, profile)
    assert found.totals.samples == profile.totals.samples
    assert tree(found.call_tree, "samples") == tree(profile.call_tree, "samples")
    for figure in ("instructions", "allocated_bytes", "allocations"):
        assert by_line(found, figure) == by_line(profile, figure)
        assert by_function(found, figure) == by_function(profile, figure)


@settings(max_examples=25, deadline=None)
@given(profiles)
def test_callgrind_comes_back(profile: Profile) -> None:
    found = again(profile, "callgrind")
    assert_same_times(found, profile)
    for figure in ("instructions", "allocated_bytes", "allocations"):
        assert by_line(found, figure) == by_line(profile, figure)
        assert by_function(found, figure) == by_function(profile, figure)


@settings(max_examples=25, deadline=None)
@given(profiles)
def test_lcov_comes_back(profile: Profile) -> None:
    found = again(profile, "lcov")
    assert by_line(found, "hits") == by_line(profile, "hits")
    assert by_function(found, "calls") == by_function(profile, "calls")
    assert found.totals.run_ns is None and not found.holds("instructions")


@pytest.mark.parametrize("name", ["collapsed", "speedscope", "cpuprofile", "pprof", "callgrind", "lcov"])
@settings(max_examples=15, deadline=None)
@given(profile=profiles, cut=st.floats(0, 1), byte=st.integers(0, 255))
def test_a_damaged_file_never_crashes(name: str, profile: Profile, cut: float, byte: int) -> None:
    from perilune.profiler.model import ProfileFormatError

    content = EXPORTERS[name].export(profile, {})
    at = min(len(content) - 1, int(cut * len(content)))
    for damaged in (content[:at], content[:at] + bytes([byte]) + content[at + 1 :], content[:at] + content[at + 1 :]):
        try:
            read_profile(damaged, "file")
        except ProfileFormatError as error:
            assert str(error)
