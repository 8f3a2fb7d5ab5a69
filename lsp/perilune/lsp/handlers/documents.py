"""Documents that are opened, edited and closed."""

from __future__ import annotations

from lsprotocol import types

from perilune.lsp.handlers.language import language
from perilune.lsp.session import PeriluneServer, server


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(ls: PeriluneServer, params: types.DidOpenTextDocumentParams) -> None:
    ls.document_changed(params.text_document.uri)


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def did_change(ls: PeriluneServer, params: types.DidChangeTextDocumentParams) -> None:
    ls.document_changed(params.text_document.uri)


@server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def did_close(ls: PeriluneServer, params: types.DidCloseTextDocumentParams) -> None:
    document = ls.documents.get(params.text_document.uri)
    ls.document_closed(params.text_document.uri)
    if document is not None and all(other.path != document.path for other in ls.documents.values()):
        language.closed(document.path)
