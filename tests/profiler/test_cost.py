"""The cost of profiling: which runs are made, and what is concluded from their times."""

from __future__ import annotations

import pytest

from perilune.profiler.cost import TimedRun, cost_ratio
from perilune.profiler.renderers.figures import cost_text
from perilune.vm import Outcome


def ratio(first: int, wall_ns: int, profiled: list[int], plain: list[int], last: str = "ok") -> float | None:
    """The ratio of runs with these times, all of which must be made; the last plain one ends as it is told."""

    def run(times: list[int]) -> TimedRun:
        ns = times.pop(0)
        return Outcome("ok" if profiled or plain else last, None, 0), ns

    found = cost_ratio((Outcome("ok", None, 0), first), wall_ns, lambda: run(profiled), lambda: run(plain))
    assert not profiled and not plain
    return found


def test_a_short_program_runs_in_turns_and_the_least_times_count() -> None:
    assert ratio(150, 200, [120, 106], [100, 180, 130]) == 1.06


def test_a_long_program_runs_once_more() -> None:
    assert ratio(150, 2_000_000_000, [], [120]) == 1.25


def test_a_program_that_does_something_else_again_has_no_cost() -> None:
    assert ratio(150, 200, [120, 106], [100, 180, 30], "error") is None
    assert ratio(150, 2_000_000_000, [], [0]) is None  # too short for the clock


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
