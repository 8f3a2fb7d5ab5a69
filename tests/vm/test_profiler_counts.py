"""Counts that are derived from entries, taken jumps and early exits equal a naive count of every instruction, at every
instruction of every program of tests/lua; the same run gives the same figures to the last byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from interruption import interrupting
from oracle import differences
from perilune.vm import State, compile_plainly
from perilune.vm.raw_profile import RawProfile

TESTS = Path(__file__).parents[1]
PROGRAMS = TESTS / "lua"
FOLDERS = sorted(path for path in PROGRAMS.iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_derived_counts_equal_counted_ones(folder: Path) -> None:
    paths = sorted(path for path in folder.rglob("*.lua") if "modules" not in path.parts)
    finished = subprocess.run(
        [sys.executable, str(TESTS / "vm" / "oracle_counts.py"), *map(str, paths)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])},
        capture_output=True,
        timeout=280,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr.decode()
    wrong = {path: found for path, found in json.loads(finished.stdout).items() if found}
    assert not wrong


def count_profile(text: bytes) -> object:
    with State() as state:
        state.profile_start("count")
        state.run(text, b"=program").check()
        state.profile_stop()
        raw = state.profile_data()
    return {name: value for name, value in raw.items() if not name.endswith(("_ns", "ticks"))}


def test_the_same_run_gives_the_same_figures() -> None:
    text = b"""
        local seen = {}
        for word in ("the quick brown fox jumps over the lazy dog"):rep(50, " "):gmatch("%a+") do
          seen[word] = (seen[word] or 0) + 1
        end
        local words = {}
        for word in pairs(seen) do words[#words + 1] = word end
        table.sort(words)
        pcall(error, table.concat(words, " "))
    """
    assert count_profile(text) == count_profile(text)


def test_a_coroutine_left_suspended_has_not_run_its_rest() -> None:
    with State() as state:
        state.profile_start("oracle")
        state.run(b"local co = coroutine.wrap(function() coroutine.yield(1)\nlocal x = 1 end) co()", b"=x").check()
        state.profile_stop()
        functions = state.profile_data()["functions"]
    assert [difference for function in functions for difference in differences(function)] == []


@pytest.mark.parametrize("left", ["", "cos = nil collectgarbage()"], ids=["suspended", "collected"])
def test_a_call_that_is_its_function_s_last_instruction_leaves_only_that_function(left: str) -> None:
    """The allocator's blocks lie side by side: where one function's code ends another's begins."""
    locals_ = " ".join(f"local b{i} = a" for i in range(14))
    text = f"""
        local ts = {{}}
        math.randomseed(42)
        for i = 1, 4000 do ts[i] = {{}} end
        for round = 1, 6 do
          for k = 1, 2000 do ts[math.random(4000)] = nil end
          collectgarbage()
          for i = 1, 4000 do ts[i] = ts[i] or {{}} end
        end
        ts = nil collectgarbage() collectgarbage()
        local fs = {{}}
        for i = 1, 300 do fs[i] = load("return function(y, a) {locals_} return y() end", "=" .. i)() end
        local cos = {{}}
        for i = 1, 300, 2 do
          local co = coroutine.create(fs[i])
          coroutine.resume(co, coroutine.yield, 1)
          cos[i] = co
        end
        {left}
    """
    with State() as state:
        state.profile_start("oracle")
        state.run(text.encode(), b"=x").check()
        state.profile_stop()
        functions = state.profile_data()["functions"]
    assert [difference for function in functions for difference in differences(function)] == []
    assert {function["entries"] for function in functions} == {0, 1}


@pytest.mark.parametrize("seconds", [0.01, 0.03, 0.05])
def test_an_interrupted_program_has_not_run_its_rest(seconds: float) -> None:
    text = b"""
        local t = setmetatable({}, {__index = function(t, k) return k * 2 end, __add = function(a, b) return a end})
        local function f(n) if n > 0 then return f(n - 1) + t[n] else return t + 1 end end
        while true do
          for i = 1, 10 do for k, v in pairs({f(3) and 1, 2, 3}) do if v == 2 then break end end end
          pcall(error, 1)
        end
    """
    with State() as state:
        state.profile_start("oracle")
        with interrupting(state, seconds):
            state.run(text, b"=x")
        state.profile_stop()
        functions = state.profile_data()["functions"]
    assert [difference for function in functions for difference in differences(function)] == []


def test_what_ran_before_the_profile_is_not_in_it() -> None:
    with State() as state:
        state.run(
            b"resume = coroutine.wrap(function() while true do coroutine.yield() end end) resume()", b"=x"
        ).check()
        state.profile_start("oracle")
        state.run(b"resume() resume()", b"=y").check()
        state.profile_stop()
        functions = state.profile_data()["functions"]
    assert [difference for function in functions for difference in differences(function)] == []


def test_builtins_are_counted_by_name_though_their_objects_are_gone() -> None:
    with State() as state:
        state.profile_start("count")
        state.run(b"for i = 1, 100 do for w in ('a b c'):gmatch('%a') do end end collectgarbage()", b"=x").check()
        state.profile_stop()
        calls = {name: count for name, count, *_ in state.profile_data()["builtins"]}
    assert calls["string.gmatch"] == 100
    assert calls["string.gmatch iterator"] == 400


def test_the_iterators_of_the_library_are_named_alike(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with State() as state:
        state.profile_start("count")
        for loop in (b"ipairs {}", b"utf8.codes ''", b"string.gmatch('', '')", b"io.lines(...)"):
            state.execute(b"for _ in %s do end" % loop, os.fsencode(tmp_path / "a"))
        state.profile_stop()
        calls = {name: count for name, count, *_ in state.profile_data()["builtins"]}
    assert all(calls[f"{name} iterator"] for name in ("ipairs", "utf8.codes", "string.gmatch", "io.lines"))


def traced_loop() -> RawProfile:
    with State() as state:
        state.profile_start("trace")
        state.run(b"local x = 0 for i = 1, 100000 do x = x + i end", b"=x").check()
        state.profile_stop()
        return state.profile_data()


def test_tracing_measures_what_runs() -> None:
    accounted = []
    for _ in range(10):  # on a loaded machine the thread may lose the processor where no time is taken
        raw = traced_loop()
        assert raw["ns_per_tick"] > 0
        assert raw["probe_ticks"] > 0
        assert raw["hidden_ticks"] > 0
        ticks = raw["functions"][0]["ticks"]
        assert ticks is not None
        spent = sum(memoryview(ticks).cast("Q")) + raw["outside_ticks"] + raw["gc_ticks"]
        accounted.append(spent * raw["ns_per_tick"] / raw["run_ns"])
        if accounted[-1] == pytest.approx(1, rel=0.2):
            return
    raise AssertionError(f"of the run's time as the clock has it, these parts were stamped: {accounted}")


def test_tracing_knows_compilation_from_what_load_does_itself() -> None:
    compiled: list[bytes] = []

    def compile_slowly(text: bytes, chunkname: bytes) -> bytes:
        compiled.append(text)
        return compile_plainly(text * (1 if len(compiled) == 1 else 200), chunkname)

    program = (
        b"for i = 1, 4 do\nload(function() local x = 0 for j = 1, 30000 do x = x + j end end)\nload('x = 1\\n') end"
    )
    with State(compile_slowly) as state:
        state.profile_start("trace")
        state.run(program, b"=x").check()
        state.profile_stop()
        raw = state.profile_data()
    assert len(compiled) == 9  # the program, then twice in each round
    lines: Counter[int] = Counter()
    for function in raw["functions"]:
        for line, ticks in zip(
            memoryview(function["lines"]).cast("I"), memoryview(function["ticks"] or b"").cast("Q"), strict=True
        ):
            lines[line] += ticks
    builtins = {name: ticks for name, _, ticks, _ in raw["builtins"]}
    assert raw["compile_ticks"] > 20 * builtins["load"]
    assert raw["compile_ticks"] > 20 * lines[3]
    assert lines[2] > 2 * builtins["load"]  # the reader function's own work is its line's, not the compiler's
