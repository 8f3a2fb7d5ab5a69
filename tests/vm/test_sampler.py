"""Samples: they name what was running, the stacks above it, and disturb nothing."""

from __future__ import annotations

import signal
import sys
import threading
import time
from array import array
from types import FrameType
from typing import TYPE_CHECKING, Literal

import pytest

from interruption import interrupting
from perilune.vm import State, compile_text

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile, RawSampling

Sampler = Literal["signal", "thread"]
SAMPLERS: list[Sampler] = ["signal", "thread"] if sys.platform == "linux" else ["thread"]
needs_signal = pytest.mark.skipif(sys.platform != "linux", reason="samples are taken by a thread here")

BUSY = """
local function spin(n)
  local x = 0
  for i = 1, n do
    x = x + i % 7
  end
  return x
end
"""


def sampled(text: str, sampler: Sampler | None = None, kind: str = "ok", interval_ns: int = 300_000) -> RawProfile:
    with State() as state:
        state.profile_start("sample", sampler, interval_ns)
        outcome = state.run(text.encode(), b"=x")
        assert outcome.kind == kind, outcome
        state.profile_stop()
        return state.profile_data()


def sampling_of(raw: RawProfile) -> RawSampling:
    sampling = raw["sampling"]
    assert sampling is not None
    return sampling


def samples_by_line(raw: RawProfile) -> dict[int, int]:
    lines: dict[int, int] = {}
    for function in raw["functions"]:
        for line, samples in zip(array("I", function["lines"]), array("Q", function["samples"] or b""), strict=True):
            lines[line] = lines.get(line, 0) + samples
    return lines


def paths(raw: RawProfile) -> dict[tuple[str, ...], int]:
    """Samples by path; a place is `line`, or a library function's name."""
    tree = sampling_of(raw)["tree"]
    found: list[tuple[str, ...]] = [()]
    for parent, _, line, builtin, _ in tree[1:]:
        found.append((*found[parent], builtin or str(line)))
    return {path: node[4] for path, node in zip(found, tree, strict=True) if node[4]}


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sample_is_somewhere(sampler: Sampler) -> None:
    raw = sampled(BUSY + "local t = {} for i = 1, 300 do t[i] = {spin(20000)} end", sampler)
    sampling = sampling_of(raw)
    assert sampling["sampler"] == sampler
    assert sampling["samples"] > 10
    found = sum(samples_by_line(raw).values())
    elsewhere = sampling["gc_samples"] + sampling["compile_samples"] + sampling["outside_samples"]
    assert found + elsewhere == sampling["samples"]
    assert sum(node[4] for node in sampling["tree"]) == found


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_line_that_works_gets_the_samples(sampler: Sampler) -> None:
    raw = sampled(BUSY + "spin(10000000)", sampler)
    lines = samples_by_line(raw)
    assert lines[4] + lines[5] > 0.9 * sampling_of(raw)["samples"]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_builtin_has_its_time_and_so_has_the_line_that_calls_it(sampler: Sampler) -> None:
    raw = sampled("local s = ('x'):rep(1000000)\nfor i = 1, 300 do\nlocal r = s:reverse() end", sampler)
    samples = {name: count for name, _, _, count in raw["builtins"]}
    share = samples["string.reverse"] / sampling_of(raw)["samples"]
    assert share > 0.6
    assert samples_by_line(raw)[3] >= samples["string.reverse"]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_time_of_a_builtin_is_without_what_it_calls_back(sampler: Sampler) -> None:
    text = """
        local t = {} for i = 1, 30000 do t[i] = i * 7919 % 30011 end
        table.sort(t, function(a, b)
          local x = 0 for i = 1, 60 do x = x + i end
          return a < b end)
    """
    raw = sampled(text, sampler)
    samples = {name: count for name, _, _, count in raw["builtins"]}
    lines = samples_by_line(raw)
    assert lines[4] > 3 * samples["table.sort"]


def test_in_trace_mode_too_a_builtin_keeps_its_time() -> None:
    text = """
        local t = {} for i = 1, 20000 do t[i] = i * 7919 % 20011 end
        table.sort(t, function(a, b)
          return a < b end)
    """
    with State() as state:
        state.profile_start("trace")
        state.run(text.encode(), b"=x").check()
        state.profile_stop()
        functions = state.profile_data()["functions"]
    ticks: dict[int, int] = {}
    for function in functions:
        for line, spent in zip(array("I", function["lines"]), array("Q", function["ticks"] or b""), strict=True):
            ticks[line] = ticks.get(line, 0) + spent
    assert (
        ticks[3] > ticks[4] / 10
    )  # sorting itself is no small part; it was nothing, and all of it the callback's return


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_collector_is_nobody_s_line(sampler: Sampler) -> None:
    text = "local keep = {} for i = 1, 200000 do keep[i] = {} end for i = 1, 10 do collectgarbage() end"
    sampling = sampling_of(sampled(text, sampler))
    assert sampling["gc_samples"] > sampling["samples"] / 4


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_compilation_is_nobody_s_line(sampler: Sampler) -> None:
    text = "local text = ('x = 1\\n'):rep(2000)\nfor i = 1, 10 do\nload(text .. i .. '()') end"
    raw = sampled(text, sampler)
    sampling = sampling_of(raw)
    assert sampling["compile_samples"] > 0.8 * sampling["samples"]
    assert samples_by_line(raw)[3] < sampling["samples"] / 5


def test_stacks_go_through_calls_and_coroutines_and_name_recursion_once() -> None:
    text = (
        BUSY
        + """
local function deep(n)
  if n == 0 then return spin(2000000) end
  return (deep(n - 1))
end
local function yielder()
  for i = 1, 3 do
    deep(100)
    coroutine.yield()
  end
end
local co = coroutine.wrap(yielder)
for i = 1, 3 do
  co()
end
"""
    )
    raw = sampled(text)
    found = paths(raw)
    below = (
        "22",
        "coroutine.wrap function",
        "16",
        "12",
    )  # the call of co, of deep, of deep in itself; spin's line follows, called in a tail call
    here = sum(count for path, count in found.items() if path in {(*below, "4"), (*below, "5")})
    assert here > 0.9 * sampling_of(raw)["samples"]
    assert all(path.count("12") <= 1 for path in found)


def test_what_a_builtin_calls_back_is_below_it() -> None:
    text = BUSY + "local s = ('x '):rep(2000)\nfor i = 1, 40 do s:gsub('x', function()\nspin(20) end) end"
    found = paths(sampled(text))
    assert any(path == ("10", "string.gsub") for path in found)
    assert any(path[:3] == ("10", "string.gsub", "11") for path in found)
    assert all(path[:2] == ("10", "string.gsub") for path in found if len(path) > 1)


def test_very_deep_and_very_wide_programs_keep_to_the_memory_that_was_set_aside() -> None:
    deep = "local function f(n) if n == 0 then for i = 1, 3000000 do end return 0 end return 1 + f(n - 1) end f(150000)"
    functions = "\n".join(
        f"local function f{i % 150}(n) if n > 0 then return 1 + next_function(n - 1) end return 0 end"
        for i in range(150)
    )
    wide = functions + "\nlocal all = {" + ",".join(f"f{i}" for i in range(150)) + "}\n"
    wide += (
        "function next_function(n) return 1 + all[math.random(150)](n) end\nfor i = 1, 2000 do next_function(180) end"
    )
    for text in (deep, wide):
        sampling = sampling_of(sampled(text, interval_ns=50_000))
        tree = sampling["tree"]
        assert 2 < len(tree) <= 65536
        inside = sampling["samples"] - sampling["gc_samples"] - sampling["outside_samples"]
        assert sum(node[4] for node in tree) == inside


@needs_signal
def test_samples_that_take_longer_than_their_interval_do_not_stop_the_program() -> None:
    deep = "local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end "
    text = deep + "for i = 1, 5 do coroutine.wrap(function() f(20000) end)() end"  # frames move while signals come
    assert sampling_of(sampled(text, "signal", interval_ns=10_000))["samples"] > 10


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_functions_that_are_loaded_meanwhile_get_samples_too(sampler: Sampler) -> None:
    text = "for i = 1, 300 do\nassert(load('local x = 0 for i = 1, 20000 do x = x + i end', '=loaded'))() end"
    raw = sampled(text, sampler, interval_ns=100_000)
    loaded = [
        array("Q", function["samples"] or b"") for function in raw["functions"] if function["source"] == b"=loaded"
    ]
    assert len(loaded) == 1  # equal loads are one function
    assert sum(map(sum, loaded)) > 20


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(
    ("text", "kind"), [("error('x')", "error"), ("os.exit(3)", "exit"), ("coroutine.wrap(error)('x')", "error")]
)
def test_however_a_program_ends_its_samples_are_there(sampler: Sampler, text: str, kind: str) -> None:
    raw = sampled(BUSY + "spin(3000000)\n" + text, sampler, kind)
    assert samples_by_line(raw)[5] > 0


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_interrupt_ends_a_sampled_program(sampler: Sampler) -> None:
    with State() as state:
        state.profile_start("sample", sampler)
        chunk = compile_text(b"while true do end", b"=x")
        with interrupting(state, 0.3):
            outcome = state.run(chunk, b"=x")
        assert outcome.kind == "interrupted"
        state.profile_stop()
        assert samples_by_line(state.profile_data())[1] > 10


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_several_machines_in_several_threads(sampler: Sampler) -> None:
    found: dict[int, RawProfile] = {}

    def work(number: int) -> None:
        found[number] = sampled("local x = 0\n" * number + "for i = 1, 30000000 do x = x + i end", sampler)

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, raw in found.items():
        lines = samples_by_line(raw)
        assert lines[number + 1] > 0.9 * sum(lines.values())  # with other machines' samples it would be a third


@needs_signal
def test_the_signal_s_former_handler_is_back_and_others_work_meanwhile() -> None:
    seen: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        seen.append(number)

    before = signal.signal(signal.SIGPROF, note)
    try:
        sampled(BUSY + "spin(1000000)", "signal")
        assert seen == []
        signal.raise_signal(signal.SIGPROF)
        assert seen == [signal.SIGPROF]
    finally:
        signal.signal(signal.SIGPROF, before)


@needs_signal
def test_no_signal_comes_after_the_run() -> None:
    for _ in range(100):  # the default action would end this process
        sampled("for i = 1, 1000 do end", "signal", interval_ns=10_000)
    time.sleep(0.01)


def test_counts_are_exact_while_samples_are_taken() -> None:
    text = b"""
        local t = setmetatable({}, {__index = function(t, k) return k * 2 end})
        local co = coroutine.wrap(function() for i = 1, 2000 do coroutine.yield(t[i]) end end)
        for i = 1, 1000 do pcall(error, co()) end
        for word in ("a b c"):rep(1000):gmatch("%a") do t[#t + 1] = word end
        table.sort(t, function(a, b) return a < b end)
    """
    figures = []
    for mode in ("count", "sample"):
        with State() as state:
            if mode == "count":
                state.profile_start("count")
            else:
                state.profile_start("sample", interval_ns=20_000)
            state.run(text, b"=x").check()
            state.profile_stop()
            raw = state.profile_data()
        functions = [
            (function["entries"], function["counts"], function["allocations"]) for function in raw["functions"]
        ]
        builtins = sorted((name, calls) for name, calls, *_ in raw["builtins"])
        figures.append((functions, builtins, raw["peak_depth"], raw["allocated_bytes"], raw["peak_bytes"]))
    assert figures[0] == figures[1]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_interval_suits_what_a_sample_takes(sampler: Sampler) -> None:
    text = "local x = 0 for i = 1, 3e7 do x = x + i end"
    sampling = sampling_of(sampled(text, sampler, interval_ns=0))
    assert (
        sampling["samples"] > 10
    )  # those for which the cost was measured are not among them, nor do they stop the others
    assert 250_000 <= sampling["interval_ns"] <= 1_000_000
    assert sampler == "signal" or sampling["interval_ns"] == 1_000_000


def test_wrong_samplers_and_intervals_are_refused() -> None:
    with State() as state:
        with pytest.raises(ValueError, match="unknown sampler 'clock'"):
            state.profile_start("sample", "clock")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="sampling interval"):
            state.profile_start("sample", interval_ns=1)
        if sys.platform != "linux":
            with pytest.raises(ValueError, match="no signal sampler"):
                state.profile_start("sample", "signal")


@needs_signal
def test_a_run_that_is_over_before_half_an_interval_is_sampled_as_often_as_any_other() -> None:
    text = "local x = 0 for i = 1, 20000 do x = x + i % 7 end"
    runs = [sampled(text, "signal", interval_ns=4_000_000) for _ in range(900)]
    short = [run for run in runs if run["run_ns"] < 2_000_000]
    expected = sum(run["run_ns"] for run in short) / 4_000_000
    assert sum(sampling_of(run)["samples"] for run in short) >= expected / 4
