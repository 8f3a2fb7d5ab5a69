"""`perilune suite`: many programs, one profile of them all, and whether each keeps to its budgets and to what it cost."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from perilune.cli import limits
from perilune.cli.budget_checks import Checked, budget_file, check_measured, note_unused
from perilune.cli.destination import STANDARD_OUTPUT, check_writable, write_result
from perilune.cli.errors import CommandError, tell
from perilune.cli.forms import form_of_path
from perilune.cli.limits import Limits
from perilune.cli.measured import Measured
from perilune.cli.output import row_count
from perilune.cli.program import read_program
from perilune.cli.runs import options as run_options
from perilune.cli.runs.run import RunResult
from perilune.cli.runs.running import run_all
from perilune.cli.streams import print_text
from perilune.cli.suite_programs import programs, run_of
from perilune.profiler.budget_file import DEFAULT_BUDGET_FILE, Entry
from perilune.profiler.comparison import Figure, Limit, compare
from perilune.profiler.exporters import ProfileExportError
from perilune.profiler.model import Profile, ProfileFormatError
from perilune.profiler.renderers import comparison as comparison_renderer
from perilune.profiler.renderers import github_annotations, junit, suite_markdown
from perilune.profiler.renderers.budgets import excess_text, subject_text
from perilune.profiler.renderers.comparison import change_text
from perilune.profiler.renderers.report.layout import Layout
from perilune.profiler.renderers.report.table import Line, plain_text, print_styled
from perilune.profiler.renderers.suite import SuiteReport, report
from perilune.profiler.sources import find_sources, find_texts, split_lines
from perilune.profiler.suites import METRICS, Finding, ProgramRow, Suite, grew_beyond, growth, merged, relocated, row_of

_PLAIN_WIDTH = 100
_FAILED = 1
_EXCEEDED = 3
_INTERRUPTED = 130
_PLACE = re.compile(r"(?P<path>[^\s:][^:]*):(?P<line>\d+):")

DESCRIPTION = """\
Profile many Lua programs, each in a process of its own, and report on all of
them: which program costs most, which line does and which programs run it, what
fails and what exceeds its budget. All figures are exact counts. What has not
changed since it was last run is not run again.

A folder stands for the .lua files in it and below that no other of them
requires; a pattern, in quotation marks, for what fits it: "bench/**/*_bench.lua".
A program runs as its ---@profile comment says, with the ARGUMENTs if there are
any, in the folder from its own up to this one in which its modules are found.
"""

EPILOG = """\
Exit status: 0, 1 if a program failed or a budget is wrong, 3 if a budget is
exceeded or a program grew by more than --fail-above, 2 for wrong options.
"""


@dataclass(frozen=True, slots=True)
class _Program:
    """What came of a program: its row, its profile with the content of its files, and what is wrong with it."""

    result: RunResult
    row: ProgramRow
    profile: Profile | None
    texts: dict[str, bytes]
    findings: list[Finding]


def main(arguments: list[str]) -> int:
    """Returns 0, 1 if something failed, 3 if something costs more than it may, 130 if Ctrl-C ended it."""
    separator = arguments.index("--") if "--" in arguments else len(arguments)
    parser = _parser()
    options = parser.parse_args(arguments[:separator])
    if options.fail_above and not options.against:
        parser.error("--fail-above needs --against: a saved suite to compare with")
    before = None if options.against is None else _saved(options.against)
    for path in (options.output, options.junit, options.markdown, options.profile):
        if path not in (None, STANDARD_OUTPUT):
            check_writable(path)
    budget_path, entries = budget_file(options.budget_file)
    allowed = Limits.chosen(options)
    runs = [run_of(path, arguments[separator + 1 :], allowed) for path in programs(options.programs)]
    checked = Checked()
    ran: list[_Program] = []
    with run_options.chosen_store(options) as store, run_options.progress("profiling") as on_progress:
        found = run_all(runs, jobs=options.jobs, store=store, cluster=options.cluster, on_progress=on_progress)
        with contextlib.suppress(KeyboardInterrupt), contextlib.closing(found):
            for result in found:
                if not result.was_interrupted:
                    ran.append(_program(len(ran), result, checked, entries, os.path.dirname(budget_path)))
    is_whole = len(ran) == len(runs)
    if is_whole and not any(program.row.failure for program in ran):
        note_unused(entries, os.path.dirname(budget_path), checked)
    for message in (*checked.errors, *checked.notes):
        tell(message)
    if not is_whole:
        tell(f"interrupted: {len(ran):,} of {len(runs):,} programs were run")
    of = _report(" ".join(options.programs), ran, before, options)
    _write(of, before, options)
    failed = bool(checked.errors) or any(program.row.failure for program in ran)
    return _INTERRUPTED if not is_whole else _FAILED if failed else _EXCEEDED if of.findings else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="perilune suite",
        usage="perilune suite [OPTION]... FOLDER|PATTERN|FILE... [-- ARGUMENT...]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("programs", nargs="+", metavar="FOLDER|PATTERN|FILE", help="the programs")
    parser.add_argument("--top", type=row_count, default=10, metavar="N", help="rows a table; 0 for all (default: 10)")
    parser.add_argument(
        "--budget-file", metavar="FILE", help=f"budgets beside those in comments (default: {DEFAULT_BUDGET_FILE})"
    )
    group = parser.add_argument_group("results")
    group.add_argument(
        "--format", choices=("text", "json"), help="how to write it (default: json for -o FILE.json, else text)"
    )
    group.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: standard output)")
    group.add_argument("--profile", metavar="FILE", help="write the merged profile too: FILE.json, FILE.html, ...")
    group.add_argument("--junit", metavar="FILE", help="write JUnit XML too, a case for each program")
    group.add_argument("--markdown", metavar="FILE", help="write a summary in Markdown too")
    group.add_argument(
        "--github", action="store_true", help="write what is wrong as annotations of GitHub Actions, to standard output"
    )
    group = parser.add_argument_group("comparison")
    group.add_argument("--against", metavar="FILE", help="compare with a suite that was saved as JSON")
    group.add_argument(
        "--metric", choices=METRICS, default=METRICS[0], help=f"which figure is compared (default: {METRICS[0]})"
    )
    group.add_argument(
        "--fail-above", type=_limit, metavar="LIMIT", help="exit with 3 if that of any program grew by more: 2%%, 1.02"
    )
    run_options.add_options(parser)
    limits.add_options(parser)
    return parser


def _limit(text: str) -> Limit:
    try:
        return Limit.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _saved(path: str) -> Suite:
    try:
        return Suite.parse(read_program(path))
    except ProfileFormatError as error:
        raise CommandError(f"{path} cannot be read as a suite: {error}") from error


def _program(index: int, result: RunResult, checked: Checked, entries: Sequence[Entry], folder: str) -> _Program:
    """A program by its index, whose budgets are checked if it ended well."""
    run = result.run
    path, inside = os.path.relpath(run.file), os.path.relpath(run.directory)
    profile = None if result.profile is None else relocated(result.profile, inside)
    row = row_of(path, run.arguments, profile)
    row.failure, row.exit_status = result.failure, result.exit_status
    texts = {} if profile is None else find_texts(profile, [""])[0]
    findings = []
    if result.failure is not None:
        findings.append(_failed(index, path, result.failure, inside))
    elif profile is not None:
        known = len(checked.results)
        check_measured(Measured(profile, texts), entries, folder, checked)
        for over in (each for each in checked.results[known:] if each.over):
            message = f"{excess_text(over)}: {subject_text(over.budget)}"
            findings.append(Finding(index, "budget", message, over.budget.path, over.budget.line))
    return _Program(result, row, profile, texts, findings)


def _failed(index: int, path: str, failure: str, folder: str) -> Finding:
    """A failure at the line that its message names, if that is one of a file."""
    place = _PLACE.search(failure.partition(": ")[2]) or _PLACE.search(failure)
    if place is not None:
        named = os.path.normpath(os.path.join(folder, place["path"]))
        if os.path.isfile(named):
            return Finding(index, "failed", failure, named, int(place["line"]))
    return Finding(index, "failed", failure, path)


def _report(name: str, ran: Sequence[_Program], before: Suite | None, options: argparse.Namespace) -> SuiteReport:
    suite = merged(name, [program.profile for program in ran], [program.row for program in ran])
    findings = [finding for program in ran for finding in program.findings]
    figures: list[Figure | None] = [] if before is None else growth(before, suite, options.metric)
    for index, figure in enumerate(figures):
        if options.fail_above is not None and figure is not None and grew_beyond(figure, options.fail_above):
            what, limit = options.metric.replace("_", " "), options.fail_above.text
            message = f"{what} {change_text(figure)}, from {figure.a:,} to {figure.b:,}: more than {limit}"
            findings.append(Finding(index, "growth", message, ran[index].row.path))
    return SuiteReport(
        suite,
        findings,
        options.metric,
        figures,
        [program.result.seconds for program in ran],
        sum(program.result.from_store for program in ran),
        {path: split_lines(text) for program in ran for path, text in program.texts.items()},
    )


def _write(of: SuiteReport, before: Suite | None, options: argparse.Namespace) -> None:
    if options.profile is not None:
        form = form_of_path(options.profile)
        try:
            content = form.render(of.suite.profile, of.sources, Layout(top=options.top, width=_PLAIN_WIDTH))
        except ProfileExportError as error:
            raise CommandError(str(error)) from error
        write_result(content, options.profile)
    if options.junit is not None:
        write_result(junit.render(of), options.junit)
    if options.markdown is not None:
        write_result(suite_markdown.render(of, options.top).encode("utf-8", "replace"), options.markdown)
    if options.github:
        print_text(github_annotations.render(of.findings))
    if (options.format or ("json" if (options.output or "").endswith(".json") else "text")) == "json":
        write_result(of.suite.to_json().encode(), options.output)
        return
    to_terminal = options.output is None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if to_terminal else _PLAIN_WIDTH
    lines = report(of, options.top, width)
    if before is not None:
        lines += [[], *_changes(of, before, options.top, width)]
    if to_terminal and os.environ.get("TERM") != "dumb":
        print_styled(lines, width, sys.stdout)
    else:
        write_result(plain_text(lines).encode("utf-8", "replace"), options.output)


def _changes(of: SuiteReport, before: Suite, top: int, width: int) -> list[Line]:
    """What became dearer or cheaper of all programs together."""
    sources = find_sources(before.profile, [""])[0]
    comparison = compare(before.profile, of.suite.profile, sources, of.sources)
    metric = "count" if of.metric == "instructions" else "memory"
    return comparison_renderer.report(comparison, sources, of.sources, comparison_renderer.Layout(metric, top, width))
