"""Recording standalone interpreters, which run the recorder by LUA_INIT: shares that are known, and what ends a run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perilune.profiler.importers import read_profile
from perilune.profiler.model import ProfileFormatError
from recorded import SHARES, Recorded, program, record

HOST = pytest.mark.hosts
PUC = (*(pytest.param(f"lua5.{minor}", marks=HOST) for minor in (1, 2, 3)), "lua5.4")
INTERPRETERS = (*PUC, pytest.param("luajit", marks=HOST))

COROUTINES = (
    SHARES
    + """
local outer = coroutine.wrap(function()
  local inner = coroutine.create(function()
    while true do
      seed = seed * 16807 % 2147483647
      three(3 * (10000 + seed % 20000))
      coroutine.yield()
    end
  end)
  while true do
    coroutine.resume(inner)
    one(10000 + seed % 20000)
    coroutine.yield()
  end
end)
local begin = os.clock()
repeat outer() until os.clock() - begin > 0.8
"""
)


def run(folder: Path, interpreter: str, text: str, *options: str) -> Recorded:
    """Records a program's text under an interpreter, with its own options behind its name."""
    (folder / "program.lua").write_text(text)
    name, *arguments = interpreter.split()
    return record(folder, [program(name), *arguments, "program.lua"], *options)


@pytest.mark.parametrize("interpreter", [*INTERPRETERS, pytest.param("luajit -joff", marks=HOST)])
def test_functions_have_their_known_shares(tmp_path: Path, interpreter: str) -> None:
    recorded = run(tmp_path, interpreter, SHARES + "both(1)")
    recorded.has_shares()
    assert recorded.status == 0
    profile = recorded.profile
    assert profile is not None and profile.origin is not None
    assert profile.origin.format == "record"
    assert profile.origin.interpreter == ("LuaJIT" if "jit" in interpreter else f"Lua {interpreter[3:]}")
    assert profile.totals.cost_ratio is not None and profile.totals.cost_ratio < 1.05
    if "jit" in interpreter:
        busy = "(interpreted)" if "joff" in interpreter else "(compiled)"
        assert recorded.builtin(busy) > 0.8


@pytest.mark.parametrize("interpreter", INTERPRETERS)
def test_coroutines_are_sampled(tmp_path: Path, interpreter: str) -> None:
    run(tmp_path, interpreter, COROUTINES).has_shares()


@pytest.mark.parametrize("interpreter", PUC)
def test_the_time_of_a_c_function_is_its_own(tmp_path: Path, interpreter: str) -> None:
    text = """
    local long = ("x"):rep(3000000)
    local begin = os.clock()
    repeat
      local reversed = long:reverse()
    until os.clock() - begin > 0.5
    """
    recorded = run(tmp_path, interpreter, text)
    assert recorded.builtin("string.reverse") > 0.8


@pytest.mark.parametrize("interpreter", PUC)
def test_what_ran_before_os_exit_is_recorded(tmp_path: Path, interpreter: str) -> None:
    recorded = run(tmp_path, interpreter, SHARES + "both(0.3) os.exit(7)")
    recorded.has_shares()
    assert recorded.status == 7


@pytest.mark.parametrize("interpreter", ["lua5.4", pytest.param("luajit", marks=HOST)])
def test_what_ran_before_a_crash_is_recorded(tmp_path: Path, interpreter: str) -> None:
    end = "local pid = io.open('/proc/self/stat'):read('*n') os.execute('kill -SEGV ' .. string.format('%d', pid))"
    recorded = run(tmp_path, interpreter, SHARES + "both(0.3)" + end)
    recorded.has_shares()
    assert recorded.status == 128 + 11


def test_the_streams_and_the_status_are_the_command_s(tmp_path: Path) -> None:
    recorded = run(tmp_path, "lua5.4", SHARES + "both(0.1) print('out') io.stderr:write('err') error('no')")
    assert (recorded.status, recorded.output) == (1, "out\n")
    assert recorded.errors.startswith("err") and "program.lua:" in recorded.errors


def test_a_program_keeps_its_own_init(tmp_path: Path) -> None:
    (tmp_path / "program.lua").write_text("print(mine, version)")
    environment = {**os.environ, "LUA_INIT": "mine = 'no'", "LUA_INIT_5_4": "mine = 'yes'"}
    recorded = record(tmp_path, [program("lua5.4"), "program.lua"], environment=environment)
    assert recorded.output == "yes\tnil\n"


@pytest.mark.parametrize("interpreter", INTERPRETERS)
def test_hits_are_exact(tmp_path: Path, interpreter: str) -> None:
    text = "local sum = 0\nfor i = 1, 1000 do\n  sum = sum + i\nend\nprint(sum)\n"
    recorded = run(tmp_path, interpreter, text, "--hits")
    profile = recorded.profile
    assert profile is not None, recorded.errors
    file = profile.file("program.lua")
    assert file is not None
    hits = {row.line: row.hits for row in file.lines}
    assert hits[3] == 1000 and hits[1] == hits[5] == 1
    assert profile.totals.run_ns is None


def test_without_lua_it_says_so(tmp_path: Path) -> None:
    recorded = record(tmp_path, [program("true")])
    assert recorded.status == 1 and recorded.profile is None
    assert "no Lua state was seen" in recorded.errors


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    recorded = record(tmp_path, ["./nowhere"])
    assert recorded.status == 127
    assert recorded.errors == "perilune: cannot run ./nowhere: No such file or directory\n"


def test_a_recording_is_read_by_every_command_and_a_damaged_one_says_where(tmp_path: Path) -> None:
    written = [
        "perilune-recording 1",
        "P\t7\tcpu\t1000000\t1700000000\t/usr/bin/host",
        "V\t1\tLua 5.3\ttimer",
        "F\t1\tL\t0\t0\t@a.lua\tmain chunk",
        "F\t2\tC\t0\t0\t\tstring.rep",
        "N\t1\t0\t1\t3",
        "N\t2\t1\t2\t0",
        "S\t1\t1\t1\t3000000\t1000\t-",
        "S\t1\t2\t2\t7000000\t1000\t-",
        "O\t1\t5000000",
        "S\t1\t2\t2\t70",
    ]
    profile = read_profile("\n".join(written).encode(), "7.recording")  # which ends within a record
    assert profile.totals.run_ns == 15_000_000 and profile.totals.samples == 4
    assert profile.totals.outside_ns == 5_000_000
    assert [(row.line, row.self_ns) for row in profile.files[0].lines] == [(3, 10_000_000)]
    assert [(row.name, row.self_ns) for row in profile.builtins] == [("string.rep", 7_000_000)]
    assert profile.origin is not None and (profile.origin.host, profile.origin.interpreter) == ("host", "Lua 5.3")
    written[7] = "S\t1\t9"
    with pytest.raises(ProfileFormatError, match="line 8: expected a record"):
        read_profile("\n".join(written).encode(), "7.recording")
