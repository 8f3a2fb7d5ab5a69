"""Stand-in until the compiler's check is there."""

from __future__ import annotations

from dataclasses import dataclass

from perilune.lsp.document import Document


@dataclass(frozen=True, slots=True)
class Problem:
    """A static error between two offsets."""

    start: int
    end: int
    message: str


def diagnose(document: Document) -> list[Problem]:
    return []
