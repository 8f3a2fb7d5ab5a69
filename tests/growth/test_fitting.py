"""Fits of values that are computed here: families, exactness, and what sizes cannot tell apart."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import pytest

from perilune.profiler.growth.model import Fit, Growth, Series, Subject
from perilune.profiler.growth.words import factor_text, growth_text, prediction_text, rivals_text, size_text
from perilune.profiler.model import Program

pytest.importorskip("numpy")

DOUBLING = (1000, 2000, 4000, 8000)
THREE = (1000, 2000, 4000)
UNEVEN = (700, 1100, 1900, 3100, 5300)
SMALL = (10, 12, 14, 16)

Count = Callable[[int], int]


def fitted(sizes: Sequence[int], values: Sequence[int]) -> Fit:
    from perilune.profiler.growth.fitting import fit

    found = fit(sizes, values)
    assert found is not None
    return found


EXACT: list[tuple[str, Count, tuple[int, ...]]] = [
    ("constant", lambda n: 17, DOUBLING),
    ("n", lambda n: 5 * n + 3, THREE),
    ("n", lambda n: 5 * n + 20_000, DOUBLING),
    ("n", lambda n: 8 * (n // 3), UNEVEN),
    ("n^2", lambda n: n * (n - 1) // 2, THREE),
    ("n^2", lambda n: n * n // 2 + n, UNEVEN),
    ("n^2", lambda n: n * n + 100 * n + 7, DOUBLING),
    ("n^3", lambda n: 6 * n**3 + n * n, SMALL),
    ("n sqrt n", lambda n: sum(math.isqrt(i) for i in range(n)), THREE),
    ("log n", lambda n: 8 * n.bit_length() + 3, DOUBLING),
    ("log^2 n", lambda n: n.bit_length() ** 2, (16, 64, 256, 1024, 4096)),
    ("n log n", lambda n: sum(n // i for i in range(1, n + 1)), UNEVEN),
    ("2^n", lambda n: 2**n, SMALL),
    ("n!", math.factorial, (5, 6, 7, 8)),
    ("n^2.81", lambda n: 7 ** (n.bit_length() - 1), (16, 32, 64, 128)),
    ("n^1.1", lambda n: int(5 * n**1.1), DOUBLING),
]


@pytest.mark.parametrize(("family", "count", "sizes"), EXACT)
def test_exact_counts_tell_their_family(family: str, count: Count, sizes: tuple[int, ...]) -> None:
    found = fitted(sizes, [count(n) for n in sizes])
    assert found.text(ascii_only=True) == family
    assert found.is_certain


def test_a_power_close_to_n_log_n_is_told_apart_only_by_a_wide_range() -> None:
    def count(n: int) -> int:
        return round(n * math.log(n))

    near, wide = (1000, 1100, 1200), (1000, 8000, 64_000, 512_000)
    noisy = [round(count(n) * (1 + error)) for n, error in zip(near, (0.01, -0.01, 0.01), strict=True)]
    assert not fitted(near, noisy).is_certain
    assert fitted(wide, [count(n) for n in wide]).is_certain
    assert fitted(wide, [count(n) for n in wide]).family == "n log n"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sizes", [DOUBLING, UNEVEN, (100, 200, 400, 800)])
def test_tosses_of_a_coin_are_linear_or_not_certain(seed: int, sizes: tuple[int, ...]) -> None:
    tosses = random.Random(seed)
    values = [sum(tosses.random() < 0.5 for _ in range(n)) for n in sizes]
    found = fitted(sizes, values)
    assert found.family == "n" or "n" in found.rivals
    assert found.family == "n" or not found.is_certain


def test_steps_that_hide_the_growth_are_not_certain() -> None:
    """Bytes of a table that doubles: between powers of two they say little."""
    values = [16 * (1 << n.bit_length()) for n in UNEVEN]
    found = fitted(UNEVEN, values)
    assert found.family == "n"
    assert not found.is_certain


@pytest.mark.parametrize("values", [(1616, 1616, 1616, 3664), (7, 7, 7, 8), (5, 9, 9, 9)])
def test_one_step_is_no_growth(values: tuple[int, ...]) -> None:
    found = fitted((16, 20, 24, 32), values)
    assert found.family == "constant"
    assert not found.is_certain


def test_too_few_values_have_no_fit() -> None:
    from perilune.profiler.growth.fitting import fit

    assert fit(DOUBLING, [0, 0, 0, 0]) is None
    assert fit(DOUBLING, [0, 0, 5, 9]) is None


def test_a_fit_predicts() -> None:
    found = fitted(DOUBLING, [3 * n * n + n for n in DOUBLING])
    assert math.exp(found.log_value(1e6)) == pytest.approx(3e12 + 1e6, rel=1e-9)
    assert found.factor(8000) == pytest.approx(4)
    steep = fitted(SMALL, [2**n for n in SMALL])
    assert steep.log_value(1e6) == pytest.approx(1e6 * math.log(2), rel=1e-6)


def test_words() -> None:
    square = fitted(DOUBLING, [3 * n * n + n for n in DOUBLING])
    assert (growth_text(square), growth_text(square, ascii_only=True)) == ("~n²", "~n^2")
    assert (factor_text(square, 8000), factor_text(square, 8000, ascii_only=True)) == (
        "×4 per doubling",
        "x4 per doubling",
    )
    assert rivals_text(square) == ""
    assert factor_text(fitted(SMALL, [2**n for n in SMALL]), 16) == "×2 per step"
    assert growth_text(fitted(THREE, [7, 7, 7])) == "constant"
    assert growth_text(None) == ""
    doubtful = Fit("n log n", None, [], 1.1, 0.99, 0.01, ["n^1.12"])
    assert growth_text(doubtful) == "~n log n?"
    assert rivals_text(doubtful) == "n log n or n^1.12: these sizes cannot tell them apart"
    assert (size_text(10**6), size_text(10**6, True), size_text(64)) == ("10⁶", "10^6", "64")


def test_growth_survives_json() -> None:
    square = Series("instructions", [1, 4, 16], fitted((10, 20, 40), [100, 400, 1600]))
    whole = Subject("a.lua", 0, "", 1.0, [square])
    line = Subject("a.lua", 3, "", 1.0, [square], 0.97)
    growth = Growth(Program("a.lua"), "n", [10, 20, 40], "count", 10**6, whole, [], [line], ["a note"])
    assert Growth.from_json(growth.to_json()) == growth
    assert prediction_text(growth) == "At n = 10⁶ line 3 of a.lua is 97 % of the run."
