"""What is wrong with a document, as the compiler says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from perilune.compiler import check_source
from perilune.compiler.diagnostics import Diagnostic
from perilune.compiler.rechecking import Rechecking
from perilune.compiler.source import Source
from perilune.lsp.document import Document

SMALL = 5_000
"""Bytes up to which all errors are found at every keystroke."""

LARGE = 1_000_000
"""Bytes beyond which the limits of the machine are left to a run: to find what exceeds them takes the longest."""

MAX_SIZE = 8_000_000
MAX_TOKENS = 2_500_000
"""Bytes and tokens beyond which a document is not checked while it is typed: its tree would take half a gigabyte."""


@dataclass(frozen=True, slots=True)
class Related:
    """A line, from 1, of a file (its real path) that has to do with a problem."""

    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to be said about the text between two offsets; `is_hint` if it is nothing that is wrong.

    `code` is what the kind of problem is called, where editors or their users may want to know.
    """

    start: int
    end: int
    message: str
    is_error: bool = True
    related: tuple[Related, ...] = ()
    is_hint: bool = False  # less than a warning: editors show it quietly
    is_unnecessary: bool = False  # editors fade such code
    is_warning: bool = False
    code: str = ""


def diagnose(document: Document, known: Rechecking | None = None) -> list[Problem]:
    """The static errors of a document, broken as it may be. Those of a large one lack what `diagnose_limits` finds.

    `known` has checked its versions before, and so reads little of a large one again.
    """
    return _diagnose(document, check_source if len(document.data) <= SMALL else (known or Rechecking()).check)


def diagnose_limits(document: Document) -> list[Problem]:
    """Where a function of a large document that has no other errors is too large for the machine."""
    return _diagnose(document, check_source) if SMALL < len(document.data) <= LARGE else []


def _diagnose(document: Document, check: Callable[[Source], list[Diagnostic]]) -> list[Problem]:
    if len(document.data) > MAX_SIZE:
        return [_unchecked(f"{MAX_SIZE // 1_000_000} MB")]
    document.source.most_tokens = MAX_TOKENS
    try:
        found = check(document.source)
    except MemoryError:
        return [_unchecked(f"{MAX_TOKENS:,} words and signs")]
    return [Problem(d.shown[0], max(d.shown), _readable(d.message)) for d in found]


def _unchecked(most: str) -> Problem:
    return Problem(0, 0, f"Perilune does not check files of more than {most} as you type", is_error=False)


def _readable(message: str) -> str:
    """The message in characters: the compiler's hold bytes."""
    return message.encode("latin-1").decode("utf-8", "replace")
