"""Budgets in a TOML file: a table for every file or function, with the most of each figure.

[files."main.lua"]
instructions = 12000
allocated_bytes = "64kB"

[functions."main.lua:fib"]
calls = 100
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass

from perilune.profiler.budgets import Budget, BudgetError, find_functions, is_known, parse_amount, unknown_figure
from perilune.profiler.model import FileProfile, Profile

DEFAULT_BUDGET_FILE = "perilune-budget.toml"

_KINDS = ("files", "functions")
_LONGEST_LINE = 4000


@dataclass(frozen=True, slots=True)
class Entry:
    """One limit as the file states it; `key` is a path, or for a function a path, a colon, and its name or line."""

    kind: str
    key: str
    figure: str
    limit: int
    origin: str


def read_budget_file(text: str, path: str) -> list[Entry]:
    """The limits in a budget file. Raises BudgetError."""
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > _LONGEST_LINE:  # the time that TOML's reader takes grows with the square of it
            raise BudgetError(f"{path}: line {number} is longer than {_LONGEST_LINE} characters")
    try:
        tables = tomllib.loads(text)
    except RecursionError as error:
        raise BudgetError(f"{path}: nested too deeply") from error
    except ValueError as error:
        raise BudgetError(f"{path}: {error}") from error
    entries = []
    for kind, subjects in tables.items():
        if kind not in _KINDS or not isinstance(subjects, dict):
            raise BudgetError(f'{path}: {kind}: expected tables [files."FILE"] and [functions."FILE:NAME"]')
        for key, limits in subjects.items():
            origin = f'{path}: {kind}."{key}"'
            if not isinstance(limits, dict):
                raise BudgetError(f"{origin}: expected a table")
            entries += [
                Entry(kind, key, figure, _limit(limit, figure, origin), origin) for figure, limit in limits.items()
            ]
    return entries


def _limit(value: object, figure: str, origin: str) -> int:
    if not is_known(figure, of_program=True):
        raise BudgetError(f"{origin}: {unknown_figure(figure, of_program=True)}")
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    try:
        return parse_amount(value if isinstance(value, str) else str(value), figure)
    except ValueError as error:
        raise BudgetError(f"{origin}.{figure}: {error}") from error


def budgets_of(entry: Entry, profile: Profile, folder: str, directory: str | None = None) -> list[Budget]:
    """The budgets that an entry of a file in `folder` is in this profile: none if its file did not take part.

    Its paths count from `folder`, or from the current one; where the program ran in another `directory`, from `folder` alone.
    They are several where the file was loaded with several texts, each of which has to keep them. Raises BudgetError for a
    function that its file has not, or has several times, and for a figure of the program that is asked of anything else.
    """
    budgets = []
    without = None
    for file in profile.files:
        rest = _behind_path(entry, file, folder, directory)
        if rest is None:
            continue
        of_program = entry.kind == "files" and file.path == profile.program.path
        if not is_known(entry.figure, of_program):
            raise BudgetError(f"{entry.origin}: {unknown_figure(entry.figure, of_program)}")
        if entry.kind == "files":
            budgets.append(Budget(file.path, entry.figure, entry.limit, entry.origin))
            continue
        name, line = (None, int(rest)) if rest.isdecimal() else (rest, None)
        found = find_functions(file, name, line)
        if len(found) > 1:
            places = ", ".join(f"{row.name} at line {row.line}" for row in sorted(found, key=lambda row: row.line))
            raise BudgetError(f"{entry.origin}: {len(found)} functions {_called(rest)}: {places}")
        if found:
            budgets.append(Budget(file.path, entry.figure, entry.limit, entry.origin, found[0].name, found[0].line))
        else:
            without = f"{entry.origin}: {file.path} has no function {_called(rest)}"
    if without is not None and not budgets:
        raise BudgetError(without)
    return budgets


def file_exists(entry: Entry, folder: str) -> bool:
    """Whether the file that an entry names is there, though it may not have taken part in a run."""
    paths = [entry.key] if entry.kind == "files" else [path for path, _ in _splits(entry.key)]
    return any(os.path.isfile(path) or os.path.isfile(os.path.join(folder, path)) for path in paths)


def _behind_path(entry: Entry, file: FileProfile, folder: str, directory: str | None) -> str | None:
    """What follows the file's path in an entry's key, None if that names another file."""
    splits = [(entry.key, "")] if entry.kind == "files" else _splits(entry.key)
    for path, rest in splits:
        if directory is None and os.path.normpath(path) == os.path.normpath(file.path):
            return rest
        location = os.path.abspath(os.path.join(directory or "", file.location or file.path))
        if os.path.abspath(os.path.join(folder, path)) == location:
            return rest
    return None


def _splits(key: str) -> list[tuple[str, str]]:
    """All ways to read a key as a path and a name, both of which may hold colons."""
    return [(key[:index], key[index + 1 :]) for index, char in enumerate(key) if char == ":"]


def _called(text: str) -> str:
    return f"beginning at line {text}" if text.isdecimal() else f"called {text}"
