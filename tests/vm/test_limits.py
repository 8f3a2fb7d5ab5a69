"""Limits of a State: programs cannot catch them, outcomes name them, profiles stay right."""

from __future__ import annotations

import subprocess
import sys
import time
from array import array
from typing import Literal

import pytest

from oracle import differences
from perilune.compiler.opcodes import OPCODES
from perilune.vm import LuaError, Outcome, State, compile_plainly
from perilune.vm.raw_profile import RawProfile

MEGABYTE = 1 << 20
SHORT = 0.2
INSTRUCTIONS = 100_000

# Each would run for ever if anything in it could catch the end.
ENDLESS = {
    "pcall": b"while true do pcall(function() while true do end end) end",
    "handler": b"while true do xpcall(function() while true do end end, function() while true do end end) end",
    "coroutine": b"while true do pcall(coroutine.wrap(function() while true do end end)) end",
    "resume": b"while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
    "reader": b"while true do pcall(load, function() pcall(load, function() while true do end end) end) end",
    "comparison": b"while true do pcall(table.sort, {2, 1, 3}, function() while true do end end) end",
    "finalizer": b"while true do setmetatable({}, {__gc = function() while true do end end}) end",
    "closing": b"while true do local x <close> = setmetatable({}, {__close = function() while true do end end}) end",
    "coroutine.close": b"""
        while true do
          local co = coroutine.create(function()
            local x <close> = setmetatable({}, {__close = function() while true do end end})
            coroutine.yield()
          end)
          coroutine.resume(co)
          pcall(coroutine.close, co)
        end""",
}
# Loops of library functions, in which no instruction runs.
ENDLESS_FUNCTIONS = {
    "find": b"string.find(('a'):rep(30000), '.-.-.-.-.-b')",
    "move": b"table.move({}, 1, math.maxinteger - 1, 2)",
    "insert": b"table.insert(setmetatable({}, {__len = function() return 1e15 end}), 1, 0)",
    "remove": b"table.remove(setmetatable({}, {__len = function() return 1e15 end}), 1)",
}


@pytest.fixture(autouse=True, scope="module")
def _compiler() -> None:
    """Loading the compiler takes of the time that a program has."""
    compile_plainly(b"", b"=test")


def message(outcome: Outcome) -> str:
    return outcome.message.decode()


@pytest.mark.parametrize("program", ENDLESS.values(), ids=ENDLESS)
def test_no_program_outlives_its_time(program: bytes) -> None:
    with State() as state:
        state.set_timeout(SHORT)
        started = time.monotonic()
        outcome = state.run(program, b"=test")
    assert outcome.kind == "limit"
    assert message(outcome).endswith(": time limit of 0.2 s exceeded")
    assert b"\nstack traceback:\n\t" in (outcome.text or b"")
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("program", ENDLESS_FUNCTIONS.values(), ids=ENDLESS_FUNCTIONS)
def test_library_functions_do_not_outlive_the_time_either(program: bytes) -> None:
    with State() as state:
        state.set_timeout(SHORT)
        outcome = state.run(b"while true do pcall(function() " + program + b" end) end", b"=test")
    assert message(outcome) == "test:1: time limit of 0.2 s exceeded"


@pytest.mark.parametrize("program", ENDLESS.values(), ids=ENDLESS)
def test_no_program_executes_more_instructions_than_it_may(program: bytes) -> None:
    texts = []
    for _ in range(2):
        with State() as state:
            state.set_instruction_limit(INSTRUCTIONS)
            outcome = state.run(program, b"=test")
        assert outcome.kind == "limit"
        assert message(outcome).endswith(f": limit of {INSTRUCTIONS} instructions exceeded")
        texts.append(outcome.text)
    assert texts[0] == texts[1]


def test_the_limit_of_instructions_is_what_a_profile_counts() -> None:
    program = b"""
        local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
        local t = setmetatable({}, {__index = function(_, k) return k .. '' end})
        for i = 1, fib(10) do t[i] = t[i] .. 'x' end
        pcall(error)
        coroutine.wrap(function() coroutine.yield(1) end)()"""
    with State() as state:
        state.profile_start()
        state.run(program, b"=test").check()
        state.profile_stop()
        count = executed(state.profile_data())
    for limit, kind in ((count, "ok"), (count - 1, "limit")):
        with State() as state:
            state.set_instruction_limit(limit)
            assert state.run(program, b"=test").kind == kind


STOPPED = b"""
    local ordered = setmetatable({}, {__lt = function(a, b) for i = 1, 2 do end return true end})
    local calls = setmetatable({}, {__lt = math.ult, __index = function(_, k) return k end})
    local s = 0
    local function f(...) local t = {...} if ordered < calls then s = s + #t end return select(2, ...) end
    for i = 1, 3 do s = s + f(i, i) while s > 1e6 do s = 0 end end
    for k, v in pairs {1, 2} do if v > 1 then break end s = s + k end
    repeat s = s - 1 until s < 5
    local co = coroutine.wrap(function() for i = 1, 2 do coroutine.yield(calls.x) end end)
    co() co()
    do local closed <close> = setmetatable({}, {__close = function() s = s + 1 end}) end
    goto back
    ::back::
    s = s + 1
    if s < 9 then goto back end
    return f(1, s)"""


@pytest.mark.parametrize("mode", ["count", "sample", "trace", "oracle"])
def test_exactly_so_many_instructions_run_as_are_allowed(mode: Literal["count", "sample", "trace", "oracle"]) -> None:
    limit = 0
    kind = "limit"
    while kind == "limit":
        limit += 1
        with State() as state:
            state.profile_start(mode)
            state.set_instruction_limit(limit)
            kind = state.run(STOPPED, b"=test").kind
            state.profile_stop()
            profile = state.profile_data()
        assert executed(profile) == limit
        if mode == "oracle":
            assert [found for function in profile["functions"] for found in differences(function)] == []
    assert kind == "ok"


def test_runs_that_may_do_nothing_count_nothing() -> None:
    with State() as state:
        state.profile_start("oracle")
        state.set_instruction_limit(10)
        for _ in range(3):
            assert state.run(b"while true do end", b"=test").kind == "limit"
        state.profile_stop()
        profile = state.profile_data()
    assert executed(profile) == 10
    assert [found for function in profile["functions"] for found in differences(function)] == []


def executed(profile: RawProfile) -> int:
    total = 0
    for function in profile["functions"]:
        counts, code = array("Q", function["counts"]), array("I", function["code"])
        pc = 0
        while pc < len(code):
            total += counts[pc]
            pc += OPCODES[code[pc] & 0xFF].words
    return total


@pytest.mark.parametrize("program", ENDLESS.values(), ids=ENDLESS)
def test_a_profile_survives_the_end(program: bytes) -> None:
    with State() as state:
        state.profile_start("oracle")
        state.set_instruction_limit(INSTRUCTIONS)
        state.run(program, b"=test")
        state.profile_stop()
        functions = state.profile_data()["functions"]
    assert functions
    assert [difference for function in functions for difference in differences(function)] == []


def test_runs_share_the_limits() -> None:
    with State() as state:
        state.set_instruction_limit(100)
        assert state.run(b"for i = 1, 1000 do end", b"=test").kind == "limit"
        assert message(state.run(b"x = 1", b"=test")) == "test:1: limit of 100 instructions exceeded"
        state.set_instruction_limit(None)
        assert state.run(b"for i = 1, 1000 do end", b"=test").kind == "ok"
        state.set_timeout(SHORT)
        assert state.run(b"while true do end", b"=test").kind == "limit"
        assert state.run(b"while true do end", b"=test").kind == "limit"
        state.set_timeout(None)
        assert state.run(b"for i = 1, 1e6 do end", b"=test").kind == "ok"
        with pytest.raises(LuaError, match="not enough memory: the limit is 1000"):
            state.set_memory_limit(1000)
            state.execute(b"return 1")


def test_finalizers_still_run_but_not_for_ever(capfd: pytest.CaptureFixture[str]) -> None:
    for limit in ("set_timeout", "set_instruction_limit"):
        state = State()
        getattr(state, limit)(1)
        program = b"""
            kept = setmetatable({}, {__gc = function() while true do end end})
            other = setmetatable({}, {__gc = function() print('finalized') end})
            while true do end"""
        state.run(b"collectgarbage('stop')", b"=test")
        state.set_instruction_limit(INSTRUCTIONS if limit == "set_instruction_limit" else None)
        assert state.run(program, b"=test").kind == "limit"
        state.close()
        assert capfd.readouterr().out == "finalized\n"


def test_a_program_that_waits_for_input_is_ended() -> None:
    program = (
        "from perilune.vm import State; state = State(); state.execute(b''); state.set_timeout(0.2);"
        "outcome = state.run(b'while true do io.read(1) end', b'=test'); print(outcome.message.decode())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read() == "test:1: time limit of 0.2 s exceeded\n"
        assert process.stdin is not None
        process.stdin.close()


def test_memory_exhaustion_can_be_caught() -> None:
    with State() as state:
        state.set_memory_limit(10 * MEGABYTE)
        outcome = state.run(
            b"""
            local function fill() local t = {} for i = 1, math.huge do t[i] = {} end end
            local ok, message = pcall(fill)
            assert(not ok and message == 'not enough memory', message)
            local ok, message = coroutine.resume(coroutine.create(fill))
            assert(not ok and message == 'not enough memory', message)
            local function recurse() return 1 + recurse() end
            for i = 1, 3 do
              local ok, message = pcall(recurse)
              assert(not ok and message == 'not enough memory', message)
            end
            assert(#string.rep('x', 4 << 20) == 4 << 20)
            """,
            b"=test",
        )
    assert (outcome.kind, outcome.text) == ("ok", None)


@pytest.mark.parametrize(
    "program",
    [
        b"local t = {} for i = 1, math.huge do t[i] = {} end",
        b"local s = 'x' while true do s = s .. s end",
        b"coroutine.wrap(function() local s = 'x' while true do s = s .. s end end)()",
        b"pcall(error) local t = {} while true do t = {t} end",
        b"local function f() return 1 + f() end f()",
    ],
)
def test_uncaught_memory_exhaustion_names_the_limit_and_the_place(program: bytes) -> None:
    with State() as state:
        state.set_memory_limit(3 * MEGABYTE)
        outcome = state.run(program, b"=test")
        assert outcome.kind == "limit"
        assert message(outcome) == "test:1: not enough memory: the limit is 3M"
        assert b"stack traceback:\n\ttest:1: in " in (outcome.text or b"")
        assert state.run(b"local t = {} for i = 1, 1000 do t[i] = i end", b"=test").kind == "ok"


def test_garbage_does_not_count_against_the_memory_limit() -> None:
    with State() as state:
        state.set_memory_limit(2 * MEGABYTE)
        outcome = state.run(
            b"for i = 1, 1e6 do local t = {i, {}} end for i = 1, 200 do string.rep('x', 500000) end", b"=test"
        )
    assert (outcome.kind, outcome.text) == ("ok", None)
