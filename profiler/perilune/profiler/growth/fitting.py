"""Fits the families of growth to exact counts, and finds out which of them the sizes can tell apart.

A family is fitted by least squares of relative errors, with and without terms of lower order. What it explains is weighed
as evidence in nats: each size that it predicts, beyond those that its free figures need, is worth the more, the more exact
the prediction is. So of two families that are exact the one with fewer figures wins, and of two with as many the more
exact one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy

from perilune.profiler.growth.families import CONSTANT, FAMILIES, POWER, TERMS, Family
from perilune.profiler.growth.model import LEAST_SIZES, Fit, Term

_CERTAIN = 3.0  # nats: odds of twenty to one
_ROUNDING = 0.29  # the standard deviation of what is rounded to whole steps
_LEAST_ERROR = 1e-7
_COST_OF_A_FIGURE = math.log(2 * math.pi * math.e)
_MOST_CANCELLING = 4.0  # times the value: a difference of larger terms can look like anything
_COST_OF_LITTLE = 2.0  # for each power of e that the leading term is away from being all of the last value
_NEVER_OWED = ("1", "log n")
_COST_OF_A_DEBT = (
    5.0  # of such a term that takes away as much as there is at the first size: what costs less than nothing?
)
_COST_OF_A_NEAR_POWER = 2.0  # such as n^1.02, which is n with something that slows it
_MOST_COST_OF_A_RIVAL = 2.0
_NOISE_STEPS = 8
_GRID, _ZOOMS = 25, 7
_SAME_EXPONENT = 0.06

_Floats = numpy.typing.NDArray[numpy.float64]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A family as it fits best. `evidence` is in nats, `predicted` the values at the sizes.

    `preference` is the evidence and what is known of programs before: that most grow like the plainest families.
    """

    family: Family
    parameter: float | None
    terms: tuple[Term, ...]
    evidence: float
    preference: float
    predicted: tuple[float, ...]


def fit(sizes: Sequence[int], values: Sequence[int], step: float = 1.0) -> Fit | None:
    """How the values grow with the sizes, of which there are LEAST_SIZES or more, ascending and from 1 on.

    `step` is the least by which a value can differ from another: what one more pass costs. None where too few values are above 0.
    """
    if sum(value > 0 for value in values) < LEAST_SIZES:
        return None
    if min(values) == max(values):
        return Fit(CONSTANT.name, None, [Term("1", math.log(values[0]))], 0.0, 1.0, 0.0)
    return _fit(tuple(sizes), tuple(values), step)


@lru_cache(maxsize=4096)  # the lines of a loop all grow alike
def _fit(sizes: tuple[int, ...], values: tuple[int, ...], step: float) -> Fit:
    series = _Series(sizes, values, step)
    candidates = [found for family in FAMILIES for found in series.candidates(family)]
    best = max(candidates, key=lambda each: each.preference)
    rivals: dict[str, _Candidate] = {}
    plain = _plain_power(best, candidates)
    if plain is not None:
        best, rivals[POWER.name] = plain, best
    if len(set(values)) < LEAST_SIZES:  # one step, which any family has that is steep or flat enough
        constant = max((each for each in candidates if each.family is CONSTANT), key=lambda each: each.preference)
        best, rivals[best.family.name] = constant, best
    for each in sorted(candidates, key=lambda each: -each.preference):
        if best.evidence - each.evidence < _CERTAIN and not _is_same(best, each):
            rivals.setdefault(each.family.name, each)
    rivals.pop(best.family.name, None)
    logs = [(math.log(n), math.log(value)) for n, value in zip(sizes, values, strict=True) if value > 0]
    errors = [abs(guess - value) / max(value, step) for guess, value in zip(best.predicted, values, strict=True)]
    return Fit(
        best.family.name,
        best.parameter,
        list(best.terms),
        _slope(logs),
        _determination(values, best.predicted),
        max(errors),
        [each.family.text(each.parameter, ascii_only=True) for each in rivals.values()],
    )


def _plain_power(best: _Candidate, candidates: Sequence[_Candidate]) -> _Candidate | None:
    """The plain power that one like n^0.97 is with something that slows it down, as far as anyone can tell."""
    if best.family is not POWER:
        return None
    plain = [each for each in candidates if each.family.name in _POWERS and _is_same(best, each)]
    return max(plain, key=lambda each: each.preference, default=None)


def _is_same(best: _Candidate, other: _Candidate) -> bool:
    """Whether the other is of the same family, or the same power but for the noise of its exponent."""
    if best.family is other.family:
        return True
    return POWER in (best.family, other.family) and abs(_power(best) - _power(other)) < _SAME_EXPONENT


_POWERS = {"constant": 0.0, "sqrt n": 0.5, "n": 1.0, "n sqrt n": 1.5, "n^2": 2.0, "n^3": 3.0, "n^4": 4.0}


def _power(candidate: _Candidate) -> float:
    if candidate.family is POWER and candidate.parameter is not None:
        return candidate.parameter
    return _POWERS.get(candidate.family.name, math.inf)


class _Series:
    """The values at the sizes, to which families are fitted."""

    def __init__(self, sizes: tuple[int, ...], values: tuple[int, ...], step: float) -> None:
        self._sizes = sizes
        self._values = numpy.array(values, dtype=numpy.float64)
        self._scale = numpy.maximum(self._values, step)
        self._targets = self._values / self._scale
        self._floors = numpy.maximum(_ROUNDING * step / self._scale, _LEAST_ERROR) ** 2

    def candidates(self, family: Family) -> list[_Candidate]:
        """The family with each of its sets of lower terms, as far as the sizes are enough for them and they fit."""
        found = (self._candidate(family, below) for below in family.below)
        return [each for each in found if each is not None]

    def _candidate(self, family: Family, below: tuple[str, ...]) -> _Candidate | None:
        figures = 1 + len(below) + (family.range is not None)
        left = len(self._sizes) - figures
        if left < 1:
            return None
        parameter = None if family.range is None else self._best_parameter(family, below, family.range)
        errors, coefficients, logs = self._fitted(family, below, numpy.array([parameter or 0.0]))
        if not math.isfinite(errors[0]):
            return None
        predicted = self._values_of(family, below, parameter, coefficients[0])
        variances = self._variances((predicted - self._values) / self._scale, left)
        evidence = -left / 2 * (float(numpy.mean(numpy.log(variances))) + _COST_OF_A_FIGURE)
        at_end = self._columns(family, (), parameter or 0.0)[0][-1] - float(logs[0, 0])
        evidence -= _COST_OF_LITTLE * abs(math.log(coefficients[0, 0] / self._scale[-1]) + at_end)
        if below and below[-1] in _NEVER_OWED:
            owed = -float(coefficients[0, -1]) * math.exp(
                self._columns(family, below, parameter or 1.0)[-1][0] - float(logs[0, -1])
            )
            evidence -= _COST_OF_A_DEBT * min(1.0, max(0.0, owed / float(self._scale[0])))
        preference = evidence - family.cost
        if family is POWER and min(abs((parameter or 0.0) - known) for known in _POWERS.values()) < _SAME_EXPONENT:
            preference -= _COST_OF_A_NEAR_POWER
        evidence -= min(family.cost, _MOST_COST_OF_A_RIVAL)
        terms = tuple(
            Term(name, math.log(abs(coefficient)) - log, 1 if coefficient > 0 else -1)
            for name, coefficient, log in zip((family.name, *below), coefficients[0], logs[0], strict=True)
            if coefficient
        )
        return _Candidate(family, parameter, terms, evidence, preference, tuple(float(value) for value in predicted))

    def _variances(self, residuals: _Floats, left: int) -> _Floats:
        """The squares of the relative errors to be expected at the sizes: of rounding, and of a noise that explains the rest."""
        noise = 0.0
        for _ in range(_NOISE_STEPS):
            variances = self._floors + noise
            excess = float(numpy.sum(residuals**2 / variances)) / left
            if noise == 0.0 and excess <= 1:
                return variances
            noise = noise * excess if noise else float(numpy.sum(residuals**2)) / left
        return self._floors + noise

    def _best_parameter(self, family: Family, below: tuple[str, ...], bounds: tuple[float, float]) -> float:
        low, high = math.log(bounds[0]), math.log(bounds[1])
        best = low
        for _ in range(_ZOOMS):
            grid = numpy.linspace(low, high, _GRID)
            errors, _, _ = self._fitted(family, below, numpy.exp(grid))
            best = float(grid[int(numpy.argmin(errors))])
            width = (high - low) / (_GRID - 1)
            low, high = max(low, best - width), min(high, best + width)
        return math.exp(best)

    def _columns(self, family: Family, below: tuple[str, ...], parameter: float) -> list[list[float]]:
        """The logarithms of the terms at the sizes."""
        terms = (family.leading, *(TERMS[name] for name in below))
        return [[term(n, parameter) for n in self._sizes] for term in terms]

    def _fitted(self, family: Family, below: tuple[str, ...], parameters: _Floats) -> tuple[_Floats, _Floats, _Floats]:
        """For each parameter the sum of squares of the relative errors, the coefficients, and the logs they are of.

        A coefficient is that of its term divided by what the term is at its largest. The sum is infinite where the
        leading term would fall, or where terms would cancel each other out.
        """
        columns = numpy.array([self._columns(family, below, float(each)) for each in parameters])
        largest = columns.max(axis=2)
        design = numpy.exp(columns - largest[:, :, None]) / self._scale
        widths = numpy.linalg.norm(design, axis=2)
        widths[widths == 0] = 1.0
        scaled = numpy.swapaxes(design / widths[:, :, None], 1, 2)
        solutions = numpy.linalg.pinv(scaled, rcond=1e-13) @ self._targets
        residuals = self._targets - (scaled @ solutions[:, :, None])[:, :, 0]
        errors = numpy.sum(residuals**2, axis=1)
        coefficients = solutions / widths
        parts = numpy.abs(design * coefficients[:, :, None]).sum(axis=1)
        cancels = (parts > _MOST_CANCELLING * numpy.maximum(self._targets, 1e-9)).any(axis=1) & bool(below)
        errors[(coefficients[:, 0] <= 0) | cancels] = math.inf
        return errors, coefficients, largest

    def _values_of(
        self, family: Family, below: tuple[str, ...], parameter: float | None, coefficients: _Floats
    ) -> _Floats:
        columns = numpy.array(self._columns(family, below, parameter or 0.0))
        values: _Floats = coefficients @ numpy.exp(columns - columns.max(axis=1)[:, None])
        return values


def _slope(logs: Sequence[tuple[float, float]]) -> float:
    """The exponent of the power that fits best."""
    if len(logs) < 2:
        return 0.0
    x, y = (numpy.array(each) for each in zip(*logs, strict=True))
    return float(numpy.polyfit(x, y, 1)[0])


def _determination(values: Sequence[int], predicted: Sequence[float]) -> float:
    """R² of the logarithms: the part of their variance that the fit explains."""
    pairs = [
        (math.log(value), math.log(guess))
        for value, guess in zip(values, predicted, strict=True)
        if value > 0 and guess > 0
    ]
    mean = sum(value for value, _ in pairs) / max(1, len(pairs))
    total = sum((value - mean) ** 2 for value, _ in pairs)
    left = sum((value - guess) ** 2 for value, guess in pairs)
    return max(0.0, 1 - left / total) if total else 0.0
