"""The language features of a session: which are on, the trees of open documents, the files around them."""

from __future__ import annotations

import asyncio
import functools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from perilune.compiler.chunks import CollectorPaused
from perilune.lsp.declared_globals import DeclaredGlobals
from perilune.lsp.document import Document
from perilune.lsp.features.diagnostics import Problem
from perilune.lsp.features.language_hints import assigned_globals, language_hints
from perilune.lsp.features.navigation import ModuleMember, member_of_module
from perilune.lsp.features.receiver import receiver
from perilune.lsp.occurrences import Kind, Occurrence
from perilune.lsp.protocol import path_of, uri_of
from perilune.lsp.protocol_language import other_lua_server
from perilune.lsp.syntax import Syntax
from perilune.lsp.workspace_files import FileSymbols, WorkspaceFiles, find_module, symbols_of

if TYPE_CHECKING:
    from perilune.lsp.session import PeriluneServer

_IDLE_SECONDS = 0.4  # without a change before hints are looked for: they are never urgent
_SMALL = 8_000  # bytes whose hints are found at once
_THREADS = 3  # a small document's tree does not wait for a large one's
_Result = TypeVar("_Result")


class Language:
    """What the handlers of language features have at hand. Trees are made in a thread, each version's once."""

    def __init__(self, server: PeriluneServer) -> None:
        self._server = server
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="language")
        self._file_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="files")
        self._trees: dict[str, tuple[bytes, Syntax]] = {}
        self._globals: dict[str, set[str]] = {}  # by path, those that an open document sets
        self._locks: dict[str, threading.Lock] = {}  # by path: a version's tree is made once
        self._files = WorkspaceFiles()
        self._declared = DeclaredGlobals()
        self._other_server = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, asyncio.Task[None]] = {}

    # --- what is on

    def reconfigured(self, options: Any) -> None:
        """Takes in whether the client has another Lua server, if it says."""
        self._loop = asyncio.get_running_loop()
        said = other_lua_server(options)
        self._other_server = self._other_server if said is None else said

    def allows(self, feature: str) -> bool:
        """Whether a feature is on."""
        return self._server.settings.language.allows(feature, self._other_server)

    # --- trees

    async def compute(self, function: Callable[..., _Result], *arguments: Any) -> _Result:
        """Calls a function away from the event loop."""
        call = functools.partial(function, *arguments)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def syntax(self, uri: str) -> tuple[Document, Syntax] | None:
        """An open document with its tree; when it changes meanwhile, of the version that it was."""
        document = self._server.documents.get(uri)
        if document is None:
            return None
        known = self._known(document)
        return document, known if known is not None else await self.compute(self._tree, document)

    async def latest_syntax(self, uri: str) -> Syntax | None:
        """A tree of an open document, or of what it was some edits before: without waiting, if there is any."""
        document = self._server.documents.get(uri)
        if document is None:
            return None
        known = self._trees.get(document.path)
        if known is None or len(document.data) <= _SMALL:
            found = await self.syntax(uri)
            return found[1] if found else None
        if known[0] != document.data:
            self._wait(document)
        return known[1]

    def _known(self, document: Document) -> Syntax | None:
        known = self._trees.get(document.path)
        return known[1] if known is not None and known[0] == document.data else None

    def _tree(self, document: Document) -> Syntax:
        with self._locks.setdefault(document.path, threading.Lock()):
            known = self._known(document)
            if known is None:
                with CollectorPaused():
                    known = Syntax(document.path, document.data)
                    _ = known.names
                    self._server.collector.grown()
                opened = {other.path for other in self._server.documents.values()}
                for path in [*self._trees]:
                    if path not in opened:
                        self._trees.pop(path, None)
                self._trees[document.path] = (document.data, known)
        return known

    # --- files

    def folders(self) -> list[str]:
        """The workspace's folders."""
        paths = (path_of(folder.uri) for folder in self._server.workspace.folders.values())
        return [os.path.realpath(path) for path in paths if path]

    def uri_of_path(self, path: str) -> str:
        """The URI of a file, as the editor calls it if it has it open."""
        for uri, document in [*self._server.documents.items()]:
            if document.path == path:
                return uri
        return uri_of(path)

    def module_path(self, program: str, name: str) -> str | None:
        """The file of a module that a program would load."""
        return find_module(name, program, self.folders(), os.environ.get("LUA_PATH_5_4") or os.environ.get("LUA_PATH"))

    async def module(self, program: str, name: str) -> tuple[Document, Syntax] | None:
        """A module that a program would load: as the editor has it, or as it is saved."""
        path = await self.compute(self.module_path, program, name)
        if path is None:
            return None
        for uri, document in [*self._server.documents.items()]:
            if document.path == path:
                return await self.syntax(uri)
        return await self._from_files(self._files.module, path)

    def receiver_module(self, syntax: Syntax, text: str, start: int) -> ModuleMember | None:
        """The module whose field is being written at an offset of a text that the tree may be older than."""
        before = text[max(0, start - 200) : start].rstrip()[:-1].rstrip()
        name = ""
        while before and (before[-1].isalnum() or before[-1] in "_."):
            before, name = before[:-1], before[-1] + name
        if not name or name[0] == ".":
            return None
        path = receiver(syntax, min(start, len(syntax.text)), name)
        if path is None:
            return None
        return member_of_module(syntax, Occurrence(start, start, name, Kind.FIELD, path))

    async def workspace_symbols(self) -> list[FileSymbols]:
        """The symbols of all files of the workspace, and of the documents that are open."""
        opened: list[FileSymbols] = []
        for uri in [*self._server.documents]:
            found = await self.syntax(uri)
            if found is not None:
                opened.append(await self.compute(symbols_of, *found))
        paths = {document.path for document in self._server.documents.values()}
        return opened + await self._from_files(self._files.symbols, self.folders(), paths)

    async def _from_files(self, function: Callable[..., _Result], *arguments: Any) -> _Result:
        """Calls a method of the workspace's files, one at a time."""
        call = functools.partial(function, *arguments)
        return await asyncio.get_running_loop().run_in_executor(self._file_thread, call)

    # --- hints

    def problems(self, document: Document) -> list[Problem]:
        """The hints of an open document, called in the thread that checks. A large one's come when it is idle."""
        if not self.allows("hints") or not self._is_open(document):
            return []
        syntax = self._known(document)
        if syntax is None and len(document.data) <= _SMALL:
            syntax = self._tree(document)
        if syntax is None:
            self._later(document)
            return []
        self._note_globals(document.path, assigned_globals(syntax))
        return language_hints(syntax, self._known_globals(document.path))

    def _note_globals(self, path: str, names: set[str]) -> None:
        """Has the other documents checked again that name a global which this one now sets, or does not set any more."""
        changed = names ^ self._globals.get(path, set())
        self._globals[path] = names
        if changed and self._loop is not None:
            self._loop.call_soon_threadsafe(self._globals_changed, path, changed)

    def _globals_changed(self, path: str, names: set[str]) -> None:
        written = [name.encode("latin-1") for name in names]
        others = [other for other in self._server.documents.values() if other.path != path]
        self._server.announcer.problems_changed(
            other.path for other in others if any(name in other.data for name in written)
        )

    def closed(self, path: str) -> None:
        """A document was closed: what it sets is set by no open file any more."""
        self._trees.pop(path, None)
        if path in self._globals:
            self._note_globals(path, set())
            del self._globals[path]

    def _is_open(self, document: Document) -> bool:
        return any(other.path == document.path for other in [*self._server.documents.values()])

    def _known_globals(self, path: str) -> set[str]:
        known = set(self._server.settings.language.globals) | self._files.known_globals()
        known |= self._declared.around(path, self._server.folder_of(path))
        for _, syntax in [*self._trees.values()]:
            known |= assigned_globals(syntax)
        return known

    def _later(self, document: Document) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wait, document)

    def _wait(self, document: Document) -> None:
        waiting = self._waiting.pop(document.path, None)
        if waiting is not None:
            waiting.cancel()
        self._waiting[document.path] = asyncio.get_running_loop().create_task(self._check_when_idle(document))

    async def _check_when_idle(self, document: Document) -> None:
        await asyncio.sleep(_IDLE_SECONDS)
        if any(other is document for other in self._server.documents.values()) and self._known(document) is None:
            await self.compute(self._tree, document)
            if self.allows("hints"):
                await self._server.check_again([document.path])
