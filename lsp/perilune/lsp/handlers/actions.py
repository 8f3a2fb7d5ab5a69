"""Code actions: what can be done about the lines under the cursor. Each sort has a provider in `features/`."""

from __future__ import annotations

import asyncio

from lsprotocol import types

from perilune.lsp.features.actions import QUICK_FIX, REWRITE, Action, Asked, Provider
from perilune.lsp.protocol import to_code_action
from perilune.lsp.session import PeriluneServer, server

PROVIDERS: list[Provider] = []


@server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[REWRITE, QUICK_FIX]))
async def code_actions(ls: PeriluneServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri = params.text_document.uri
    view = await ls.view(uri)
    document = ls.documents.get(uri)
    if document is None:
        return []
    positions = ls.editor.positions(document)
    first, last = (document.line_at(positions.offset(end)) for end in (params.range.start, params.range.end))
    asked = Asked(document, view, first, last)

    def find() -> list[Action]:
        return [action for provider in PROVIDERS for action in provider(asked)]

    found = await asyncio.to_thread(find)
    only = params.context.only
    wanted = [action for action in found if only is None or any(_is_kind(action.kind, kind) for kind in only)]
    return [to_code_action(action, positions, document, uri, params.context.diagnostics) for action in wanted]


def _is_kind(kind: str, wanted: str) -> bool:
    return not wanted or kind == wanted or kind.startswith(f"{wanted}.")
