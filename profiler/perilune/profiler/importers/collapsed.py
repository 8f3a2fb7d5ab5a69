"""Collapsed stacks: a line for every stack, outermost frame first, frames joined by semicolons, then its cost.

Where frames read `function (path:line)`, as our own export has them, the cost is nanoseconds; elsewhere it is samples.
"""

from __future__ import annotations

import re

from perilune.profiler.foreign import ForeignProfile
from perilune.profiler.importers.fields import count, expected, frame_of, text_lines
from perilune.profiler.model import COLLECTOR, COMPILER, OUTSIDE, Profile, Program
from perilune.profiler.origin import Origin

_STACK = re.compile(r"(?P<stack>.*\S)[ \t]+(?P<cost>\d+)(?:\.\d+)?[ \t]*", re.ASCII)
_OURS = re.compile(r"\S.* \(.+?(?::\d+)?\)", re.ASCII)
_ELSEWHERE = (COLLECTOR, COMPILER, OUTSIDE)
DEFAULT_INTERVAL_NS = 10_000_000

STATES = {
    "Compiled": "(compiled)",
    "Interpreted": "(interpreted)",
    "C code": "(C code)",
    "Garbage Collector": "(garbage collector)",
    "JIT Compiler": "(JIT compiler)",
}
"""The states of LuaJIT's virtual machine, as its profiler calls them and as they are called here."""


def read(content: bytes, name: str, interval_ns: int | None) -> Profile:
    """A line that is a state of LuaJIT's virtual machine says the same of samples whose stacks are there too."""
    stacks = []
    for number, line in text_lines(content):
        if line.startswith("#"):
            continue
        match = _STACK.fullmatch(line)
        if match is None:
            raise expected(f"line {number}", "frames joined by semicolons, a blank and a number")
        stacks.append((match["stack"].split(";"), count(match["cost"], f"line {number}", "a cost")))
    is_ours = any(_OURS.fullmatch(label) or label in _ELSEWHERE for labels, _ in stacks for label in labels)
    origin = Origin("collapsed", "sampled")
    per_sample = 1 if is_ours else interval_ns or DEFAULT_INTERVAL_NS
    if not is_ours:
        origin.notes.append(interval_note(per_sample, interval_ns is None))
    builder = ForeignProfile(origin, Program(name))
    for labels, cost in stacks:
        state = STATES.get(labels[0]) if len(labels) == 1 else None
        if state is None:
            frames = tuple(frame_of(label) for label in labels)
            builder.add_stack(frames, cost * per_sample, None if is_ours else cost)
        else:
            builder.add_state(state, cost * per_sample, cost)
    if not is_ours:
        builder.totals.sample_interval_ns = per_sample
    return builder.profile()


def interval_note(interval_ns: int, is_assumed: bool) -> str:
    """What to say of times that are made from samples."""
    why = "which is assumed: the file does not tell it" if is_assumed else "as it was told"
    return f"Times are {interval_ns / 1e6:g} ms for each sample, {why}."
