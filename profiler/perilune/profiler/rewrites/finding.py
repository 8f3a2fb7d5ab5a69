"""Finds the rewrites of a text, of every pattern."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from perilune.compiler.chunks import check_source
from perilune.compiler.source import Source
from perilune.profiler.rewrites import appending, concatenation, local_reads, moving_out, numeric_loops
from perilune.profiler.rewrites.code import Code
from perilune.profiler.rewrites.layout import Layout
from perilune.profiler.rewrites.rewrite import KINDS, IsHot, Rewrite, edited

_PATTERNS: tuple[Callable[[Code, Layout, IsHot], Iterator[Rewrite]], ...] = (
    concatenation.find,
    appending.find,
    local_reads.find,
    numeric_loops.find,
    moving_out.find,
)


def find(text: bytes, is_hot: IsHot, name: str = "?") -> list[Rewrite]:
    """The rewrites of a text for its hot lines, in their order; none of a text with errors. What they make compiles."""
    found = search(Code(text, name), is_hot)
    return [rewrite for rewrite in found if _compiles(edited(text, rewrite.edits), name)]


def search(code: Code, is_hot: IsHot) -> list[Rewrite]:
    """As `find`; what too many local variables or a jump into a scope forbid is among them, and will not compile."""
    if not code.is_whole:
        return []
    layout = Layout(code)
    found = [rewrite for pattern in _PATTERNS for rewrite in pattern(code, layout, is_hot)]
    return sorted(found, key=lambda rewrite: (rewrite.line, KINDS.index(rewrite.kind), rewrite.subject))


def _compiles(text: bytes, name: str) -> bool:
    return not check_source(Source.from_bytes(name, text, is_file=True))
