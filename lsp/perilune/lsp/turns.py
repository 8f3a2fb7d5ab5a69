"""Whose turn it is: programs run one at a time, because two would measure each other, and can be stopped from when one
asks for them, also before they run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count

from perilune.lsp.answers import current_request
from perilune.lsp.editor import Editor, Progress


class Request:
    """A run that was asked for, from then until it has been concluded; one that is superseded leaves no figures.

    `paths` are those of the file that was named and of the program that runs for it.
    """

    def __init__(self, number: int, path: str) -> None:
        self.number = number
        self.message = current_request.get()
        self.paths = {path}
        self.program: str | None = None
        self.cancelled = asyncio.Event()
        self.is_superseded = False

    def give_way(self) -> None:
        """Ends it in favour of another."""
        self.is_superseded = True
        self.cancelled.set()


class Turns:
    """The requests of a session, in the order in which they were made."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._turn = asyncio.Lock()
        self._numbers = count()
        self._requests: set[Request] = set()
        self._active = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._is_over = False

    @contextmanager
    def asked(self, path: str) -> Iterator[Request]:
        """A request to run a file, as long as the context lasts."""
        request = Request(next(self._numbers), path)
        if self._is_over:
            request.give_way()
        self._requests.add(request)
        try:
            yield request
        finally:
            self._requests.discard(request)

    def settle(self, request: Request, program: str) -> None:
        """Says which program a request is about: of those about the same the last that was asked for stays."""
        request.program = program
        request.paths.add(program)
        same = sorted((each for each in self._requests if each.program == program), key=lambda each: each.number)
        for earlier in same[:-1]:
            earlier.give_way()

    @asynccontextmanager
    async def turn(self, request: Request, title: str, counts: bool = False) -> AsyncIterator[Progress]:
        """Lasts as long as it is a request's turn, and does not begin before; one that is cancelled need not wait."""
        self._active += 1
        self._idle.clear()
        try:
            async with self._editor.progress(title, counts, request.cancelled) as progress:
                if self._turn.locked():
                    progress.report("waiting for another run")
                has_turn = await self._wait(request.cancelled)
                try:
                    yield progress
                finally:
                    if has_turn:
                        self._turn.release()
        finally:
            self._active -= 1
            if not self._active:
                self._idle.set()

    async def _wait(self, cancelled: asyncio.Event) -> bool:
        """Waits for the turn; whether it came before it was called off."""
        turn = asyncio.create_task(self._turn.acquire())
        called_off = asyncio.create_task(cancelled.wait())
        has_turn = False
        try:
            await asyncio.wait((turn, called_off), return_when=asyncio.FIRST_COMPLETED)
            has_turn = turn.done() and not cancelled.is_set()
        finally:
            called_off.cancel()
            if not has_turn and not turn.cancel():
                self._turn.release()
        return has_turn

    def cancel(self, paths: set[str] | None = None) -> None:
        """Stops the requests that are about one of some paths, or all."""
        for request in self._requests:
            if paths is None or paths & request.paths:
                request.cancelled.set()

    def cancel_message(self, message: int | str) -> bool:
        """Stops the requests that were made by one of the client's; whether there are any."""
        found = [request for request in self._requests if request.message == message]
        for request in found:
            request.cancelled.set()
        return bool(found)

    async def stop(self) -> None:
        """Ends all requests, and those that come after, and waits until nothing runs any more."""
        self._is_over = True
        for request in self._requests:
            request.give_way()
        await self._idle.wait()
