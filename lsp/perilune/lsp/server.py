"""Registers the server's features and delegates: a handler converts, calls, and converts back."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from perilune.lsp.commands import CommandArgumentError, ProfileArguments, file_from_json
from perilune.lsp.document import Document
from perilune.lsp.editor import Editor
from perilune.lsp.features.diagnostics import diagnose
from perilune.lsp.features.hover import explain_at, explain_line
from perilune.lsp.features.inlay_hints import hints
from perilune.lsp.measurement import View
from perilune.lsp.profiling import Profiling
from perilune.lsp.protocol import hint_origin, path_of, to_hover, to_inlay_hint, to_markup
from perilune.lsp.results import Results
from perilune.lsp.runner import Job
from perilune.lsp.settings import Settings

PROFILE_COMMAND = "perilune.server.profile"
RERUN_COMMAND = "perilune.server.rerun"
CANCEL_COMMAND = "perilune.server.cancel"
CLEAR_COMMAND = "perilune.server.clear"

_TYPING_PAUSE = 0.15  # seconds without a change before a document is checked

_Read = TypeVar("_Read")

logger = logging.getLogger(__name__)


class PeriluneServer(LanguageServer):
    """A session with an editor: its settings, the documents it has open, and what was measured.

    Documents are sent whole, because pygls applies partial changes to lines that are not the protocol's.
    """

    def __init__(self) -> None:
        super().__init__("perilune", _version(), text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.editor = Editor(self)
        self.settings = Settings()
        self.results = Results()
        self.profiling = Profiling(self.editor, self.results)
        self.documents: dict[str, Document] = {}
        self._checks: dict[str, asyncio.Task[None]] = {}
        self._analysis = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analysis")

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Logs; the editor learns of a failed request from the answer, and of nothing else."""
        logger.error("%s", error)

    async def view(self, uri: str) -> View | None:
        """The figures of an open document, already compared with its text: that takes a while for a large one."""
        document = self.documents.get(uri)
        view = self.results.view(document) if document else None
        if view is not None:
            await asyncio.get_running_loop().run_in_executor(self._analysis, getattr, view, "origins")
        return view

    def document_changed(self, uri: str, pause: float) -> None:
        """Takes in an open document's text, and checks it after a pause unless it changes again."""
        text = self.workspace.get_text_document(uri)
        self.documents[uri] = Document.from_text(real_path(uri) or uri, text.source, text.version)
        self._stop_check(uri)
        self._checks[uri] = asyncio.get_running_loop().create_task(self._check(uri, pause))

    def document_closed(self, uri: str) -> None:
        """Forgets a document and the errors shown for it."""
        self._stop_check(uri)
        document = self.documents.pop(uri, None)
        if document is not None:
            self.editor.publish(uri, replace(document, version=None), [])

    def _stop_check(self, uri: str) -> None:
        check = self._checks.pop(uri, None)
        if check is not None:
            check.cancel()

    async def _check(self, uri: str, pause: float) -> None:
        await asyncio.sleep(pause)
        document = self.documents[uri]
        loop = asyncio.get_running_loop()
        try:
            problems = await loop.run_in_executor(self._analysis, diagnose, document)
            self.editor.publish(uri, document, problems)
        except Exception:
            logger.exception("cannot check %s", uri)

    def directory_for(self, path: str) -> str:
        """Where a program runs: the innermost workspace folder around it, or its own directory."""
        folders = (real_path(folder.uri) for folder in self.workspace.folders.values())
        around = [folder for folder in folders if folder and path.startswith(os.path.join(folder, ""))]
        return max(around, key=len, default=os.path.dirname(path))


def real_path(uri: str) -> str | None:
    """The path that figures are kept under, None for a document that is no file."""
    path = path_of(uri)
    return os.path.realpath(path) if path else None


def _version() -> str:
    try:
        return version("perilune")
    except PackageNotFoundError:  # run from a checkout
        return "0"


server = PeriluneServer()


# --- the session


@server.feature(types.INITIALIZE)
def initialize(ls: PeriluneServer, params: types.InitializeParams) -> None:
    ls.settings = Settings.from_json(params.initialization_options)


@server.feature(types.INITIALIZED)
def initialized(ls: PeriluneServer, params: types.InitializedParams) -> None:
    ls.editor.refresh_hints()


@server.feature(types.SHUTDOWN)
async def shutdown(ls: PeriluneServer, params: None) -> None:
    await ls.profiling.stop()


@server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
def configuration_changed(ls: PeriluneServer, params: types.DidChangeConfigurationParams) -> None:
    ls.settings = Settings.from_json(params.settings)
    ls.editor.refresh_hints()


# --- documents


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(ls: PeriluneServer, params: types.DidOpenTextDocumentParams) -> None:
    ls.document_changed(params.text_document.uri, pause=0)


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def did_change(ls: PeriluneServer, params: types.DidChangeTextDocumentParams) -> None:
    ls.document_changed(params.text_document.uri, _TYPING_PAUSE)


@server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def did_close(ls: PeriluneServer, params: types.DidCloseTextDocumentParams) -> None:
    ls.document_closed(params.text_document.uri)


# --- figures


@server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
async def inlay_hints(ls: PeriluneServer, params: types.InlayHintParams) -> list[types.InlayHint]:
    uri = params.text_document.uri
    view = await ls.view(uri)
    if view is None or not ls.settings.hints:
        return []
    positions = ls.editor.positions(view.document)
    first, last = (view.document.line_at(positions.offset(end)) for end in (params.range.start, params.range.end))
    return [to_inlay_hint(hint, positions, uri) for hint in hints(view, first, last, ls.settings.threshold)]


@server.feature(types.INLAY_HINT_RESOLVE)
async def inlay_hint_resolve(ls: PeriluneServer, params: types.InlayHint) -> types.InlayHint:
    origin = hint_origin(params)
    view = await ls.view(origin[0]) if origin else None
    if origin is not None and view is not None:
        markdown = explain_line(view.measurement, origin[1], origin[2])
        params.tooltip = to_markup(markdown) if markdown else None
    return params


@server.feature(types.TEXT_DOCUMENT_HOVER)
async def hover(ls: PeriluneServer, params: types.HoverParams) -> types.Hover | None:
    view = await ls.view(params.text_document.uri)
    if view is None:
        return None
    positions = ls.editor.positions(view.document)
    explanation = explain_at(view, positions.offset(params.position))
    return to_hover(explanation, positions) if explanation else None


# --- commands


def _read(read: Callable[[Sequence[Any]], _Read], values: Sequence[Any]) -> _Read:
    """What was given with a command; the editor gets an answer that says what is wrong with it."""
    try:
        return read(values)
    except CommandArgumentError as error:
        raise JsonRpcInvalidParams(str(error)) from error


@server.command(PROFILE_COMMAND)
async def profile(ls: PeriluneServer, *values: Any) -> dict[str, Any] | None:
    """Runs a file as a program and shows what it cost."""
    return await _profile(ls, _read(ProfileArguments.from_json, values))


async def _profile(ls: PeriluneServer, target: ProfileArguments) -> dict[str, Any] | None:
    path = real_path(target.uri)
    if path is None:
        ls.editor.show_error("Save the program to a file first: what is profiled is the file.")
        return None
    directory = target.directory or ls.directory_for(path)
    job = Job(path, target.arguments, target.mode or ls.settings.mode, directory)
    return asdict(await ls.profiling.profile(job, ls.settings))


@server.command(RERUN_COMMAND)
async def rerun(ls: PeriluneServer, *values: Any) -> dict[str, Any] | None:
    """Runs again, with the same arguments, the program that last ran a file."""
    uri = _read(file_from_json, values)
    job = ls.results.job(real_path(uri) or "")
    if job is None:
        return await _profile(ls, ProfileArguments(uri))
    return asdict(await ls.profiling.profile(job, ls.settings))


@server.command(CANCEL_COMMAND)
def cancel(ls: PeriluneServer, *targets: str) -> None:
    """Stops the runs of the documents given, or every run."""
    for target in targets or [None]:
        ls.profiling.cancel(real_path(target) if target else None)


@server.command(CLEAR_COMMAND)
def clear(ls: PeriluneServer, *targets: str) -> None:
    """Takes away the figures of the documents given, and of what ran with them, or all figures."""
    for target in targets or [None]:
        ls.results.clear(real_path(target) if target else None)
    ls.editor.refresh_hints()


def _is_of_the_server(record: logging.LogRecord) -> bool:
    """Whether a log record is about the server, and not one of pygls about a request that was wrong and is refused."""
    return record.exc_info is None or not isinstance(record.exc_info[1], JsonRpcInvalidParams)


def main() -> int:
    """Serves the editor on standard input and output until it leaves; logs go to standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_of_the_server)
    server.start_io()
    return 0
