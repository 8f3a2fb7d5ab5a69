"""Samples know waiting from computing, also where both alternate faster than samples come."""

from __future__ import annotations

import platform
import sys
from array import array
from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

import pytest

from perilune.vm import State

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="waiting is not known here"
)

Sampler = Literal["signal", "thread"]
SAMPLERS: list[Sampler] = ["signal", "thread"]

SLOW_WRITER = (
    "import os, time; [(time.sleep({seconds}), os.write(1, b'12345678' + bytes([10]))) for i in range({lines})]"
)


class Found(NamedTuple):
    """What a profile of a program found: samples, and of these the ones that waited, by line."""

    raw: RawProfile
    output: str
    samples: Counter[int]
    waiting: Counter[int]


def profiled(text: str, sampler: Sampler, capfd: pytest.CaptureFixture[str]) -> Found:
    with State() as state:
        state.profile_start("sample", sampler, 500_000)
        state.run(text.encode(), b"=x").check()
        state.profile_stop()
        raw = state.profile_data()
    samples: Counter[int] = Counter()
    waiting: Counter[int] = Counter()
    for function in raw["functions"]:
        lines = array("I", function["lines"])
        samples.update(by_line(lines, function["samples"]))
        waiting.update(by_line(lines, function["waiting"]))
    return Found(raw, capfd.readouterr().out, samples, waiting)


def by_line(lines: array[int], counts: bytes | None) -> Counter[int]:
    found: Counter[int] = Counter()
    for line, count in zip(lines, array("Q", counts or b""), strict=True):
        found[line] += count
    return found


def reading(command: str) -> str:
    """A program's line that opens a pipe from a Python program."""
    return f'local pipe = io.popen([[{sys.executable} -c "{command}"]])'


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_loop_computes_and_a_sleep_waits(sampler: Sampler, capfd: pytest.CaptureFixture[str]) -> None:
    busy = "local begun = os.clock() while os.clock() - begun < 0.2 do end\n"
    found = profiled(busy + "os.execute('sleep 0.3')\nlocal x = 0 for i = 1, 5000000 do x = x + i end", sampler, capfd)
    assert found.waiting[1] < 0.1 * found.samples[1]
    assert found.waiting[2] > 0.8 * found.samples[2] > 20
    assert found.waiting[3] < 0.1 * found.samples[3]
    sampling, cpu_ns = found.raw["sampling"], found.raw["cpu_ns"]
    assert cpu_ns is not None
    assert 100_000_000 < cpu_ns < found.raw["run_ns"] - 200_000_000
    assert sampling is not None
    waiting = sampling["waiting"]
    assert waiting is not None
    assert waiting["builtins"]["os.execute"] == found.waiting[2]
    elsewhere = waiting["gc"] + waiting["compile"] + waiting["outside"]
    assert waiting["samples"] == sum(found.waiting.values()) + elsewhere
    if sampling["tree"] is not None:
        assert sum(waiting["tree"] or []) == sum(found.waiting.values())
        assert len(waiting["tree"] or []) == len(sampling["tree"])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_reading_from_a_slow_pipe_waits(sampler: Sampler, capfd: pytest.CaptureFixture[str]) -> None:
    writer = SLOW_WRITER.format(lines=5, seconds=0.05)
    found = profiled(reading(writer) + "\nfor line in pipe:lines() do\nend", sampler, capfd)
    assert found.waiting[2] > 0.8 * found.samples[2] > 20


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_waits_shorter_than_the_interval_are_not_taken_for_the_computing_between_them(
    sampler: Sampler, capfd: pytest.CaptureFixture[str]
) -> None:
    text = (
        reading(SLOW_WRITER.format(lines=1500, seconds=0.0003))
        + """
        pipe:setvbuf("no")
        local computing = 0
        while true do
          if not pipe:read(9) then break end
          local begun = os.clock()
          local x = 0 for i = 1, 15000 do x = x + i end
          computing = computing + (os.clock() - begun)
        end
        print(computing)"""
    )
    found = profiled(text, sampler, capfd)
    computing = found.samples - found.waiting
    assert found.waiting[5] > 0.5 * found.samples[5]
    assert found.waiting[7] < 0.1 * found.samples[7]
    if sampler == "signal":  # the thread's own processor time is in os.clock
        share = float(found.output) * 1e9 / (found.raw["cpu_ns"] or 0)
        assert computing[7] > 0.5 * share * sum(computing.values())


def test_what_the_kernel_does_for_a_program_is_no_waiting(capfd: pytest.CaptureFixture[str]) -> None:
    writing = "local file = io.tmpfile() local text = ('x'):rep(2 ^ 20)\nfor i = 1, 300 do file:seek('set')\n"
    found = profiled(writing + "file:write(text) end", "signal", capfd)
    assert found.samples[3] > 5
    assert found.waiting[3] <= 0.3 * found.samples[3]


def test_a_zone_has_its_processor_time(capfd: pytest.CaptureFixture[str]) -> None:
    text = """
        local profiler = require "perilune.profiler"
        do local zone <close> = profiler.zone("sleeping") os.execute("sleep 0.2") end
        do local zone <close> = profiler.zone("computing")
          local begun = os.clock() while os.clock() - begun < 0.1 do end end
    """
    found = profiled(text, "signal", capfd)
    zones = {name: (ns, cpu_ns or 0) for name, _, ns, _, _, cpu_ns in found.raw["zones"]}
    ns, cpu_ns = zones[b"sleeping"]
    assert ns > 200_000_000
    assert cpu_ns < ns / 4
    ns, cpu_ns = zones[b"computing"]
    assert 50_000_000 < cpu_ns <= ns
    assert cpu_ns < 200_000_000
    assert sum(cpu_ns for _, cpu_ns in zones.values()) <= (found.raw["cpu_ns"] or 0)
