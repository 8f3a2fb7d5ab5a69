"""Growth as data: figures at several sizes, and their fits: families with coefficients, how good, and with which rivals.

The dataclasses mirror the JSON object that `perilune grow --json` writes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from perilune.profiler.growth.families import BY_NAME, TERMS, Family
from perilune.profiler.model import Program
from perilune.profiler.plain import from_plain, to_plain

LEAST_SIZES = 3
"""Fewer sizes say nothing: two points lie on a curve of every family."""

LARGEST_ERROR = 0.25
"""A fit that is further from a value than this share of it tells no family for certain."""

FORMAT = "perilune-growth"
VERSION = 1


@dataclass(slots=True)
class Term:
    """A term of a fit: a name of TERMS, or the family's own, and what it is multiplied with, as a natural logarithm.

    The logarithm is of the size of the coefficient; `sign` is 1 or -1.
    """

    name: str
    log_coefficient: float
    sign: int = 1


@dataclass(slots=True)
class Fit:
    """How a figure grows with n.

    `family` is a name of families.FAMILIES, `parameter` the exponent of `n^{}` or the base of `{}^n`. The first of the
    `terms` is the leading one. `exponent` is measured: the slope of the logarithms over all sizes. `determination` is R²
    of the logarithms, `error` the largest relative error of a value. `rivals` are the families that the sizes cannot tell
    from it, as texts in ASCII.
    """

    family: str
    parameter: float | None
    terms: list[Term]
    exponent: float
    determination: float
    error: float
    rivals: list[str] = field(default_factory=list)

    @property
    def is_certain(self) -> bool:
        """Whether no other family is as likely, and this one says more or less what the values are."""
        return not self.rivals and self.error < LARGEST_ERROR

    def text(self, ascii_only: bool = False) -> str:
        """`n²`, or `n^2` in ASCII."""
        return self._family.text(self.parameter, ascii_only)

    def log_value(self, n: float) -> float:
        """The natural logarithm of the fitted value at n; minus infinity where it is not above 0."""
        logs = [(self._log_term(term, n) + term.log_coefficient, term.sign) for term in self.terms]
        largest = max(log for log, _ in logs)
        if largest == -math.inf:
            return largest
        total = sum(sign * math.exp(log - largest) for log, sign in logs)
        return largest + math.log(total) if total > 0 else -math.inf

    def factor(self, n: float, times: float = 2.0) -> float:
        """What the leading term is multiplied with as n becomes so many times what it is; infinite beyond all numbers."""
        leading, parameter = self._family.leading, self.parameter or 0.0
        try:
            return math.exp(leading(n * times, parameter) - leading(n, parameter))
        except OverflowError:
            return math.inf

    @property
    def _family(self) -> Family:
        return BY_NAME[self.family]

    def _log_term(self, term: Term, n: float) -> float:
        if term is self.terms[0]:
            return self._family.leading(n, self.parameter or 0.0)
        return TERMS[term.name](n, 0.0)


@dataclass(slots=True)
class Series:
    """One figure, called as the field of the profile that has it, at each of the sizes; `fit` is None where too few are above 0."""

    figure: str
    values: list[int]
    fit: Fit | None = None


@dataclass(slots=True)
class Subject:
    """What grows: the whole run, a function or a line, with its series, the leading one first.

    `line` is 0 for the whole run, for a function that where it begins; `name` is a function's. `share` is that of the
    largest run, `predicted_share` that of a run at the size of the prediction.
    """

    path: str
    line: int
    name: str
    share: float
    series: list[Series]
    predicted_share: float | None = None

    @property
    def leading(self) -> Series:
        return self.series[0]

    def of(self, figure: str) -> Series | None:
        """The series of a figure."""
        return next((series for series in self.series if series.figure == figure), None)


@dataclass(slots=True)
class Growth:
    """How a program's figures grow with `variable`, of which `sizes` are the values that it was run with.

    Lines and functions stand in the order of their shares of the largest run. `predicted_at` is the size that the
    predicted shares are of.
    """

    program: Program
    variable: str
    sizes: list[int]
    mode: str
    predicted_at: int
    whole: Subject
    functions: list[Subject] = field(default_factory=list)
    lines: list[Subject] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The growth as a JSON object: a member a field."""
        plain: dict[str, Any] = to_plain(self)
        return {"format": FORMAT, "version": VERSION, **plain}

    @classmethod
    def from_json(cls, value: object) -> Growth:
        """Reads what `to_json` made. Raises PlainError."""
        return from_plain(cls, value)
