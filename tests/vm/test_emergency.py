"""Where memory is short, garbage is collected in the midst of whatever allocates, before there is an error."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from c_modules import COMPILER, HEADERS, ROOT, needs_compiler
from perilune.compiler.chunks import compile_chunk
from perilune.compiler.proto import dump
from perilune.vm import State
from perilune.vm.host_server import library_path

LIMIT = 1 << 20
NO_MEMORY = "not enough memory"

GARBAGE = {
    "large strings": "for i = 1, 100 do local s = ('x'):rep(100000) .. i end",
    "short strings": "for i = 1, 60000 do local s = 'string ' .. i end",
    "tables": "for i = 1, 20000 do local t = { i, i, { x = i } } end",
    "closures": "for i = 1, 30000 do local f = function() return i end end",
    "coroutines": "for i = 1, 2000 do local co = coroutine.wrap(function() coroutine.yield(i) end); co() end",
    "loaded text": "for i = 1, 500 do local f = load('return function() return ' .. i .. ' end')() end",
    "large blocks": "for i = 1, 40 do local t = {}; for j = 1, 8000 do t[j] = i end end",
    "a growing stack": "local function f(n) return n == 0 and 0 or 1 + f(n - 1) end\n"
    "for i = 1, 20 do coroutine.wrap(function() f(2000) end)() end",
}

WORK = """\
local names = {}
for word in ("the quick brown fox jumps over the lazy dog"):gmatch("%a+") do names[#names + 1] = word:upper() end
table.sort(names, function(a, b) return #a == #b and a < b or #a < #b end)
local V = setmetatable({}, { __concat = function(a, b) return tostring(a) .. "|" .. tostring(b) end, __mode = "v" })
local co = coroutine.wrap(function(...)
  local rest <close> = setmetatable({ ... }, { __close = function() names.closed = true end })
  for i = 1, 20 do coroutine.yield({ i, tostring(i) .. ("."):rep(i) }) end
end)
for i = 1, 21 do V[i] = co(i) end
local text = ("a,b;c"):gsub("%p", function(p) return ({ [","] = "<" })[p] end):rep(30) .. V .. "end"
assert(names.closed and #text > 100)
assert(string.format("%q %5.2f %s", text, 1.5, {} ~= nil):find("1.50", 1, true))
assert(select("#", table.unpack(names)) == 9 and pcall(error, {}) == false)
"""

LOADING = """\
local made = assert(load("local t = { ... } return function(x) t[#t + 1] = x return #t, table.concat(t, ' ') end"))(1, 2)
assert(made(3) == 3)
"""


def run(text: str, limit: int) -> str:
    """The message that a program ends with within so many bytes; empty if it ends well."""
    with State() as state:
        state.set_memory_limit(limit)
        return state.run(text.encode(), b"=test").message.decode()


def bytes_in_use(text: str) -> int:
    """When the program has run and nothing has been collected."""
    count = "error(('%d'):format(collectgarbage('count') * 1024), 0)"
    return int(run(f"collectgarbage('stop')\n{text}\n{count}", 1 << 30))


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_makes_room_though_the_collector_is_stopped(kind: str) -> None:
    assert run(f"collectgarbage('stop')\n{GARBAGE[kind]}", LIMIT) == ""


def test_what_is_in_use_is_not_collected() -> None:
    assert NO_MEMORY in run("local t = {} for i = 1, 1e6 do t[i] = { i } end", LIMIT)


def test_finalizers_wait_until_the_allocation_is_done() -> None:
    text = """
    collectgarbage("stop")
    local finalized, inside = 0, false
    for i = 1, 1000 do
      setmetatable({}, { __gc = function() finalized = finalized + 1 assert(not inside) end })
      inside = true
      local s = ("x"):rep(2000)
      inside = false
    end
    collectgarbage("restart")
    collectgarbage()
    assert(finalized == 1000)
    """
    assert run(text, LIMIT) == ""


def test_memory_that_runs_out_anywhere_is_an_error_or_none() -> None:
    before, after = bytes_in_use(""), bytes_in_use(WORK + LOADING)
    outcomes = {run(WORK + LOADING, limit) for limit in range(before, after, (after - before) // 150)}
    assert "" in outcomes
    assert all(outcome == "" or "memory" in outcome for outcome in outcomes), outcomes


@needs_compiler
@pytest.mark.skipif(library_path() is None, reason="no library can take the place of another one here")
def test_a_hosts_allocator_may_fail_at_any_call(tmp_path: Path) -> None:
    program, chunk = tmp_path / "scarce", tmp_path / "work.luac"
    chunk.write_bytes(dump(compile_chunk(WORK.encode(), b"=work", is_file=True)))
    library = library_path()
    assert library is not None
    linking = ["-Wl,-rpath," + str(Path(library).parent), "-Wl,--allow-shlib-undefined"]  # a sanitizer is preloaded
    options = ["-O1", "-Wall", "-Wextra", "-Werror", "-I", str(HEADERS), *linking]
    source = str(ROOT / "tests/c/scarce.c")
    subprocess.run([COMPILER, *options, source, library, "-o", str(program)], check=True, timeout=120)
    finished = subprocess.run([program, chunk], capture_output=True, text=True, timeout=120, check=False)
    assert (finished.returncode, finished.stderr) == (0, ""), finished.stdout
    assert int(finished.stdout.split()[0]) > 3
