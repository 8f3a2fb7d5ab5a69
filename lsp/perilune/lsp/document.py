"""A text as the editor holds it, in the units of the compiler: bytes of UTF-8, lines as Lua counts them."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from perilune.compiler.source import Source


@dataclass(frozen=True)
class Document:
    """One version of a file's text. Offsets count bytes from 0, lines count from 1."""

    path: str
    data: bytes
    version: int | None = None

    @classmethod
    def from_text(cls, path: str, text: str, version: int | None = None) -> Document:
        """The text of an editor, which may hold lone surrogates."""
        return cls(path, text.encode("utf-8", "surrogatepass"), version)

    @classmethod
    def from_file(cls, path: str, content: bytes) -> Document:
        """The text that an editor shows for a file: no byte order mark, bytes that are not UTF-8 replaced."""
        return cls(path, content.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace").encode("utf-8"))

    @cached_property
    def source(self) -> Source:
        """The text as the compiler takes it."""
        return Source.from_bytes(self.path, self.data, is_file=True)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Every line's bytes, latin-1 decoded, without line ends: `lines[0]` is line 1."""
        starts = [*self.source.line_starts, len(self.source.text)]
        text = self.source.text
        return tuple(text[start:end].rstrip("\r\n") for start, end in pairwise(starts))

    def line_at(self, offset: int) -> int:
        """The line that holds an offset."""
        return self.source.line(offset)

    def line_start(self, line: int) -> int:
        """The offset of a line's first byte."""
        return self.source.line_starts[line - 1]

    def line_end(self, line: int) -> int:
        """The offset behind a line's last byte, its line end left out."""
        return self.line_start(line) + len(self.lines[line - 1])
