"""Programs that say what is measured: counts of the measured parts are exact, zones have names, nothing else changes."""

from __future__ import annotations

import shutil
import subprocess
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from oracle import differences
from perilune.vm import State

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile

SHIM = Path(__file__).parents[2] / "examples" / "perilune" / "profiler.lua"
PROFILER = 'local profiler = require "perilune.profiler"\n'

Mode = Literal["count", "sample", "trace", "oracle"]


def profiled(text: str, mode: Mode = "oracle", paused: bool = False) -> RawProfile:
    with State() as state:
        state.profile_start(mode, interval_ns=100_000, paused=paused)
        state.run((PROFILER + text).encode(), b"=x").check()
        state.profile_stop()
        return state.profile_data()


def hits(raw: RawProfile) -> dict[int, int]:
    lines: dict[int, int] = {}
    for function in raw["functions"]:
        for line, count in zip(array("I", function["lines"]), array("Q", function["counts"]), strict=True):
            lines[line] = max(lines.get(line, 0), count)
    return lines


def check_exact(raw: RawProfile) -> None:
    assert [difference for function in raw["functions"] for difference in differences(function)] == []
    allocated = sum(sum(array("Q", function["allocated_bytes"])) for function in raw["functions"])
    assert allocated + raw["outside_bytes"] == raw["allocated_bytes"]
    held = raw["started_bytes"] + raw["paused_bytes"] + raw["allocated_bytes"] - raw["released_bytes"]
    assert held == raw["current_bytes"]
    live = sum(sum(array("Q", function["live_bytes"])) for function in raw["functions"])
    assert live + raw["outside_live_bytes"] + raw["before_live_bytes"] == raw["current_bytes"]


PROGRAMS = {
    "a plain loop": """
for i = 1, 10 do
  if i == 4 then profiler.stop() end
  if i == 7 then profiler.start() end
  local t = {i}
end""",
    "in the middle of calls": """
local function f(n)
  if n == 3 then profiler.stop() end
  if n == 0 then profiler.start() return 0 end
  return 1 + f(n - 1) + (n == 5 and f(4) or 0)
end
f(6)""",
    "in coroutines": """
local function body()
  for i = 1, 6 do
    if i == 3 then profiler.stop() end
    coroutine.yield(i)
    if i == 5 then profiler.start() end
  end
end
local one, two = coroutine.wrap(body), coroutine.wrap(body)
for i = 1, 5 do one() two() end""",
    "in metamethods": """
local mt = {__index = function(t, k) if k == "stop" then profiler.stop() else profiler.start() end return k end,
  __lt = function(a, b) profiler.start() return true end, __le = function() profiler.stop() return false end,
  __concat = function(a, b) profiler.stop() return a end, __close = function() profiler.start() end}
local a, b = setmetatable({}, mt), setmetatable({}, mt)
for i = 1, 3 do
  local x = a.stop
  local y = a.start
  do local c <close> = a if a <= b then x = 1 end end
  if a < b then y = 2 end
  y = a .. b
  profiler.start()
end""",
    "in functions that builtins call": """
local t = {5, 3, 9, 1, 7, 2, 8}
local calls = 0
table.sort(t, function(x, y)
  calls = calls + 1
  if calls == 4 then profiler.stop() end
  if calls == 8 then profiler.start() end
  return x < y
end);
("abc"):gsub(".", function(c) if c == "b" then profiler.stop() end end)
local u = {}
profiler.start()""",
    "around errors": """
local function fail() profiler.stop() error("x") end
for i = 1, 3 do
  pcall(fail)
  profiler.start()
  pcall(function() local t = {} profiler.stop() profiler.start() error(t) end)
  pcall(function() profiler.stop() pcall(function() profiler.start() error(1) end) error(2) end)
end""",
    "with functions loaded meanwhile": """
profiler.stop()
local f = load("local n = ... for i = 1, n do local t = {i} end return n")
f(10)
profiler.start()
f(20)""",
    "many times": "for i = 1, 100 do profiler.stop() profiler.start() profiler.start() local t = {} end",
    "with hooks": """
debug.sethook(function() end, "l")
for i = 1, 5 do
  if i == 2 then profiler.stop() end
  if i == 4 then profiler.start() end
  local t = {i}
end
debug.sethook()
profiler.stop()
debug.sethook(function() end, "c")
profiler.start()
for i = 1, 5 do local t = {i} end""",
}


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("name", PROGRAMS)
def test_counts_of_what_is_measured_are_exact(name: str, paused: bool) -> None:
    check_exact(profiled(PROGRAMS[name], paused=paused))


def test_only_what_is_measured_is_counted() -> None:
    raw = profiled(PROGRAMS["a plain loop"])
    assert hits(raw)[6] == 7  # of `local t`: rounds 1 to 3 and 7 to 10
    raw = profiled(PROGRAMS["with functions loaded meanwhile"], "count")
    (loaded,) = [function for function in raw["functions"] if function["source"] != b"=x"]
    assert max(array("Q", loaded["counts"])) == 20
    assert loaded["entries"] == 1


def test_a_profile_can_begin_paused() -> None:
    raw = profiled("for i = 1, 10 do\nlocal t = {}\nend\nprofiler.start()\nlocal u = {}", paused=True)
    assert hits(raw) == {1: 0, 2: 0, 3: 0, 5: 0, 6: 1}
    assert raw["allocations"] == 1


@pytest.mark.parametrize("mode", ["sample", "trace"])
def test_time_is_of_what_is_measured(mode: Mode) -> None:
    busy = "for i = 1, 3000000 do end\n"
    stopped = "profiler.stop()\n" + busy + busy + busy + "profiler.start()\n" + busy
    whole = min(profiled(busy + busy + busy + busy, mode)["run_ns"] for _ in range(4))
    part = min((profiled(stopped, mode) for _ in range(4)), key=lambda raw: raw["run_ns"])
    assert part["run_ns"] < 0.7 * whole
    if mode == "sample":
        assert all(
            not count
            for function in part["functions"]
            for line, count in zip(array("I", function["lines"]), array("Q", function["samples"] or b""), strict=True)
            if line in (3, 4, 5)
        )


def test_zones_count_what_is_inside_once() -> None:
    text = """
local function work(n)
  local zone <close> = profiler.zone("work")
  local t = {n}
  if n > 0 then work(n - 1) end
end
work(4)
work(2)
local outer = profiler.zone("outer")
local s = ("x"):rep(1000)
outer:close()
outer:close()
profiler.zone("open")
for i = 1, 100000 do local t = {} end
"""
    raw = profiled(text, "sample")
    zones = {name: (calls, ns, size, count) for name, calls, ns, size, count, _ in raw["zones"]}
    assert {name: calls for name, (calls, *_) in zones.items()} == {b"work": 8, b"outer": 1, b"open": 1}
    assert zones[b"work"][3] >= 16  # tables and their arrays
    assert 1000 < zones[b"outer"][2] < 1200
    assert zones[b"open"][3] >= 100000
    assert sum(ns for _, ns, _, _ in zones.values()) <= raw["run_ns"]
    assert zones[b"open"][1] > zones[b"outer"][1]


def test_a_zone_of_an_earlier_profile_ends_nothing() -> None:
    with State() as state:
        for text in (b"zone = require('perilune.profiler').zone('a')", b"zone:close()"):
            state.profile_start("count")
            state.execute(text)
            state.profile_stop()
        assert state.profile_data()["zones"] == []


USES = """
local profiler = require "perilune.profiler"
profiler.start()
assert(profiler.is_running() == false)
do local z <close> = profiler.zone("a") end
profiler.zone("b"):close()
profiler.zone(3):close()
assert(not pcall(profiler.zone))
assert(not pcall(profiler.zone("c").close))
profiler.stop()
print("done")
"""


def test_without_a_profile_nothing_happens(capfd: pytest.CaptureFixture[str]) -> None:
    with State() as state:
        state.execute(USES.encode())
    assert capfd.readouterr().out == "done\n"


@pytest.mark.skipif(shutil.which("lua5.4") is None, reason="no reference interpreter")
def test_the_shim_under_stock_lua() -> None:
    finished = subprocess.run(
        ["lua5.4", "-e", f"package.path = {str(SHIM.parents[1] / '?.lua')!r}", "-e", USES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.stdout, finished.stderr) == ("done\n", "")


def test_the_chain_near_the_peak() -> None:
    text = """
local function deep(n)
  if n == 0 then return 0 end
  return 1 + deep(n - 1)
end
local function shallow() return (deep(3)) end
shallow()
coroutine.wrap(function()
  deep(500)
end)()
"""
    raw = profiled(text, "count")
    chain = [builtin or line for _, line, builtin in raw["peak_chain"]]
    assert chain[:4] == [11, "coroutine.wrap function", 10, 5]
    assert len(chain) == 128
    assert set(chain[4:-1]) == {5}
    assert raw["peak_chain_length"] == 3 + 501
    assert raw["peak_chain_depth"] == raw["peak_depth"]


MANY = "string.byte(('x'):rep(200), 1, -1)"


@pytest.mark.parametrize("mode", ["count", "sample", "trace", "oracle"])
@pytest.mark.parametrize(
    ("text", "chain"),
    [
        (
            "local function f(n)\nif n > 0 then f(n - 1) end\nlocal a <const>, b, c, d = n, n, n, n\nend\nf(2)",
            [5, 2, 2, 3],
        ),
        ("local function f(a, b, c, d, e)\nend\nf(1)\nlocal x = 1 + 2\nreturn f(5)", [3, 2]),
        (
            "local function g(...)\nlocal a, b, c = ...\nreturn a\nend\nlocal function f()\nreturn g(1, 2, 3)\nend\nf()",
            [8, 2],
        ),
        (f"local function f()\nlocal t = {{{MANY}}}\nend\nf()\nf()", [4, 2, "string.byte"]),
        (f"local function f()\nerror(select('#', {MANY}))\nend\npcall(f)\nlocal x = 1", [4, "pcall", 2, "string.byte"]),
        (
            (
                "local function f(n)\nlocal a, b, c, d, e, g, h = n, n, n, n, n, n, n\ncoroutine.yield()\nend\n"
                "local co = coroutine.wrap(function()\nf(1)\nend)\nco()\nlocal function again() co() end\nagain()"
            ),
            [8, "coroutine.wrap function", 6, 3],
        ),
        (
            (
                "local t = setmetatable({}, {__index = function(t, k)\nlocal a, b, c, d, e, f, g, h = 1, 2, 3, 4, 5, 6, 7, 8\n"
                "return k\nend})\nlocal x = t.x"
            ),
            [5, 2],
        ),
        (
            (
                "local big = {('x'):rep(200):byte(1, -1)}\nlocal function deep(...)\nlocal t = {...}\n"
                "setmetatable({}, {__gc = function() end})\nfor i = 1, 20000 do t = {i} end\nend\nlocal function shallow()\nerror()\nend\n"
                "deep(table.unpack(big))\npcall(shallow)"
            ),
            [10, 3],
        ),
    ],
)
def test_the_calls_of_the_peak_are_those_that_reached_it_first(text: str, chain: list[object], mode: Mode) -> None:
    with State() as state:
        state.profile_start(mode)
        state.run(text.encode(), b"=x").check()
        state.profile_stop()
        raw = state.profile_data()
    assert [builtin or line for _, line, builtin in raw["peak_chain"]] == chain
    assert raw["peak_chain_depth"] == raw["peak_depth"]
