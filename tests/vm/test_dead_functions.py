"""Functions die under a profile as they do without one: the program's memory is the same, and their figures stay."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle import differences
from perilune.vm import State

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawFunction, RawProfile

Mode = Literal["count", "sample", "trace", "oracle"]
MODES: list[Mode] = ["count", "sample", "trace", "oracle"]


def memory(text: str, mode: Mode | None) -> str:
    """What the program says of its own memory: it keeps it in the global `said`."""
    with State() as state:
        if mode is not None:
            state.profile_start(mode, interval_ns=100_000)
        outcome = state.run(f"said = {{}}\n{text}\nerror(table.concat(said, ' '), 0)".encode(), b"=memory")
    return outcome.message.decode()


STATEMENTS = [
    "load('local t = {} for i = 1, 5 do t[i] = {i} end')()",
    "for i = 1, 30 do load('local function f(x) return x + 1 end return f(' .. i .. ')')() end",
    "kept = load('local n = 0 return function() n = n + 1 return n end')()",
    "if kept then kept() end",
    "kept = nil",
    "co = coroutine.wrap(load('coroutine.yield(1) coroutine.yield(2)')) co()",
    "if co then pcall(co) end",
    "co = nil",
    "collectgarbage()",
    "collectgarbage('step')",
    "local parts = {} for i = 1, 200 do parts[i] = {('x'):rep(i)} end",
    "setmetatable({}, {__gc = load('made = {...}')})",
    "pcall(load('error({})'))",
    "said[#said + 1] = collectgarbage('count')",
]


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(STATEMENTS), max_size=25))
def test_a_program_holds_as_much_with_a_profile_as_without(mode: Mode, statements: list[str]) -> None:
    text = "\n".join([*statements, STATEMENTS[-1], "collectgarbage()", STATEMENTS[-1]])
    assert memory(text, mode) == memory(text, None)


def profiled(text: str, mode: Mode = "oracle") -> RawProfile:
    with State() as state:
        state.profile_start(mode)
        state.run(text.encode(), b"=main").check()
        state.profile_stop()
        raw = state.profile_data()
    if mode == "oracle":
        assert [found for function in raw["functions"] for found in differences(function)] == []
    return raw


def of_source(raw: RawProfile, source: bytes) -> list[RawFunction]:
    return [function for function in raw["functions"] if function["source"] == source]


def test_equal_loads_share_their_counters_and_nothing_is_lost() -> None:
    raw = profiled("""
        for i = 1, 500 do
          load("local function f(x) return x + 1 end\\nfor i = 1, 3 do f(i) end", "=loaded")()
          if i % 50 == 0 then collectgarbage() end
        end""")
    main, f = of_source(raw, b"=loaded")
    assert (main["entries"], f["entries"]) == (500, 1500)
    assert f["parent"] == main["id"]
    lines = dict(zip(array("I", main["lines"]), array("Q", main["counts"]), strict=True))
    assert lines[2] > 0
    assert max(array("Q", main["counts"])) == 1500
    assert sum(array("Q", f["counts"])) == 3000


def test_different_texts_of_one_name_are_different_functions() -> None:
    raw = profiled('for i = 1, 10 do load("return " .. i, "=loaded")() end collectgarbage()')
    loaded = of_source(raw, b"=loaded")
    assert [function["entries"] for function in loaded] == [1] * 10
    assert len({function["text"] for function in loaded}) == 10


def test_equal_functions_at_other_places_keep_counters_of_their_own() -> None:
    raw = profiled("local f, g = function() return 1 end, function() return 1 end\nf() f() g()")
    assert sorted(function["entries"] for function in raw["functions"]) == [1, 1, 2]


def test_the_memory_of_a_function_that_is_gone_is_still_its() -> None:
    raw = profiled(
        'kept = load("local t = {}\\nfor i = 1, 100 do t[i] = {} end return t", "=loaded")() collectgarbage()'
    )
    (function,) = of_source(raw, b"=loaded")
    live = sum(array("Q", function["live_bytes"]))
    assert live > 100 * 56
    assert sum(objects for _, kind, _, objects in function["live_kinds"] if kind == "table") == 101


@pytest.mark.parametrize("mode", MODES)
def test_the_calls_of_the_peak_may_be_of_functions_that_are_gone(mode: Mode) -> None:
    deep = "local function deep(n) if n > 0 then return 1 + deep(n - 1) end return 0 end deep(50)"
    raw = profiled(f'for i = 1, 20 do load("{deep}", "=loaded")() collectgarbage() end', mode)
    ids = {function["id"]: function["source"] for function in raw["functions"]}
    chain = [ids[id] for id, _, builtin in raw["peak_chain"] if builtin is None]
    assert chain[0] == b"=main"
    assert set(chain[1:]) == {b"=loaded"}
    assert len(chain) > 50


def test_samples_of_functions_that_are_gone_are_in_the_tree() -> None:
    text = """
        for i = 1, 200 do
          load("local s = 0 for i = 1, 20000 do s = s + i % 7 end return s", "=loaded")()
          collectgarbage()
        end"""
    with State() as state:
        state.profile_start("sample", interval_ns=100_000)
        state.run(text.encode(), b"=main").check()
        state.profile_stop()
        raw = state.profile_data()
    (function,) = of_source(raw, b"=loaded")
    assert function["samples"] is not None
    assert sum(array("Q", function["samples"])) > 0
    assert raw["sampling"] is not None
    ids = {function["id"] for function in raw["functions"]}
    assert {node[1] for node in (raw["sampling"]["tree"] or [])[1:] if node[3] is None} <= ids


def test_functions_of_before_the_profile_are_found_and_die_too() -> None:
    with State() as state:
        state.execute(b"function work() local s = 0 for i = 1, 10 do s = s + i end return s end")
        for _ in range(2):
            state.profile_start("oracle")
            state.execute(b"work() work() collectgarbage()")
            state.profile_stop()
            raw = state.profile_data()
            assert [found for function in raw["functions"] for found in differences(function)] == []
            assert max(function["entries"] for function in raw["functions"]) == 2
        state.profile_start("oracle")
        state.execute(b"work() work = nil collectgarbage() collectgarbage()")
        state.profile_stop()
        raw = state.profile_data()
    assert any(function["name"] == b"work" and function["entries"] == 1 for function in raw["functions"])
