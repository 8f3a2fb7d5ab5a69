"""The runs of lines that two versions of a text have in common, found in the time that a few edits take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from perilune.compiler.common_ends import reach, reach_back

_MOST_RUNS = 300


@dataclass(frozen=True, slots=True)
class Run:
    """So many equal lines, from 0 where they begin in the old text and in the new one."""

    old: int
    new: int
    count: int

    @property
    def old_end(self) -> int:
        """The line behind the last in the old text."""
        return self.old + self.count

    @property
    def new_end(self) -> int:
        """The line behind the last in the new text."""
        return self.new + self.count

    @property
    def moved(self) -> int:
        """How many lines further down they are in the new text."""
        return self.new - self.old


def places_of_single(lines: Sequence[str]) -> dict[str, int]:
    """The lines that a text has once, with their places from 0."""
    counts = Counter(lines)
    return {line: place for place, line in enumerate(lines) if counts[line] == 1}


def common_runs(old: Sequence[str], new: Sequence[str], singles: Mapping[str, int]) -> list[Run]:
    """What two texts have in common, in an order that both have: their beginning, their end, and what stands between edits.

    `singles` are the lines that the old text has once: a run is found by one of them. Where runs cross, as those of what
    was moved do, the others are kept that have the most lines.
    """
    prefix = reach(old, 0, new, 0, min(len(old), len(new)))
    suffix = reach_back(old, new, min(len(old), len(new)) - prefix)
    old_end, new_end = len(old) - suffix, len(new) - suffix
    found: list[Run] = []
    place = prefix
    while place < new_end:
        at = singles.get(new[place], -1)
        if not prefix <= at < old_end:
            place += 1
            continue
        count = reach(old, at, new, place, min(old_end - at, new_end - place))
        back = 0
        limit = found[-1].new_end if found else prefix
        while place - back > limit and at - back > prefix and old[at - back - 1] == new[place - back - 1]:
            back += 1
        found.append(Run(at - back, place - back, count + back))
        place += count
    if len(found) > _MOST_RUNS:
        found = []
    ends = [Run(0, 0, prefix), Run(old_end, new_end, suffix)]
    return [run for run in (ends[0], *_rising(found), ends[1]) if run.count]


def _rising(runs: Sequence[Run]) -> list[Run]:
    """Those among runs, which rise in the new text, that rise in the old one too, with as many lines as can be."""
    best: list[tuple[int, int]] = []  # lines up to each run, and the run before it
    for place, run in enumerate(runs):
        lines, before = max(
            ((best[other][0], other) for other in range(place) if runs[other].old_end <= run.old), default=(0, -1)
        )
        best.append((lines + run.count, before))
    place = max(range(len(runs)), key=lambda place: best[place][0], default=-1)
    rising = []
    while place >= 0:
        rising.append(runs[place])
        place = best[place][1]
    return rising[::-1]
