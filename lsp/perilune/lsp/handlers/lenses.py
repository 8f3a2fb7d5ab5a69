"""Code lenses: what functions cost, and what to do with the figures."""

from __future__ import annotations

from lsprotocol import types

from perilune.lsp.features.lenses import CALLED_FROM, CLEAR, COMPARE, RUN, RUN_AGAIN, WHOLE_RUN, lenses
from perilune.lsp.protocol import to_code_lens
from perilune.lsp.session import PeriluneServer, server


@server.feature(types.TEXT_DOCUMENT_CODE_LENS)
async def code_lenses(ls: PeriluneServer, params: types.CodeLensParams) -> list[types.CodeLens]:
    uri = params.text_document.uri
    view = await ls.view(uri)
    document = ls.documents.get(uri)
    if document is None or not ls.settings.lenses or not ls.shows(uri):
        return []
    commands = ls.protocol.fm.commands
    known = (RUN, RUN_AGAIN, COMPARE, CLEAR, CALLED_FROM)
    actions = frozenset(action for action in known if f"perilune.server.{action}" in commands) | {WHOLE_RUN}
    positions = ls.editor.positions(document)
    return [to_code_lens(lens, positions, document, uri) for lens in lenses(view, ls.settings.threshold, actions)]
