"""`perilune profile --repeat`: a run that is too short for times is run again, not heard or seen, and all are one profile."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType
from typing import TYPE_CHECKING

from perilune.cli.errors import CommandError, tell
from perilune.profiler.attribution import attribute
from perilune.profiler.model import Profile, Repeats
from perilune.profiler.quick_dataclasses import dataclass
from perilune.profiler.repeatable import changes, inputs, reads_standard_input
from perilune.profiler.session import Session, run_outcome
from perilune.profiler.sources import Sources, split_lines
from perilune.vm import LuaError, Outcome

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile

VALUE_OPTIONS = ("--repeat", "--precision", "--progress")

_AUTO = "auto"
_MOST_RUNS = 1000
_MOST_SECONDS = 10.0
_MOST_ASKED = 100_000
_RUNS_WITHOUT_SAMPLES = {"count": 2, "trace": 5}
_MOST_LEFT_OUT = 3
_SHORTEST_NS = 50_000
_STREAMS = (0, 1, 2)
_STANDARD_INPUT = 0
_TELL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Plan:
    """How often to run: so many `runs`, or, where that is None, until the errors of the leading lines are below `precision`.

    `progress` is a file for whoever watches, who reads in the profile, and not in a message, why there are not more runs.
    """

    runs: int | None
    precision: float
    progress: str | None = None

    @classmethod
    def chosen(cls, options: argparse.Namespace) -> Plan | None:
        """What the options say; None is once."""
        if options.repeat is None and options.precision is None:
            return None
        runs = None if options.repeat in (None, _AUTO) else options.repeat
        return cls(runs, (options.precision or 2.0) / 100, options.progress)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options to those of a command."""
    parser.add_argument(
        "--repeat",
        type=_runs,
        metavar="auto|N",
        help="run it N times, or as often as times of a short program need (10 s, 1,000 runs at the most); only the first "
        "run is heard and seen; auto leaves a program alone that changes files or starts others",
    )
    parser.add_argument(
        "--precision",
        type=_points,
        metavar="POINTS",
        help="the error of the leading lines at which --repeat auto is content (default: 2 percentage points)",
    )
    parser.add_argument(
        "--progress",
        metavar="FILE",
        help="keep in FILE how many of the runs have been, and the error of the leading lines in points, for an editor",
    )


def _runs(text: str) -> int | str:
    if text == _AUTO:
        return text
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:9]) <= _MOST_ASKED:
        raise argparse.ArgumentTypeError(f"'{text}' is neither auto nor a number of runs from 1 to {_MOST_ASKED:,}")
    return int(text)


def _points(text: str) -> float:
    try:
        points = float(text)
    except ValueError:
        points = 0.0
    if not 0.05 <= points <= 50:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of percentage points from 0.05 to 50")
    return points


class _Progress:
    """How far the runs are, in a file: `12 3.4`, the runs and the points of error, or `12` where nothing is sampled."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._told = 0.0

    def tell(self, runs: int, error_of: Callable[[], float | None]) -> None:
        """Writes it, unless it was just written."""
        now = time.monotonic()
        if self._path is None or now - self._told < _TELL_SECONDS:
            return
        self._told = now
        error = error_of()
        text = f"{runs}\n" if error is None else f"{runs} {100 * error:.2f}\n"
        with contextlib.suppress(OSError), open(self._path, "w", encoding="ascii") as file:
            file.write(text)


class StandardInput:
    """The standard input as it is before the first run, so that the others read the same."""

    def __init__(self) -> None:
        self._offset: int | None = None
        mode = os.fstat(_STANDARD_INPUT).st_mode
        self.is_stream = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(_STANDARD_INPUT)
        if stat.S_ISREG(mode):
            self._offset = os.lseek(_STANDARD_INPUT, 0, os.SEEK_CUR)

    @property
    def is_file(self) -> bool:
        """Whether it can be read again."""
        return self._offset is not None

    @contextlib.contextmanager
    def again(self) -> Iterator[None]:
        """Where it was in the beginning, and afterwards where it is now."""
        if self._offset is None:
            yield
            return
        now = os.lseek(_STANDARD_INPUT, 0, os.SEEK_CUR)
        os.lseek(_STANDARD_INPUT, self._offset, os.SEEK_SET)
        try:
            yield
        finally:
            os.lseek(_STANDARD_INPUT, now, os.SEEK_SET)


@contextlib.contextmanager
def without_streams(keeps_input: bool = False) -> Iterator[None]:
    """Keeps what the process reads and writes meanwhile from the streams, the machine's own writing included."""
    sys.stdout.flush()
    streams = _STREAMS[1:] if keeps_input else _STREAMS
    kept = [os.dup(stream) for stream in streams]
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        for stream in streams:
            os.dup2(nowhere, stream)
        yield
    finally:
        for copy, stream in zip(kept, streams, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
        os.close(nowhere)


@contextmanager
def _interrupts_held() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Ctrl-C waits as long as the context lasts, for a context in which it is heard: what merges runs is not cut short."""
    held: list[int] = []
    heard = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(heard):
        yield nullcontext
        return

    def hold(number: int, frame: FrameType | None) -> None:
        held.append(number)

    @contextmanager
    def hears() -> Iterator[None]:
        signal.signal(signal.SIGINT, heard)
        try:
            if held:
                raise KeyboardInterrupt
            yield
        finally:
            signal.signal(signal.SIGINT, hold)

    signal.signal(signal.SIGINT, hold)
    try:
        yield hears
    finally:
        signal.signal(signal.SIGINT, heard)


class Repetition:
    """The runs of one program after its first, and the profile of all of them."""

    def __init__(
        self,
        first: Session,
        outcome: Outcome,
        profile: Profile,
        chunkname: bytes,
        text: bytes,
        assembly: bytes | None,
    ) -> None:
        from perilune.profiler.merging import MergedRuns  # most runs are not repeated

        assert first.raw is not None
        self._first, self._outcome, self._profile = first, outcome, profile
        self._texts = dict(first.texts)
        is_source = first.chunk is not text
        self._program = (first.chunk, chunkname, profile.program.args, text if is_source else assembly)
        self._merged = MergedRuns(first.raw, first.loaded)
        self._repeats = Repeats()

    def run(
        self, plan: Plan, new_session: Callable[[float | None], Session], given: StandardInput
    ) -> tuple[Profile, RawProfile, Sources]:
        """Runs the program as often as the plan says; gives the profile of all, their counters and the sources."""
        obstacle = self._obstacle(plan, given)
        if obstacle is None:
            self._repeats.stopped = self._repeat(plan, new_session, given)
        elif not self._is_content(plan):
            self._repeats.stopped = obstacle
            if plan.progress is None:
                tell(f"not run again: {obstacle}")
        return self._result()

    def _obstacle(self, plan: Plan, given: StandardInput) -> str | None:
        """Why the program is not run again."""
        if self._outcome.kind in ("interrupted", "limit"):
            return "the program was stopped"
        if plan.runs is None and self._outcome.kind == "error":
            return "the program failed"
        reader = reads_standard_input(self._profile)
        if given.is_stream and reader is not None:
            return (
                f"it called {reader}, and its standard input may be a stream that cannot be read again: give it a file"
            )
        changing = changes(self._profile)
        if plan.runs is None and changing is not None:
            return f"it called {changing}, which may change what is outside of it: --repeat N does it all the same"
        return None

    def _is_content(self, plan: Plan) -> bool:
        """Whether there is no need for another run."""
        wanted = plan.runs if plan.runs is not None else _RUNS_WITHOUT_SAMPLES.get(self._profile.mode)
        if wanted is not None:
            return self._merged.count + self._repeats.left_out >= wanted
        error = self._merged.leading_error()
        return error is None or error < plan.precision

    def _repeat(self, plan: Plan, new_session: Callable[[float | None], Session], given: StandardInput) -> str | None:
        """Runs until the plan is content; gives the reason if it ends before."""
        with _interrupts_held() as hears:
            return self._repeat_held(plan, new_session, given, hears)

    def _repeat_held(
        self,
        plan: Plan,
        new_session: Callable[[float | None], Session],
        given: StandardInput,
        hears: Callable[[], AbstractContextManager[None]],
    ) -> str | None:
        """As `_repeat`; a Ctrl-C is told in the contexts that `hears` makes."""
        began = time.monotonic()
        progress = _Progress(plan.progress)
        while not self._is_content(plan):
            progress.tell(self._merged.count, self._merged.leading_error)
            if plan.runs is None and self._merged.count >= _MOST_RUNS:
                return f"{_MOST_RUNS:,} runs are the limit"
            if plan.runs is None and time.monotonic() - began > _MOST_SECONDS:
                return f"{_MOST_SECONDS:g} s are the limit"
            if plan.runs is None and self._repeats.left_out >= _MOST_LEFT_OUT:
                return "the program does something else when it is run again"
            try:
                with hears(), given.again(), without_streams(keeps_input=given.is_file):
                    session = new_session(self._interval())
                    outcome = session.record(*self._program)
            except KeyboardInterrupt:
                return "it was stopped"
            except (CommandError, LuaError):
                self._leave_out("it could not be loaded")
                continue
            if outcome.kind == "interrupted":
                return "it was stopped"
            if outcome.kind == "limit":
                return "a run was ended before its time"
            self._take(session, outcome)
        return None

    def _interval(self) -> float | None:
        """Seconds between samples: several in a run."""
        totals = self._profile.totals
        if totals.sample_interval_ns is None:
            return None
        return min(totals.sample_interval_ns, max(_SHORTEST_NS, (totals.run_ns or 0) // 4)) / 1e9

    def _take(self, session: Session, outcome: Outcome) -> None:
        raw = session.raw
        assert raw is not None
        if (outcome.kind, outcome.exit_status) != (self._outcome.kind, self._outcome.exit_status):
            self._leave_out(f"it ended {run_outcome(outcome).failure or 'well'}")
            return
        obstacle = self._merged.obstacle(raw, session.loaded)
        if obstacle is not None:
            self._leave_out(obstacle)
            return
        self._merged.add(raw, session.loaded)
        for path, content in session.loaded.contents(
            session.loaded.file(each).path for each in raw["functions"]
        ).items():
            self._texts.setdefault(path, content)

    def _leave_out(self, reason: str) -> None:
        self._repeats.left_out += 1
        self._repeats.left_out_reason = self._repeats.left_out_reason or reason

    def _result(self) -> tuple[Profile, RawProfile, Sources]:
        raw, first = self._merged.raw(), self._profile
        profile = first
        if self._merged.count > 1:
            profile = attribute(raw, first.mode, first.program, self._merged.loaded)
            profile.outcome = first.outcome
            self._merged.mark(profile)
        repeats, times = self._repeats, self._merged.run_times
        repeats.runs = self._merged.count
        if profile.totals.run_ns is not None:
            repeats.shortest_ns, repeats.longest_ns = min(times), max(times)
        repeats.ranges = self._merged.ranges
        if not self._merged.agree or repeats.left_out:
            repeats.inputs = inputs(profile)
        profile.totals.repeats = repeats
        return profile, raw, {path: split_lines(text) for path, text in self._texts.items()}
