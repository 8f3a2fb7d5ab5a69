"""`perilune profile`: runs a program and writes what it cost."""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO, get_args

from perilune.cli import limits, output, repeat, surroundings
from perilune.cli.command_words import CommandWords
from perilune.cli.errors import CommandError, tell
from perilune.cli.forms import FORMS, Form
from perilune.cli.limits import Limits
from perilune.cli.output import Output, add_options, on_clock
from perilune.cli.program import (
    exit_status,
    program_chunk_name,
    read_executable,
    report_error,
    syntax_error_text,
)
from perilune.cli.surroundings import Surroundings
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.profiler.renderers.figures import bytes_text
from perilune.profiler.session import Mode, SamplerKind, Session
from perilune.vm import LuaError, Outcome, State

if TYPE_CHECKING:
    from perilune.profiler.cost import Cost, TimedRun

_STANDARD_OUTPUT = 1
_PROGRESS_AFTER = 1.0
_PROGRESS_EVERY = 1.0
_SHORTEST_MS, _LONGEST_MS = 0.01, 100_000
_CLEAR_TO_END = "\x1b[K"
_SAVE_CURSOR, _RESTORE_CURSOR = "\x1b7", "\x1b[0m" + _CLEAR_TO_END + "\x1b8"
_DIM = "\x1b[2m"

_DISASM = Form("disasm", (".pasm",), lambda *_: b"", is_report=True)  # what it holds is no part of the profile
_FORMS = {**FORMS, _DISASM.name: _DISASM}

_VALUE_OPTIONS = (
    "--mode",
    "--sampler",
    "--interval",
    *repeat.VALUE_OPTIONS,
    *surroundings.VALUE_OPTIONS,
    *limits.VALUE_OPTIONS,
    *output.VALUE_OPTIONS,
)
_SWITCHES = (
    "--measure-cost",
    "--start-paused",
    *surroundings.SWITCHES,
    *limits.SWITCHES,
    *output.SWITCHES,
    "-h",
    "--help",
)
_WORDS = CommandWords(_VALUE_OPTIONS, _SWITCHES)

DESCRIPTION = """\
Run a Lua program and report what it cost: the hottest lines with their source,
opcodes, functions, memory, stack depth.

The report goes to standard error when the program has ended, however it ends:
an error, os.exit, Ctrl-C, SIGTERM and SIGHUP included. The exit status is the
program's. Options stand before the program's own arguments; after -- all is the
program's.
"""

MODES = """\
modes:
  sample  exact counts of every instruction and, one to four thousand times a
          second, a look at what runs: time for every line, with its error, and
          the calls that led there
  count   the counts alone, without a clock: the same run always gives the same
          report, on every machine
  trace   the counts, and a time stamp at every instruction: several times
          slower; the cost of the stamps is measured and subtracted

--sampler signal interrupts the program by a timer; thread has another thread do
that. Without it the best that there is is taken.
"""


def main(arguments: list[str]) -> int:
    """Runs the command and returns the program's exit status."""
    parser = _parser()
    ours, path, program_arguments = _WORDS.split(arguments)
    options = parser.parse_args(ours)
    if path is None:
        parser.error("which program? (see perilune profile --help)")
    misplaced = _WORDS.misplaced(arguments, program_arguments)
    if misplaced is not None:
        tell(f"{misplaced} went to the program: put it before {path}, or -- behind {path}")
    chosen = Output.chosen(options, _FORMS)
    chosen.check(options.mode)
    if chosen.path is None and not chosen.form.is_report:
        parser.error(f"--format {chosen.form.name} needs -o FILE, or -o - for standard output")
    if options.mode != "sample" and (options.sampler or options.interval):
        parser.error(f"--sampler and --interval are for --mode sample, not --mode {options.mode}")
    plan = repeat.Plan.chosen(options)
    if plan is not None and options.measure_cost:
        parser.error("--repeat and --measure-cost both run the program again: choose one of them")
    around = Surroundings.chosen(options)
    stands_in = around.text_of(path)
    text, assembly = read_executable(path) if stands_in is None else (stands_in, None)
    allowed = Limits.chosen(options)

    def new_state() -> State:
        state = allowed.new_state(path)
        state.catch_termination()
        return around.prepare(state)

    sessions: list[Session] = []

    def new_session(interval: float | None = None) -> Session:
        session = Session(
            options.mode, options.sampler, options.interval or interval, new_state(), options.start_paused
        )
        sessions[:] = [session]
        return session

    session = new_session()
    given = repeat.StandardInput()
    around.end_when_told(lambda: sessions[0])  # before there is any other thread
    _stop_when_output_is_closed(session)
    try:
        with _progress(session, sys.stderr), around.flushing():
            outcome, profile = session.run(text, program_chunk_name(path), program_arguments, assembly)
    except LuaSyntaxError as error:
        raise CommandError(syntax_error_text(error)) from error
    except LuaError as error:
        report_error(error.outcome)
        return exit_status(error.outcome)
    except ValueError as error:  # a sampler that the system does not have
        raise CommandError(str(error)) from error
    report_error(outcome)
    if options.start_paused and not profile.totals.instructions:
        tell('nothing was measured: the program did not start the "perilune.profiler"')
    if options.measure_cost and outcome.kind not in ("interrupted", "limit"):
        program = (text, program_chunk_name(path), program_arguments)
        cost = _cost(session, outcome, new_session, program, new_state)
        if cost is not None:
            profile = session.scaled(profile, cost.plain)
            profile.totals.cost_ratio = cost.ratio
        else:
            tell("the cost was not measured: the program ended differently when run again")
    raw, sources = session.raw, session.sources
    if plan is not None:
        again = repeat.Repetition(session, outcome, profile, program_chunk_name(path), text, assembly)
        profile, raw, sources = again.run(plan, new_session, given)
    if chosen.form is _DISASM:
        from perilune.cli.listing import annotated_listing

        timed = on_clock(profile, options.clock)
        chosen = chosen.of(annotated_listing(text, path, raw, timed).encode("utf-8", "replace"))
    chosen.write(profile, sources, sys.stderr, stands_apart=chosen.path is None, keeps=True)
    return exit_status(outcome)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="perilune profile",
        usage="perilune profile [OPTION]... FILE [OPTION]... [--] [ARGUMENT]...",
        description=DESCRIPTION,
        epilog=MODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--mode", choices=get_args(Mode), default="sample", help="what to measure (default: sample)")
    parser.add_argument("--sampler", choices=get_args(SamplerKind), help="who takes the samples")
    parser.add_argument(
        "--interval",
        type=interval_seconds,
        metavar="MS",
        help="milliseconds between samples (default: 0.25 to 1, so that samples take no more than 1 %% of the run)",
    )
    parser.add_argument(
        "--measure-cost",
        action="store_true",
        help="run it again without a profile, without output, to compare the times; several times if it is short",
    )
    parser.add_argument(
        "--start-paused",
        action="store_true",
        help='measure only what the program asks for (require "perilune.profiler")',
    )
    repeat.add_options(parser)
    add_options(parser, _FORMS, "standard error, for text and disasm")
    surroundings.add_options(parser)
    limits.add_options(parser)
    return parser


def interval_seconds(text: str) -> float:
    """Milliseconds on the command line, as seconds."""
    try:
        milliseconds = float(text)
    except ValueError:
        milliseconds = 0.0
    if not _SHORTEST_MS <= milliseconds <= _LONGEST_MS:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from {_SHORTEST_MS} to {_LONGEST_MS:,}")
    return milliseconds / 1000


def _cost(
    session: Session,
    outcome: Outcome,
    new_session: Callable[[], Session],
    program: tuple[bytes, bytes, list[str]],
    new_state: Callable[[], State],
) -> Cost | None:
    """The time of the profiled run beside that of runs without a profile, which are made here and not heard or seen."""
    from perilune.profiler.cost import TimedRun, measured_cost, plain_run

    def run_profiled() -> TimedRun:
        again = new_session()
        return timed(again, again.run(*program)[0])

    def timed(run: Session, outcome: Outcome) -> TimedRun:
        return TimedRun(outcome, run.processor_ns, run.wall_ns)

    with repeat.without_streams():
        return measured_cost(timed(session, outcome), run_profiled, lambda: plain_run(*program, new_state()))


def _stop_when_output_is_closed(session: Session) -> None:
    """Ends the program when the reader of its standard output is gone, so that there is a report and not an endless run."""
    if not hasattr(select, "poll") or not stat.S_ISFIFO(os.fstat(_STANDARD_OUTPUT).st_mode):
        return
    poller = select.poll()
    poller.register(_STANDARD_OUTPUT, 0)  # errors are always reported

    def wait() -> None:
        poller.poll()
        session.interrupt()

    threading.Thread(target=wait, daemon=True).start()


@contextlib.contextmanager
def _progress(session: Session, stream: TextIO) -> Iterator[None]:
    """Shows on a terminal how far a run of more than a second has come."""
    if not stream.isatty():
        yield
        return
    finished = threading.Event()
    thread = threading.Thread(target=_show_progress, args=(session, stream, finished), daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()


def _show_progress(session: Session, stream: TextIO, finished: threading.Event) -> None:
    """Writes behind the cursor and puts it back, so that what the program writes goes where it would have gone."""
    started = time.monotonic()
    shown = False
    while not finished.wait(_PROGRESS_EVERY if shown else _PROGRESS_AFTER):
        stream.write(
            f"{_SAVE_CURSOR}{_DIM}{progress_text(time.monotonic() - started, *session.live()[1:])}{_RESTORE_CURSOR}"
        )
        stream.flush()
        shown = True
    if shown:
        stream.write(_CLEAR_TO_END)
        stream.flush()


def progress_text(seconds: float, held_bytes: int, allocated_bytes: int) -> str:
    """The live line."""
    memory = f"{bytes_text(held_bytes)} in use, {bytes_text(allocated_bytes)} allocated"
    return f"  profiling: {seconds:.0f} s, {memory}; Ctrl-C stops the program and reports"
