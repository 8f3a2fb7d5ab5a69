"""A source text, where its lines begin, and where the token behind an offset stands."""

from __future__ import annotations

import re
from bisect import bisect_right

_LINE_END = re.compile(r"\r\n|\n\r|\n|\r")
_BYTE_ORDER_MARK = "\xef\xbb\xbf"
_SPACE = re.compile(r"(?:[ \t\r\n\f\v]+|--\[(=*)\[(?s:.*?)\]\1\]|--(?!\[=*\[)[^\n\r]*)*")
_TOKEN = re.compile(
    r"""[A-Za-z_]\w* | \.?[0-9](?:[eEpP][+-]|[\w.])* | \[(?P<level>=*)\[(?s:.*?)\](?P=level)\]
      | "(?:[^"\\\n]|\\(?s:.))*" | '(?:[^'\\\n]|\\(?s:.))*' | \.\.\.? | :: | // | << | >> | [=~<>]=
      | (?s:.)""",
    re.VERBOSE | re.ASCII,
)


class Source:
    """A program's text as latin-1 decoded bytes: every offset and column counts bytes.

    `begin` is the offset of the first byte that the lexer reads. It is not 0 for a file that opens with a byte order
    mark or with a first line that begins with `#`, which Lua skips in files but not in strings. Of more than
    `most_tokens` the lexer makes a MemoryError; None is no bound.
    """

    __slots__ = ("_line_starts", "begin", "is_file", "most_tokens", "name", "text")

    def __init__(self, name: str, text: str, is_file: bool = False) -> None:
        self.name = name
        self.text = text
        self.is_file = is_file
        self.most_tokens: int | None = None
        self.begin = _first_code(text) if is_file else 0
        self._line_starts: list[int] | None = None

    @classmethod
    def from_bytes(cls, name: str, data: bytes, is_file: bool = False) -> Source:
        """A source of raw bytes, whatever their encoding."""
        return cls(name, data.decode("latin-1"), is_file)

    @property
    def line_starts(self) -> list[int]:
        """The offset of each line's first byte."""
        if self._line_starts is None:
            if "\r" in self.text:
                # A lone \r inside a skipped first line does not end it.
                ends = [match.end() for match in _LINE_END.finditer(self.text, self.begin)]
            else:
                ends = _line_ends(self.text)
            self._line_starts = [0, *ends]
        return self._line_starts

    def beginning(self, begin: int, end: int) -> Source:
        """The same text as far as `end`, read from `begin` on, with the same lines."""
        part = Source(self.name, self.text[:end])
        part.begin = begin
        part._line_starts = self.line_starts
        return part

    def line(self, offset: int) -> int:
        """The line of an offset, from 1; a line end belongs to the line that it ends."""
        return bisect_right(self.line_starts, offset)

    def line_column(self, offset: int) -> tuple[int, int]:
        """The line and the column of an offset, both from 1; columns count bytes."""
        starts = self.line_starts
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of a line without its line end."""
        starts = self.line_starts
        end = starts[line] if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end].rstrip("\r\n")


def _line_ends(text: str) -> list[int]:
    """The offsets behind every newline."""
    ends: list[int] = []
    end = text.find("\n") + 1
    while end:
        ends.append(end)
        end = text.find("\n", end) + 1
    return ends


def next_token(text: str, offset: int) -> tuple[int, int]:
    """The range of the next token at or behind an offset, empty at the end of the text."""
    space = _SPACE.match(text, offset)
    start = space.end() if space else offset
    token = _TOKEN.match(text, start)
    return start, token.end() if token else start


def _first_code(text: str) -> int:
    begin = len(_BYTE_ORDER_MARK) if text.startswith(_BYTE_ORDER_MARK) else 0
    if text.startswith("#", begin):
        # The line end stays, so that the line still counts.
        begin = text.find("\n", begin)
        if begin < 0:
            begin = len(text)
    return begin
