"""Processor time beside the clock's: divided without remainder, shown where something waits, and in the clock's place."""

from __future__ import annotations

import gzip
from array import array
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.profiler.attribution import attribute
from perilune.profiler.cpu_times import CpuDivision, Part, Waiting, by_cpu, has_cpu_times
from perilune.profiler.exporters import EXPORTERS
from perilune.profiler.exporters.stacks import timed_stacks
from perilune.profiler.loaded_files import LoadedFiles
from perilune.profiler.model import CallNode, Profile, Program, Totals, times_elsewhere
from perilune.profiler.renderers.report.layout import Layout, complaint
from perilune.profiler.renderers.terminal import render
from perilune.profiler.renderers.waiting import waiting_text
from raw_profiles import raw_function, raw_profile
from sampled_profile import MS, SOURCES, sampled_profile, waiting_profile

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile


@st.composite
def divisions(draw: st.DrawFn) -> tuple[list[Part], int]:
    parts = []
    for ns in draw(st.lists(st.integers(0, 10**9), max_size=20)):
        samples = draw(st.integers(0, 1000))
        parts.append(Part(ns, samples, draw(st.integers(0, samples))))
    return parts, draw(st.integers(0, sum(part.self_ns for part in parts)))


@given(divisions())
def test_processor_time_is_divided_without_remainder_and_no_part_has_more_than_its_own(
    division: tuple[list[Part], int],
) -> None:
    parts, cpu_ns = division
    times = list(map(CpuDivision(parts, cpu_ns).take, parts))
    assert sum(times) == cpu_ns
    assert all(0 <= ns <= part.self_ns for ns, part in zip(times, parts, strict=True))


def test_what_waits_has_processor_time_only_when_what_computes_has_all_that_it_can() -> None:
    parts = [Part(600, 6, 0), Part(300, 3, 3), Part(100, 1, 1)]
    assert list(map(CpuDivision(parts, 500).take, parts)) == [500, 0, 0]
    assert list(map(CpuDivision(parts, 640).take, parts)) == [600, 30, 10]
    assert list(map(CpuDivision(parts, 1000).take, parts)) == [600, 300, 100]


def raw(cpu_ns: int | None) -> RawProfile:
    """100 samples, 10 ns each: 60 on line 1, 30 on line 2 of which 25 waited in `io.read`, 10 in the collector."""
    main = raw_function([("ADD", 1, 7, 60, 0, 0), ("CALL", 2, 7, 30, 0, 0)], sampled=True)
    waiting = array("Q", [25 if samples == 30 else 0 for samples in array("Q", main["samples"] or b"")])
    main["waiting"] = waiting.tobytes()
    tree = [(0, 0, 0, None, 0), (0, 0, 1, None, 60), (0, 0, 2, None, 2), (2, 0, 0, "io.read", 28)]
    sampling = {
        "sampler": "signal",
        "interval_ns": 1_000_000,
        "samples": 100,
        "gc_samples": 10,
        "compile_samples": 0,
        "outside_samples": 0,
        "tree": tree,
        "waiting": {
            "samples": 25,
            "gc": 0,
            "compile": 0,
            "outside": 0,
            "builtins": {"io.read": 25},
            "tree": [0, 0, 0, 25],
        },
    }
    return raw_profile(main, run_ns=1000, cpu_ns=cpu_ns, builtins=[("io.read", 7, 0, 28)], sampling=sampling)


def nodes(root: CallNode) -> list[CallNode]:
    found = [root]
    for node in found:
        found += node.children
    return found


def test_samples_divide_the_processor_time_among_what_did_not_wait() -> None:
    profile = attribute(raw(600), "sample", Program("a.lua"), LoadedFiles())
    totals = profile.totals
    assert (totals.run_ns, totals.cpu_ns, totals.waiting_samples, totals.gc_cpu_ns) == (1000, 600, 25, 80)
    first, second = profile.files[0].lines
    assert (first.cpu_ns, second.cpu_ns) == (480, 40)
    assert (first.total_cpu_ns, second.total_cpu_ns) == (480, 40)
    (function,) = profile.files[0].functions
    assert (function.cpu_ns, function.total_cpu_ns) == (520, 520)
    assert {row.name: row.cpu_ns for row in profile.opcodes} == {"ADD": 480, "CALL": 40}
    assert profile.builtins[0].cpu_ns == 24
    assert profile.call_tree is not None
    by_name = {(node.function, node.line): node.cpu_ns for node in nodes(profile.call_tree)}
    assert by_name["io.read", 0] == 24
    assert by_name["(collector)", 0] == 80
    assert sum(ns or 0 for ns in by_name.values()) == 600


def test_where_waiting_is_not_known_only_the_run_has_a_processor_time() -> None:
    unknown = raw(600)
    assert unknown["sampling"] is not None
    unknown["sampling"]["waiting"] = None
    traced = raw_profile(raw_function([("ADD", 1, 1, 2000, 0, 0)], traced=True), cpu_ns=600)
    for raw_figures, mode, cpu_ns in ((unknown, "sample", 600), (traced, "trace", 598)):  # the probe takes 2 ns
        profile = attribute(raw_figures, mode, Program("a.lua"), LoadedFiles())
        assert profile.totals.cpu_ns == cpu_ns
        assert not has_cpu_times(profile)
        assert profile.files[0].lines[0].cpu_ns is None
        assert Waiting(profile.totals).total_ns is None
    profile = attribute(raw(None), "sample", Program("a.lua"), LoadedFiles())
    assert (profile.totals.cpu_ns, profile.totals.waiting_samples, profile.files[0].lines[0].cpu_ns) == (None,) * 3


def add_up(profile: Profile) -> None:
    """The sums of a profile whose times are divided."""
    run_ns = profile.totals.run_ns
    elsewhere = sum(ns for _, ns in times_elsewhere(profile.totals))
    assert sum(line.self_ns or 0 for file in profile.files for line in file.lines) + elsewhere == run_ns
    assert sum(row.self_ns or 0 for file in profile.files for row in file.functions) + elsewhere == run_ns
    assert sum(row.self_ns or 0 for row in profile.opcodes) + elsewhere == run_ns
    assert sum(stack.self_ns for stack in timed_stacks(profile)) == run_ns
    assert sum(stack.samples for stack in timed_stacks(profile)) == profile.totals.samples


def test_by_processor_time_everything_adds_up_to_that_of_the_run() -> None:
    for profile in (waiting_profile(), attribute(raw(600), "sample", Program("a.lua"), LoadedFiles())):
        add_up(profile)
        cpu_ns = profile.totals.cpu_ns
        view = by_cpu(profile)
        assert (view.clock, view.totals.run_ns) == ("cpu", cpu_ns)
        add_up(view)
        assert by_cpu(view) is view
        assert profile.clock == "wall"
        assert sum(line.share for file in view.files for line in file.lines) <= 1


def test_other_tools_are_told_which_time_it_is() -> None:
    names = {"speedscope": b'"processor time"', "firefox": b'"Processor time"', "callgrind": b"ns : Processor time in"}
    for name, text in names.items():
        assert text in EXPORTERS[name].export(by_cpu(waiting_profile()), {})
        assert text not in EXPORTERS[name].export(waiting_profile(), {})
    assert b"processor_time" in gzip.decompress(EXPORTERS["pprof"].export(by_cpu(waiting_profile()), {}))


def test_time_without_the_processor_is_no_row_s_waiting() -> None:
    waiting = Waiting(Totals(run_ns=1000, cpu_ns=300, samples=100, waiting_samples=40))
    assert (waiting.total_ns, waiting.denied_ns) == (400, 300)
    assert waiting.of(600, 300) == 0
    assert waiting.share(600, 300) is None
    assert waiting.share(400, 0) == 1.0
    assert waiting.share(500, 50) == pytest.approx(0.8)
    assert waiting.share(4, 0) is None  # too little of the run


@pytest.mark.parametrize(
    ("cpu_ns", "waiting_samples", "text"),
    [
        (400, 600, "computing 400 ms, waiting 600 ms"),
        (300, 500, "computing 300 ms, waiting 500 ms, kept off the processor 200 ms"),
        (600, 0, "computing 600 ms, kept off the processor 400 ms"),
        (990, 10, None),
        (970, 0, None),
        (970, None, None),
    ],
)
def test_the_head_says_what_the_time_was(cpu_ns: int, waiting_samples: int | None, text: str | None) -> None:
    profile = sampled_profile()
    profile.totals.cpu_ns, profile.totals.waiting_samples = cpu_ns * MS, waiting_samples
    assert waiting_text(profile) == text


def test_the_report_says_what_waits() -> None:
    lines = render(waiting_profile(), SOURCES, Layout(top=3)).splitlines()
    assert "  of it         computing 850 ms, waiting 150 ms" in lines
    assert "  share    ±     self  waits   total   hits  line            source" in lines
    assert "  17.0%  2.5   170 ms    88%  170 ms    100  lib/text.lua:4  return table.conca…" in lines
    assert "  25.0%  2.8   250 ms    60%  250 ms    100  lib/text.lua:2  join" in lines
    assert "  15.0%  2.3  150 ms   100%    100  table.concat" in lines
    assert "  26.5%  265 ms    57%      1  18.0 kB          300  joining" in lines
    assert "What waits is the part" in " ".join(lines)
    assert "waits" not in render(sampled_profile(), SOURCES, Layout())


def test_the_report_by_processor_time_leads_with_what_computes() -> None:
    lines = render(by_cpu(waiting_profile()), SOURCES, Layout(top=3)).splitlines()
    assert lines[0] == "Profile of main.lua 20  (sample mode, processor time)"
    assert "  computing     850 ms of 1.01 s, in 850 samples by signal" in lines
    assert "   9.4%  2.1  80.0 ms  80.0 ms    100  lib/text.lua:3  local t = {n, n, n}" in lines
    assert "   0.0%  0.4          100  table.concat" in lines
    assert "--clock wall shows those of the clock." in " ".join(lines)


def test_processor_times_by_line_are_for_sample_mode() -> None:
    assert complaint("sample", Layout(clock="cpu")) is None
    assert "only --mode sample takes, not --mode trace" in (complaint("trace", Layout(clock="cpu")) or "")
