"""When documents are checked: at every change, one check of a document at a time, none delaying those of others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress

from perilune.compiler.rechecking import Rechecking
from perilune.lsp.document import Document
from perilune.lsp.features.diagnostics import Problem, diagnose, diagnose_limits
from perilune.lsp.whole_file import read_whole

ProblemSource = Callable[[Document], Iterable[Problem]]
"""What is wrong with a document. A source is called in a thread of its own, at every check of the document."""

Publish = Callable[[str, Document, list[Problem]], None]

_IDLE_SECONDS = 0.4  # without a change, after which there is time for what is seldom found

logger = logging.getLogger(__name__)


class Checks:
    """The checks of a session's open documents, by URI, and of files that are not open.

    While a document is checked its text may change, many times: what was found is published only if it is of the text as
    it is, and one more check follows.
    """

    def __init__(self, documents: Mapping[str, Document], threads: Executor, publish: Publish) -> None:
        self.sources: list[ProblemSource] = [self._diagnose]
        self._known: dict[str, Rechecking] = {}  # by path
        self.idle_sources: list[ProblemSource] = [diagnose_limits]
        """Asked when a document has not changed for a while and nothing is wrong with it."""
        self._documents = documents
        self._threads = threads
        self._publish = publish
        self._running: dict[str, asyncio.Task[None]] = {}
        self._outdated: dict[str, asyncio.Event] = {}
        self._of_files: set[asyncio.Task[None]] = set()

    def begin(self, uri: str) -> None:
        """Checks a document, at once or when the check that runs has ended."""
        if uri in self._running:
            self._outdated[uri].set()
        else:
            self._outdated[uri] = asyncio.Event()
            self._running[uri] = asyncio.get_running_loop().create_task(self._check(uri))

    def begin_file(self, uri: str, path: str) -> None:
        """Checks a file that is not open."""
        task = asyncio.get_running_loop().create_task(self.check_file(uri, path))
        self._of_files.add(task)
        task.add_done_callback(self._of_files.discard)

    async def _check(self, uri: str) -> None:
        try:
            while not await self._check_once(uri):
                pass
        finally:  # with no wait since the last look at the text
            del self._running[uri], self._outdated[uri]

    async def _check_once(self, uri: str) -> bool:
        """Whether what was found is of the text as it is, or there is no text any more."""
        document = self._documents.get(uri)
        if document is None:
            return True
        outdated = self._outdated[uri]
        outdated.clear()
        problems = await self._found(self.sources, uri, document)
        if outdated.is_set():
            return False
        if problems is not None:
            self._publish_current(uri, document, problems)
        if not problems and self.idle_sources:
            with suppress(TimeoutError):
                await asyncio.wait_for(outdated.wait(), _IDLE_SECONDS)
            rare = None if outdated.is_set() else await self._found(self.idle_sources, uri, document)
            if rare and not outdated.is_set():
                self._publish_current(uri, document, rare)
        return not outdated.is_set()

    def _publish_current(self, uri: str, document: Document, problems: list[Problem]) -> None:
        if self._documents.get(uri) is document:
            self._publish(uri, document, problems)

    async def _found(self, sources: Sequence[ProblemSource], uri: str, document: Document) -> list[Problem] | None:
        """What some sources find, None if one of them fails."""

        def ask() -> list[Problem]:
            return [problem for source in sources for problem in source(document)]

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        except Exception:
            logger.exception("cannot check %s", uri)
            return None

    def forget(self, path: str) -> None:
        """A document was closed: if it is opened again it is read whole."""
        self._known.pop(path, None)

    def _diagnose(self, document: Document) -> list[Problem]:
        return diagnose(document, self._known.setdefault(document.path, Rechecking()))

    async def check_file(self, uri: str, path: str) -> None:
        """What is wrong with a file that is not open, but for what the compiler says, which nobody asked for."""

        def read() -> tuple[Document, list[Problem]]:
            with suppress(OSError):
                document = Document.from_file(path, read_whole(path))
                sources = [source for source in self.sources if source != self._diagnose]
                return document, [problem for source in sources for problem in source(document)]
            return Document(path, b""), []

        document, problems = await asyncio.get_running_loop().run_in_executor(self._threads, read)
        if uri not in self._documents:
            self._publish(uri, document, problems)
