"""What a program writes, on its way to the editor while it runs: whole lines, bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

OUTPUT_LIMIT = 100_000
"""How many bytes of a program's output are kept, the last ones."""

_LIVE_LIMIT = 50_000
_LIVE_SECONDS = 0.2
_PATIENCE = 4  # rounds that an unfinished line waits for its end


class Capture:
    """The last bytes of what a program wrote."""

    def __init__(self, limit: int = OUTPUT_LIMIT) -> None:
        self._limit = limit
        self._chunks: deque[bytes] = deque()
        self._kept = 0
        self._left_out = 0

    def add(self, chunk: bytes) -> None:
        """Appends a chunk and lets go of the oldest ones that are not needed."""
        self._chunks.append(chunk)
        self._kept += len(chunk)
        while self._kept - len(self._chunks[0]) >= self._limit:
            oldest = self._chunks.popleft()
            self._kept -= len(oldest)
            self._left_out += len(oldest)

    def text(self) -> str:
        """What was kept, after a line that says how much was not."""
        data = b"".join(self._chunks)
        left_out = self._left_out + max(0, len(data) - self._limit)
        written = data[-self._limit :].decode("utf-8", "replace")
        return f"[{left_out} bytes left out]\n{written}" if left_out else written


class LiveOutput:
    """Output that is shown as it comes up to a limit, and of the rest the end, when the program has ended.

    `show` is called with text of whole lines; not more often than `flush` is.
    """

    def __init__(self, title: str, show: Callable[[str], None], limit: int = _LIVE_LIMIT) -> None:
        self._heading = f"{title}\n"
        self._show = show
        self._room = limit
        self._waiting = bytearray()
        self._waited = 0
        self._rest = Capture(limit)
        self._has_rest = False

    def add(self, chunk: bytes) -> None:
        """Takes in what the program wrote."""
        live, rest = chunk[: self._room], chunk[self._room :]
        self._room -= len(live)
        self._waiting += live
        if rest:
            self._has_rest = True
            self._rest.add(rest)

    def flush(self) -> None:
        """Shows what came since the last time: whole lines, and others when they do not end."""
        end = self._waiting.rfind(b"\n") + 1
        self._waited = 0 if end or not self._waiting else self._waited + 1
        if self._waited >= _PATIENCE:
            end, self._waited = len(self._waiting), 0
        if end:
            self._send(bytes(self._waiting[:end]).decode("utf-8", "replace"))
            del self._waiting[:end]

    def end(self) -> None:
        """Shows all that is left."""
        text = bytes(self._waiting).decode("utf-8", "replace")
        self._waiting.clear()
        if self._has_rest:
            rest = self._rest.text()
            text += ("\n" if text and rest.startswith("[") and not text.endswith("\n") else "") + rest
        if text:
            self._send(text)

    def _send(self, text: str) -> None:
        self._show(self._heading + text.removesuffix("\n"))
        self._heading = ""


@asynccontextmanager
async def live_output(title: str, show: Callable[[str], None]) -> AsyncIterator[LiveOutput]:
    """Output that is shown as it comes, and what is left of it at the end of the context."""
    output = LiveOutput(title, show)

    async def flush() -> None:
        while True:
            await asyncio.sleep(_LIVE_SECONDS)
            output.flush()

    flushing = asyncio.create_task(flush())
    try:
        yield output
    finally:
        flushing.cancel()
        output.end()
