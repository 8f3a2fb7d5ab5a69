"""`perilune check-budget`: whether programs keep within what they may cost."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from perilune.cli.errors import CommandError, tell
from perilune.cli.measured import Measured, read_subject, run, saved
from perilune.cli.program import read_program
from perilune.cli.streams import print_text
from perilune.profiler.budget_comments import read_comments
from perilune.profiler.budget_file import Entry, budgets_of, file_exists, read_budget_file
from perilune.profiler.budgets import FORMAT, VERSION, Budget, BudgetError, Result, check
from perilune.profiler.model import Profile
from perilune.profiler.renderers.budgets import exceeded_table, kept_text
from perilune.profiler.renderers.report.table import plain_text

DEFAULT_BUDGET_FILE = "perilune-budget.toml"

_FAILED = 1
_EXCEEDED = 3
_WIDTH = 100
_STANDARD_ERROR = 2

DESCRIPTION = """\
Run Lua programs and check what they cost against budgets. All figures are exact
counts, so that the result is the same on every machine. A FILE may also be a
profile saved with perilune profile --format json.
"""

EPILOG = """\
Budgets stand in comments, directly above a function or at the top of a file,
  ---@budget instructions <= 12000, allocated_bytes <= 64kB
or in a budget file:
  [functions."main.lua:fib"]
  instructions = 12000
Figures: instructions, calls, allocations, allocated_bytes; of the whole program
also peak_bytes, peak_depth. A function's are its own, without its callees'.

What the programs write goes to standard error.

Exit status: 0 if all budgets are kept, 3 if one is exceeded, 1 if a program
fails or a budget is wrong, 2 for wrong options.
"""


@dataclass(slots=True)
class _Checked:
    """What came of all programs. `used` are the entries of the budget file whose file took part."""

    results: list[Result] = field(default_factory=list)
    failed: list[tuple[str, int]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)


def main(arguments: list[str]) -> int:
    """Returns 0 if all budgets are kept, 3 if one is exceeded, 1 if something failed."""
    separator = arguments.index("--") if "--" in arguments else len(arguments)
    parser = _parser()
    options = parser.parse_args(arguments[:separator])
    budget_file, entries = _budget_file(options.budget_file)
    folder = os.path.dirname(budget_file)
    checked = _Checked()
    for path in options.files:
        measured = _measure(path, arguments[separator + 1 :], checked)
        if measured is not None:
            _check(measured, entries, folder, checked)
    if not checked.failed:
        _unused_entries(entries, folder, checked)
    if not (checked.results or checked.errors or checked.failed):
        checked.errors.append(f"no budgets in {', '.join(options.files)} (see perilune check-budget --help)")
    return _report(checked, options.format)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="perilune check-budget",
        usage="perilune check-budget [OPTION]... FILE... [-- ARGUMENT...]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a program, which gets the ARGUMENTs, or a saved profile"
    )
    parser.add_argument(
        "--budget-file", metavar="FILE", help=f"budgets beside those in comments (default: {DEFAULT_BUDGET_FILE})"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to write it (default: text)")
    return parser


def _budget_file(path: str | None) -> tuple[str, list[Entry]]:
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


def _measure(path: str, arguments: Sequence[str], checked: _Checked) -> Measured | None:
    """A program's figures; a program that fails is noted, and the next one has its turn."""
    subject = read_subject(path)
    if isinstance(subject, Profile):
        return saved(subject, path)
    measured = run(subject, path, arguments, "count", _STANDARD_ERROR)
    if measured.status:
        checked.failed.append((path, measured.status))
        return None
    return measured


def _check(measured: Measured, entries: Sequence[Entry], folder: str, checked: _Checked) -> None:
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


def _unused_entries(entries: Sequence[Entry], folder: str, checked: _Checked) -> None:
    for entry in {entry.origin: entry for index, entry in enumerate(entries) if index not in checked.used}.values():
        if any(error.startswith(entry.origin) for error in checked.errors):
            continue
        if file_exists(entry, folder):
            checked.notes.append(f"{entry.origin} was not checked: the file did not take part")
        else:
            checked.errors.append(f"{entry.origin}: there is no such file")


def _report(checked: _Checked, format: str) -> int:
    exceeded = any(result.over for result in checked.results)
    failed = bool(checked.errors or checked.failed)
    for message in (
        *(f"{path} ended with status {status}: its budgets were not checked" for path, status in checked.failed),
        *checked.errors,
        *checked.notes,
    ):
        tell(message)
    if format == "json":
        print_text(json.dumps(_json(checked), separators=(",", ":")) + "\n")
    elif exceeded:
        print_text(plain_text(exceeded_table(checked.results, _WIDTH)))
    elif checked.results and not failed:
        print_text(kept_text(checked.results) + "\n")
    return _FAILED if failed else _EXCEEDED if exceeded else 0


def _json(checked: _Checked) -> dict[str, object]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "budgets": [result.to_json() for result in checked.results],
        "failed": [{"path": path, "status": status} for path, status in checked.failed],
        "errors": checked.errors,
        "notes": checked.notes,
    }
