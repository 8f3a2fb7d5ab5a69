"""What `.perilune.toml` says: what is wrong in it is shown where it stands. And files that get another name."""

from __future__ import annotations

import asyncio
import os

from lsprotocol import types

from perilune.lsp.declared_globals import READERS
from perilune.lsp.document import Document
from perilune.lsp.handlers.budgets import budget_file_changed
from perilune.lsp.protocol import path_of, uri_of, watches_files
from perilune.lsp.session import PeriluneServer, real_path, server
from perilune.lsp.workspace_file import NAME, read_workspace_file
from perilune.profiler.budget_file import DEFAULT_BUDGET_FILE

_ALL_FILES = types.FileOperationRegistrationOptions([types.FileOperationFilter(types.FileOperationPattern("**"))])


async def check_workspace_files(ls: PeriluneServer) -> None:
    """Reads the files of all workspace folders, and shows what is wrong in them."""
    for folder in [real_path(folder.uri) for folder in ls.workspace.folders.values()]:
        if folder is not None:
            await check_workspace_file(ls, folder)


async def check_workspace_file(ls: PeriluneServer, folder: str) -> None:
    """Reads the file of a folder, and shows what is wrong in it."""
    path = os.path.join(folder, NAME)
    file = await asyncio.to_thread(read_workspace_file, folder)
    if file.problems or path in ls.reported_files:
        ls.reported_files.add(path)
        ls.editor.publish(uri_of(path), file.document or Document(path, b""), file.problems)


async def watch_workspace_files(ls: PeriluneServer) -> None:
    """Asks the client to tell when one changes."""
    if not watches_files(ls.client_capabilities):
        return
    names = (NAME, DEFAULT_BUDGET_FILE, *READERS)
    watchers = [types.FileSystemWatcher(glob_pattern=f"**/{name}") for name in names]
    options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
    registration = types.Registration(NAME, types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    await ls.client_register_capability_async(types.RegistrationParams([registration]))


@server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
async def watched_files_changed(ls: PeriluneServer, params: types.DidChangeWatchedFilesParams) -> None:
    for change in params.changes:
        path = path_of(change.uri)
        if path is not None and os.path.basename(path) == NAME:
            await check_workspace_file(ls, os.path.realpath(os.path.dirname(path)))
        if path is not None and os.path.basename(path) == DEFAULT_BUDGET_FILE:
            budget_file_changed(os.path.realpath(path))
        if path is not None and os.path.basename(path) in READERS:
            ls.announcer.problems_changed(document.path for document in ls.documents.values())


@server.feature(types.WORKSPACE_DID_RENAME_FILES, _ALL_FILES)
async def files_renamed(ls: PeriluneServer, params: types.RenameFilesParams) -> None:
    for file in params.files:
        old, new = real_path(file.old_uri), real_path(file.new_uri)
        if old is not None and new is not None:
            await ls.renamed(old, new)
