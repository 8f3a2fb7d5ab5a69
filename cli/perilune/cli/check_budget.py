"""`perilune check-budget`: whether programs keep within what they may cost."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence

from perilune.cli.budget_checks import Checked, budget_file, check_measured, note_unused
from perilune.cli.errors import tell
from perilune.cli.measured import Measured, read_subject, run, saved
from perilune.cli.streams import print_text
from perilune.profiler.budget_file import DEFAULT_BUDGET_FILE
from perilune.profiler.budgets import FORMAT, VERSION
from perilune.profiler.model import Profile
from perilune.profiler.renderers.budgets import exceeded_table, kept_text
from perilune.profiler.renderers.report.table import plain_text

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


def main(arguments: list[str]) -> int:
    """Returns 0 if all budgets are kept, 3 if one is exceeded, 1 if something failed."""
    separator = arguments.index("--") if "--" in arguments else len(arguments)
    parser = _parser()
    options = parser.parse_args(arguments[:separator])
    budget_path, entries = budget_file(options.budget_file)
    folder = os.path.dirname(budget_path)
    checked = Checked()
    for path in options.files:
        measured = _measure(path, arguments[separator + 1 :], checked)
        if measured is not None:
            check_measured(measured, entries, folder, checked)
    if not checked.failed:
        note_unused(entries, folder, checked)
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


def _measure(path: str, arguments: Sequence[str], checked: Checked) -> Measured | None:
    """A program's figures; a program that fails is noted, and the next one has its turn."""
    subject = read_subject(path)
    if isinstance(subject, Profile):
        return saved(subject, path)
    measured = run(subject, path, arguments, "count", _STANDARD_ERROR)
    if measured.status:
        checked.failed.append((path, measured.status))
        return None
    return measured


def _report(checked: Checked, format: str) -> int:
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


def _json(checked: Checked) -> dict[str, object]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "budgets": [result.to_json() for result in checked.results],
        "failed": [{"path": path, "status": status} for path, status in checked.failed],
        "errors": checked.errors,
        "notes": checked.notes,
    }
