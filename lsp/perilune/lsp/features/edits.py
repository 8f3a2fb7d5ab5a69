"""Changes of a document that a feature proposes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """Another text between two offsets."""

    start: int
    end: int
    text: str
