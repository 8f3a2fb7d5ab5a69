"""Budgets: the most that a program, a file or a function may cost, and whether a profile keeps within it.

Pure. All figures are exact, so that the same program keeps or exceeds its budgets on every machine. A function's figures
are its own, over all its calls and without the functions that it calls, as in the profile.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from perilune.profiler.model import FileProfile, FunctionRow, Profile, Range

FORMAT = "perilune-budgets"
VERSION = 1

FUNCTION_FIGURES = ("instructions", "calls", "allocations", "allocated_bytes")
"""What a budget for a function or a file may limit."""
PROGRAM_FIGURES = (*FUNCTION_FIGURES, "peak_bytes", "peak_depth")
"""What a budget for the whole program may limit."""

_COUNT_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_BYTE_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_AMOUNT = re.compile(r"(?P<number>[0-9][0-9_]*(?:\.[0-9]+)?)\s*(?P<unit>[A-Za-z]*)")


class BudgetError(ValueError):
    """What is written as a budget is none; the message begins with where it stands."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit for one figure of a file, or of the function of it that is called `function` and begins at `line`.

    The budget of the file that is the program is the whole program's. `origin` says where the budget is written.
    """

    path: str
    figure: str
    limit: int
    origin: str
    function: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a budget limits, measured. `ran` is false for a function or file of which nothing ran."""

    budget: Budget
    measured: int
    ran: bool

    @property
    def over(self) -> int:
        """By how much the budget is exceeded; 0 if it is kept."""
        return max(0, self.measured - self.budget.limit)

    def to_json(self) -> dict[str, Any]:
        """The result as plain values."""
        budget = self.budget
        return {
            "path": budget.path,
            "function": budget.function,
            "line": budget.line,
            "figure": budget.figure,
            "limit": budget.limit,
            "measured": self.measured,
            "over": self.over,
            "ran": self.ran,
            "origin": budget.origin,
        }


def parse_amount(text: str, figure: str) -> int:
    """A limit as it is written: `12000`, `12_000`, `12K`, for bytes also `64kB` (1,000) and `64KiB` (1,024).

    Raises ValueError.
    """
    units = _BYTE_UNITS if figure.endswith("_bytes") else _COUNT_UNITS
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"expected a number, found '{text}'")
    unit = units.get(match["unit"].lower())
    if unit is None:
        names = "B, kB, MB, GB, KiB, MiB or GiB" if units is _BYTE_UNITS else "K, M or G"
        raise ValueError(f"expected {names} behind the number, found '{match['unit']}'")
    amount = Fraction(match["number"].replace("_", "")) * unit
    if amount.denominator != 1:
        raise ValueError(f"expected a whole number, found '{text}'")
    return amount.numerator


def amount_text(amount: int, figure: str) -> str:
    """An amount as one would write it as a limit: two digits, rounded up, so that it holds with little to spare.

    `parse_amount` reads it. A count below 100 is exact: 12 calls are 12 calls.
    """
    size = 10 ** max(0, len(str(amount)) - 2)
    rounded = -(-amount // size) * size
    names = ("", "kB", "MB", "GB") if figure.endswith("_bytes") else ("", "K", "M", "G")
    power = min((len(str(rounded)) - 1) // 3, len(names) - 1)
    whole, tenths = divmod(rounded * 10 // 1000**power, 10)
    return f"{whole}.{tenths}{names[power]}" if tenths else f"{whole}{names[power]}"


def is_known(figure: str, of_program: bool) -> bool:
    """Whether a budget may limit this figure."""
    return figure in (PROGRAM_FIGURES if of_program else FUNCTION_FIGURES)


def unknown_figure(figure: str, of_program: bool) -> str:
    """What to say about a figure that a budget may not limit."""
    if figure in PROGRAM_FIGURES:
        return f"{figure} is a figure of the whole program, not of a function or a file that it loads"
    known = PROGRAM_FIGURES if of_program else FUNCTION_FIGURES
    found = f"'{figure}'" if figure else "nothing"
    return f"expected one of {', '.join(known)}, found {found}"


def check(budget: Budget, profile: Profile) -> Result:
    """Compares a budget with what the profile measured. Its file must be in the profile, and its function in the file."""
    file = profile.file(budget.path)
    assert file is not None
    if budget.function is not None:
        (row,) = find_functions(file, budget.function, budget.line)
        return check_function(budget, row)
    if budget.path == profile.program.path:
        ranges = [] if profile.totals.repeats is None else profile.totals.repeats.ranges
        return Result(budget, _most(ranges, budget.figure, _program_figure(profile, budget.figure)), ran=True)
    return Result(budget, _file_figure(file, budget.figure), ran=any(row.calls for row in file.functions))


def check_function(budget: Budget, row: FunctionRow) -> Result:
    """Compares a budget of a function with what was measured of it."""
    return Result(budget, _most(row.ranges, budget.figure, getattr(row, budget.figure)), ran=row.calls > 0)


def _most(ranges: Sequence[Range], figure: str, value: int) -> int:
    """The most that a figure was in any run that the profile is of."""
    return max([value, *(each.high for each in ranges if each.figure == figure)])


def find_functions(file: FileProfile, name: str | None, line: int | None) -> list[FunctionRow]:
    """The functions of a file with this name, or beginning at this line, or both; None stands for any."""
    return [row for row in file.functions if name in (None, row.name) and line in (None, row.line)]


def _program_figure(profile: Profile, figure: str) -> int:
    totals = profile.totals
    values = {
        "instructions": totals.instructions,
        "calls": sum(_file_figure(file, "calls") for file in profile.files),
        "allocations": totals.memory.allocations,
        "allocated_bytes": totals.memory.allocated_bytes,
        "peak_bytes": totals.memory.peak_bytes,
        "peak_depth": totals.stack.peak_depth,
    }
    return values[figure]


def _file_figure(file: FileProfile, figure: str) -> int:
    return sum(getattr(row, figure) for row in file.functions)
