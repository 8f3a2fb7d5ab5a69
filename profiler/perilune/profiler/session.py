"""Runs a program under the profiler: source in, outcome and profile out."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, get_args

from perilune.profiler.attribution import attribute
from perilune.profiler.instructions import source_path
from perilune.profiler.loaded_files import LoadedFiles
from perilune.profiler.model import MODES, Profile, Program, RunOutcome
from perilune.profiler.probe import PlainRun
from perilune.profiler.sources import Sources, split_lines
from perilune.vm import Outcome, State

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile

Mode = Literal["count", "sample", "trace"]
SamplerKind = Literal["signal", "thread"]

_SHORTEST_INTERVAL, _LONGEST_INTERVAL = 1e-5, 100.0  # seconds
_BINARY = b"\x1b"
_LONGEST_MESSAGE = 500


def sampling_interval_ns(mode: Mode, sampler: SamplerKind | None, interval: float | None) -> int:
    """The interval as a machine takes it, 0 leaves it to the machine. Raises ValueError or TypeError where one is wrong."""
    if mode not in MODES:
        raise ValueError(f"unknown mode {mode!r}, not one of {', '.join(MODES)}")
    if mode != "sample" and not (sampler is None and interval is None):
        raise ValueError(f"sampler and interval are for sample mode, not {mode} mode")
    if sampler is not None and sampler not in get_args(SamplerKind):
        raise ValueError(f"unknown sampler {sampler!r}, not one of {', '.join(get_args(SamplerKind))}")
    if interval is None:
        return 0
    if isinstance(interval, bool) or not isinstance(interval, int | float):
        raise TypeError(f"interval: expected a number of seconds, not {interval!r}")
    if not _SHORTEST_INTERVAL <= interval <= _LONGEST_INTERVAL:
        raise ValueError("the sampling interval must be from 10 microseconds to 100 seconds")
    return round(interval * 1e9)


_WHOLE = 0.5
"""A profile that measured this part of its run, or more, is one of the whole run: loading a short program takes as long."""


class Session:
    """One profiled run in a machine of its own. While it runs, other threads may ask `live` and `interrupt`.

    Afterwards `raw` holds the counters that the profile was made from, `loaded` says of which files they are, `texts` has
    those of its files as they were when they were loaded, by path, `processor_ns` is the processor time of the run and
    `wall_ns` that by the clock.
    """

    __slots__ = (
        "_interval_ns",
        "_paused",
        "_sampler",
        "_state",
        "chunk",
        "loaded",
        "mode",
        "processor_ns",
        "raw",
        "texts",
        "wall_ns",
    )

    def __init__(
        self,
        mode: Mode = "sample",
        sampler: SamplerKind | None = None,
        interval: float | None = None,
        state: State | None = None,
        paused: bool = False,
    ) -> None:
        """`sampler` and `interval`, the mean seconds between samples, count in sample mode.

        None is the best sampler that there is, and an interval from 0.25 to 1 ms: the shortest at which samples take a
        hundredth of the time or less.

        `state` is a fresh machine, for one with limits; the session closes it. If `paused`, nothing is measured until the
        program calls `start` of its module `perilune.profiler`.
        """
        self.mode = mode
        self._sampler: SamplerKind | None = sampler
        self._interval_ns = sampling_interval_ns(mode, sampler, interval)
        self._paused = paused
        self.processor_ns = self.wall_ns = 0
        self.raw: RawProfile | None = None
        self.texts: dict[str, bytes] = {}
        self.chunk = b""
        self.loaded = LoadedFiles()
        self._state = state or State()

    def run(
        self, text: bytes, chunkname: bytes, args: Sequence[str] = (), assembly: bytes | None = None
    ) -> tuple[Outcome, Profile]:
        """Runs a program, source or binary chunk, with the finalizers of what it leaves, and closes the machine.

        `assembly` is the text that a binary chunk was assembled from. `chunkname` is as in Lua: `@file.lua`, `=stdin`, or
        the text itself. Raises LuaSyntaxError for a source that does not compile, LuaError where a limit ends that, and
        ValueError for a sampler that the system does not have; whatever else the program does is in the outcome, and the
        profile is of what ran until then.
        """
        outcome = self.record(text, chunkname, args, assembly)
        assert self.raw is not None
        profile = attribute(self.raw, self.mode, Program(source_path(chunkname), list(args)), self.loaded)
        profile.program.sha256 = _digest(profile)
        profile.outcome = run_outcome(outcome)
        self.texts = self.loaded.contents(file.path for file in profile.files)
        return outcome, profile

    def record(self, text: bytes, chunkname: bytes, args: Sequence[str] = (), assembly: bytes | None = None) -> Outcome:
        """Does what `run` does, but makes no profile of the counters; `chunk` is the program as it ran."""
        path = source_path(chunkname)
        with in_this_folder(), contextlib.closing(self._state) as state:
            if isinstance(args, str):
                raise TypeError("args: expected a list of strings, not one string")
            chunk, compiled = text, assembly
            if not text.startswith(_BINARY):
                chunk, compiled = state.compile(text, chunkname), text
            words = [os.fsencode(argument) for argument in args]
            state.profile_start(self.mode, self._sampler, self._interval_ns, self._paused)
            started, started_by_clock = time.process_time_ns(), time.perf_counter_ns()
            outcome = state.run(chunk, chunkname, words, os.fsencode(path), compiled)
            last_status = state.finish()
            if last_status is not None:
                outcome = Outcome("exit" if outcome.kind == "ok" else outcome.kind, outcome.text, last_status)
            self.processor_ns = time.process_time_ns() - started
            self.wall_ns = time.perf_counter_ns() - started_by_clock
            state.profile_stop()
            self.raw = state.profile_data()
        self.chunk = chunk
        self.loaded = LoadedFiles.of(self._state.texts)
        return outcome

    def scaled(self, profile: Profile, plain: PlainRun) -> Profile:
        """The profile of the same run with traced times scaled to what the program took without a profile.

        A profile in another mode, or of a part of the run, stays as it is.
        """
        raw = self.raw
        if raw is None or self.mode != "trace" or raw["run_ns"] < _WHOLE * self.wall_ns:
            return profile
        scaled = attribute(raw, self.mode, profile.program, self.loaded, plain)
        scaled.outcome = profile.outcome
        return scaled

    @property
    def sources(self) -> Sources:
        """The lines of the profile's files."""
        return {path: split_lines(text) for path, text in self.texts.items()}

    def live(self) -> tuple[int, int, int]:
        """Nanoseconds since the run began, bytes that the program holds, bytes that it has allocated."""
        return self._state.live()

    def end(self) -> None:
        """Ends the program where it is, from another thread; unlike `interrupt`, it cannot catch that."""
        self._state.end()

    def interrupt(self) -> None:
        """Ends the program with an error, from another thread."""
        self._state.interrupt()


def run_outcome(outcome: Outcome) -> RunOutcome:
    """How a run ended, as the profile has it."""
    message = outcome.message[:_LONGEST_MESSAGE].decode("utf-8", "replace") or None
    return RunOutcome(outcome.kind, message, outcome.exit_status if outcome.kind == "exit" else None)


def profile_of_state(state: State, mode: Mode) -> Profile:
    """The profile that a machine has made and ended. The program is the first chunk that was loaded."""
    return profile_of_raw(state.profile_data(), mode, LoadedFiles.of(state.texts))


def profile_of_raw(raw: RawProfile, mode: Mode, loaded: LoadedFiles) -> Profile:
    """The profile of a machine's figures. The program is the first chunk that was loaded."""
    path = loaded.file(raw["functions"][0]).path if raw["functions"] else "?"
    profile = attribute(raw, mode, Program(path), loaded)
    profile.program.sha256 = _digest(profile)
    return profile


def _digest(profile: Profile) -> str | None:
    file = profile.file(profile.program.path)
    return None if file is None else file.sha256


@contextlib.contextmanager
def in_this_folder() -> Iterator[None]:
    """Comes back to the working directory if what runs meanwhile leaves it."""
    try:
        folder = os.getcwd()
    except OSError:
        folder = None
    try:
        yield
    finally:
        if folder is not None:
            with contextlib.suppress(OSError):
                os.chdir(folder)


def profile_file(
    path: str,
    args: Sequence[str] = (),
    mode: Mode = "sample",
    sampler: SamplerKind | None = None,
    interval: float | None = None,
) -> tuple[Outcome, Profile]:
    """Runs a file. Raises OSError where it cannot be read, and LuaSyntaxError where it does not compile."""
    with open(path, "rb") as file:
        text = file.read()
    return Session(mode, sampler, interval).run(text, b"@" + os.fsencode(path), args)


def profile_source(
    source: str | bytes | bytearray | memoryview,
    args: Sequence[str] = (),
    mode: Mode = "sample",
    sampler: SamplerKind | None = None,
    interval: float | None = None,
) -> tuple[Outcome, Profile]:
    """Runs a program given as text, as Lua's `load` names it. Raises LuaSyntaxError where it does not compile."""
    if not isinstance(source, str | bytes | bytearray | memoryview):
        raise TypeError(f"source: expected a string or bytes, not {source!r}")
    text = source.encode() if isinstance(source, str) else bytes(source)
    return Session(mode, sampler, interval).run(text, text, args)
