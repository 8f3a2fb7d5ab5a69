"""The texts of LuaJIT's `-jp`: a list of what the samples hit, with percentages or counts, or annotated sources.

What `-jp=G` writes are collapsed stacks, and read as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from perilune.profiler.exporters.stacks import UNKNOWN, Frame, Stack
from perilune.profiler.foreign import ForeignProfile
from perilune.profiler.importers.collapsed import DEFAULT_INTERVAL_NS, STATES, interval_note
from perilune.profiler.importers.fields import clean_path, count, expected, frame_of, text_lines
from perilune.profiler.model import Profile, ProfileFormatError, Program
from perilune.profiler.origin import Origin

_ENTRY = re.compile(r"(?P<within>  (?:--|->|<-) )?\s*(?P<amount>\d+)(?P<percent>%)?  (?P<label>\S.*)", re.ASCII)
_FILE = re.compile(r"====== (?P<path>.+) ======")
_SKIP = re.compile(r"@@ (?P<line>\d{1,9}) @@", re.ASCII)
_ANNOTATED = re.compile(r"(?P<amount>[ \d]{3,}?)(?P<percent>%)? \| (?P<source>.*)", re.ASCII)
_NONE = "[No samples collected]"
_NS_OF_A_PERCENT = 10_000_000

_PERCENT = "The file holds rounded percentages only: times are as if the run took 1 s, and what is below its least is left out."


@dataclass(slots=True)
class _Entry:
    """What the samples hit: how many, and which parts of them had which other place or state."""

    label: str
    amount: int
    within: list[tuple[str, int]] = field(default_factory=list)
    goes_up: bool = False


def read(content: bytes, name: str, interval_ns: int | None) -> Profile:
    """Of an entry's parts, states of the virtual machine are such, and places are its callers, or what it called."""
    texts = list(text_lines(content))
    is_annotated = any(_FILE.fullmatch(text) for _, text in texts)
    origin = Origin("luajit", "sampled", interpreter="LuaJIT")
    builder = ForeignProfile(origin, Program(name))
    has_percents = False
    if texts and texts[0][1].strip() == _NONE:
        raise ProfileFormatError("LuaJIT's profiler collected no samples")
    stacks = _annotated(texts) if is_annotated else _listed(texts)
    per_sample = interval_ns or DEFAULT_INTERVAL_NS
    for stack, amount, is_percent, states in stacks:
        has_percents |= is_percent
        ns = amount * (_NS_OF_A_PERCENT if is_percent else per_sample)
        builder.add_stack(stack, ns, None if is_percent else amount, states)
    origin.notes.append(_PERCENT if has_percents else interval_note(per_sample, interval_ns is None))
    if not has_percents:
        builder.totals.sample_interval_ns = per_sample
    return builder.profile()


_Found = Iterator[tuple[Stack, int, bool, list[str]]]
"""A stack, its samples or percents, which of both, and the state of the virtual machine."""


def _listed(texts: list[tuple[int, str]]) -> _Found:
    entries: list[_Entry] = []
    is_percent = False
    for number, text in texts:
        match = _ENTRY.fullmatch(text)
        if match is None or (match["within"] and not entries):
            raise expected(f"line {number}", "a number or a percentage, two blanks and a place")
        amount = count(match["amount"], f"line {number}")
        if match["within"]:
            entries[-1].within.append((match["label"], amount))
            entries[-1].goes_up = "<-" in match["within"]
        else:
            is_percent |= match["percent"] is not None
            entries.append(_Entry(match["label"], amount))
    for entry in entries:
        yield from _parts(entry, is_percent)


def _parts(entry: _Entry, is_percent: bool) -> _Found:
    """The entry divided among its parts; percentages of these are of the entry."""
    state = STATES.get(entry.label)
    own = () if state is not None else _stack(entry.label)
    left = entry.amount
    for label, amount in entry.within:
        part = min(left, round(entry.amount * amount / 100) if is_percent else amount)
        left -= part
        if part:
            part_state = STATES.get(label)
            others = () if part_state is not None else _stack(label)
            stack = (*others, *own) if entry.goes_up else (*own, *others)
            yield stack or _unknown(), part, is_percent, [each for each in (state, part_state) if each is not None]
    if left:
        yield own or _unknown(), left, is_percent, [state] if state is not None else []


def _unknown() -> Stack:
    return (Frame(UNKNOWN, None, 0, 0),)


def _stack(label: str) -> Stack:
    """A label that names callers too has them behind `<`, or what is called behind `>`."""
    if " < " in label:
        return tuple(frame_of(part) for part in reversed(label.split(" < ")))
    return tuple(frame_of(part) for part in label.split(" > "))


def _annotated(texts: list[tuple[int, str]]) -> _Found:
    path, line = "", 0
    for number, text in texts:
        file, skip = _FILE.fullmatch(text), _SKIP.fullmatch(text)
        if file is not None:
            path, line = clean_path(file["path"]), 0
        elif skip is not None:
            line = int(skip["line"]) - 1
        elif not text.startswith("["):
            match = _ANNOTATED.fullmatch(text)
            if match is None or not path:
                raise expected(f"line {number}", "`====== FILE ======`, or a line of one behind ` | `")
            line += 1
            if match["amount"].strip():
                amount = count(match["amount"].strip(), f"line {number}")
                yield (Frame(UNKNOWN, path, 0, line),), amount, match["percent"] is not None, []
