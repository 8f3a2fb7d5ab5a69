"""Budgets from comments and from a budget file, held against what was measured."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from perilune.cli.errors import CommandError
from perilune.cli.measured import Measured
from perilune.cli.program import read_program
from perilune.profiler.budget_comments import read_comments
from perilune.profiler.budget_file import DEFAULT_BUDGET_FILE, Entry, budgets_of, file_exists, read_budget_file
from perilune.profiler.budgets import Budget, BudgetError, Result, check


@dataclass(slots=True)
class Checked:
    """What came of all programs. `used` are the entries of the budget file whose file took part."""

    results: list[Result] = field(default_factory=list)
    failed: list[tuple[str, int]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)


def budget_file(path: str | None) -> tuple[str, list[Entry]]:
    """The budget file, the default one for None, with its entries. Ends the command where it is wrong."""
    if path is None:
        path = DEFAULT_BUDGET_FILE
        if not os.path.isfile(path):
            return path, []
    try:
        return path, read_budget_file(read_program(path).decode(), path)
    except UnicodeDecodeError as error:
        raise CommandError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from error
    except BudgetError as error:
        raise CommandError(str(error)) from error


def check_measured(measured: Measured, entries: Sequence[Entry], folder: str, checked: Checked) -> None:
    """Checks all budgets of what was measured. Paths of entries count from `folder`."""
    profile = measured.profile
    if profile.failure:
        checked.errors.append(f"the budgets of {profile.program.path} were not checked: it ended {profile.failure}")
        return
    budgets: list[Budget] = []
    for file in profile.files:
        is_program = file.path == profile.program.path
        if file.path in measured.texts and (is_program or file.sha256 is not None):
            found, errors = read_comments(file.path, measured.texts[file.path], is_program)
            budgets += found
            checked.errors += errors
        elif file.sha256 is not None:
            checked.notes.append(
                f"{file.path} has changed since it was profiled, or is gone: its comments were not read"
            )
    for index, entry in enumerate(entries):
        try:
            of_entry = budgets_of(entry, profile, folder)
        except BudgetError as error:
            checked.errors.append(str(error))
            continue
        budgets += of_entry
        if of_entry:
            checked.used.add(index)
    checked.results += [check(budget, profile) for budget in budgets]


def note_unused(entries: Sequence[Entry], folder: str, checked: Checked) -> None:
    """Notes the entries whose file did not take part; that there is no such file is an error."""
    for entry in {entry.origin: entry for index, entry in enumerate(entries) if index not in checked.used}.values():
        if any(error.startswith(entry.origin) for error in checked.errors):
            continue
        if file_exists(entry, folder):
            checked.notes.append(f"{entry.origin} was not checked: the file did not take part")
        else:
            checked.errors.append(f"{entry.origin}: there is no such file")
