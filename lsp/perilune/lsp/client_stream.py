"""The client: the stream to it, and whether it is there. When it is not the server ends: nobody is there to be served."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, BinaryIO, cast

_CLIENT_GONE = 1


def client_stream() -> BinaryIO:
    """Standard output as pygls writes to it."""
    return cast(BinaryIO, _ClientStream(sys.stdout.buffer))


class _ClientStream:
    """pygls would log every failed write with a traceback, and go on."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, data: bytes) -> int:
        try:
            return self._stream.write(data)
        except OSError as error:
            _leave(error)
            raise

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            _leave(error)


def is_running(process: int) -> bool:
    """Whether a process is there, as far as the system can be asked: Windows has no question that ends nothing."""
    if os.name == "nt":
        return False
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return process > 0


def leave() -> None:
    """Ends the process from whatever thread, at once."""
    os._exit(_CLIENT_GONE)


def _leave(error: OSError) -> None:
    """At its usual end Python would try to write again."""
    if not isinstance(error, BrokenPipeError):
        with suppress(OSError):
            os.write(2, f"perilune: cannot write to the client: {error.strerror}\n".encode())
    leave()
