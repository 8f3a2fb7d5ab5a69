"""Runs a program at several sizes: those that were given, or sizes that double until a time is up."""

from __future__ import annotations

import copy
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from perilune.cli.errors import CommandError, tell
from perilune.cli.limits import Limits
from perilune.cli.program import read_program
from perilune.cli.runs.run import Run, RunResult
from perilune.cli.runs.running import OnProgress, run_all
from perilune.cli.runs.store import Store
from perilune.profiler.growth.model import LEAST_SIZES
from perilune.profiler.growth.sizes import Sizes
from perilune.profiler.model import Profile
from perilune.profiler.repeatable import inputs, inputs_text

_FIRST, _LAST = 4, 1 << 20
_MOST_SIZES = 6
_FEW = 5
_SMALL = 16  # sizes below say little: what a program does once is most of it
_ENOUGH = 4_000_000  # instructions: a run that takes more is the last that doubles, on a slow machine too
_LONGEST_PART = 8
_SHOWN_LINES = 5
_GENERATOR_SECONDS = 60.0
_FROM_FILE = "@"


@dataclass(frozen=True, slots=True)
class Reach:
    """How a size reaches the program: words of its arguments, a text that it reads, or a Lua file that writes that."""

    arguments: tuple[str, ...] = ()
    text: str | None = None
    generator: str | None = None

    @classmethod
    def parse(cls, arguments: str | None, text: str | None, generator: str | None, fixed: Sequence[str]) -> Reach:
        """What the options say. Ends the command where they contradict each other."""
        if text is not None and generator is not None:
            raise CommandError("--over-stdin and --over-generator both give the standard input: choose one", 2)
        try:
            words = () if arguments is None else tuple(shlex.split(arguments))
        except ValueError as error:
            raise CommandError(f"--over-args: {error}", 2) from error
        return cls((*words, *fixed), text, generator)

    def is_used(self, sizes: Sizes) -> bool:
        """Whether a size reaches the program at all."""
        return self.generator is not None or sizes.is_in((*self.arguments, self.text or ""))

    def run(self, program: Run, sizes: Sizes, size: int) -> Run:
        """The run at a size. Ends the command where its input cannot be made."""
        arguments = tuple(sizes.put(size, word) for word in self.arguments)
        return replace(program, arguments=arguments, input=self._input(sizes, size))

    def _input(self, sizes: Sizes, size: int) -> bytes | None:
        if self.generator is not None:
            return _generated(self.generator, sizes, size)
        if self.text is None:
            return None
        if self.text.startswith(_FROM_FILE):
            return read_program(sizes.put(size, self.text[1:]))
        text = self.text.replace("\\n", "\n").replace("\\t", "\t")
        return sizes.put(size, text).encode("utf-8", "surrogateescape")


def _generated(path: str, sizes: Sizes, size: int) -> bytes:
    """What a Lua file writes that is given a size."""
    read_program(path)
    command = [sys.executable, "-m", "perilune", "run", "--", path, str(size)]
    what = f"the generator {path} at {sizes.name}={size}"
    try:
        done = subprocess.run(
            command, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=_GENERATOR_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"{what} did not end within {_GENERATOR_SECONDS:g} seconds") from error
    if done.returncode:
        first = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise CommandError(f"{what} failed: {first or f'exit status {done.returncode}'}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Where:
    """Where runs are made: so many at a time on this machine, or by the workers of a scheduler at an address."""

    jobs: int
    cluster: str | None = None


@dataclass(frozen=True, slots=True)
class SizedRuns:
    """The profiles of a program by ascending size, and what is to be known about them."""

    profiles: Mapping[int, Profile]
    notes: Sequence[str] = ()


class GrowthRuns:
    """The runs of one program at sizes."""

    def __init__(
        self, program: Run, sizes: Sizes, reach: Reach, where: Where, store: Store | None, progress: bool
    ) -> None:
        self._program, self._sizes, self._reach = program, sizes, reach
        self._where, self._store, self._progress = where, store, progress

    def at(self, values: Sequence[int]) -> SizedRuns:
        """Runs at these sizes, and again at all but the largest. Ends the command where a run fails, or two differ."""
        runs = [self._run(size) for size in values]
        results = list(self._run_all(runs, self._store, self._on_progress))
        for size, result in zip(values, results, strict=True):
            self._check(size, result)
        profiles = {size: _profile(result) for size, result in zip(values, results, strict=True)}
        self._check_repeatable(
            {size: profiles[size] for size, result in zip(values, results, strict=True) if not result.from_store}
        )
        return SizedRuns(profiles)

    def automatic(self, seconds: float) -> SizedRuns:
        """Runs at sizes that double until a run takes a good part of the time. Ends the command as `at` does."""
        began = time.monotonic()
        profiles: dict[int, Profile] = {}
        ended: RunResult | None = None
        size = _FIRST
        while size <= _LAST:
            left = seconds - (time.monotonic() - began)
            result = self._try(size, max(min(left, seconds / 2), seconds / _LONGEST_PART))
            if result.failure is not None:
                ended = result
                break
            profiles[size] = _profile(result)
            is_late = time.monotonic() - began > seconds
            if _is_long(profiles[size]) or (is_late and len(profiles) > _MOST_SIZES):
                break
            size *= 2
        if len(profiles) < _FEW and profiles:
            self._add_between(profiles, began + 2 * seconds)
        if len(profiles) < LEAST_SIZES:
            reason = "it takes too long" if ended is None else ended.failure
            raise CommandError(
                f"{self._program.path} ran at {len(profiles)} sizes only, and at {self._name(size)} not: {reason}; "
                f"give sizes with --over {self._sizes.name}=..."
            )
        kept = {each: profiles[each] for each in _telling(sorted(profiles))}
        self._check_repeatable(kept)
        notes = []
        if ended is not None and not _is_late(ended):
            notes.append(f"at {self._name(size)} the program failed: {ended.failure}")
        return SizedRuns(kept, notes)

    def _add_between(self, profiles: dict[int, Profile], deadline: float) -> None:
        """Adds sizes below the largest and, if runs are short there, beyond it: a program that explodes has few."""
        largest = max(profiles)
        step = max(1, largest // 8)
        below = [largest - 3 * step, largest - 2 * step, largest - step]
        for size in (*below, largest + step, largest + 2 * step):
            if size in profiles or size < 1:
                continue
            if time.monotonic() > deadline or len(profiles) >= _MOST_SIZES:
                return
            if size > largest and _is_long(profiles[max(profiles)]):
                return
            result = self._try(size, max(1.0, deadline - time.monotonic()))
            if result.failure is not None:
                return
            profiles[size] = _profile(result)

    def _try(self, size: int, seconds: float) -> RunResult:
        limits = _with_seconds(self._program.limits, seconds)
        run = replace(self._run(size), limits=limits)
        self._say(f"running at {self._name(size)}")
        (result,) = self._run_all([run], self._store)
        if result.was_interrupted:
            raise CommandError(str(result.failure), 130)
        return result

    def _run_all(
        self, runs: Sequence[Run], store: Store | None = None, on_progress: OnProgress | None = None
    ) -> Iterator[RunResult]:
        where = self._where
        return run_all(runs, jobs=where.jobs, cluster=where.cluster, store=store, on_progress=on_progress)

    def _run(self, size: int) -> Run:
        return self._reach.run(self._program, self._sizes, size)

    def _check(self, size: int, result: RunResult) -> None:
        if result.was_interrupted:
            raise CommandError(str(result.failure), 130)
        if result.failure is not None:
            raise CommandError(f"{self._program.path} at {self._name(size)} ended {_how(result.failure)}")

    def _check_repeatable(self, profiles: Mapping[int, Profile]) -> None:
        """Runs once more at all sizes but the largest. Ends the command where counts differ."""
        again = sorted(profiles)[:-1]
        results = self._run_all([self._run(size) for size in again])
        for size, result in zip(again, results, strict=True):
            self._check(size, result)
            differing = _differing(profiles[size], _profile(result))
            if differing:
                raise CommandError(self._not_repeatable(size, differing, profiles[size]))

    def _not_repeatable(self, size: int, differing: Sequence[str], profile: Profile) -> str:
        more = len(differing) - _SHOWN_LINES
        shown = "\n".join(f"  {line}" for line in differing[:_SHOWN_LINES])
        known = inputs_text(inputs(profile))
        because = f", by {known}" if known else ""
        rest = f"\n  and {more} more lines" if more > 0 else ""
        return (
            f"{self._program.path} is not deterministic{because}: "
            f"two runs at {self._name(size)} have other counts, on these lines:\n{shown}{rest}"
        )

    def _name(self, size: int) -> str:
        return f"{self._sizes.name}={size}"

    def _on_progress(self, done: int, total: int) -> None:
        self._say(f"{done}/{total} runs")

    def _say(self, what: str) -> None:
        if self._progress or os.isatty(2):
            tell(what)


def _profile(result: RunResult) -> Profile:
    profile = result.profile
    if profile is None:
        raise CommandError(result.failure or "a run left no profile")
    return profile


def _is_long(profile: Profile) -> bool:
    return profile.totals.instructions > _ENOUGH


def _telling(sizes: Sequence[int]) -> Sequence[int]:
    """Of ascending sizes the largest, without those that are so small that they say little, if enough are left."""
    large = [size for size in sizes if size >= _SMALL]
    return (large if len(large) > LEAST_SIZES else sizes)[-_MOST_SIZES:]


def _how(failure: str) -> str:
    return failure if failure.startswith(("with ", "before ")) else f"badly: {failure}"


def _is_late(result: RunResult) -> bool:
    """Whether a run was ended by the limit of time that was set for it here."""
    outcome = result.profile.outcome if result.profile is not None else None
    return outcome is None or outcome.kind == "limit"


def _with_seconds(limits: Limits, seconds: float) -> Limits:
    limited = copy.copy(limits)
    limited.seconds = seconds if limits.seconds is None else min(seconds, limits.seconds)
    return limited


def _differing(one: Profile, other: Profile) -> list[str]:
    """The lines whose counts differ, with both counts."""
    counts = [
        {(file.path, row.line): row.instructions for file in profile.files for row in file.lines}
        for profile in (one, other)
    ]
    first, second = counts
    return [
        f"{path}:{line}: {first.get((path, line), 0):,} and {second.get((path, line), 0):,} instructions"
        for path, line in sorted({*first, *second})
        if first.get((path, line), 0) != second.get((path, line), 0)
    ]
