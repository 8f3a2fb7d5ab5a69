"""Between the language server protocol and the server's own terms. Nothing else knows code units, or converts.

An editor counts lines and, within a line, the code units of the encoding it agreed on; the server counts bytes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import Any

from lsprotocol import types
from pygls import uris

from perilune.lsp.document import Document
from perilune.lsp.features.diagnostics import Problem
from perilune.lsp.features.hover import Explanation
from perilune.lsp.features.inlay_hints import Hint

_LINE_END = re.compile(rb"\r\n|\n|\r")  # the protocol's; Lua's differ in \n\r
_CONTINUATIONS = bytes(range(0x80, 0xC0))
_BEFORE_FOUR_BYTES = bytes(range(0xF0))

Encoding = types.PositionEncodingKind | str


class Positions:
    """Converts between the offsets of one document and an editor's positions."""

    def __init__(self, document: Document, encoding: Encoding) -> None:
        self._data = document.data
        self._encoding = types.PositionEncodingKind(encoding)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self._data))]

    def position(self, offset: int) -> types.Position:
        """The position of an offset; one inside a character counts as the character's start."""
        line = bisect_right(self._line_starts, offset) - 1
        return types.Position(line, self._units(self._data[self._line_starts[line] : self._character_start(offset)]))

    def range(self, start: int, end: int) -> types.Range:
        """The range between two offsets; an end inside a character takes all of it in."""
        while end < len(self._data) and _continues_character(self._data[end]):
            end += 1
        return types.Range(self.position(start), self.position(end))

    def offset(self, position: types.Position) -> int:
        """The offset of a position; one behind a line's end, or the text's, counts as that end."""
        if position.line >= len(self._line_starts):
            return len(self._data)
        start = self._line_starts[position.line]
        ending = _LINE_END.search(self._data, start)
        text = self._data[start : ending.start() if ending else len(self._data)]
        if self._encoding is types.PositionEncodingKind.Utf8:
            return start + min(position.character, len(text))
        units = 0
        for index, byte in enumerate(text):
            if units >= position.character and not _continues_character(byte):
                return start + index
            units += self._units_of(byte)
        return start + len(text)

    def _character_start(self, offset: int) -> int:
        while 0 < offset < len(self._data) and _continues_character(self._data[offset]):
            offset -= 1
        return offset

    def _units(self, text: bytes) -> int:
        if self._encoding is types.PositionEncodingKind.Utf8:
            return len(text)
        characters = len(text.translate(None, _CONTINUATIONS))
        if self._encoding is types.PositionEncodingKind.Utf16:
            characters += len(text.translate(None, _BEFORE_FOUR_BYTES))
        return characters

    def _units_of(self, byte: int) -> int:
        """The code units of the character that a byte begins: UTF-16 needs two for those of four bytes."""
        if _continues_character(byte):
            return 0
        return 2 if byte >= 0xF0 and self._encoding is types.PositionEncodingKind.Utf16 else 1


def _continues_character(byte: int) -> bool:
    return byte & 0xC0 == 0x80


def path_of(uri: str) -> str | None:
    """The path of a file, None for a document that is no file."""
    return uris.to_fs_path(uri) or None


def to_diagnostic(problem: Problem, positions: Positions) -> types.Diagnostic:
    """A problem as the editor underlines it."""
    severity = types.DiagnosticSeverity.Error if problem.is_error else types.DiagnosticSeverity.Information
    return types.Diagnostic(
        range=positions.range(problem.start, problem.end),
        message=problem.message,
        severity=severity,
        source="perilune",
    )


def to_inlay_hint(hint: Hint, positions: Positions, uri: str) -> types.InlayHint:
    """A hint without its tooltip, which `data` is enough to make."""
    return types.InlayHint(
        position=positions.position(hint.offset),
        label=hint.label,
        padding_left=True,
        data={"uri": uri, "line": hint.measured_line, "changed": hint.changed},
    )


def hint_origin(hint: types.InlayHint) -> tuple[str, int, bool] | None:
    """The document, measured line and state of a hint that the editor sends back."""
    data: Any = hint.data
    try:
        return str(data["uri"]), int(data["line"]), bool(data["changed"])
    except (TypeError, KeyError, ValueError):
        return None


def to_hover(explanation: Explanation, positions: Positions) -> types.Hover:
    """An explanation over the line that it is about."""
    return types.Hover(to_markup(explanation.markdown), positions.range(explanation.start, explanation.end))


def to_markup(markdown: str) -> types.MarkupContent:
    """Markdown, which every client that shows hovers takes."""
    return types.MarkupContent(types.MarkupKind.Markdown, markdown)


def refreshes_hints(capabilities: types.ClientCapabilities) -> bool:
    """Whether the editor can be asked to fetch its hints again."""
    hints = capabilities.workspace.inlay_hint if capabilities.workspace else None
    return bool(hints and hints.refresh_support)


def shows_progress(capabilities: types.ClientCapabilities) -> bool:
    """Whether the editor can show work that the server starts."""
    return bool(capabilities.window and capabilities.window.work_done_progress)
