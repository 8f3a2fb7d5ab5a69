"""Runs a program under the profiler: source in, outcome and profile out."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

from perilune.compiler.cache import compile_cached
from perilune.profiler.attribution import attribute
from perilune.profiler.instructions import file_path, source_path
from perilune.profiler.model import MODES, Profile, Program, RunOutcome
from perilune.profiler.sources import Sources, read_digests, split_lines
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


class Session:
    """One profiled run in a machine of its own. While it runs, other threads may ask `live` and `interrupt`.

    Afterwards `raw` holds the counters that the profile was made from, `sources` the text of the program, and
    `processor_ns` the processor time of the run.
    """

    __slots__ = ("_interval_ns", "_paused", "_sampler", "_state", "mode", "processor_ns", "raw", "sources")

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
        self.processor_ns = 0
        self.raw: RawProfile | None = None
        self.sources: Sources = {}
        self._state = state or State()

    def run(self, text: bytes, chunkname: bytes, args: Sequence[str] = ()) -> tuple[Outcome, Profile]:
        """Runs a program, source or binary chunk, and closes the machine.

        `chunkname` is as in Lua: `@file.lua`, `=stdin`, or the text itself. Raises LuaSyntaxError for a source that does
        not compile and ValueError for a sampler that the system does not have; whatever else the program does is in the
        outcome, and the profile is of what ran until then.
        """
        path = source_path(chunkname)
        try:
            if isinstance(args, str):
                raise TypeError("args: expected a list of strings, not one string")
            chunk = text
            if not text.startswith(_BINARY):
                chunk = compile_cached(text, chunkname, is_file=chunkname[:1] in (b"@", b"="))
            self._state.profile_start(self.mode, self._sampler, self._interval_ns, self._paused)
            started = time.process_time_ns()
            outcome = self._state.run(chunk, chunkname, [os.fsencode(argument) for argument in args], os.fsencode(path))
            self.processor_ns = time.process_time_ns() - started
            self._state.profile_stop()
            self.raw = raw = self._state.profile_data()
        finally:
            self._state.close()
        if chunkname[:1] in (b"@", b"=") and chunk is not text:
            self.sources[path] = split_lines(text)  # standard input is read, and a file may have changed
        digests = _digests(raw, self._state)
        if path in digests and chunk is not text:
            digests[path] = hashlib.sha256(text).hexdigest()  # of what ran: the file may have been edited meanwhile
        profile = attribute(raw, self.mode, Program(path, list(args), digests.get(path)), digests)
        profile.outcome = _run_outcome(outcome)
        return outcome, profile

    def live(self) -> tuple[int, int, int]:
        """Nanoseconds since the run began, bytes that the program holds, bytes that it has allocated."""
        return self._state.live()

    def interrupt(self) -> None:
        """Ends the program with an error, from another thread."""
        self._state.interrupt()


def _run_outcome(outcome: Outcome) -> RunOutcome:
    message = outcome.message[:_LONGEST_MESSAGE].decode("utf-8", "replace") or None
    return RunOutcome(outcome.kind, message, outcome.exit_status if outcome.kind == "exit" else None)


def profile_of_state(state: State, mode: Mode) -> Profile:
    """The profile that a machine has made and ended. The program is the first chunk that was loaded."""
    raw = state.profile_data()
    sources = [function["source"] for function in raw["functions"]]
    path = source_path(sources[0]) if sources else "?"
    digests = _digests(raw, state)
    return attribute(raw, mode, Program(path, [], digests.get(path)), digests)


def _digests(raw: RawProfile, state: State) -> dict[str, str]:
    """Of the files that functions name as theirs. A program in the sandbox may name any: only what it may load is read."""
    files = {file_path(function["source"]) for function in raw["functions"]}
    return read_digests(file for file in files if file is not None and state.may_load(file))


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
