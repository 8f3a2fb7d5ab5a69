"""Measures whether sampled shares are true: programs whose lines cost known parts of the run, profiled for a second each.

    python benchmarks/sample_truth.py [--runs N] [--seconds S] [--sampler signal|thread] [--trace]

Each of four lines repeats the same work 5, 1, 3 and 1 times: through calls of one function, whose total time is compared,
and as straight code. Prints how many samples a run had, how many shares were within the error that the report states for
them, which is made for 95 of 100, how many within two percentage points, how many of as many independent samples would be
(2,400 give a share of one half to 2 points), and what the deviations are on average, which is the bias. With --trace it
is trace mode's corrected times that are compared, and five points that they are to be within.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

from perilune.profiler.session import Mode, SamplerKind, profile_source
from perilune.profiler.shares import interval_of_share

REPEATS = (5, 1, 3, 1)
FIRST_LINE = 3
WORK = "local function work(n) local x = 0 for i = 1, n do x = x + i % 7 end return x end"
PARTS = {"calls": "work(2000) ", "straight": "x = (x * 3 + 1) % 1000003 y = (y + x * 7) % 999983 "}
POINTS = 0.02
TRACE_POINTS = 0.05


def program(part: str, rounds: int) -> str:
    """The program, whose lines from FIRST_LINE on repeat a part."""
    lines = "\n".join(part * repeats for repeats in REPEATS)
    return f"{WORK}\nlocal x, y = 1, 2 for round = 1, {rounds} do\n{lines}\nend\n"


def rounds_for(part: str, seconds: float) -> int:
    """How many rounds take so long without a profile's time."""
    rounds = 64
    while True:
        started = time.perf_counter()
        profile_source(program(part, rounds), mode="count")[0].check()
        spent = time.perf_counter() - started
        if spent > 0.2:
            return max(1, round(rounds * seconds / spent))
        rounds *= 4


def shares(part: str, rounds: int, sampler: SamplerKind | None, mode: Mode = "sample") -> tuple[list[float], int]:
    """The measured shares of the lines among themselves, and the number of samples."""
    outcome, profile = profile_source(program(part, rounds), mode=mode, sampler=sampler)
    outcome.check()
    by_line = {line.line: line for line in profile.files[0].lines}
    rows = [by_line[FIRST_LINE + index] for index in range(len(REPEATS))]
    times = [(row.self_ns if row.total_ns is None else row.total_ns) or 0 for row in rows]
    return [spent / (sum(times) or 1) for spent in times], profile.totals.samples or 0


class Finding(NamedTuple):
    """What one run says of one line."""

    index: int
    deviation: float  # of its share from the truth
    held: bool  # whether the interval that the report states holds it
    samples: int  # of the run
    expected: float  # probability that as many independent samples deviate by two points at most


def findings(part: str, rounds: int, runs: int, sampler: SamplerKind | None) -> Iterator[Finding]:
    """Four findings a run."""
    for _ in range(runs):
        found, samples = shares(part, rounds, sampler)
        for index, (share, repeats) in enumerate(zip(found, REPEATS, strict=True)):
            truth = repeats / sum(REPEATS)
            expected = math.erf(POINTS / math.sqrt(2 * truth * (1 - truth) / max(samples, 1)))
            low, high = interval_of_share(share, samples)
            yield Finding(index, share - truth, low <= truth <= high, samples, expected)


def print_traced(runs: int, seconds: float) -> None:
    """The table for trace mode, of lines that have no calls: their own times are what it measures."""
    print("program    within 5 points   bias by line, in points")
    part = PARTS["straight"]
    rounds = rounds_for(part, seconds)
    found = [shares(part, rounds, None, "trace")[0] for _ in range(runs)]
    truth = [repeats / sum(REPEATS) for repeats in REPEATS]
    close = statistics.mean(
        abs(line - true) <= TRACE_POINTS for run in found for line, true in zip(run, truth, strict=True)
    )
    means = [statistics.mean(run[index] for run in found) - true for index, true in enumerate(truth)]
    print(f"{'straight':<10} {close:>15.1%}   {_points(means)}")


def _points(shares: list[float]) -> str:
    return "  ".join(f"{100 * share:+.2f}" for share in shares)


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--sampler", choices=("signal", "thread"))
    parser.add_argument("--trace", action="store_true")
    options = parser.parse_args()
    if options.trace:
        print_traced(options.runs, options.seconds)
        return 0
    print("program    samples   within their error   within 2 points (expected)   bias by line, in points")
    for name, part in PARTS.items():
        if name == "calls" and options.sampler == "thread":
            continue  # it sees no calls, so it has no total times
        found = list(findings(part, rounds_for(part, options.seconds), options.runs, options.sampler))
        samples = statistics.mean(finding.samples for finding in found)
        within = statistics.mean(finding.held for finding in found)
        close = statistics.mean(abs(finding.deviation) <= POINTS for finding in found)
        expected = statistics.mean(finding.expected for finding in found)
        bias = [
            statistics.mean(finding.deviation for finding in found if finding.index == line)
            for line in range(len(REPEATS))
        ]
        print(
            f"{name:<10} {samples:>7,.0f} {within:>20.1%} {close:>17.1%} ({expected:.1%})   {_points(bias)}", flush=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
