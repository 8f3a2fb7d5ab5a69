"""What the server says to the editor of its own accord, as far as the editor understands it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from perilune.lsp.document import Document
from perilune.lsp.features.diagnostics import Problem
from perilune.lsp.protocol import Positions, refreshes_hints, shows_progress, to_diagnostic

_ANSWER_SECONDS = 2.0  # how long a client may take to accept a progress bar before work goes on without


class Progress:
    """Work that the editor may show, and that may be cancelled."""

    def __init__(self, server: LanguageServer, token: str | None) -> None:
        self._server = server
        self._token = token
        self.cancelled = asyncio.Event()

    def report(self, message: str) -> None:
        """Says how far the work is."""
        if self._token is not None:
            self._server.work_done_progress.report(self._token, types.WorkDoneProgressReport(message=message))


class Editor:
    """The client of a session."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server

    def positions(self, document: Document) -> Positions:
        """The converter for a document, in the encoding that was agreed on."""
        encoding = self._server.workspace.position_encoding
        return Positions(document, encoding or types.PositionEncodingKind.Utf16)

    def show_error(self, message: str) -> None:
        """Shows a message where the user sees it."""
        self._server.window_show_message(types.ShowMessageParams(types.MessageType.Error, message))

    def log(self, message: str) -> None:
        """Writes to the channel that a user can open."""
        self._server.window_log_message(types.LogMessageParams(types.MessageType.Log, message))

    def refresh_hints(self) -> None:
        """Makes the editor fetch its hints again."""
        if refreshes_hints(self._server.client_capabilities):
            self._server.workspace_inlay_hint_refresh(None)

    def publish(self, uri: str, document: Document, problems: Sequence[Problem]) -> None:
        """Replaces the errors shown for a document."""
        positions = self.positions(document)
        diagnostics = [to_diagnostic(problem, positions) for problem in problems]
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, diagnostics=diagnostics, version=document.version)
        )

    @asynccontextmanager
    async def progress(self, title: str) -> AsyncIterator[Progress]:
        """A progress bar with a way to cancel, as long as the context lasts."""
        token = str(uuid.uuid4()) if shows_progress(self._server.client_capabilities) else None
        bars = self._server.work_done_progress
        if token is not None:
            try:
                await asyncio.wait_for(bars.create_async(token), _ANSWER_SECONDS)
            except TimeoutError:
                token = None
        progress = Progress(self._server, token)
        if token is None:
            yield progress
            return
        bars.begin(token, types.WorkDoneProgressBegin(title=title, cancellable=True))
        bars.tokens[token].add_done_callback(lambda _: progress.cancelled.set())
        try:
            yield progress
        finally:
            bars.end(token, types.WorkDoneProgressEnd())
            del bars.tokens[token]
