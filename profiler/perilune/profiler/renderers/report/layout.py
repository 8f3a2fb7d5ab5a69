"""What the reader of a report may choose: the figures that lead, the order, how many rows, which lines."""

from __future__ import annotations

import os
import re

from perilune.profiler.model import Profile
from perilune.profiler.quick_dataclasses import dataclass

METRICS = ("time", "count", "memory")
CLOCKS = ("wall", "cpu")
SORT_KEYS = ("share", "total", "instructions", "hits", "memory", "live", "line")

_LINE_RANGE = re.compile(r"(?:(?P<path>.+?):)??(?P<first>\d*)(?:(?P<to>[:-])(?P<last>\d*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LineRange:
    """Lines of one file, ends inclusive; `path` None stands for the program itself."""

    first: int
    last: int | None
    path: str | None = None

    @classmethod
    def parse(cls, text: str) -> LineRange:
        """Reads `10:20`, `10-20`, `10:`, `:20`, `10`, or one of them behind `FILE:`. Raises ValueError."""
        match = _LINE_RANGE.fullmatch(text)
        if match is None or not (match["first"] or match["last"]):
            raise ValueError(f"'{text}' is not a range of lines, such as 10:20 or FILE:10-20")
        first = int(match["first"] or 1)
        last = int(match["last"]) if match["last"] else None if match["to"] else first
        if first < 1:
            raise ValueError(f"'{text}' is not a range of lines: they begin at 1")
        if last is not None and last < first:
            raise ValueError(f"'{text}' is not a range of lines: {last} comes before {first}")
        return cls(first, last, match["path"])

    def holds(self, path: str, line: int, program: str) -> bool:
        """Whether a line of a file is meant. A path may lack its beginning: `text.lua` means `lib/text.lua` too."""
        return self.is_in(path, program) and self.first <= line and (self.last is None or line <= self.last)

    def is_in(self, path: str, program: str) -> bool:
        """Whether a file is the one that is meant."""
        wanted = (self.path or program).removeprefix("./")
        if os.path.isabs(wanted) and os.path.abspath(path) == os.path.normpath(wanted):
            return True
        return path.removeprefix("./") == wanted or path.endswith("/" + wanted)

    def __str__(self) -> str:
        last = "the end" if self.last is None else str(self.last)
        lines = f"line {self.first}" if self.last == self.first else f"lines {self.first} to {last}"
        return f"{self.path}, {lines}" if self.path else lines


@dataclass(frozen=True, slots=True)
class Layout:
    """How the report is cut: `top` rows a table (0: all), lines ordered by one of SORT_KEYS, `exact` counts in full.

    `metric` is one of METRICS, the figures that lead; None leaves the choice to the profile. `clock` is one of CLOCKS:
    whose time a report calls time. `lines` restricts the tables
    of lines, `pairs` adds the one of opcode pairs, `width` is in columns.
    """

    top: int = 10
    sort: str = "share"
    exact: bool = False
    width: int = 80
    metric: str | None = None
    lines: LineRange | None = None
    pairs: bool = False
    clock: str = "wall"


def lacks(profile: Profile, layout: Layout) -> str | None:
    """What the layout asks for that a foreign profile does not hold."""
    if layout.metric == "time" and profile.totals.run_ns is None:
        return "--metric time needs times, which this profile does not hold"
    if layout.metric == "count" and not (profile.holds("instructions") or profile.holds("hits")):
        return "--metric count needs instructions or hits, which this profile does not hold"
    if layout.metric == "memory" and not profile.holds("allocations"):
        return "--metric memory needs allocations, which this profile does not hold"
    return None


def complaint(mode: str, layout: Layout) -> str | None:
    """What the layout asks for that a profile of this mode does not have."""
    if mode == "count" and layout.metric == "time":
        return "--metric time needs times, which --mode count does not take"
    if mode != "sample" and layout.clock == "cpu":
        return f"--clock cpu needs the processor times of lines, which only --mode sample takes, not --mode {mode}"
    if mode != "sample" and layout.sort == "total":
        return f"--sort total needs the stacks that only --mode sample records, not --mode {mode}"
    return None
