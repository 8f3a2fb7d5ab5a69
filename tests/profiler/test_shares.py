"""Intervals of sampled shares: their values, how often they hold the truth, and what they say of the order of lines."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import pytest

from perilune.profiler.attribution import attribute
from perilune.profiler.loaded_files import LoadedFiles
from perilune.profiler.model import FileProfile, LineRow, Profile, Program, Totals
from perilune.profiler.shares import Interval, interval_of_share, order_is_known
from raw_profiles import raw_function, raw_profile

SHARES = [0.001, 0.002, 0.0042, 0.01, 0.02, 0.05, *(step / 10 for step in range(1, 10)), 0.95, 0.98, 0.99, 0.998, 0.999]
SAMPLES = [20, 50, 100, 122, 203, 500, 1000, 2000, 5000]

LEAST_COVERAGE = 0.83
"""What Wilson's interval is known to fall to, at shares of which the samples expect about a fifth of one."""


def probabilities(share: float, samples: int) -> Iterator[tuple[int, float]]:
    """How probable it is that so many of the samples hit the share."""
    for hits in range(samples + 1):
        ways = math.lgamma(samples + 1) - math.lgamma(hits + 1) - math.lgamma(samples - hits + 1)
        yield hits, math.exp(ways + hits * math.log(share) + (samples - hits) * math.log(1 - share))


def coverage(share: float, samples: int) -> float:
    """How probable it is that the interval holds the share."""
    held = 0.0
    for hits, probability in probabilities(share, samples):
        interval = interval_of_share(hits / samples, samples)
        held += probability if interval.low <= share <= interval.high else 0.0
    return held


@pytest.mark.parametrize(
    ("hits", "samples", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilson_s(hits: int, samples: int, low: float, high: float) -> None:
    # Table I of Newcombe, "Two-sided confidence intervals for the single proportion", 1998, method 3.
    assert interval_of_share(hits / samples, samples) == pytest.approx((low, high), abs=6e-5)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    found = {(share, samples): coverage(share, samples) for share in SHARES for samples in SAMPLES}
    for samples in SAMPLES:
        assert sum(found[share, samples] for share in SHARES) / len(SHARES) >= 0.93
    assert min(found.values()) >= LEAST_COVERAGE
    assert found[0.0042, 122] >= 0.9 and found[0.0042, 203] >= 0.9  # of which half the runs see no sample


def test_nothing_and_everything_are_as_uncertain_as_so_few_samples_are() -> None:
    for samples in (*SAMPLES, 10**9):
        unseen = 1.96**2 / (samples + 1.96**2)
        assert interval_of_share(0.0, samples) == pytest.approx((0.0, unseen))
        assert interval_of_share(1.0, samples) == pytest.approx((1 - unseen, 1.0))
        assert interval_of_share(1.0, samples).error(1.0) > 0
    assert interval_of_share(0.0, 0) == Interval(0.0, 1.0)


def test_profiles_of_a_program_whose_shares_are_known_state_intervals_that_hold_them() -> None:
    truth = {1: 0.0042, 2: 0.05, 3: 0.3, 4: 0.6458}
    chance = random.Random(4711)
    held = dict.fromkeys(truth, 0)
    runs = 400
    for _ in range(runs):
        samples = chance.randint(122, 203)
        hits = dict.fromkeys(truth, 0)
        for line in chance.choices(list(truth), list(truth.values()), k=samples):
            hits[line] += 1
        for row in sampled(hits).files[0].lines:
            assert row.low is not None and row.high is not None and row.error is not None
            assert row.low <= row.share <= row.high and row.error > 0
            held[row.line] += row.low <= truth[row.line] <= row.high
            assert row.low >= row.share - row.error - 1e-9 and row.high <= row.share + row.error + 1e-9
    assert all(count / runs >= 0.9 for count in held.values())
    assert sum(held.values()) / (runs * len(truth)) >= 0.93


def sampled(hits: dict[int, int]) -> Profile:
    """The profile of a run in which each line was hit by so many samples."""
    main = raw_function([("ADD", line, 1000, count, 0, 0) for line, count in hits.items()], sampled=True)
    sampling = {
        "samples": sum(hits.values()),
        "sampler": "signal",
        "interval_ns": 1_000_000,
        "gc_samples": 0,
        "compile_samples": 0,
        "outside_samples": 0,
        "tree": [(0, 0, 0, None, 0)],
        "waiting": None,
    }
    raw = raw_profile(main, run_ns=1_000_000 * sum(hits.values()), sampling=sampling)
    return attribute(raw, "sample", Program("a.lua"), LoadedFiles())


@pytest.mark.parametrize(
    ("hits", "known"),
    [
        ([64, 1], True),  # 98 % of 65 samples
        ([4], True),
        ([3], False),
        ([1, 0], False),
        ([2, 2, 2], False),
        ([5, 5], False),  # a third line may have taken as much
        ([8, 7], True),
        ([50, 50], True),  # that both took more than any other is known
        ([5] * 20, False),
        ([8, *[4] * 23], True),
        ([0], False),
    ],
)
def test_the_order_is_known_where_the_leading_line_is_told_from_one_that_no_sample_hit(
    hits: list[int], known: bool
) -> None:
    assert order_is_known(sampled(dict(enumerate(hits, 1)))) == known


def test_what_was_not_sampled_has_its_order() -> None:
    assert order_is_known(Profile("trace", Program("a.lua"), Totals(run_ns=10)))
    file = FileProfile("a.lua", None, [LineRow(1, 1, 1, 1.0)])
    assert order_is_known(Profile("count", Program("a.lua"), Totals(), files=[file]))
