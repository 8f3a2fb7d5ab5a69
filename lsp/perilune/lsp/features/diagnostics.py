"""What is wrong with a document, as the compiler says it."""

from __future__ import annotations

from dataclasses import dataclass

from perilune.compiler import check_source
from perilune.lsp.document import Document

MAX_SIZE = 4_000_000
"""Bytes beyond which a document is not checked while it is typed: it would take seconds."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to be said about the text between two offsets."""

    start: int
    end: int
    message: str
    is_error: bool = True


def diagnose(document: Document) -> list[Problem]:
    """All static errors of a document, broken as it may be."""
    if len(document.data) > MAX_SIZE:
        message = f"Perilune does not check files of more than {MAX_SIZE // 1_000_000} MB as you type"
        return [Problem(0, 0, message, is_error=False)]
    return [Problem(d.start, max(d.start, d.end), _readable(d.message)) for d in check_source(document.source)]


def _readable(message: str) -> str:
    """The message in characters: the compiler's hold bytes."""
    return message.encode("latin-1").decode("utf-8", "replace")
