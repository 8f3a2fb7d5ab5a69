"""Sampled shares are the true ones: programs whose lines cost known parts of the run, because they repeat the same work."""

from __future__ import annotations

from array import array

import pytest

from perilune.profiler.session import profile_source
from perilune.vm import State

WORK = "local function work(n) local x = 0 for i = 1, n do x = x + i % 7 end return x end\n"
REPEATS = (5, 1, 3, 1)  # of the same work, on the lines 3 to 6


def program(rounds: int, straight: bool) -> str:
    """Each line does its part in calls of one function; or, `straight`, in as many copies of one statement."""
    lines = []
    for repeats in REPEATS:
        if straight:
            lines.append("x = (x * 3 + 1) % 1000003 y = (y + x * 7) % 999983 " * repeats)
        else:
            lines.append("work(2000) " * repeats)
    return f"{WORK}local x, y = 1, 2 for round = 1, {rounds} do\n" + "\n".join(lines) + "\nend\n"


@pytest.mark.parametrize("straight", [False, True])
def test_shares_are_within_their_error(straight: bool) -> None:
    outcome, profile = profile_source(program(400_000 if straight else 1_500, straight), interval=0.0002)
    outcome.check()
    samples = profile.totals.samples or 0
    assert samples > 100
    totals = {line.line: line.total_ns for line in profile.files[0].lines}
    whole = sum(totals[line] or 0 for line in (3, 4, 5, 6))
    for line, repeats in zip((3, 4, 5, 6), REPEATS, strict=True):
        truth = repeats / sum(REPEATS)
        error = 1.96 * (truth * (1 - truth) / samples) ** 0.5
        # one line in twenty is outside its interval by chance; a busy machine adds a point or two
        assert abs((totals[line] or 0) / whole - truth) < 2 * error + 0.02


def test_no_sample_slides_to_the_next_line() -> None:
    text = "local s = ('x'):rep(300000)\nfor i = 1, 400 do\nlocal a = i\nlocal b = s:reverse()\nlocal c = i\nend"
    with State() as state:
        state.profile_start("sample", interval_ns=100_000)
        state.run(text.encode(), b"=x").check()
        state.profile_stop()
        (function,) = state.profile_data()["functions"]
    lines: dict[int, int] = {}
    for line, samples in zip(array("I", function["lines"]), array("Q", function["samples"] or b""), strict=True):
        lines[line] = lines.get(line, 0) + samples
    assert lines[4] > 50
    assert lines[3] + lines[5] <= 0.02 * lines[4]
