"""What is left of traced times without the probes: of cheap instructions, of dear ones, and of a run that was measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.profiler.attribution import attribute
from perilune.profiler.loaded_files import LoadedFiles
from perilune.profiler.model import Profile, Program
from perilune.profiler.probe import PlainRun, Probe, probe_of
from raw_profiles import raw_function, raw_profile

PROBE = Probe(period=10.0, hidden=2.0)


def test_a_hidden_instruction_takes_what_those_of_the_calibration_took() -> None:
    assert PROBE.corrected(raw_ns=10_000, count=1000) == 2000


def test_what_takes_longer_than_a_probe_keeps_what_is_beyond_it() -> None:
    assert PROBE.corrected(raw_ns=50_000, count=1000) == 42_000


def test_no_time_is_negative_and_none_is_larger_than_it_was_measured() -> None:
    assert PROBE.corrected(raw_ns=7_000, count=1000) == 1000
    assert PROBE.corrected(raw_ns=300, count=1000) == 300


@given(st.integers(0, 10**12), st.integers(0, 10**9))
def test_bounds_lie_around_the_estimate(raw_ns: int, count: int) -> None:
    low, high = (bound.corrected(raw_ns, count) for bound in PROBE.bounds())
    assert 0 <= low <= PROBE.corrected(raw_ns, count) <= high <= raw_ns


def traced(plain_ns: int | None = None, cpu_ns: int | None = None, run_ns: int = 1000) -> Profile:
    """A thousand cheap instructions of 10 ns with their probes, ten of 1 µs, and 500 ns of the collector."""
    main = raw_function([("ADD", 1, 1000, 20_000, 0, 0), ("CONCAT", 2, 10, 20_000, 0, 0)], traced=True)
    raw = raw_profile(main, probe_ticks=16.0, hidden_ticks=4.0, gc_ticks=1000, cpu_ns=cpu_ns, run_ns=run_ns)
    return attribute(
        raw, "trace", Program("a.lua"), LoadedFiles(), None if plain_ns is None else PlainRun(plain_ns, 5_000)
    )


def test_the_whole_time_is_stated_with_the_range_that_it_lies_in() -> None:
    totals = traced().totals
    assert (totals.run_ns, totals.raw_ns, totals.plain_ns) == (2000 + 9920 + 500, 20_500, None)
    low, high = 1000 + 9910 + 500, 4000 + 9940 + 500
    assert (totals.run_low_ns, totals.run_high_ns) == (round(0.9 * low), round(1.1 * high))


@pytest.mark.parametrize("plain_ns", [11_000, 12_420, 15_000, 20_500])
def test_times_are_scaled_to_the_run_without_a_profile(plain_ns: int) -> None:
    profile = traced(plain_ns)
    totals = profile.totals
    assert totals.run_ns == pytest.approx(plain_ns, abs=2)
    assert (totals.plain_ns, totals.run_low_ns, totals.run_high_ns) == (plain_ns, None, None)
    assert [row.self_ns for row in profile.files[0].lines] == [
        pytest.approx(plain_ns - 500 - (row.self_ns or 0), abs=2) for row in reversed(profile.files[0].lines)
    ]
    assert 9_900 <= (profile.files[0].lines[1].self_ns or 0) <= 10_000  # a dear instruction is known in any case


def test_time_that_other_processes_took_from_the_traced_run_goes_from_all_of_it() -> None:
    profile = traced(5_200)
    assert profile.totals.run_ns == pytest.approx(5_200, abs=2)
    assert profile.totals.gc_ns == 250
    assert profile.totals.cpu_ns == 5_000
    assert [row.self_ns for row in profile.files[0].lines] == [0, 4950]


def test_time_that_the_traced_run_waited_may_be_that_of_other_processes() -> None:
    totals = traced(cpu_ns=400).totals
    assert totals.run_low_ns == round(0.9 * (1000 + 9910 + 500)) - 600
    assert traced(cpu_ns=0, run_ns=10**6).totals.run_low_ns == 505  # half of what 1,010 hidden ones take at the least


def test_the_calibration_s_figures_are_those_of_a_hidden_instruction() -> None:
    assert probe_of(raw_profile(probe_ticks=16.0, hidden_ticks=4.0)) == Probe(10.0, 2.0)
