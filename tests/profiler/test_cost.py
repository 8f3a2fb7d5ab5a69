"""The cost of profiling: which runs are made, and what is concluded from their times."""

from __future__ import annotations

import pytest

from perilune.profiler.cost import Cost, TimedRun, measured_cost
from perilune.profiler.probe import PlainRun
from perilune.profiler.renderers.figures import cost_text
from perilune.vm import Outcome


def cost(first: int, wall_ns: int, profiled: list[int], plain: list[int], last: str = "ok") -> Cost | None:
    """The cost of runs with these times, all of which must be made; the last plain one ends as it is told.

    By the clock the first takes `wall_ns`, and the others 7 ns more than the processor.
    """

    def run(times: list[int]) -> TimedRun:
        ns = times.pop(0)
        return TimedRun(Outcome("ok" if profiled or plain else last, None, 0), ns, ns + 7)

    first_run = TimedRun(Outcome("ok", None, 0), first, wall_ns)
    found = measured_cost(first_run, lambda: run(profiled), lambda: run(plain))
    assert not profiled and not plain
    return found


def test_a_short_program_runs_in_turns_and_the_least_times_count() -> None:
    assert cost(150, 200, [120, 106], [100, 180, 130]) == Cost(1.06, PlainRun(107, 100))


def test_a_long_program_runs_once_more() -> None:
    assert cost(150, 2_000_000_000, [], [120]) == Cost(1.25, PlainRun(127, 120))


def test_a_program_that_does_something_else_again_has_no_cost() -> None:
    assert cost(150, 200, [120, 106], [100, 180, 30], "error") is None
    assert cost(150, 2_000_000_000, [], [0]) is None  # too short for the clock


@pytest.mark.parametrize(
    ("measured", "text"),
    [
        (1.034, "cost 1.03× the run without it"),
        (1.004, "no measurable cost"),
        (0.74, "no measurable cost"),
    ],
)
def test_profiling_makes_no_program_faster(measured: float, text: str) -> None:
    assert cost_text(measured) == text
