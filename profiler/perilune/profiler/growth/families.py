"""The usual ways in which a count grows: constant, log n, n, n log n, n², n³, nᵏ, 2ⁿ, and a few between and beyond."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

LogTerm = Callable[[float, float], float]
"""(n, parameter) -> the natural logarithm of the term at that n, which keeps 2ⁿ and n! in range."""

_NOTHING = -math.inf


def _log(value: float) -> float:
    return math.log(value) if value > 0 else _NOTHING


def _power(exponent: float, logs: int = 0) -> LogTerm:
    return lambda n, _: exponent * math.log(n) + (logs * _log(math.log(n)) if logs else 0.0)


def _log_log(n: float, _: float) -> float:
    return math.log(n) + _log(_log(math.log(n)))


TERMS: dict[str, LogTerm] = {
    "1": _power(0),
    "log n": _power(0, 1),
    "n": _power(1),
    "n log n": _power(1, 1),
    "n^2": _power(2),
    "n^3": _power(3),
}
"""What may stand below the leading term."""


@dataclass(frozen=True, slots=True)
class Family:
    """One family. `name` is in ASCII, as JSON has it, `title` with the characters that it is usually written in.

    `below` are the sets of terms of lower order that may be added. A family with a parameter has its least and largest
    value in `range`; `{}` stands for it in both names. `cost` is how many nats of evidence more than the plainest families
    it needs, because fewer programs are like that.
    """

    name: str
    title: str
    leading: LogTerm
    below: tuple[tuple[str, ...], ...] = ((),)
    cost: float = 0.0
    range: tuple[float, float] | None = None

    def text(self, parameter: float | None, ascii_only: bool = False) -> str:
        """`n^2`, `n²`, `n^1.58`, `1.62ⁿ`."""
        name = self.name if ascii_only else self.title
        return name if parameter is None else name.replace("{}", f"{parameter:.3g}")


CONSTANT = Family("constant", "constant", TERMS["1"])

POWER = Family(
    "n^{}", "n^{}", lambda n, exponent: exponent * math.log(n), ((), ("1",), ("n",)), cost=3.5, range=(0.03, 7.0)
)

EXPONENTIAL = Family("{}^n", "{}ⁿ", lambda n, base: n * math.log(base), ((), ("1",), ("n",)), 1.0, (1.05, 40.0))

FACTORIAL = Family("n!", "n!", lambda n, _: math.lgamma(n + 1), ((), ("1",)), cost=1.0)

FAMILIES: tuple[Family, ...] = (
    CONSTANT,
    Family("log n", "log n", _power(0, 1), ((), ("1",)), cost=0.5),
    Family("log^2 n", "log² n", _power(0, 2), ((), ("1",), ("log n",), ("log n", "1")), cost=2.0),
    Family("sqrt n", "√n", _power(0.5), ((), ("1",)), cost=1.5),
    Family("n", "n", _power(1), ((), ("1",), ("log n",))),
    Family("n log log n", "n log log n", _log_log, ((), ("1",), ("n",)), cost=3.0),
    Family("n log n", "n log n", _power(1, 1), ((), ("1",), ("n",), ("n", "1")), cost=0.8),
    Family("n log^2 n", "n log² n", _power(1, 2), ((), ("n",), ("n log n",), ("n log n", "n")), cost=3.5),
    Family("n sqrt n", "n√n", _power(1.5), ((), ("1",), ("n",)), cost=1.5),
    Family("n^2", "n²", _power(2), ((), ("1",), ("n",), ("n log n",), ("n", "1"))),
    Family("n^2 log n", "n² log n", _power(2, 1), ((), ("n^2",), ("n",), ("n^2", "n")), cost=2.0),
    Family("n^3", "n³", _power(3), ((), ("1",), ("n",), ("n^2",), ("n^2", "n"), ("n^2", "n", "1")), cost=0.5),
    Family("n^4", "n⁴", _power(4), ((), ("n^3",), ("n^2",), ("n^3", "n^2")), cost=1.5),
    POWER,
    EXPONENTIAL,
    FACTORIAL,
)

BY_NAME = {family.name: family for family in FAMILIES}
