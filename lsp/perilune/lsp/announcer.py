"""What the server tells and asks after a run and before one."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from perilune.lsp.features.figures import percent
from perilune.lsp.measurement import Measurement, View
from perilune.lsp.protocol import path_of, shows_documents, uri_of

if TYPE_CHECKING:
    from perilune.lsp.session import PeriluneServer

FIGURES_CHANGED = "perilune/figures"

_GO = "Go to the Hottest Line"
_QUESTION_SECONDS = 300.0  # how long an answer is waited for

logger = logging.getLogger(__name__)


class Announcer:
    """Speaks to the user of a session about runs. `notifies` says whether the client wants `perilune/figures`."""

    def __init__(self, server: PeriluneServer) -> None:
        self._server = server
        self.notifies = False
        self._announced: dict[str, tuple[str, int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def figures(self, program: str, status: str, message: str) -> None:
        """Tells the client that there is something new to be shown."""
        if self.notifies:
            parameters = {"program": program, "status": status, "message": message}
            self._server.protocol.notify(FIGURES_CHANGED, parameters)

    def problems_changed(self, paths: Iterable[str]) -> None:
        """Has the diagnostics of files shown anew."""
        if changed := set(paths):
            self._start(self._server.check_again(changed))

    async def place(self, path: str, line: int, share: float, measurement: Measurement) -> dict[str, object]:
        """A line of a text that ran, as the editor has it now: its document, its line from 0, and its share."""
        found = next((pair for pair in self._server.documents.items() if pair[1].path == path), None)
        if found is None:
            return {"uri": uri_of(path), "line": line - 1, "share": share}
        uri, document = found
        # Comparing large texts takes a while.
        origins = await asyncio.to_thread(lambda: View(measurement, document).origins)
        now = next((number for number, origin in origins.items() if origin.line == line), line)
        return {"uri": uri, "line": min(now, len(document.lines)) - 1, "share": share}

    def announce(self, uri: str, message: str, hottest: Mapping[str, Any] | None, again: bool) -> None:
        """Says where a run was hottest, if not in the file that it was asked for, and offers to go there.

        `again` is a run of what ran before: what is known is not said a second time.
        """
        if hottest is None or path_of(hottest["uri"]) == path_of(uri):
            return
        place = hottest["uri"], hottest["line"]
        if again and self._announced.get(uri) == place:
            return
        self._announced[uri] = place
        name = os.path.basename(path_of(hottest["uri"]) or hottest["uri"])
        text = f"{message}. Hottest: {name}:{hottest['line'] + 1} with {percent(hottest['share'])}."
        if shows_documents(self._server.client_capabilities):
            self._start(self._offer(text, hottest))
        else:
            self._server.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))

    async def _offer(self, text: str, hottest: Mapping[str, Any]) -> None:
        if await self.ask(text, [_GO]) == _GO:
            start = types.Position(hottest["line"], 0)
            parameters = types.ShowDocumentParams(
                uri=hottest["uri"], take_focus=True, selection=types.Range(start, start)
            )
            await self._server.window_show_document_async(parameters)

    async def ask(self, question: str, answers: list[str]) -> str | None:
        """The answer that the user chose; None if there was none, or if the client cannot ask."""
        parameters = types.ShowMessageRequestParams(
            types.MessageType.Info, question, [types.MessageActionItem(title=answer) for answer in answers]
        )
        try:
            chosen = await asyncio.wait_for(
                self._server.window_show_message_request_async(parameters), _QUESTION_SECONDS
            )
        except (JsonRpcException, TimeoutError) as error:  # the client does not know the request, for instance
            logger.info("the client did not answer a question: %s", error)
            return None
        return chosen.title if chosen is not None else None

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
