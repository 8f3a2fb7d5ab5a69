"""A document's tree and names: what the language features read. Made once per version, however broken the text is."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from perilune.compiler.chunks import CollectorPaused
from perilune.compiler.diagnostics import Diagnostic
from perilune.compiler.nodes import Chunk, Node, children
from perilune.compiler.parser import parse_tolerant
from perilune.compiler.resolver import resolve
from perilune.compiler.source import Source
from perilune.compiler.symbols import Variable
from perilune.lsp.occurrences import Names, Occurrence, Symbol, collect_names

MAX_SIZE = 4_000_000
MAX_TOKENS = 250_000
"""Bytes and tokens beyond which a document has no language features: its tree would take seconds."""


class Syntax:
    """One text, parsed with recovery and resolved. A text beyond the limits counts as empty: `is_whole` says so."""

    def __init__(self, name: str, data: bytes) -> None:
        self.source = Source.from_bytes(name, data, is_file=True)
        self.is_whole = len(data) <= MAX_SIZE
        self.chunk: Chunk
        self.errors: list[Diagnostic]
        with CollectorPaused():
            try:
                self.source.most_tokens = MAX_TOKENS
                self.chunk, self.errors = parse_tolerant(self.source if self.is_whole else Source(name, ""))
            except MemoryError:
                self.is_whole = False
                self.chunk, self.errors = parse_tolerant(Source(name, ""))
            if not self.is_whole:
                self.source = Source(name, "")
            self.resolution = resolve(self.chunk, self.source)

    @property
    def text(self) -> str:
        """The text as latin-1 decoded bytes."""
        return self.source.text

    @cached_property
    def names(self) -> Names:
        """Every name in the text and what it stands for."""
        return collect_names(self)

    @cached_property
    def _starts(self) -> list[int]:
        return [occurrence.start for occurrence in self.names.occurrences]

    def occurrence_at(self, offset: int) -> Occurrence | None:
        """The name at an offset; at the end of a name it is still that name, unless another begins there."""
        index = bisect_right(self._starts, offset) - 1
        for candidate in self.names.occurrences[max(0, index - 1) : index + 1][::-1]:
            if candidate.start <= offset <= candidate.end:
                return candidate
        return None

    def occurrences(self, start: int, end: int) -> list[Occurrence]:
        """The names that begin between two offsets."""
        return self.names.occurrences[bisect_right(self._starts, start - 1) : bisect_right(self._starts, end - 1)]

    def occurrences_of(self, symbol: Symbol) -> list[Occurrence]:
        """Every place where a symbol is named, in order."""
        return self.names.by_symbol.get(symbol, [])

    def path_at(self, offset: int) -> list[Node]:
        """The nodes around an offset, the outermost first."""
        return self.path_around(offset, offset)

    def path_around(self, start: int, end: int) -> list[Node]:
        """The nodes around a range, the outermost first."""
        path: list[Node] = []
        node: Node | None = self.chunk
        while node is not None:
            path.append(node)
            inner = [child for child in children(node) if child.start <= start and end <= child.end]
            # Where two touch at the offset, the one that begins there.
            node = inner[-1] if inner else None
        return path

    def visible(self, offset: int) -> dict[str, Variable]:
        """The local variables that names mean at an offset, by name."""
        found: dict[str, Variable] = {}
        for variable in self.resolution.variables:
            if variable.start <= offset <= variable.end:
                known = found.get(variable.name)
                if known is None or known.start <= variable.start:
                    found[variable.name] = variable
        return found
