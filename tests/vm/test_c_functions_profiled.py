"""C functions of modules in a profile: rows, callers and callees, exact counts; and samples do not disturb what they do."""

from __future__ import annotations

import json
import os
import sys
from array import array
from pathlib import Path
from subprocess import run
from typing import TYPE_CHECKING, Literal

import pytest

from c_modules import compile_module, needs_compiler
from perilune.vm import State

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile

HERE = Path(__file__).parent
PROGRAMS = sorted((HERE.parent / "modules").glob("*.lua"))
Sampler = Literal["signal", "thread"]
SAMPLERS: list[Sampler] = ["signal", "thread"] if sys.platform == "linux" else ["thread"]
NO_SUCH_MODULE = "module '"

pytestmark = needs_compiler


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("modules")
    for name in ("corners", "waits"):
        compile_module(folder, name)
    return folder


def profiled(
    folder: Path,
    text: str,
    mode: Literal["count", "sample", "trace"] = "count",
    sampler: Sampler | None = None,
    interval_ns: int = 200_000,
) -> RawProfile:
    with State() as state:
        state.profile_start(mode, sampler if mode == "sample" else None, interval_ns)
        source = f"package.cpath = '{folder}/?.so'; " + text
        state.run(source.encode(), b"=x").check()
        state.profile_stop()
        return state.profile_data()


def calls(raw: RawProfile) -> dict[str, int]:
    return {name: count for name, count, *_ in raw["builtins"]}


def paths(raw: RawProfile) -> set[tuple[str, ...]]:
    """Where samples were; a place is a line or a library function's name."""
    sampling = raw["sampling"]
    assert sampling is not None
    found: list[tuple[str, ...]] = [()]
    for parent, _, line, builtin, _ in sampling["tree"][1:]:
        found.append((*found[parent], builtin or str(line)))
    return {path for path, node in zip(found, sampling["tree"], strict=True) if node[4]}


def test_a_c_function_is_a_row_with_the_name_of_its_module(folder: Path) -> None:
    text = """
        local c, w = require 'corners', require 'waits'
        local n = 0
        for i = 1, 1000 do n = w.quick(n) end
        for i = 1, 50 do tostring(c.new_point(i)) end
        c.new_counter()()
        c.call(c.call, c.concat, 'a', 'b')
    """
    found = calls(profiled(folder, text))
    assert found["waits.quick"] == 1000
    assert found["corners.new_point"] == 50
    assert found["corners.__tostring"] == 50
    assert found["corners.call"] == 2
    assert found["corners.concat"] == 1
    assert found["corners.luaopen_corners"] == found["waits.luaopen_waits"] == 1
    assert found["corners.?"] == 1  # the counter, which is stored nowhere


def test_what_a_c_function_allocates_is_the_calling_line_s(folder: Path) -> None:
    raw = profiled(
        folder, "local c = require 'corners'\nlocal points = {}\nfor i = 1, 100 do\npoints[i] = c.new_point(i)\nend"
    )
    by_line: dict[int, int] = {}
    for function in raw["functions"]:
        lines = array("I", function["lines"])
        for line, allocations in zip(lines, array("Q", function["allocations"]), strict=True):
            by_line[line] = by_line.get(line, 0) + allocations
    assert by_line[4] >= 100
    assert 3 not in by_line or by_line[3] == 0


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_lua_functions_that_c_calls_are_under_it(sampler: Sampler, folder: Path) -> None:
    text = """local c = require 'corners'
        local function spin(n)
          for i = 1, n do local x = i % 7 end end
        c.call(spin, 2000000)
        c.protected_call(spin, 2000000)
        coroutine.wrap(function() c.call_with(function() coroutine.yield(1)
          spin(2000000) end) end)
        local co = coroutine.create(function() return c.pcall_with(function() coroutine.yield()
          spin(2000000) end) end)
        coroutine.resume(co) coroutine.resume(co)
        c.run_thread(function()
          spin(2000000) end, 1)
    """
    found = paths(profiled(folder, text, "sample", sampler))
    assert {("4", "corners.call", "3"), ("5", "corners.protected_call", "3")} <= found
    assert ("10", "coroutine.resume", "8", "corners.pcall_with", "9", "3") in found
    assert ("11", "corners.run_thread", "12", "3") in found


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_samples_do_not_disturb_system_calls(sampler: Sampler, folder: Path) -> None:
    text = """
        local w = require 'waits'
        for _, name in ipairs{'sleep', 'poll', 'select', 'receive'} do
          for ms = 1, 20 do
            local result, took = w[name](ms)
            assert(result == 0 and took >= ms, name)
          end
          local result, took = w[name](100)
          assert(result == 0 and took >= 100, name)
        end
        local function count() local n = 0 for i = 1, 10000 do n = n + i end return n end
        for i = 1, 10 do
          assert(w.call_and_sleep(count) == 0)
          assert(w.call_and_sleep(error) == 0)
          assert(w.call_and_sleep(coroutine.yield) == 0)
        end
    """
    raw = profiled(folder, text, "sample", sampler, 100_000)
    sampling = raw["sampling"]
    assert sampling is not None
    assert sampling["sampler"] == "thread"
    samples = {name: count for name, _, _, count in raw["builtins"]}
    assert all(samples[f"waits.{name}"] > 0 for name in ("sleep", "poll", "select", "receive"))


def test_hooks_and_readers_in_c_are_not_disturbed_either(folder: Path) -> None:
    text = """
        local w = require 'waits'
        local function count() local n = 0
          for i = 1, 5 do
            n = n + i
          end
        end
        count() w.quick(1)
        assert(w.call_with_hook(count) == 0)
        assert(w.load_slowly('return 1 + 1') == 0)
    """
    profiled(folder, text, "sample", "signal", 100_000)


def test_a_function_that_waits_is_found_between_quick_ones(folder: Path) -> None:
    text = "local w = require 'waits'\nfor i = 1, 200 do\nfor j = 1, 100 do w.quick(j) end\nw.sleep(1) end"
    raw = profiled(folder, text, "sample")
    assert ("4", "waits.sleep") in paths(raw)
    assert calls(raw)["waits.quick"] == 20000


def test_trace_mode_times_c_functions(folder: Path) -> None:
    raw = profiled(
        folder, "local w = require 'waits'\nw.sleep(20)\nlocal c = require 'corners'\nc.call(w.sleep, 20)", "trace"
    )
    ticks = {name: spent for name, _, spent, _ in raw["builtins"]}
    assert ticks["waits.sleep"] > 100 * ticks["corners.call"]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_counts_are_exact(path: Path, folder: Path) -> None:
    finished = run(
        [sys.executable, str(HERE / "oracle_counts.py"), str(path)],
        env=os.environ | {"LUA_CPATH_5_4": f"{folder}/?.so;;", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        timeout=240,
        check=True,
    )
    if NO_SUCH_MODULE in finished.stderr.decode(errors="replace"):
        pytest.skip("a module is not installed")
    assert json.loads(finished.stdout) == {str(path): []}
