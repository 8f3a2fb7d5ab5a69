"""`perilune history`: what a program cost in each git revision, and the functions and lines where that changed."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys

from perilune.cli import limits
from perilune.cli.command_words import CommandWords
from perilune.cli.destination import STANDARD_OUTPUT, check_writable, write_result
from perilune.cli.errors import CommandError, tell
from perilune.cli.limits import Limits
from perilune.cli.output import row_count
from perilune.cli.revision_runs import Program, RevisionRun, RevisionRuns, differing_lines, tell_uncommitted
from perilune.cli.runs import options as run_options
from perilune.cli.runs.store import Store
from perilune.profiler.bisection import FIGURES
from perilune.profiler.history import Historian, History
from perilune.profiler.renderers.history import Layout, report
from perilune.profiler.renderers.report.table import plain_text, print_styled
from perilune.profiler.repeatable import inputs_text
from perilune.profiler.repository import Repository, RevisionError

_VALUE_OPTIONS = (
    "--since",
    "--until",
    "--metric",
    "--top",
    "--format",
    "-o",
    "--output",
    *run_options.VALUE_OPTIONS,
    *limits.VALUE_OPTIONS,
)
_SWITCHES = (*run_options.SWITCHES, *limits.SWITCHES, "-h", "--help")
_WORDS = CommandWords(_VALUE_OPTIONS, _SWITCHES)

_FORMATS = ("text", "json", "html", "svg", "png")
_SUFFIXES = {".json": "json", ".html": "html", ".htm": "html", ".svg": "svg", ".png": "png"}
_PLAIN_WIDTH = 80
_WRONG_USE = 2
_INTERRUPTED = 130

DESCRIPTION = """\
Run a program as it was in each git revision, in count mode and from folders of
their own, and show where its instructions, the bytes that it allocated and the
most that its heap held changed: by revision, function and line. Your files are
not touched.
"""

EPILOG = """\
Of merges the first parent is followed. A revision that lacks the file, does not
compile or fails is skipped. Results that are in the store are not made again.
Ctrl-C reports what is done.

Exit status: 0, 1 if no revision could be run or something else went wrong,
2 for wrong options, 130 after Ctrl-C.
"""


def main(arguments: list[str]) -> int:
    """Returns 0 once the history is written."""
    parser = _parser()
    ours, path, program_arguments = _WORDS.split(arguments)
    options = parser.parse_args(ours)
    if path is None or path == STANDARD_OUTPUT:
        parser.error("which program? (see perilune history --help)")
    misplaced = _WORDS.misplaced(arguments, program_arguments)
    if misplaced is not None:
        tell(f"{misplaced} went to the program: put it before {path}, or -- behind {path}")
    form = options.format or _SUFFIXES.get(os.path.splitext(options.output or "")[1].lower(), "text")
    _check_place(form, options.output)
    program = Program(path, tuple(program_arguments), Limits.chosen(options))
    try:
        with run_options.chosen_store(options) as store:
            history, was_interrupted = _walk(program, options, store)
    except RevisionError as error:
        raise CommandError(str(error)) from error
    _write(history, form, options)
    return _INTERRUPTED if was_interrupted else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="perilune history",
        usage="perilune history [OPTION]... FILE [OPTION]... [--] [ARGUMENT]...",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--since", metavar="REV", help="the first revision (default: the first that has the file)")
    parser.add_argument("--until", default="HEAD", metavar="REV", help="the last one (default: HEAD)")
    parser.add_argument(
        "--metric", choices=tuple(FIGURES), default="instructions", help="which figures lead (default: instructions)"
    )
    parser.add_argument("--top", type=row_count, default=10, metavar="N", help="rows a table; 0 for all (default: 10)")
    parser.add_argument(
        "--format",
        choices=_FORMATS,
        metavar="FORMAT",
        help=f"how to write it: {', '.join(_FORMATS)} (default: by the ending of -o, else text)",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: standard output)")
    run_options.add_options(parser)
    limits.add_options(parser)
    return parser


def _check_place(form: str, output: str | None) -> None:
    if output not in (None, STANDARD_OUTPUT):
        check_writable(output)
    elif form == "png" and sys.stdout.isatty():
        raise CommandError("--format png is not for a terminal: give a file with -o", _WRONG_USE)
    if form == "png":
        from importlib.util import find_spec

        if find_spec("matplotlib") is None:
            raise CommandError("--format png needs matplotlib: pip install matplotlib, or use --format svg")


def _walk(program: Program, options: argparse.Namespace, store: Store | None) -> tuple[History, bool]:
    """The history, and whether Ctrl-C ended it before its time."""
    repository = Repository.of(program.path)
    tell_uncommitted(repository)
    since = options.since or repository.oldest(repository.commit(options.until), repository.name(program.path))
    if since is None:
        raise CommandError(f"no revision up to {options.until} has {program.path}")
    revisions = repository.revisions(since, options.until)
    historian = Historian(program.path, program.arguments, options.since or revisions[0].short)
    walk = _Walk(historian)
    made = RevisionRuns(repository, program, jobs=options.jobs, store=store, cluster=options.cluster)
    with made as runs, run_options.progress("revisions") as on_progress:
        try:
            for run in runs.all(revisions, on_progress):
                walk.take(run)
        except KeyboardInterrupt:
            walk.was_interrupted = True
        history = historian.finish()
        if not walk.was_interrupted:
            history.notes += _not_repeatable(runs, walk.newest)
    if not history.ran:
        reason = history.points[-1].skipped if history.points else "it was interrupted"
        raise CommandError(f"no revision of {len(revisions)} could be run: {reason}")
    if walk.was_interrupted:
        left = len(revisions) - len(history.points)
        history.notes.append(
            f"it was interrupted: {left} later {'revision was' if left == 1 else 'revisions were'} not run"
        )
    if walk.stored:
        history.notes.append(f"{walk.stored} of {len(history.points)} results came from the store")
    return history, walk.was_interrupted


class _Walk:
    """What came of the revisions so far."""

    def __init__(self, historian: Historian) -> None:
        self._historian = historian
        self.newest: RevisionRun | None = None
        self.stored = 0
        self.was_interrupted = False

    def take(self, run: RevisionRun) -> None:
        """Adds a revision to the history."""
        if run.was_interrupted:
            self.was_interrupted = True
            return
        self.stored += run.from_store
        if run.profile is None or run.skipped is not None:
            self._historian.skip(run.revision, run.skipped or "")
        else:
            self._historian.add(run.revision, run.profile, run.sources)
            self.newest = run


def _not_repeatable(runs: RevisionRuns, run: RevisionRun | None) -> list[str]:
    """A note about a program whose counts differ at the same revision, which is run again if it may be one."""
    known = [] if run is None else runs.changing_inputs(run)
    if run is None or run.profile is None or not known:
        return []
    again = runs.at(run.revision, anew=True)
    lines = "" if again.profile is None else differing_lines(run.profile, again.profile)
    if not lines:
        return []
    text = f"the program is not deterministic, its counts differ at the same revision, {run.revision.short}, by "
    return [f"{text}{inputs_text(known)}: {lines}; what changed there may have changed by chance"]


def _write(history: History, form: str, options: argparse.Namespace) -> None:
    if form != "text":
        write_result(_content(history, form, options.metric), options.output)
        return
    to_terminal = options.output is None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if to_terminal else _PLAIN_WIDTH
    lines = report(history, Layout(options.metric, options.top, width))
    if to_terminal and os.environ.get("TERM") != "dumb":
        print_styled(lines, width, sys.stdout)
    else:
        write_result(plain_text(lines).encode("utf-8", "replace"), options.output)


def _content(history: History, form: str, metric: str) -> bytes:
    if form == "json":
        return json.dumps(history.to_json(), separators=(",", ":")).encode() + b"\n"
    if form == "html":
        from perilune.profiler.renderers.history_page import render

        return render(history, metric).encode("utf-8", "replace")
    if form == "svg":
        from perilune.profiler.renderers.history_chart import picture

        return picture(history).encode("utf-8", "replace")
    from perilune.profiler.renderers.history_png import png

    return png(history)
