"""`perilune compare`: two profiles or programs side by side, and whether the second costs too much more."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from itertools import count
from typing import IO

from perilune.cli.destination import STANDARD_OUTPUT, check_writable, write_result
from perilune.cli.errors import CommandError, describe, tell
from perilune.cli.measured import MODES, Measured, read_subject, run, saved
from perilune.cli.output import add_clock_option, row_count
from perilune.cli.program import Executable
from perilune.cli.revision import at_revision
from perilune.profiler.comparison import METRICS, Comparison, Excess, Limit, compare, exceeded
from perilune.profiler.cpu_times import by_cpu, has_cpu_times
from perilune.profiler.model import Profile
from perilune.profiler.renderers.comparison import Layout, excess_text, report
from perilune.profiler.renderers.report.table import plain_text, print_styled
from perilune.profiler.sources import Sources, split_lines

_PLAIN_WIDTH = 80
_WRONG_USE = 2
_EXCEEDED = 3

DESCRIPTION = """\
Compare what two programs cost, or two versions of one: totals, functions, lines
and opcodes, relative changes first. A and B are profiles saved with perilune
profile --format json or written by another profiler (see perilune import), or
programs (.lua, .luac, .pasm), which are run. Lines are matched by the
statements on them.

With --against-revision, A is FILE as it was in a git revision, whose files run
from a temporary folder, and B is FILE as it is.
"""

EPILOG = """\
LIMIT is a growth (2%) or a ratio of B to A (1.02). Times within their error
never exceed a limit; counts and bytes are exact, so 0% means not one more.

Exit status: 0, 3 if a limit is exceeded, 1 if a program fails or a file cannot
be read, 2 for wrong options.
"""


def main(arguments: list[str]) -> int:
    """Returns 0, or 3 if B grew by more than a limit allows."""
    separator = arguments.index("--") if "--" in arguments else len(arguments)
    program_arguments = arguments[separator + 1 :]
    parser = _parser()
    options = parser.parse_args(arguments[:separator])
    revision: str | None = options.against_revision
    if (options.b is None) != (revision is not None):
        parser.error("--against-revision takes one FILE" if options.b else "the following arguments are required: B")
    paths = (options.a, options.b or options.a)
    if paths == ("-", "-"):
        parser.error("only one of A and B can be standard input")
    if options.output not in (None, STANDARD_OUTPUT):
        check_writable(options.output)
    read = read_subject if revision is None else _program
    subjects = [read(path) for path in paths]
    profiles = [subject for subject in subjects if isinstance(subject, Profile)]
    if len(profiles) == 2 and (program_arguments or options.mode):
        parser.error(
            f"{'arguments are' if program_arguments else '--mode is'} for programs: A and B are saved profiles"
        )
    mode = options.mode or (
        profiles[0].mode if profiles else "sample" if options.metric == "time" or options.clock == "cpu" else "count"
    )
    with _output_file() as output_a, _output_file() as output_b:
        origin = ""
        if revision is None:
            a = _measured(subjects[0], paths[0], program_arguments, mode, output_a, options.sources)
        else:
            a, origin = _measured_then(options.a, revision, program_arguments, mode, output_a)
        b = _measured(subjects[1], paths[1], program_arguments, mode, output_b, options.sources)
        sources_a, sources_b = _sources(a), _sources(b)
        comparison = compare(*_on_clock(a.profile, b.profile, options.clock), sources_a, sources_b)
        if origin:
            comparison.notes.insert(0, origin)
        if not profiles:
            comparison.notes.append(_output_note(output_a, output_b))
    metric = options.metric or comparison.leading_metric
    if metric == "time" and not comparison.is_timed:
        raise CommandError(_no_times(comparison, paths))
    excesses = exceeded(comparison, metric, options.fail_above, options.fail_above_function)
    if options.format == "json":
        value = {**comparison.to_json(), "metric": metric, "exceeded": [excess.to_json() for excess in excesses]}
        write_result(json.dumps(value, separators=(",", ":")).encode() + b"\n", options.output)
    else:
        _write_report(comparison, sources_a, sources_b, Layout(metric, options.top), options.output)
    return _judge(excesses)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="perilune compare",
        usage="perilune compare [OPTION]... A B [-- ARGUMENT...]\n"
        "       perilune compare [OPTION]... --against-revision REV FILE [-- ARGUMENT...]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("a", metavar="A", help="a saved profile or a program, or - for standard input")
    parser.add_argument(
        "b", metavar="B", nargs="?", help="what is compared with it; both get the ARGUMENTs if they are programs"
    )
    parser.add_argument(
        "--against-revision", metavar="REVISION", help="compare FILE with what it was there: HEAD, main, v1.0, ..."
    )
    parser.add_argument(
        "--mode",
        choices=MODES,
        help="how to measure programs (default: as a saved one was, else count, or sample for times)",
    )
    parser.add_argument(
        "--metric", choices=METRICS, help="which figures lead (default: time if both have it, else count)"
    )
    add_clock_option(parser)
    parser.add_argument("--top", type=row_count, default=10, metavar="N", help="rows a table; 0 for all (default: 10)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to write it (default: text)")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: standard output)")
    parser.add_argument(
        "--sources",
        action="append",
        default=[],
        metavar="FOLDER",
        help="look there too for the sources of saved profiles",
    )
    parser.add_argument(
        "--fail-above", type=_limit, metavar="LIMIT", help="exit with 3 if the total of the metric grew by more"
    )
    parser.add_argument(
        "--fail-above-function", type=_limit, metavar="LIMIT", help="exit with 3 if that of any function grew by more"
    )
    return parser


def _limit(text: str) -> Limit:
    try:
        return Limit.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _measured(
    subject: Executable | Profile,
    path: str,
    arguments: Sequence[str],
    mode: str,
    output: IO[bytes],
    folders: Sequence[str],
) -> Measured:
    if isinstance(subject, Profile):
        return saved(subject, path, folders)
    measured = run(subject, path, arguments, mode, output.fileno())
    if measured.status:
        raise CommandError(f"{path} ended with status {measured.status}: nothing was compared")
    return measured


def _program(path: str) -> Executable:
    """A program that git knows; a saved profile is of no revision."""
    subject = read_subject(path)
    if isinstance(subject, Profile) or path == "-":
        raise CommandError("--against-revision is for a program in a file", _WRONG_USE)
    return subject


def _measured_then(
    path: str, revision: str, arguments: Sequence[str], mode: str, output: IO[bytes]
) -> tuple[Measured, str]:
    """A program as it was in a revision, and a note that says so."""
    here = os.getcwd()
    with at_revision(path, revision) as (name, tree):
        words = [tree.argument(word, here) for word in arguments]
        try:
            measured = _measured(_program(name), name, words, mode, output, ())
        except CommandError as error:
            raise CommandError(f"{revision}: {error}") from error
    measured.profile.program.args = list(arguments)  # paths that had to be made absolute are the same arguments
    return measured, f"A is {path} of {revision} ({tree.commit})"


def _on_clock(a: Profile, b: Profile, clock: str) -> tuple[Profile, Profile]:
    """Both profiles with the times of the same clock."""
    if clock == "wall":
        return a, b
    for side, profile in (("A", a), ("B", b)):
        if not has_cpu_times(profile):
            raise CommandError(f"{side} has no processor times by line: they are known in mode sample")
    return by_cpu(a), by_cpu(b)


def _output_file() -> IO[bytes]:
    """Where a program's output goes until it is compared."""
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise CommandError(f"the temporary folder cannot keep the programs' output: {describe(error)}") from error


def _sources(measured: Measured) -> Sources:
    return {path: split_lines(text) for path, text in measured.texts.items()}


def _output_note(output_a: IO[bytes], output_b: IO[bytes]) -> str:
    """Whether two programs, which are meant to do the same, wrote the same."""
    for file in (output_a, output_b):
        file.seek(0)
    for line in count(1):
        line_a, line_b = output_a.readline(), output_b.readline()
        if line_a != line_b:
            return f"the programs did not write the same: the first difference is in line {line} of their output"
        if not line_a:
            break
    return "both programs wrote the same output"


def _no_times(comparison: Comparison, paths: tuple[str, str]) -> str:
    without = [
        path for path, profile in zip(paths, (comparison.a, comparison.b), strict=True) if profile.totals.run_ns is None
    ]
    return f"--metric time needs times, which count mode does not take: use another --mode for {' and '.join(without)}"


def _write_report(
    comparison: Comparison, sources_a: Sources, sources_b: Sources, layout: Layout, path: str | None
) -> None:
    to_terminal = path is None and sys.stdout.isatty()
    if to_terminal:
        layout = Layout(layout.metric, layout.top, shutil.get_terminal_size().columns)
    lines = report(comparison, sources_a, sources_b, layout)
    if to_terminal and os.environ.get("TERM") != "dumb":
        print_styled(lines, layout.width, sys.stdout)
    else:
        write_result(plain_text(lines).encode("utf-8", "replace"), path)


def _judge(excesses: list[Excess]) -> int:
    for excess in excesses:
        tell(excess_text(excess))
    return _EXCEEDED if excesses else 0
