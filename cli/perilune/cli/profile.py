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
from typing import TextIO, get_args

from perilune.cli import limits, output
from perilune.cli.errors import CommandError
from perilune.cli.forms import FORMS, Form
from perilune.cli.limits import Limits
from perilune.cli.listing import annotated_listing
from perilune.cli.output import Output, add_options
from perilune.cli.program import exit_status, program_chunk_name, read_executable, report_error, syntax_error_text
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.profiler.cost import TimedRun, cost_ratio, plain_run
from perilune.profiler.renderers.figures import bytes_text
from perilune.profiler.session import Mode, SamplerKind, Session
from perilune.profiler.sources import read_sources
from perilune.vm import Outcome, State

_STANDARD_OUTPUT = 1
_STREAMS = (0, 1, 2)
_PROGRESS_AFTER = 1.0
_PROGRESS_EVERY = 1.0
_SHORTEST_MS, _LONGEST_MS = 0.01, 100_000
_CLEAR_TO_END = "\x1b[K"
_SAVE_CURSOR, _RESTORE_CURSOR = "\x1b7", "\x1b[0m" + _CLEAR_TO_END + "\x1b8"
_DIM = "\x1b[2m"

_DISASM = Form("disasm", (".pasm",), lambda *_: b"", is_report=True)  # what it holds is no part of the profile
_FORMS = {**FORMS, _DISASM.name: _DISASM}

_VALUE_OPTIONS = ("--mode", "--sampler", "--interval", *limits.VALUE_OPTIONS, *output.VALUE_OPTIONS)
_SWITCHES = ("--measure-cost", "--start-paused", *limits.SWITCHES, *output.SWITCHES, "-h", "--help")

DESCRIPTION = """\
Run a Lua program and report what it cost: the hottest lines with their source,
opcodes, functions, memory, stack depth.

The report goes to standard error when the program has ended, however it ends:
an error, os.exit, Ctrl-C and SIGTERM included. The exit status is the
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

--sampler signal interrupts the program by a timer; thread reads from outside
what runs, but sees no calls. Without it the best that there is is taken.
"""


def main(arguments: list[str]) -> int:
    """Runs the command and returns the program's exit status."""
    parser = _parser()
    ours, path, program_arguments = _split(arguments)
    options = parser.parse_args(ours)
    if path is None:
        parser.error("which program? (see perilune profile --help)")
    misplaced = _misplaced_option(arguments, program_arguments)
    if misplaced is not None:
        print(f"perilune: {misplaced} went to the program: put it before {path}, or -- behind {path}", file=sys.stderr)
    chosen = Output.chosen(options, _FORMS)
    chosen.check(options.mode)
    if chosen.path is None and not chosen.form.is_report:
        parser.error(f"--format {chosen.form.name} needs -o FILE, or -o - for standard output")
    if options.mode != "sample" and (options.sampler or options.interval):
        parser.error(f"--sampler and --interval are for --mode sample, not --mode {options.mode}")
    text = read_executable(path)
    allowed = Limits.chosen(options)

    def new_state() -> State:
        state = allowed.new_state(path)
        state.catch_termination()
        return state

    def new_session() -> Session:
        return Session(options.mode, options.sampler, options.interval, new_state(), options.start_paused)

    session = new_session()
    _stop_when_output_is_closed(session)
    try:
        with _progress(session, sys.stderr):
            outcome, profile = session.run(text, program_chunk_name(path), program_arguments)
    except LuaSyntaxError as error:
        raise CommandError(syntax_error_text(error)) from error
    except ValueError as error:  # a sampler that the system does not have
        raise CommandError(str(error)) from error
    report_error(outcome)
    if options.start_paused and not profile.totals.instructions:
        print('perilune: nothing was measured: the program did not start the "perilune.profiler"', file=sys.stderr)
    if options.measure_cost and outcome.kind not in ("interrupted", "limit"):
        program = (text, program_chunk_name(path), program_arguments)
        ratio = _cost_ratio(session, outcome, new_session, program, new_state)
        profile.totals.cost_ratio = ratio
        if ratio is None:
            print("perilune: the cost was not measured: the program ended differently when run again", file=sys.stderr)
    sources = session.sources | read_sources(profile)
    if chosen.form is _DISASM:
        chosen = chosen.of(annotated_listing(text, path, session.raw, profile).encode("utf-8", "replace"))
    chosen.write(profile, sources, sys.stderr, stands_apart=chosen.path is None)
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
        type=_seconds,
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
    add_options(parser, _FORMS, "standard error, for text and disasm")
    limits.add_options(parser)
    return parser


def _seconds(text: str) -> float:
    try:
        milliseconds = float(text)
    except ValueError:
        milliseconds = 0.0
    if not _SHORTEST_MS <= milliseconds <= _LONGEST_MS:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from {_SHORTEST_MS} to {_LONGEST_MS:,}")
    return milliseconds / 1000


def _split(arguments: list[str]) -> tuple[list[str], str | None, list[str]]:
    """Our options, the program, and its arguments.

    Ours stand before or directly behind the program's name. The first argument behind it that is not one of ours, or
    `--`, begins the program's own.
    """
    ours: list[str] = []
    path: str | None = None
    rest = list(arguments)
    while rest:
        argument = rest[0]
        if argument == "--":
            if path is None:
                return ours, rest[1] if len(rest) > 1 else None, rest[2:]
            return ours, path, rest[1:]
        if not argument.startswith("-") or argument == "-":
            if path is not None:
                break
            path = rest.pop(0)
            continue
        if path is not None and not _is_ours(argument):
            break
        ours.append(rest.pop(0))
        if argument in _VALUE_OPTIONS and rest:
            ours.append(rest.pop(0))
    return ours, path, rest


def _is_ours(argument: str) -> bool:
    name = argument.partition("=")[0]
    return name in _VALUE_OPTIONS or name in _SWITCHES or (argument.startswith("-o") and argument != "-o")


def _misplaced_option(arguments: list[str], program_arguments: list[str]) -> str | None:
    """An option of ours that went to the program, though nothing says that it was meant for it."""
    if "--" in arguments[: len(arguments) - len(program_arguments)]:
        return None
    return next((argument for argument in program_arguments if argument.startswith("--") and _is_ours(argument)), None)


def _cost_ratio(
    session: Session,
    outcome: Outcome,
    new_session: Callable[[], Session],
    program: tuple[bytes, bytes, list[str]],
    new_state: Callable[[], State],
) -> float | None:
    """The time of the profiled run over that of runs without a profile, which are made here and not heard or seen."""

    def run_profiled() -> TimedRun:
        again = new_session()
        return again.run(*program)[0], again.processor_ns

    first = (outcome, session.processor_ns)
    wall_ns = session.raw["run_ns"] if session.raw is not None else 0
    with _without_streams():
        return cost_ratio(first, wall_ns, run_profiled, lambda: plain_run(*program, new_state()))


@contextlib.contextmanager
def _without_streams() -> Iterator[None]:
    """Keeps what the process reads and writes meanwhile from the streams, the machine's own writing included."""
    sys.stdout.flush()
    kept = [os.dup(stream) for stream in _STREAMS]
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        for stream in _STREAMS:
            os.dup2(nowhere, stream)
        yield
    finally:
        for copy, stream in zip(kept, _STREAMS, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
        os.close(nowhere)


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
