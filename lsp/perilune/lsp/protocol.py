"""Between the language server protocol and the server's own terms. Nothing else knows code units, or converts.

An editor counts lines and, within a line, the code units of the encoding it agreed on; the server counts bytes.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from lsprotocol import types
from pygls import uris

from perilune.lsp.document import Document
from perilune.lsp.features.actions import Action
from perilune.lsp.features.diagnostics import Problem, Related
from perilune.lsp.features.edits import Edit
from perilune.lsp.features.hover import Explanation
from perilune.lsp.features.inlay_hints import Hint
from perilune.lsp.features.lenses import CALLED_FROM, HOTTEST, WHOLE_RUN, Lens
from perilune.lsp.figure_arguments import CALL_PATH_COMMAND, SHOW_COMMAND

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

    def offset_at(self, line: int, character: int) -> int:
        """The offset of a position that came in a command."""
        return self.offset(types.Position(line, character))

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
    """The path of a file, None for a document that is no file, or one of another machine."""
    try:
        if os.name == "nt":
            return uris.to_fs_path(uri) or None
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file" or unquote(parts.netloc) not in ("", "localhost"):
        return None
    name = unquote_to_bytes(parts.path.encode("utf-8", "surrogatepass"))
    return os.fsdecode(name) if name.startswith(b"/") and b"\0" not in name else None


def uri_of(path: str) -> str:
    """The URI of a file; a document that is no file has its URI for a path."""
    if os.name == "nt":
        return uris.from_fs_path(path) or ""
    return "file://" + quote(os.fsencode(path)) if path.startswith("/") else path


def to_diagnostic(problem: Problem, positions: Positions) -> types.Diagnostic:
    """A problem as the editor underlines it."""
    severity = types.DiagnosticSeverity.Error if problem.is_error else types.DiagnosticSeverity.Information
    if problem.is_hint:
        severity = types.DiagnosticSeverity.Hint
    elif problem.is_warning:
        severity = types.DiagnosticSeverity.Warning
    return types.Diagnostic(
        range=positions.range(problem.start, problem.end),
        message=problem.message,
        severity=severity,
        source="perilune",
        code=problem.code or None,
        tags=[types.DiagnosticTag.Unnecessary] if problem.is_unnecessary else None,
        related_information=[_related(place) for place in problem.related] or None,
    )


def _related(place: Related) -> types.DiagnosticRelatedInformation:
    """The start of the line: the file may not be open, and what else it holds is not known."""
    start = types.Position(place.line - 1, 0)
    location = types.Location(uri_of(place.path), types.Range(start, start))
    return types.DiagnosticRelatedInformation(location, place.message)


def to_edit(
    edits: Sequence[Edit], uri: str, document: Document, positions: Positions, capabilities: types.ClientCapabilities
) -> types.WorkspaceEdit:
    """The changes of a document, of the version that it has here where the client can compare that."""
    changes = [types.TextEdit(positions.range(edit.start, edit.end), edit.text) for edit in edits]
    supported = capabilities.workspace.workspace_edit if capabilities.workspace else None
    if not (supported and supported.document_changes):
        return types.WorkspaceEdit(changes={uri: changes})
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri, document.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, changes)])


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


def to_code_lens(lens: Lens, positions: Positions, document: Document, uri: str) -> types.CodeLens:
    """A lens with its command, which any editor can execute."""
    offset = document.line_start(lens.line)
    arguments: dict[str, Any] = {"uri": uri}
    target = positions.position(document.line_start(lens.target or lens.line))
    name = f"perilune.server.{lens.action}"
    if lens.action == HOTTEST:
        name = SHOW_COMMAND
        arguments["line"] = target.line
    elif lens.action == CALLED_FROM:
        arguments |= {"position": {"line": target.line, "character": 0}, "callee": lens.callee}
    elif lens.action == WHOLE_RUN:
        name = CALL_PATH_COMMAND
        arguments["clear"] = True
    return types.CodeLens(positions.range(offset, offset), types.Command(lens.title, name, arguments=[arguments]))


def to_code_action(
    action: Action, positions: Positions, document: Document, uri: str, shown: Sequence[types.Diagnostic]
) -> types.CodeAction:
    """An action whose work is done by a command; `shown` are the diagnostics that it was asked for with."""
    line = positions.position(document.line_start(action.line)).line
    command = types.Command(action.title, action.command, arguments=[{"uri": uri, "line": line, **action.fields}])
    solved = [diagnostic for diagnostic in shown if action.solves and diagnostic.code == action.solves]
    return types.CodeAction(action.title, kind=action.kind, diagnostics=solved or None, command=command)


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


def shows_documents(capabilities: types.ClientCapabilities) -> bool:
    """Whether the editor can be asked to go to a place."""
    documents = capabilities.window.show_document if capabilities.window else None
    return bool(documents and documents.support)


def applies_edits(capabilities: types.ClientCapabilities) -> bool:
    """Whether the editor can be asked to change a document."""
    return bool(capabilities.workspace and capabilities.workspace.apply_edit)


def watches_files(capabilities: types.ClientCapabilities) -> bool:
    """Whether the editor can be asked to tell of changes to files."""
    files = capabilities.workspace.did_change_watched_files if capabilities.workspace else None
    return bool(files and files.dynamic_registration)


def shows_progress(capabilities: types.ClientCapabilities) -> bool:
    """Whether the editor can show work that the server starts."""
    return bool(capabilities.window and capabilities.window.work_done_progress)


def refreshes_lenses(capabilities: types.ClientCapabilities) -> bool:
    """Whether the editor can be asked to fetch its code lenses again."""
    lenses = capabilities.workspace.code_lens if capabilities.workspace else None
    return bool(lenses and lenses.refresh_support)
