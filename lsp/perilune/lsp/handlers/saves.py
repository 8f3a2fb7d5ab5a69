"""What happens when a document is saved: its program runs again, if the user wants that."""

from __future__ import annotations

import asyncio
import logging

from lsprotocol import types

from perilune.lsp.handlers.runs import run_again
from perilune.lsp.session import PeriluneServer, server

_PAUSE = 0.3  # seconds in which further files may be saved

logger = logging.getLogger(__name__)


@server.feature(types.TEXT_DOCUMENT_DID_SAVE)
def did_save(ls: PeriluneServer, params: types.DidSaveTextDocumentParams) -> None:
    uri = params.text_document.uri
    ls.note_saved(uri)
    if not ls.settings.on_save or not ls.trusted or uri not in ls.documents:
        return
    if ls.awaited_run is not None:
        ls.awaited_run.cancel()
    ls.awaited_run = asyncio.get_running_loop().create_task(_run_soon(ls, uri))


async def _run_soon(ls: PeriluneServer, uri: str) -> None:
    await asyncio.sleep(_PAUSE)
    ls.awaited_run = None  # what has begun is not called off by a later save, but superseded
    try:
        await run_again(ls, uri)
    except Exception:
        logger.exception("cannot run what was saved")
