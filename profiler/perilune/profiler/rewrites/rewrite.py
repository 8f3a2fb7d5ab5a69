"""A rewrite of a program's text: what it is about, and its edits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

CONCATENATION, APPEND, LOCAL, NUMERIC_FOR, MOVE_OUT = "concat", "append", "local", "numeric-for", "move-out"
KINDS = (CONCATENATION, APPEND, LOCAL, NUMERIC_FOR, MOVE_OUT)
"""What a rewrite does: one of these, the likeliest to gain first."""

IsHot = Callable[[int], bool]
"""Whether a line, from 1, matters to the run."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Puts a text, latin-1 decoded, between two offsets of the old one."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One change of a text that is meant to do the same for less.

    `line` is the hot line that it is for, `subject` what it is about there. `assumes` says what it relies on that the
    text alone does not show, empty if nothing.
    """

    kind: str
    line: int
    subject: str
    title: str
    edits: tuple[Edit, ...]
    assumes: str = ""

    def overlaps(self, other: Rewrite) -> bool:
        """Whether both change the same place."""
        return any(
            (one.start < two.end and two.start < one.end) or (one.start == two.start and one.end == two.end > one.start)
            for one in self.edits
            for two in other.edits
        )


def edited(text: bytes, edits: Iterable[Edit]) -> bytes:
    """The text with edits that do not overlap; of several insertions at one place the first one given comes first."""
    pieces = []
    end = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        pieces += [text[end : edit.start], edit.text.encode("latin-1")]
        end = edit.end
    return b"".join([*pieces, text[end:]])
