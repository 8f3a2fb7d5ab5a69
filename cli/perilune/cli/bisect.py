"""`perilune bisect`: the first revision in which a program costs more than it may."""

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
from perilune.profiler.bisection import Bisection, Bound, Judged, Metric, MetricError, Verdict, search
from perilune.profiler.comparison import compare
from perilune.profiler.renderers.bisection import report
from perilune.profiler.renderers.comparison import Layout
from perilune.profiler.renderers.report.table import plain_text, print_styled
from perilune.profiler.repeatable import inputs_text
from perilune.profiler.repository import Repository, Revision, RevisionError
from perilune.profiler.sources import split_lines

_VALUE_OPTIONS = (
    "--metric",
    "--above",
    "--good",
    "--bad",
    "--top",
    "--format",
    "-o",
    "--output",
    *run_options.STORE_VALUE_OPTIONS,
    *limits.VALUE_OPTIONS,
)
_SWITCHES = ("--progress", *run_options.SWITCHES, *limits.SWITCHES, "-h", "--help")
_WORDS = CommandWords(_VALUE_OPTIONS, _SWITCHES)

_PLAIN_WIDTH = 80
_WRONG_USE = 2
_LAYOUT_METRICS = {"instructions": "count", "allocated": "memory", "peak": "memory"}

DESCRIPTION = """\
Find the first git revision in which a program costs more than a limit allows,
by binary search over revisions that are run in count mode, from folders of
their own: your files are not touched. Counts are exact, so a revision is above
the limit or is not, whatever the machine does meanwhile.

METRIC is instructions, allocated (bytes) or peak (bytes of the heap), of the
whole run, or of functions or lines:
  instructions:function:parse         all functions called parse, M.parse, ...
  allocated:line:table.concat(        lines that hold this text
  instructions:line:12                the line that is 12 in the bad revision
"""

EPILOG = """\
LIMIT is a growth since the good revision (5%, x1.5) or an amount (12000,
64KiB). Of merges the first parent is followed. A revision that lacks the file,
does not compile or fails is skipped. Results that are in the store are not made
again.

Exit status: 0 if the revision was found, 1 if none exceeds the limit or
something else went wrong, 2 for wrong options.
"""


def main(arguments: list[str]) -> int:
    """Returns 0 if the revision was found."""
    parser = _parser()
    ours, path, program_arguments = _WORDS.split(arguments)
    options = parser.parse_args(ours)
    if path is None or path == STANDARD_OUTPUT:
        parser.error("which program? (see perilune bisect --help)")
    misplaced = _WORDS.misplaced(arguments, program_arguments)
    if misplaced is not None:
        tell(f"{misplaced} went to the program: put it before {path}, or -- behind {path}")
    try:
        metric = Metric.parse(options.metric)
        bound = Bound.parse(options.above, metric.figure)
    except MetricError as error:
        raise CommandError(str(error), _WRONG_USE) from error
    if options.output not in (None, STANDARD_OUTPUT):
        check_writable(options.output)
    program = Program(path, tuple(program_arguments), Limits.chosen(options))
    try:
        repository = Repository.of(path)
        tell_uncommitted(repository)
        with (
            run_options.chosen_store(options) as store,
            RevisionRuns(repository, program, store=store) as runs,
        ):
            found, before, first = _Search(repository, runs, metric, bound, path, options).find()
    except RevisionError as error:
        raise CommandError(str(error)) from error
    _write(found, before, first, options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="perilune bisect",
        usage="perilune bisect --metric METRIC --above LIMIT [OPTION]... FILE\n"
        "                       [OPTION]... [--] [ARGUMENT]...",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--metric", default="instructions", metavar="METRIC", help="what is measured (default: instructions)"
    )
    parser.add_argument("--above", required=True, metavar="LIMIT", help="how much is too much: 5%%, x1.5, 12000, 64KiB")
    parser.add_argument(
        "--good", metavar="REV", help="a revision that is within the limit (default: the first that has the file)"
    )
    parser.add_argument("--bad", default="HEAD", metavar="REV", help="one that is above it (default: HEAD)")
    parser.add_argument("--progress", action="store_true", help="say on standard error what each revision has")
    parser.add_argument("--top", type=row_count, default=10, metavar="N", help="rows a table; 0 for all (default: 10)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to write it (default: text)")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: standard output)")
    run_options.add_store_options(parser)
    limits.add_options(parser)
    return parser


class _Search:
    """The search for one figure over the revisions of one program."""

    def __init__(
        self,
        repository: Repository,
        runs: RevisionRuns,
        metric: Metric,
        bound: Bound,
        path: str,
        options: argparse.Namespace,
    ) -> None:
        self._repository, self._runs = repository, runs
        self._metric, self._bound = metric, bound
        self._path, self._name = path, repository.name(path)
        self._progress: bool = options.progress
        self._good_name: str | None = options.good
        self._bad_name: str = options.bad
        self._found: dict[str, RevisionRun] = {}
        self._notes: list[str] = []
        bad = repository.commit(self._bad_name)
        self._newest = self._text_of(bad)
        oldest = self._good_name or repository.oldest(bad, self._name)
        if oldest is None:
            raise CommandError(f"no revision up to {self._bad_name} has {self._path}")
        self._revisions = repository.revisions(oldest, self._bad_name)

    def find(self) -> tuple[Bisection, RevisionRun, RevisionRun]:
        """The first revision above the limit, and the runs before and in it. Ends the command where there is none."""
        self._drop_what_cannot_be_good()
        good = self._judged(self._revisions[0])
        self._check_good(good)
        self._check_repeatable(self._found[good.revision.commit])
        place = search(len(self._revisions), lambda index: self._judge(index, good.figure))
        if place.above is None:
            raise CommandError(self._never(good, place.within))
        before, first = (self._found[self._revisions[index].commit] for index in (place.within, place.above))
        assert before.profile is not None and first.profile is not None
        names = {self._name, *(self._file_name(file.path) for run in (before, first) for file in run.profile.files)}  # type: ignore[union-attr]
        between = self._revisions[place.within + 1 : place.above]
        if first.revision.is_merge and not between:
            parents = first.revision.parents
            self._notes.append(
                f"it is a merge: to look inside of it, --good {parents[0][:12]} --bad {parents[1][:12]} follows what it brought in"
            )
        skipped = [(run.revision, run.skipped) for run in self._found.values() if run.skipped is not None]
        result = Bisection(
            self._metric,
            self._bound,
            len(self._revisions),
            good,
            self._judged(before.revision),
            self._judged(first.revision),
            compare(before.profile, first.profile, before.sources, first.sources),
            self._repository.diff(before.revision.commit, first.revision.commit, sorted(names)),
            self._runs.made,
            sum(run.from_store for run in self._found.values()),
            [row for row in skipped if row[0] in between],
            [row for row in skipped if row[0] not in between],
            self._notes,
        )
        return result, before, first

    def _text_of(self, commit: str) -> list[str] | None:
        content = self._repository.content(commit, self._name)
        lines = None if content is None else split_lines(content)
        number = self._metric.line
        if number is not None and (lines is None or not 0 < number <= len(lines)):
            raise CommandError(f"{self._path} has no line {number} in {self._bad_name}", _WRONG_USE)
        return lines

    def _file_name(self, path: str) -> str:
        """What git calls a file of a profile, whose paths are seen from here."""
        return self._repository.name(path)

    def _run(self, revision: Revision) -> RevisionRun:
        if revision.commit not in self._found:
            run = self._found[revision.commit] = self._runs.at(revision)
            if run.was_interrupted:
                raise KeyboardInterrupt
        return self._found[revision.commit]

    def _judged(self, revision: Revision) -> Judged:
        run = self._run(revision)
        return Judged(revision, None if run.profile is None else self._figure(run))

    def _figure(self, run: RevisionRun) -> int | None:
        assert run.profile is not None
        return self._metric.of(run.profile, run.sources, self._newest)

    def _judge(self, index: int, good: int | None) -> Verdict:
        revision = self._revisions[index]
        run = self._run(revision)
        if run.skipped is not None:
            self._tell(f"{revision.short} is skipped: {run.skipped}")
            return "skipped"
        figure = self._figure(run)
        is_above = self._bound.is_exceeded(figure, good)
        self._tell(f"{revision.short} has {figure or 0:,}: {'above' if is_above else 'within'}")
        return "above" if is_above else "within"

    def _tell(self, text: str) -> None:
        if self._progress:
            tell(text)

    def _drop_what_cannot_be_good(self) -> None:
        """Without a good revision of the user's, the first that runs."""
        first = self._run(self._revisions[0])
        if self._good_name is not None and first.skipped is not None:
            raise CommandError(
                f"the good revision {self._good_name} ({first.revision.short}) cannot be judged: {first.skipped}"
            )
        while self._run(self._revisions[0]).skipped is not None:
            self._tell(f"{self._revisions[0].short} is skipped: {self._run(self._revisions[0]).skipped}")
            if len(self._revisions) == 1:
                raise CommandError(
                    f"no revision up to {self._bad_name} could be run: {self._run(self._revisions[0]).skipped}"
                )
            del self._revisions[0]
        if len(self._revisions) == 1:
            raise CommandError(f"there is one revision only, {self._revisions[0].short}: nothing can have grown")

    def _check_good(self, good: Judged) -> None:
        short = good.revision.short
        if good.figure is None and self._bound.growth is not None:
            profile = self._found[good.revision.commit].profile
            close = self._metric.alternatives(profile) if profile is not None else []
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            raise CommandError(
                f"nothing of {self._metric.text} runs in the good revision {short}, so that it has nothing to grow from{hint}: "
                "give an amount, such as --above 12000, or a later --good"
            )
        if self._bound.is_exceeded(good.figure, good.figure):
            raise CommandError(
                f"the good revision {short} is above {self._bound.text} already: {self._metric.text} {good.figure or 0:,}; "
                "give an older --good"
            )

    def _check_repeatable(self, run: RevisionRun) -> None:
        """Runs what reads clocks, random numbers or the like a second time."""
        known = self._runs.changing_inputs(run)
        if not known or run.profile is None:
            return
        again = self._runs.at(run.revision, anew=True)
        if again.profile is None:
            return
        lines = differing_lines(run.profile, again.profile)
        if not lines:
            return
        text = f"its counts differ at the same revision, {run.revision.short}, by {inputs_text(known)}: {lines}"
        if self._figure(run) != self._figure(again):
            raise CommandError(f"the program is not deterministic, so that nothing can be found: {text}")
        self._notes.append(f"the program is not deterministic, {text}")

    def _never(self, good: Judged, within: int) -> str:
        last = self._judged(self._revisions[within])
        left = len(self._revisions) - 1 - within
        behind = (
            f"; {left} later could not be judged: {self._found[self._revisions[-1].commit].skipped}" if left else ""
        )
        missing = " (nothing of it runs there)" if last.figure is None and self._metric.kind else ""
        return (
            f"no revision of {len(self._revisions)} exceeds {self._bound.text}: {self._metric.text} are {good.figure or 0:,} in "
            f"{good.revision.short} and {last.figure or 0:,} in {last.revision.short}{missing}{behind}"
        )


def _write(found: Bisection, before: RevisionRun, first: RevisionRun, options: argparse.Namespace) -> None:
    if options.format == "json":
        write_result(json.dumps(found.to_json(), separators=(",", ":")).encode() + b"\n", options.output)
        return
    to_terminal = options.output is None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if to_terminal else _PLAIN_WIDTH
    layout = Layout(_LAYOUT_METRICS[found.metric.figure], options.top, width)
    lines = report(found, before.sources, first.sources, layout)
    if to_terminal and os.environ.get("TERM") != "dumb":
        print_styled(lines, width, sys.stdout)
    else:
        write_result(plain_text(lines).encode("utf-8", "replace"), options.output)
