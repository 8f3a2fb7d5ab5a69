"""A session with an editor: what every handler has at hand."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from perilune.compiler.chunks import CollectorPaused
from perilune.lsp.announcer import Announcer
from perilune.lsp.answers import Protocol
from perilune.lsp.baselines import Baselines
from perilune.lsp.checks import Checks
from perilune.lsp.display import GROWTH, Display
from perilune.lsp.document import Document
from perilune.lsp.editor import Editor
from perilune.lsp.failures import Failures
from perilune.lsp.features.diagnostics import LARGE, Problem
from perilune.lsp.history import History, KeptRun
from perilune.lsp.launch import Saved, comment_problems
from perilune.lsp.measurement import Measurement, View
from perilune.lsp.pauses import Collector
from perilune.lsp.profiling import Profiling
from perilune.lsp.protocol import path_of, uri_of
from perilune.lsp.results import Results
from perilune.lsp.settings import Settings
from perilune.lsp.store import Store
from perilune.lsp.whole_file import read_whole

_LATE_SECONDS = (2.0, 10.0)
"""When to look again for what an earlier server measured: it may end, and write that, while its window is loaded anew."""

_THREADS = 4  # that analyse: a large document must not keep the others waiting

logger = logging.getLogger(__name__)


class PeriluneServer(LanguageServer):
    """A session with an editor: its settings, the documents it has open, and what was measured.

    Documents are sent whole, because pygls applies partial changes to lines that are not the protocol's.
    """

    def __init__(self) -> None:
        super().__init__(
            "perilune",
            _version(),
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
            protocol_cls=Protocol,
        )
        self.collector = Collector()
        self.editor = Editor(self)
        self.settings = Settings()
        self.display = Display()
        self.results = Results()
        self.failures = Failures()
        self.announcer = Announcer(self)
        self.history = History(self.store_for)
        self.growth_history = History(self.store_for, run="growth", file="grown")
        self.baselines = Baselines(self.store_for)
        self.profiling = Profiling(
            self.editor, self.announcer, self.results, self.failures, self.history, self.baselines
        )
        if isinstance(self.protocol, Protocol):
            self.protocol.stop = self.profiling.turns.cancel_message
        self.saved: dict[str, Saved] = {}
        self._said_settings: object = None
        self.trusted = True
        self.allowed: set[str] = set()
        """Programs that may run in the sandbox of a workspace that is not trusted."""
        self.leaving: asyncio.Task[None] | None = None
        self.awaited_run: asyncio.Task[None] | None = None
        self.reported_files: set[str] = set()
        self._stores: dict[str, Store] = {}
        self._recalls: dict[str, asyncio.Task[None]] = {}
        self._recalling: set[asyncio.Task[None]] = set()
        self._comparing: set[asyncio.Task[str]] = set()
        self.documents: dict[str, Document] = {}
        self._analysis = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="analysis")
        self._large = ThreadPoolExecutor(max_workers=1, thread_name_prefix="large")  # of which no other document waits
        self.checks = Checks(self.documents, self._analysis, self.editor.publish)
        self.problem_sources = self.checks.sources
        self.problem_sources += [self.failures.problems, self._run_comment_problems]

    def take_settings(self, value: object) -> None:
        """Takes in the settings as the editor sends them."""
        self._said_settings = value
        self.settings = Settings.from_json(value, self.trusted)
        self.display.take_setting(self.settings.metric)

    def take_trust(self, trusted: bool) -> None:
        """The workspace may be trusted from now on, or may not; settings that depend on it count, or do not."""
        self.trusted = trusted
        self.allowed.clear()
        self.take_settings(self._said_settings)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Logs; the editor learns of a failed request from the answer, and of nothing else."""
        is_unreadable = source is JsonRpcException and isinstance(error, ValueError | RecursionError)
        if is_unreadable and isinstance(self.protocol, Protocol):
            self.protocol.tell_unreadable(error)
        logger.error("%s", error)

    async def view(self, uri: str) -> View | None:
        """The figures of an open document, already compared with its text: that takes a while for a large one."""
        document = self.documents.get(uri)
        if document is not None:
            await self.recall(document.path)
        view = self._shown_view(document) if document else None
        if view is not None:
            threads = self._large if len(view.document.data) > LARGE else self._analysis
            await asyncio.get_running_loop().run_in_executor(threads, getattr, view, "origins")
            if not view.measurement.text.is_prepared:
                threads.submit(self._prepare, view.measurement)  # before the first edit needs it
        return view

    def _shown_view(self, document: Document) -> View | None:
        """What is known of a document by the metric that is shown."""
        grown = self.results.grown_view(document) if self.display.metric == GROWTH else None
        return grown or self.results.view(document)

    def _prepare(self, measurement: Measurement) -> None:
        with CollectorPaused():
            measurement.text.prepare()
            self.collector.grown()

    def shows(self, uri: str) -> bool:
        """Whether figures are shown beside the code of a document."""
        return self.display.shown and (self.display.filter != "workspace" or self.is_in_workspace(uri))

    def is_in_workspace(self, uri: str) -> bool:
        """Whether a file is in one of the workspace's folders; without folders every file counts as the workspace's."""
        folders = [real_path(folder.uri) for folder in self.workspace.folders.values()]
        path = real_path(uri)
        return not folders or any(path and folder and path.startswith(os.path.join(folder, "")) for folder in folders)

    async def views_of_run(self, uri: str | None = None) -> dict[str, View]:
        """The figures of a run's files, by URI: of the run behind a file's figures, or of the last run.

        They show in the text that is open, or else in that of the file; a file that is gone is left out.
        """
        paths = [document.path for document in self.documents.values()] if uri is None else [real_path(uri) or uri]
        for path in paths:
            await self.recall(path)
        found = self.results.of_run(None if uri is None else paths[0])
        is_open = {document.path: (uri, document) for uri, document in self.documents.items()}

        def compare() -> dict[str, View]:
            views = {}
            for path, measurement in found.items():
                uri, document = is_open.get(path) or (uri_of(path), None)
                if document is None:
                    with suppress(OSError):
                        document = Document.from_file(path, read_whole(path))
                if document is not None:
                    view = views[uri] = self.results.view(document) or View(measurement, document)
                    _ = view.origins
            return views

        return await asyncio.get_running_loop().run_in_executor(self._analysis, compare)

    def document_changed(self, uri: str) -> None:
        """Takes in an open document's text, and checks it."""
        is_new = uri not in self.documents
        if is_new:
            self.note_saved(uri)
        text = self.workspace.get_text_document(uri)
        self.documents[uri] = Document.from_text(real_path(uri) or uri, text.source, text.version)
        self.checks.begin(uri)
        self.collector.busy()
        if is_new:
            path = self.documents[uri].path
            if self.results.measurement(path) is None:
                self._recalls.pop(path, None)  # a file may have got this path since
            self._begin_recall(path)
            self._recalling.add(task := asyncio.get_running_loop().create_task(self._recall_late(path)))
            task.add_done_callback(self._recalling.discard)

    def note_saved(self, uri: str) -> None:
        """Remembers what a document's file holds, when it is opened or saved."""
        path = real_path(uri)
        saved = Saved.now(path) if path is not None else None
        if path is not None and saved is not None:
            self.saved[path] = saved

    def document_closed(self, uri: str) -> None:
        """Forgets a document and the errors shown for it."""
        document = self.documents.pop(uri, None)
        if document is not None:
            self.checks.forget(document.path)
            self.editor.publish(uri, replace(document, version=None), [])
            if real_path(uri):
                self.checks.begin_file(uri, document.path)

    async def check_again(self, paths: Iterable[str]) -> None:
        """Shows anew what is wrong with files, open or not, because their sources know more or less than before."""
        for path in set(paths):
            uris = [uri for uri, document in self.documents.items() if document.path == path]
            for uri in uris:
                self.checks.begin(uri)
            if not uris:
                await self.checks.check_file(uri_of(path), path)

    async def recall(self, path: str) -> None:
        """Takes in what an earlier server measured of a file, once."""
        await asyncio.shield(self._begin_recall(path))

    def _begin_recall(self, path: str) -> asyncio.Task[None]:
        if path not in self._recalls:
            self._recalls[path] = asyncio.get_running_loop().create_task(self._recall(path))
        return self._recalls[path]

    async def _recall_late(self, path: str) -> None:
        """Takes in what an earlier server wrote after this one had looked for it."""
        await self.recall(path)
        for seconds in _LATE_SECONDS:
            is_open = any(document.path == path for document in self.documents.values())
            if not is_open or self.results.measurement(path) is not None:
                return
            await asyncio.sleep(seconds)
            run = await asyncio.to_thread(self.history.recall, path)
            if run is not None and self.results.measurement(path) is None:
                await self._recall(path)
                self.editor.refresh_hints()
                self.announcer.figures(run.job.path, "recalled", "")

    async def _recall(self, path: str) -> None:
        run, grown = await asyncio.to_thread(self._kept, path)
        if run is None and grown is None and self.results.measurement(path) is None and await self._follow(path):
            run, grown = await asyncio.to_thread(self._kept, path)
        if grown is not None:
            self.results.recall_grown(grown.measurements)
        if run is not None:
            self.results.recall(run.job, run.seconds, run.measurements)
            self.editor.tell_listeners()
            changing = asyncio.get_running_loop().create_task(self.profiling.add_changes(run.job.path, self.settings))
            self._comparing.add(changing)  # figures need not wait for it
            changing.add_done_callback(self._comparing.discard)

    def _kept(self, path: str) -> tuple[KeptRun | None, KeptRun | None]:
        """The run that last measured a file, and the one at several sizes."""
        return self.history.recall(path), self.growth_history.recall(path)

    async def _follow(self, path: str) -> bool:
        """Whether a document is a measured file that was renamed outside of the editor; then its figures follow it."""
        document = next((each for each in self.documents.values() if each.path == path), None)
        if document is None:
            return False
        old = self.results.measured_as(document)
        for history in (self.history, self.growth_history):
            old = old or await asyncio.to_thread(history.measured_as, document)
        if old is not None:
            await self.renamed(old, path)
        return old is not None

    async def renamed(self, old: str, new: str) -> None:
        """A file or a folder has another path now: figures follow it, and what they are compared with."""
        if self.results.rename(old, new):
            self.editor.tell_listeners()
            self.editor.refresh_hints()
        for rename in (self.history.rename, self.growth_history.rename, self.baselines.rename):
            await asyncio.to_thread(rename, old, new)

    async def forget(self, path: str) -> None:
        """Forgets for good what was measured of a file, and of what ran with it."""
        for history in (self.history, self.growth_history):
            await asyncio.to_thread(history.forget, path)

    async def forget_all(self) -> None:
        """Forgets for good what was measured in the workspace's folders."""
        for store in self.stores():
            for history in (self.history, self.growth_history):
                await asyncio.to_thread(history.forget_all, store)

    def store_for(self, path: str) -> Store | None:
        """Where to keep what is known about a file: in its workspace folder; None for a file in none."""
        folder = self.folder_of(path)
        if folder is None:
            return None
        return self._stores.setdefault(folder, Store(folder))

    def stores(self) -> list[Store]:
        """Those of all workspace folders."""
        folders = [real_path(folder.uri) for folder in self.workspace.folders.values()]
        return [self._stores.setdefault(folder, Store(folder)) for folder in folders if folder]

    def folder_of(self, path: str) -> str | None:
        """The innermost workspace folder around a file; for any thread."""
        folders = (real_path(folder.uri) for folder in list(self.workspace.folders.values()))
        around = [folder for folder in folders if folder and path.startswith(os.path.join(folder, ""))]
        return max(around, key=len, default=None)

    def directory_for(self, path: str) -> str:
        """The innermost workspace folder around a program, or its own directory."""
        return self.folder_of(path) or os.path.dirname(path)

    def _run_comment_problems(self, document: Document) -> Iterable[Problem]:
        if b"@profile" not in document.data:
            return ()
        return comment_problems(document, self.directory_for(document.path))


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
