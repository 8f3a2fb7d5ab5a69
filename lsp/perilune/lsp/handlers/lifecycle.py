"""The beginning and the end of a session, and its settings."""

from __future__ import annotations

import asyncio
from typing import Any

from lsprotocol import types

from perilune.lsp.client_stream import is_running, leave
from perilune.lsp.commands import TRUST_COMMAND, trust_from_json
from perilune.lsp.handlers.budgets import check_budget_files
from perilune.lsp.handlers.language import language, reconfigured
from perilune.lsp.handlers.reading import read
from perilune.lsp.handlers.workspace_files import check_workspace_files, watch_workspace_files
from perilune.lsp.session import PeriluneServer, server
from perilune.lsp.settings import has_settings, said_trust, wants_notifications

_LOOK_SECONDS = 1.0


@server.feature(types.INITIALIZE)
def initialize(ls: PeriluneServer, params: types.InitializeParams) -> None:
    options = params.initialization_options
    ls.trusted = said_trust(options) is not False  # as one is that does not speak of it
    ls.announcer.notifies = wants_notifications(options)
    ls.take_settings(options)
    language.reconfigured(options)
    if params.process_id is not None and is_running(params.process_id):
        ls.leaving = asyncio.create_task(_leave_after(ls, params.process_id))


async def _leave_after(ls: PeriluneServer, client: int) -> None:
    """Ends the server when its client has ended; another process may hold the pipe open that would tell."""
    while is_running(client):
        await asyncio.sleep(_LOOK_SECONDS)
    await ls.profiling.stop()
    leave()


@server.feature(types.INITIALIZED)
async def initialized(ls: PeriluneServer, params: types.InitializedParams) -> None:
    ls.editor.refresh_hints()
    await check_workspace_files(ls)
    check_budget_files(ls)
    await watch_workspace_files(ls)


@server.feature(types.SHUTDOWN)
async def shutdown(ls: PeriluneServer, params: None) -> None:
    if ls.awaited_run is not None:
        ls.awaited_run.cancel()
    await ls.profiling.stop()


@server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
def configuration_changed(ls: PeriluneServer, params: types.DidChangeConfigurationParams) -> None:
    if not params.settings:  # Eglot says so at its start, whatever the initialization options were
        return
    trusted = said_trust(params.settings)
    if trusted is not None:
        ls.take_trust(trusted)
    if has_settings(params.settings):
        ls.take_settings(params.settings)
    reconfigured(params.settings)
    ls.editor.refresh_hints()


@server.command(TRUST_COMMAND)
def trust(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """The user trusts the workspace now, or does not any more."""
    ls.take_trust(read(trust_from_json, values))
    message = "The workspace is trusted." if ls.trusted else "The workspace is not trusted: programs run in a sandbox."
    return {"trusted": ls.trusted, "message": message}
