"""`perilune suggest`: tries rewrites of a program's hot lines, and tells what each gains, or writes those that do."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from typing import Any

from perilune.cli import limits, surroundings
from perilune.cli.command_words import CommandWords
from perilune.cli.destination import STANDARD_OUTPUT, check_writable, write_file, write_result
from perilune.cli.errors import CommandError, describe, encoded, tell
from perilune.cli.limits import Limits
from perilune.cli.program import read_program
from perilune.cli.repeat import StandardInput
from perilune.cli.surroundings import Surroundings
from perilune.cli.trial_runs import Program, Stopped, TrialRuns
from perilune.profiler.model import Profile
from perilune.profiler.renderers.report.layout import LineRange
from perilune.profiler.renderers.suggestions import report
from perilune.profiler.repeatable import changes, inputs, inputs_text, reads_standard_input
from perilune.profiler.rewrites.hot_lines import THRESHOLD
from perilune.profiler.rewrites.rewrite import KINDS
from perilune.profiler.suggestions import (
    Candidate,
    Combination,
    Suggestion,
    combine,
    find_candidates,
    rewritten,
    try_out,
)
from perilune.profiler.trials import Judge, NotDeterministic, NotJudged, effect_text

_VALUE_OPTIONS = (
    "--kind",
    "--subject",
    "--line-range",
    "--threshold",
    "--top",
    "--seconds",
    "--format",
    "-o",
    "--output",
    *surroundings.VALUE_OPTIONS,
    *limits.VALUE_OPTIONS,
)
_SWITCHES = (
    "--apply",
    "--all",
    "--json",
    "--again",
    "--progress",
    *surroundings.SWITCHES,
    *limits.SWITCHES,
    "-h",
    "--help",
)
_WORDS = CommandWords(_VALUE_OPTIONS, _SWITCHES)

_BINARY = b"\x1b"
_WIDTH = 100
_TOP = 20
_SECONDS = 5.0
_INTERRUPTED = 130

DESCRIPTION = """\
Run a program, find rewrites for the lines that it spends its time on, in its
modules too, and try each: the program must write the same and end the same, and
execute at least 1 % fewer instructions, or take less time by more than the
error.

kinds of rewrites:
  concat       s = s .. piece in a loop: pieces in a table, and table.concat
  append       table.insert(t, x): t[#t + 1] = x
  local        a global or a field read again and again: a local variable
  numeric-for  ipairs(t): a loop that counts to #t
  move-out     a closure or a constant table made again and again: made once

Instructions are counted in one run each, times are those of several runs that
alternate with runs of the program as it is.
"""

EPILOG = """\
Where two runs of the program as it is differ, every run is given the same times
and random numbers. What the program writes to files is not compared.

Exit status: 0, whatever was found; 1 if the program cannot be judged, 2 for
wrong options.
"""


def main(arguments: list[str]) -> int:
    """Returns 0 if the program could be judged."""
    parser = _parser()
    ours, path, program_arguments = _WORDS.split(arguments)
    options = parser.parse_args(ours)
    if path is None:
        parser.error("which program? (see perilune suggest --help)")
    misplaced = _WORDS.misplaced(arguments, program_arguments)
    if misplaced is not None:
        tell(f"{misplaced} went to the program: put it before {path}, or -- behind {path}")
    if path == STANDARD_OUTPUT:
        parser.error("the program must be in a file")
    if options.apply and options.text:
        parser.error("--apply writes files, and --text says that they are not what is run")
    if options.output not in (None, STANDARD_OUTPUT):
        check_writable(options.output)
    around = Surroundings.chosen(options)
    stands_in = around.text_of(path)
    text = read_program(path) if stands_in is None else stands_in
    if text.startswith(_BINARY) or path.endswith(".pasm"):
        raise CommandError(f"{path} holds bytecode: there is no text to rewrite")
    program = Program(path, text, program_arguments, around, Limits.chosen(options), StandardInput())
    try:
        return _Search(program, options).run()
    except Stopped:
        tell("stopped")
        return _INTERRUPTED
    except NotJudged as error:
        raise CommandError(f"{path} cannot be judged: {error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="perilune suggest",
        usage="perilune suggest [OPTION]... FILE [OPTION]... [--] [ARGUMENT]...",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--apply", action="store_true", help="write the rewrites that gain, once they have been tried together too"
    )
    parser.add_argument("--kind", action="append", choices=KINDS, metavar="KIND", help="only rewrites of this kind")
    parser.add_argument("--subject", metavar="TEXT", help="only rewrites about this, such as math.floor")
    parser.add_argument(
        "--line-range", type=_line_range, metavar="A:B", help="only for these lines of the program, or of FILE:A:B"
    )
    parser.add_argument(
        "--threshold",
        type=_percent,
        default=THRESHOLD,
        metavar="PERCENT",
        help="the part of the run from which on a line matters (default: 1)",
    )
    parser.add_argument(
        "--all", action="store_true", help="try rewrites for all lines that ran, and show all that gain nothing"
    )
    parser.add_argument(
        "--top", type=_count, default=_TOP, metavar="N", help=f"try so many; 0 for all (default: {_TOP})"
    )
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=_SECONDS,
        metavar="S",
        help=f"how long to take the times for one rewrite; 0 for counts alone (default: {_SECONDS:g})",
    )
    parser.add_argument("--again", action="store_true", help="run a program again that changes files or starts others")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to write it (default: text)")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="short for --format json")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: standard output)")
    parser.add_argument("--progress", action="store_true", help="say on standard error what is being tried")
    surroundings.add_options(parser)
    limits.add_options(parser)
    return parser


def _line_range(text: str) -> LineRange:
    try:
        return LineRange.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _number(text: str, most: float, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= most:
        raise argparse.ArgumentTypeError(f"'{text}' is not {what}")
    return number


def _percent(text: str) -> float:
    return _number(text.removesuffix("%"), 100, "a number from 0 to 100") / 100


def _seconds(text: str) -> float:
    return _number(text, 1e6, "a number of seconds")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of rewrites")
    return int(text[:9])


class _Search:
    """One program and what is tried with it."""

    def __init__(self, program: Program, options: argparse.Namespace) -> None:
        self._program = program
        self._options = options
        self._notes: list[str] = []

    def run(self) -> int:
        """Tries, writes the report, and applies what is to be applied."""
        runs = TrialRuns(self._program)
        self._say("a first run, to see which lines matter")
        outcome, profile, session = runs.profiled()
        if outcome.kind == "limit":
            raise NotJudged("it did not come to its end before a limit ended it")
        self._check_repeatable(profile)
        if profile.outcome is not None and profile.outcome.failure:
            self._notes.append(f"the program ended {profile.outcome.failure}: it is judged by what it does until then")
        candidates, left_out = self._candidates(profile, session.texts)
        suggestions: list[Suggestion] = []
        together: Combination | None = None
        if candidates:
            judge = self._judge(runs, profile)
            for number, candidate in enumerate(candidates, 1):
                place = f"{candidate.path}:{candidate.rewrite.line}"
                self._say(f"{number}/{len(candidates)} {place} {candidate.rewrite.title}")
                suggestions.append(try_out(judge, candidate))
            if sum(suggestion.effect.is_worth_it for suggestion in suggestions) > 1:
                self._say("what gains, together")
            together = combine(judge, suggestions)
        if left_out:
            self._notes.append(f"{left_out} more could be tried: --top 0 tries them all")
        written = self._apply(together) if self._options.apply and together is not None else []
        self._write(suggestions, together, written)
        return 0

    def _check_repeatable(self, profile: Profile) -> None:
        reader = reads_standard_input(profile)
        if self._program.given.is_stream and reader is not None:
            raise NotJudged(f"it called {reader}, and its standard input may be a stream: give it a file")
        changing = changes(profile)
        if changing is None:
            return
        if not self._options.again:
            raise NotJudged(
                f"it called {changing}, which may change what is outside of it: --again runs it all the same"
            )
        self._notes.append(f"the program called {changing}: what it changes outside of itself was not compared")

    def _candidates(self, profile: Profile, texts: dict[str, bytes]) -> tuple[list[Candidate], int]:
        options = self._options
        lines: LineRange | None = options.line_range
        main = self._program.path

        def is_asked_about(path: str, line: int) -> bool:
            return lines is None or lines.holds(path, line, main)

        known = {path: text for path, text in texts.items() if self._is_what_is_loaded(path, text)}
        threshold = sys.float_info.min if options.all else options.threshold
        found = find_candidates(profile, known, threshold, is_asked_about, options.kind or KINDS)
        if options.subject is not None:
            found = [candidate for candidate in found if candidate.rewrite.subject == options.subject]
        kept = found[: options.top or len(found)]
        return kept, len(found) - len(kept)

    def _is_what_is_loaded(self, path: str, text: bytes) -> bool:
        """Whether a text is that of a file as it will be loaded again."""
        around = self._program.around
        stands_in = around.text_of(path)
        if stands_in is not None:
            return stands_in == text
        try:
            with open(path, "rb") as file:
                return file.read() == text
        except (OSError, ValueError):
            return False

    def _judge(self, runs: TrialRuns, profile: Profile) -> Judge:
        self._say("the program as it is, twice")
        try:
            return Judge(runs, self._options.seconds)
        except NotDeterministic as error:
            known = inputs_text(inputs(profile))
            because = f", by {known}" if known else ""
            try:
                judge = Judge(runs.of_same_inputs(), self._options.seconds)
            except NotDeterministic:
                raise NotJudged(f"two runs of it do not do the same: {error}{because}") from error
        self._notes.append(
            f"two runs do not do the same{because}: every run was given the same times and random numbers"
        )
        return judge

    def _apply(self, together: Combination) -> list[str]:
        """Writes the files with what gains together; gives their names."""
        candidates = [suggestion.candidate for suggestion in together.suggestions]
        names = {candidate.real_path: candidate.path for candidate in candidates}
        before = {candidate.real_path: candidate.text for candidate in candidates}
        texts = rewritten(candidates)
        for path, name in names.items():
            check_writable(path)
            if read_program(path) != before[path]:
                raise CommandError(f"{name} was changed meanwhile: nothing was written")
        for path, text in texts.items():
            try:
                write_file(path, text)
            except OSError as error:
                raise CommandError(f"cannot write {names[path]}: {describe(error)}") from error
        return sorted(names.values())

    def _write(self, suggestions: Sequence[Suggestion], together: Combination | None, written: Sequence[str]) -> None:
        options = self._options
        if options.format == "json":
            value: dict[str, Any] = {
                "program": {"path": self._program.path, "args": list(self._program.arguments)},
                "suggestions": [suggestion.to_json() for suggestion in suggestions],
                "together": None if together is None else _together_json(together, suggestions),
                "written": list(written),
                "notes": self._notes,
            }
            write_result(json.dumps(value, separators=(",", ":")).encode() + b"\n", options.output)
            return
        width = shutil.get_terminal_size().columns if options.output is None and sys.stdout.isatty() else _WIDTH
        lines = report(suggestions, together, width, options.all)
        lines += [f"Note: {note}." for note in self._notes]
        lines += [f"Wrote {path}." for path in written]
        encoding = "utf-8" if options.output is not None else sys.stdout.encoding
        write_result(encoded("\n".join(lines) + "\n", encoding), options.output)

    def _say(self, what: str) -> None:
        if self._options.progress or os.isatty(2):
            tell(what)


def _together_json(together: Combination, suggestions: Sequence[Suggestion]) -> dict[str, Any]:
    return {
        "suggestions": [suggestions.index(suggestion) for suggestion in together.suggestions],
        "verdict": together.effect.verdict,
        "message": effect_text(together.effect),
    }
