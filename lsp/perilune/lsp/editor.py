"""What the server says to the editor of its own accord, as far as the editor understands it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from perilune.lsp.document import Document
from perilune.lsp.features.diagnostics import Problem
from perilune.lsp.features.edits import Edit
from perilune.lsp.protocol import (
    Positions,
    applies_edits,
    refreshes_hints,
    refreshes_lenses,
    shows_documents,
    shows_progress,
    to_diagnostic,
    to_edit,
)

_EDIT_SECONDS = 30.0  # how long it may take to change a document: it may ask its user
_ANSWER_SECONDS = 2.0  # how long a client may take to accept a progress bar before work goes on without


class Progress:
    """Work that the editor may show, and that may be cancelled."""

    def __init__(self, server: LanguageServer, token: str | None, cancelled: asyncio.Event) -> None:
        self._server = server
        self._token = token
        self.cancelled = cancelled

    def report(self, message: str, percentage: int | None = None) -> None:
        """Says how far the work is."""
        if self._token is not None:
            report = types.WorkDoneProgressReport(message=message, percentage=percentage)
            self._server.work_done_progress.report(self._token, report)


class Editor:
    """The client of a session."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self.figures_listeners: list[Callable[[], None]] = []  # called when other figures, or figures otherwise, show

    def positions(self, document: Document) -> Positions:
        """The converter for a document, in the encoding that was agreed on."""
        encoding = self._server.workspace.position_encoding
        return Positions(document, encoding or types.PositionEncodingKind.Utf16)

    def show_error(self, message: str) -> None:
        """Shows a message where the user sees it."""
        self._server.window_show_message(types.ShowMessageParams(types.MessageType.Error, message))

    def show_information(self, message: str) -> None:
        """Shows a message that is no error."""
        self._server.window_show_message(types.ShowMessageParams(types.MessageType.Info, message))

    def log(self, message: str) -> None:
        """Writes to the channel that a user can open."""
        self._server.window_log_message(types.LogMessageParams(types.MessageType.Log, message))

    def refresh_hints(self) -> None:
        """Makes the editor fetch what it shows of the figures again: hints, and code lenses."""
        if refreshes_hints(self._server.client_capabilities):
            self._server.workspace_inlay_hint_refresh(None)
        if refreshes_lenses(self._server.client_capabilities):
            self._server.workspace_code_lens_refresh(None)
        self.tell_listeners()

    def tell_listeners(self) -> None:
        """Has what follows from the figures in the server itself made again."""
        for listener in self.figures_listeners:
            listener()

    async def show_place(self, uri: str, document: Document, offset: int) -> bool:
        """Goes to a place in a file; whether the editor did."""
        if not shows_documents(self._server.client_capabilities):
            return False
        position = self.positions(document).position(offset)
        place = types.Range(position, position)
        parameters = types.ShowDocumentParams(uri, take_focus=True, selection=place)
        with suppress(TimeoutError):
            answer = await asyncio.wait_for(self._server.window_show_document_async(parameters), _ANSWER_SECONDS)
            return answer.success
        return False

    def edit_of(self, uri: str, document: Document, edits: Sequence[Edit]) -> types.WorkspaceEdit:
        """Changes of a document, as the editor makes them."""
        return to_edit(edits, uri, document, self.positions(document), self._server.client_capabilities)

    async def apply(self, label: str, edit: types.WorkspaceEdit) -> str | None:
        """Has the editor change documents; gives the reason if it did not."""
        if not applies_edits(self._server.client_capabilities):
            return "the editor cannot be asked to change a document"
        parameters = types.ApplyWorkspaceEditParams(edit, label)
        try:
            answer = await asyncio.wait_for(self._server.workspace_apply_edit_async(parameters), _EDIT_SECONDS)
        except TimeoutError:
            return "the editor did not answer"
        return None if answer.applied else answer.failure_reason or "the editor did not make the change"

    def publish(self, uri: str, document: Document, problems: Sequence[Problem]) -> None:
        """Replaces the errors shown for a document."""
        positions = self.positions(document)
        diagnostics = [to_diagnostic(problem, positions) for problem in problems]
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, diagnostics=diagnostics, version=document.version)
        )

    @asynccontextmanager
    async def progress(
        self, title: str, counts: bool = False, cancelled: asyncio.Event | None = None
    ) -> AsyncIterator[Progress]:
        """A progress bar with a way to cancel, as long as the context lasts; one that `counts` will know percentages."""
        token = str(uuid.uuid4()) if shows_progress(self._server.client_capabilities) else None
        bars = self._server.work_done_progress
        if token is not None:
            try:
                await asyncio.wait_for(bars.create_async(token), _ANSWER_SECONDS)
            except TimeoutError:
                token = None
        progress = Progress(self._server, token, cancelled or asyncio.Event())
        if token is None:
            yield progress
            return
        bars.begin(token, types.WorkDoneProgressBegin(title=title, cancellable=True, percentage=0 if counts else None))
        bars.tokens[token].add_done_callback(lambda _: progress.cancelled.set())
        try:
            yield progress
        finally:
            bars.end(token, types.WorkDoneProgressEnd())
            del bars.tokens[token]
