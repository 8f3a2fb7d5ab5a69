"""Every byte on the heap belongs to the instruction that allocated it, at the end and when the heap was largest."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.vm import State

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile


def profiled(text: str, before: str = "", mode: str = "count") -> RawProfile:
    with State() as state:
        state.execute(before.encode())
        state.profile_start(mode)  # type: ignore[arg-type]
        state.run(text.encode(), b"=x")
        state.profile_stop()
        return state.profile_data()


def by_line(raw: RawProfile, figure: str) -> dict[int, int]:
    lines: dict[int, int] = {}
    for function in raw["functions"]:
        figures = array("Q", function[figure])  # type: ignore[literal-required]
        for line, size in zip(array("I", function["lines"]), figures, strict=True):
            lines[line] = lines.get(line, 0) + size
    return lines


def kinds_by_line(raw: RawProfile) -> dict[int, dict[str, tuple[int, int]]]:
    lines: dict[int, dict[str, tuple[int, int]]] = {}
    for function in raw["functions"]:
        line_of = array("I", function["lines"])
        for word, kind, size, objects in function["live_kinds"]:
            kinds = lines.setdefault(line_of[word], {})
            before = kinds.get(kind, (0, 0))
            kinds[kind] = (before[0] + size, before[1] + objects)
    return lines


def check_sums(raw: RawProfile) -> None:
    held = raw["started_bytes"] + raw["paused_bytes"] + raw["allocated_bytes"] - raw["released_bytes"]
    assert held == raw["current_bytes"]
    assert raw["peak_bytes"] >= raw["current_bytes"]
    live = sum(by_line(raw, "live_bytes").values())
    assert live + raw["outside_live_bytes"] + raw["before_live_bytes"] == raw["current_bytes"]
    peak = sum(by_line(raw, "peak_live_bytes").values())
    assert peak + raw["outside_peak_live_bytes"] + raw["before_peak_live_bytes"] == raw["peak_bytes"]
    for function in raw["functions"]:
        of_kinds = [0] * (len(function["code"]) // 4)
        for word, _, size, _ in function["live_kinds"]:
            of_kinds[word] += size
        assert all(size <= live for size, live in zip(of_kinds, array("Q", function["live_bytes"]), strict=True))


STATEMENTS = [
    "keep[#keep + 1] = {1, 2, 3}",
    "keep[#keep + 1] = {}",
    "table.remove(keep)",
    "keep[#keep + 1] = ('x'):rep(100 * #keep)",
    "keep[tostring(#keep)] = function() return keep end",
    "keep[#keep + 1] = coroutine.wrap(function() for i = 1, 100 do coroutine.yield({}) end end)",
    "for i = 1, 300 do keep[i] = i .. 'some text' end",
    "keep = {}",
    "collectgarbage()",
    "collectgarbage('step')",
    "pcall(function() local t = {} ; t[nil] = 1 end)",
    "keep[1] = setmetatable({}, {__gc = function() keep = {} end})",
    "local function deep(n) if n > 0 then return 1 + deep(n - 1) end return 0 end deep(3000)",
    "keep.loaded = load('local t = {...} return t', 'loaded')(1, 2)",
    "keep.big = table.pack(('x'):rep(3000):byte(1, -1))",
]


@pytest.mark.parametrize("mode", ["count", "sample"])
@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(STATEMENTS), max_size=25), st.lists(st.sampled_from(STATEMENTS), max_size=5))
def test_what_is_live_adds_up(mode: str, statements: list[str], before: list[str]) -> None:
    check_sums(profiled("\n".join(statements), "keep = {}\n" + "\n".join(before), mode))


REGIONS = [
    "profiler.stop()",
    "profiler.start()",
    "zones[#zones + 1] = profiler.zone('a')",
    "if #zones > 0 then table.remove(zones):close() end",
    "keep.co = coroutine.wrap(function() profiler.stop() coroutine.yield() profiler.start() end) keep.co()",
    "if keep.co then pcall(keep.co) end",
    "keep[1] = setmetatable({}, {__gc = function() keep[2] = ('z'):rep(10000) profiler.stop() end})",
]


@pytest.mark.parametrize("paused", [False, True])
@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(STATEMENTS + 2 * REGIONS), max_size=30))
def test_what_is_live_adds_up_whatever_is_measured(paused: bool, statements: list[str]) -> None:
    with State() as state:
        state.execute(b"keep, zones, profiler = {}, {}, require 'perilune.profiler'")
        state.profile_start("count", paused=paused)
        state.run("\n".join(statements).encode(), b"=x")
        state.profile_stop()
        raw = state.profile_data()
    check_sums(raw)
    assert all(size <= raw["allocated_bytes"] for _, _, _, size, *_ in raw["zones"])


def test_a_heap_that_grows_while_nothing_is_measured_counts_only_at_the_end() -> None:
    with State() as state:
        state.execute(b"profiler = require 'perilune.profiler'")
        state.profile_start("count")
        state.execute(b"""
            kept = ('x'):rep(1000000)
            profiler.stop()
            do local passing = ('y'):rep(9000000) end
            collectgarbage()
            profiler.start() profiler.stop()
            kept = kept .. ('z'):rep(3000000)""")
        state.profile_stop()
        raw = state.profile_data()
    check_sums(raw)
    assert raw["peak_bytes"] == raw["current_bytes"] > 4000000


def test_a_second_profile_knows_nothing_of_the_first() -> None:
    with State() as state:
        for _ in range(3):
            state.profile_start("count")
            state.execute(b"keep = {} for i = 1, 1000 do keep[i] = {} end")
            state.profile_stop()
            check_sums(state.profile_data())
            state.execute(b"other = {} for i = 1, 100 do other[i] = ('x'):rep(i * 10) end")


def test_lines_keep_what_they_made_and_kinds_say_what_it_is() -> None:
    text = """keep = {}
for i = 1, 100 do keep[i] = {} end
words = ('x'):rep(1000)
for i = 1, 100 do local gone = {} end
threads = coroutine.create(print)
collectgarbage()
"""
    raw = profiled(text)
    live = by_line(raw, "live_bytes")
    kinds = kinds_by_line(raw)
    assert kinds[2]["table"][1] == 100
    assert live[2] == kinds[2]["table"][0]
    assert kinds[3]["string"] == (1025, 1)
    assert live[4] == 0
    assert by_line(raw, "allocated_bytes")[4] > 0
    assert kinds[5]["coroutine"][1] == 1


def test_the_peak_is_of_the_moment_when_the_heap_was_largest() -> None:
    text = """local a = ('x'):rep(100000)
a = nil
collectgarbage()
local b = ('y'):rep(300000)
b = nil
collectgarbage()
local c = ('z'):rep(1000)
"""
    raw = profiled(text)
    peak = by_line(raw, "peak_live_bytes")
    assert peak[1] < 100000
    assert peak[4] > 300000
    assert peak[7] == 0
    assert by_line(raw, "live_bytes")[7] > 1000


def test_a_block_that_grows_belongs_to_the_line_that_grew_it() -> None:
    raw = profiled("t = {}\nfor i = 1, 1000 do t[i] = i end")
    assert by_line(raw, "live_bytes")[2] >= 16000
