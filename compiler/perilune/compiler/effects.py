"""Which slots an instruction reads and writes, from the stack effect in its row of the opcode table.

An effect is `READ -- WRITTEN`. `a+1` is the slot A + 1, `a..a+B-2` a range, and `..` on the right all slots above what is
written. With names that are no fields, `x y -- y x`, it lists the topmost values of the stack before and behind the
instruction, and A is the slot of the last one before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from perilune.compiler.opcodes import Opcode

_FIELDS = "abc"
_SLOT = re.compile(r"([abc])(?:\+(\d+))?(?:\+([BC]))?(?:-(\d+))?")
_ABOVE = ".."
OPEN = "v"
"""The kind of a count that is open where it is 0."""


class Slot(NamedTuple):
    """The number of a slot: a field, perhaps a count in another (`counted_in`), and what is added."""

    field: str
    counted_in: str
    offset: int

    def moved(self, by: int) -> Slot:
        return self._replace(offset=self.offset + by)

    def number(self, fields: Mapping[str, int]) -> int:
        return fields[self.field] + (fields[self.counted_in] if self.counted_in else 0) + self.offset

    def __str__(self) -> str:
        text = self.field + (f" + {self.counted_in}" if self.counted_in else "")
        return text if self.offset == 0 else f"{text} {'+' if self.offset > 0 else '-'} {abs(self.offset)}"


class Range(NamedTuple):
    """Slots from the first to the last; of the count that is in the last the row says whether it may be open."""

    first: Slot
    last: Slot


class Effect:
    """What an instruction does to slots.

    `read` and `written` are ranges. `covers` says that what is above the slots written is overwritten too, by a callee's
    frame. `open_read` and `open_written` are the ranges among them whose length may be open.
    """

    def __init__(self, opcode: Opcode) -> None:
        before, _, after = opcode.effect.partition("--")
        left, right = before.split(), after.split()
        self.is_classic = any(token[0] not in _FIELDS for token in left)
        self.popped = len(left)
        self.pushed = len(right)
        self.covers = right[-1:] == [_ABOVE]
        if self.is_classic:
            self.read, self.written, touched = _moves(left, right)
        else:
            self.read = [_range(token) for token in left]
            self.written = [_range(token) for token in right if token != _ABOVE]
            touched = [*self.read, *self.written]
        kinds = dict(opcode.operands)
        self.open_read = next((each for each in self.read if kinds.get(each.last.counted_in) == OPEN), None)
        self.open_written = next((each for each in self.written if kinds.get(each.last.counted_in) == OPEN), None)
        # Single slots have kinds of their own, which are checked; beside them stands what begins at a field of kind "a".
        base = next((field for field, kind in opcode.operands if kind == "a"), None)
        self.touched = [each for each in touched if each.first.field == base]
        if base is not None and not self.touched:
            self.touched = [Range(Slot(base, "", 0), Slot(base, "", 0))]

    @property
    def lowest(self) -> Slot | None:
        """The lowest slot of a range of slots that the instruction touches; None without such a range."""
        return min((each.first for each in self.touched), key=lambda slot: slot.offset, default=None)

    @property
    def highest(self) -> list[Slot]:
        """The slots that may be the highest of that range."""
        best: dict[tuple[str, str], Slot] = {}
        for _, last in self.touched:
            key = (last.field, last.counted_in)
            best[key] = max(best.get(key, last), last)
        return list(best.values())


def _range(token: str) -> Range:
    first, _, last = token.partition(_ABOVE)
    return Range(_slot(first), _slot(last or first))


def _slot(text: str) -> Slot:
    match = _SLOT.fullmatch(text)
    if match is None:
        raise ValueError(f"no slot: {text!r}")
    field, added, count, taken = match.groups(default="")
    return Slot(field.upper(), count, int(added or 0) - int(taken or 0))


def _moves(before: list[str], after: list[str]) -> tuple[list[Range], list[Range], list[Range]]:
    """What is read, written and touched where values change their places: what is only dropped is not read."""

    def ranges(places: list[int]) -> list[Range]:
        slots = [Slot("A", "", place - len(before) + 1) for place in places]
        return [Range(slot, slot) for slot in slots]

    places = list(range(max(len(before), len(after))))
    read = [place for place in places if before[place : place + 1] and before[place] in after]
    written = [place for place in places if before[place : place + 1] != after[place : place + 1]]
    return ranges(read), ranges(written), ranges(places)
