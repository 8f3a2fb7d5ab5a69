"""Runs a program again and again, unheard and unseen, with texts in place of its files: what `suggest` judges by."""

from __future__ import annotations

import copy
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Literal

from perilune.cli.errors import CommandError, describe
from perilune.cli.limits import Limits
from perilune.cli.program import exit_status, program_chunk_name
from perilune.cli.repeat import StandardInput
from perilune.cli.surroundings import Surroundings
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.profiler.cost import plain_run
from perilune.profiler.model import Profile
from perilune.profiler.session import Session
from perilune.profiler.trials import CountedRun, NotJudged, Texts
from perilune.vm import LuaError, Outcome, State

_MOST_OUTPUT = 64 << 20
_WATCH_SECONDS = 0.1
_LEAST_SECONDS, _TIMES_AS_LONG = 10.0, 10.0
_INTERRUPTED = "interrupted"
_PLACE = re.compile(rb":\d+:")

SAME_INPUTS = b"""
local ticks, time, date, randomseed = 0, os.time, os.date, math.randomseed
local function now() ticks = ticks + 1 return 1700000000 + ticks // 1000 end
os.clock = function() ticks = ticks + 1 return ticks / 1000 end
os.time = function(at) if at == nil then return now() end return time(at) end
os.date = function(form, at) return date(form, at or now()) end
math.randomseed = function(...) if select("#", ...) == 0 then return randomseed(42, 0) end return randomseed(...) end
randomseed(42, 0)
"""
"""Gives each run the same times and the same random numbers. The clock goes on when it is asked, so that waits end."""


class Stopped(Exception):
    """Ctrl-C ended a run."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is run: the file's name, its text, its arguments, and what is around it."""

    path: str
    text: bytes
    arguments: Sequence[str]
    around: Surroundings
    limits: Limits
    given: StandardInput


class TrialRuns:
    """The runs of one program. With `same_inputs` each has the same times and random numbers."""

    def __init__(self, program: Program, same_inputs: bool = False) -> None:
        self._program = program
        self._same_inputs = same_inputs
        self._limits = program.limits

    def profiled(self) -> tuple[Outcome, Profile, Session]:
        """A run in sample mode, to find out which lines matter. Ends the command where the program cannot be loaded."""
        program = self._program
        started = time.monotonic()
        try:
            outcome, session, profile, _ = self._run("sample", {})
        except LuaSyntaxError as error:
            raise CommandError(str(error)) from error
        except LuaError as error:
            raise CommandError(str(error), exit_status(error.outcome)) from error
        longest = max(_LEAST_SECONDS, _TIMES_AS_LONG * (time.monotonic() - started))
        self._limits = copy.copy(program.limits)
        self._limits.seconds = min(longest, program.limits.seconds or longest)
        return outcome, profile, session

    def of_same_inputs(self) -> TrialRuns:
        """The same runs with the same times and random numbers in each."""
        runs = TrialRuns(self._program, same_inputs=True)
        runs._limits = self._limits
        return runs

    def counted(self, texts: Texts) -> CountedRun:
        """One run in count mode. Raises NotJudged where a text does not compile."""
        try:
            outcome, _, profile, streams = self._run("count", texts)
        except LuaSyntaxError as error:
            raise NotJudged(f"it does not compile: {error}") from error
        except LuaError as error:
            return CountedRun(f"did not begin: {error}", {}, 0, 0, False)
        totals = profile.totals
        return CountedRun(
            _ending(outcome), streams, totals.instructions, totals.memory.allocated_bytes, outcome.kind != "limit"
        )

    def timed(self, texts: Texts) -> int:
        """The processor time of one run without a profile, in nanoseconds."""
        program = self._program
        with program.given.again(), _captured(program.given.is_file):
            text = texts.get(self._main, program.text)
            state = self._new_state(texts, keeps_texts=False)
            run = plain_run(text, program_chunk_name(program.path), program.arguments, state)
        if run.outcome.kind == _INTERRUPTED:
            raise Stopped
        return run.processor_ns

    @property
    def _main(self) -> str:
        return os.path.realpath(self._program.path)

    def _run(
        self, mode: Literal["count", "sample"], texts: Texts
    ) -> tuple[Outcome, Session, Profile, dict[str, bytes]]:
        program = self._program
        name, text = program_chunk_name(program.path), texts.get(self._main, program.text)
        with program.given.again(), _captured(program.given.is_file or mode == "sample") as (output, errors):
            session = Session(mode, state=self._new_state(texts))
            with _watching(session, output, errors) as watch:
                outcome, profile = session.run(text, name, program.arguments)
            if outcome.kind == _INTERRUPTED:
                raise Stopped
            if watch.is_full:
                outcome = Outcome("limit", b"wrote more than 64 MB", 1)
            return outcome, session, profile, {"its output": _content(output), "its error output": _content(errors)}

    def _new_state(self, texts: Texts, *, keeps_texts: bool = True) -> State:
        program = self._program
        state = self._limits.new_state(program.path, keeps_texts=keeps_texts)
        replace(program.around, texts={**program.around.texts, **texts}).prepare(state)
        if self._same_inputs:
            state.run(SAME_INPUTS, b"=(the same inputs)").check()
        return state


def _ending(outcome: Outcome) -> str:
    """How a run ended, in words; places in a message lose their lines, which a rewrite may move."""
    if outcome.kind == "error":
        message = _PLACE.sub(b":", outcome.message).decode("utf-8", "replace")
        return f"failed: {message.splitlines()[0] if message else ''}"
    if outcome.kind == "limit":
        return f"did not end by itself ({outcome.message.decode('utf-8', 'replace').partition(chr(10))[0]})"
    status = exit_status(outcome)
    return f"ended with status {status}" if status else "ended well"


@contextmanager
def _captured(keeps_input: bool) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Keeps what is written to the standard streams meanwhile in two files, and what is read of them away."""
    with _file() as output, _file() as errors:
        sys.stdout.flush()
        kept = [os.dup(stream) for stream in (0, 1, 2)]
        try:
            if not keeps_input:
                with open(os.devnull, "rb") as nothing:
                    os.dup2(nothing.fileno(), 0)
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            yield output, errors
        finally:
            for stream, before in enumerate(kept):
                os.dup2(before, stream)
                os.close(before)


def _file() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise CommandError(f"the temporary folder cannot keep the program's output: {describe(error)}") from error


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(_MOST_OUTPUT + 1)


class _Watch:
    is_full = False


@contextmanager
def _watching(session: Session, *files: IO[bytes]) -> Iterator[_Watch]:
    """Ends a program that writes without end."""
    finished = threading.Event()
    watch = _Watch()

    def work() -> None:
        while not finished.wait(_WATCH_SECONDS):
            if any(os.fstat(file.fileno()).st_size > _MOST_OUTPUT for file in files):
                watch.is_full = True
                session.end()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        finished.set()
        thread.join()
