"""Whether a rewrite keeps what a program does, and what it gains: judged from runs with it and without it.

Pure but for the runs themselves, which a `Runs` makes: instructions and output are of one run each, times of several,
in the order A B B A, so that what the machine does meanwhile touches both alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Texts = Mapping[str, bytes]
"""What stands in for files, by real path."""

GAINS, NOTHING, SLOWER, DIFFERS = "gains", "nothing gained", "slower", "differs"
"""How a trial ends; only the first is worth keeping."""

LEAST_SAVED = 0.01
"""The part of the instructions that a rewrite must save, unless it saves time."""

_LEAST_TIME = 0.01
_LEAST_PAIRS, _MOST_PAIRS = 4, 24
_PAIRS_OF_LONG_RUNS = 2
_PATIENCE = 6  # times the seconds of a trial, for a long program: a large change shows in two pairs too
_GOOD_ERROR = 0.01
_SHORTEST_NS = 2_000_000  # of a run: what is below is not told from the machine's own hiccups
# Student's factors of a two-sided 95 % interval, by degrees of freedom.
_STUDENT = (12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)
_STUDENT_BEYOND = 2.1


class NotJudged(Exception):
    """A program cannot be judged; the message says why."""


@dataclass(frozen=True, slots=True)
class CountedRun:
    """A run in count mode: how it ended, what it wrote, what it cost.

    `ending` is how it ended in words, the same for all that end alike. The streams are named in messages; each has its
    lines' bytes.
    """

    ending: str
    streams: Mapping[str, bytes]
    instructions: int
    allocated_bytes: int
    is_complete: bool = True  # neither stopped nor out of time


@dataclass(frozen=True, slots=True)
class TimeChange:
    """How much longer the program takes, as a part of its time, with the half of its 95 % interval."""

    change: float
    error: float
    pairs: int

    @property
    def is_known(self) -> bool:
        """Whether it is more than its error."""
        return abs(self.change) > self.error


@dataclass(frozen=True, slots=True)
class Effect:
    """What a trial showed. `reason` says for one that is not kept what was against it."""

    verdict: str
    reason: str = ""
    instructions: tuple[int, int] | None = None
    allocated_bytes: tuple[int, int] | None = None
    time: TimeChange | None = None
    note: str = field(default="", compare=False)

    @property
    def is_worth_it(self) -> bool:
        """Whether it does the same for less."""
        return self.verdict == GAINS

    @property
    def saved(self) -> float:
        """What it saves of the time, or where that is not known of the instructions: for the order."""
        if self.time is not None and self.time.is_known:
            return -self.time.change
        return -_change(self.instructions)


class Runs(Protocol):
    """Runs the program with texts in place of files."""

    def counted(self, texts: Texts) -> CountedRun:
        """One run in count mode. Raises NotJudged where it cannot be made."""

    def timed(self, texts: Texts) -> int:
        """The processor time of one run without a profile, in nanoseconds."""


class Judge:
    """Tries rewrites of one program, and knows what the program does without them."""

    def __init__(self, runs: Runs, seconds: float) -> None:
        """Runs the program twice. `seconds` is about how long a trial may take for its times; 0 takes none.

        Raises NotJudged for a program that does not do the same twice, or does not come to its end.
        """
        self._runs = runs
        self._seconds = seconds
        self.plain = runs.counted({})
        if not self.plain.is_complete:
            raise NotJudged(f"the program {self.plain.ending}")
        again = runs.counted({})
        difference = found_difference(self.plain, again)
        if difference:
            raise NotDeterministic(difference)
        self._noise = abs(self.plain.instructions - again.instructions)
        self._one_run_ns: int | None = None

    def trial(self, texts: Texts) -> Effect:
        """Runs the program with texts in place of files, and judges."""
        run = self._runs.counted(texts)
        difference = found_difference(self.plain, run)
        if difference:
            return Effect(DIFFERS, difference)
        instructions = (self.plain.instructions, run.instructions)
        allocated = (self.plain.allocated_bytes, run.allocated_bytes)
        time, note = self._time(texts)
        saved = instructions[0] - instructions[1] - self._noise
        saves = saved >= LEAST_SAVED * instructions[0]
        # Of many rewrites some seem to change the time by chance: where nothing else speaks for it, it is measured anew.
        if time is not None and ((_is_more(time) and saves) or (_is_less(time) and not saves)):
            time = self._confirmed(texts, time)
        if time is not None and _is_more(time):
            return Effect(SLOWER, "", instructions, allocated, time, note)
        if saves or (time is not None and _is_less(time)):
            return Effect(GAINS, "", instructions, allocated, time, note)
        return Effect(NOTHING, "", instructions, allocated, time, note)

    def _confirmed(self, texts: Texts, first: TimeChange) -> TimeChange:
        """A change of time, if a second measurement finds it too; else the second one."""
        second = self._measured(texts)
        is_same = second.is_known and (second.change < 0) == (first.change < 0)
        return first if is_same and second.error > first.error else second

    def _time(self, texts: Texts) -> tuple[TimeChange | None, str]:
        if not self._seconds:
            return None, ""
        if self._one_run_ns is None:
            self._one_run_ns = self._runs.timed({})
        needed = 2 * _PAIRS_OF_LONG_RUNS * self._one_run_ns / 1e9
        if self._one_run_ns < _SHORTEST_NS:
            return None, "the program is too short for times"
        if needed > _PATIENCE * self._seconds:
            return None, f"not timed: that takes about {needed:.0f} s"
        return self._measured(texts), ""

    def _measured(self, texts: Texts) -> TimeChange:
        ratios: list[float] = []
        spent = 0
        while len(ratios) < _MOST_PAIRS:
            before = self._runs.timed({})
            after, after_again = self._runs.timed(texts), self._runs.timed(texts)
            before_again = self._runs.timed({})
            ratios += [math.log(max(1, after) / max(1, before)), math.log(max(1, after_again) / max(1, before_again))]
            spent += before + after + after_again + before_again
            if spent * 1.5 > self._seconds * 1e9:
                break
            found = time_change(ratios)
            if len(ratios) >= _LEAST_PAIRS and found.error <= max(_GOOD_ERROR, abs(found.change) / 8):
                break
        return time_change(ratios)


def _is_more(time: TimeChange) -> bool:
    return time.is_known and time.change >= _LEAST_TIME


def _is_less(time: TimeChange) -> bool:
    return time.is_known and time.change <= -_LEAST_TIME


class NotDeterministic(NotJudged):
    """The program as it is does not do the same twice; the message says what differed."""


def time_change(ratios: Sequence[float]) -> TimeChange:
    """The change from the logarithms of the ratios of pairs of times, two at least."""
    count = len(ratios)
    mean = sum(ratios) / count
    variance = sum((ratio - mean) ** 2 for ratio in ratios) / (count - 1)
    factor = _STUDENT[count - 2] if count - 2 < len(_STUDENT) else _STUDENT_BEYOND
    reach = factor * math.sqrt(variance / count)
    change = math.exp(mean) - 1
    return TimeChange(change, math.exp(mean + reach) - 1 - change, count)


def found_difference(before: CountedRun, after: CountedRun) -> str:
    """In what two runs did not do the same, in one line; empty if they did."""
    for name, written in before.streams.items():
        now = after.streams.get(name, b"")
        if written != now:
            return f"{name} differs {_first_difference(written, now)}"
    if before.ending != after.ending:
        return f"it {after.ending}, where it {before.ending} before"
    return ""


_LONGEST_SHOWN = 40
_LEAST_SHOWN = 0.0005
_MINUS = "\N{MINUS SIGN}"


def _first_difference(before: bytes, after: bytes) -> str:
    lines, lines_now = before.split(b"\n"), after.split(b"\n")
    for number, (line, now) in enumerate(zip(lines, lines_now, strict=False), 1):
        if line != now:
            return f"in line {number}: {_shown(line)} becomes {_shown(now)}"
    shorter = min(len(lines), len(lines_now))
    return f"from line {shorter + 1} on: there are {len(lines_now)} lines, not {len(lines)}"


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return repr(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "...")


def _change(pair: tuple[int, int] | None) -> float:
    return 0.0 if pair is None or not pair[0] else pair[1] / pair[0] - 1


def change_text(change: float, what: str) -> str:
    """`-38 % instructions`, `+0.4 % instructions`, `3.1 times the instructions`, `instructions unchanged`."""
    if abs(change) < _LEAST_SHOWN:
        return f"{what} unchanged"
    if change >= 1:
        return f"{1 + change:.1f} times the {what}"
    digits = 0 if abs(change) >= 0.0995 else 1
    return f"{_MINUS if change < 0 else '+'}{abs(100 * change):.{digits}f} % {what}"


def effect_text(effect: Effect) -> str:
    """`same output, -38 % instructions, -12 % time ± 4`, with a proper minus, and for what is not kept why."""
    if effect.verdict == DIFFERS:
        return f"not the same: {effect.reason}"
    parts = ["same output", change_text(_change(effect.instructions), "instructions")]
    time = effect.time
    if time is not None:
        points = 100 * time.error
        error = f"{points:.0f}" if points >= 1.5 else f"{max(points, 0.1):.1f}"
        parts.append(
            f"{change_text(time.change, 'time')} ± {error}" if time.is_known else f"time unchanged within ± {error} %"
        )
    allocated = _change(effect.allocated_bytes)
    if abs(allocated) >= 0.05:
        parts.append(change_text(allocated, "allocated bytes"))
    said = ", ".join(parts)
    if effect.note:
        said += f" ({effect.note})"
    if effect.verdict == GAINS:
        return said
    return f"{effect.verdict}: {said}"
