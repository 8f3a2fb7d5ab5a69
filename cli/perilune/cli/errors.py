"""How a command ends that cannot go on: with a message instead of a Python traceback."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO


class CommandError(Exception):
    """The message is for the user; `status` is the exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def describe(error: OSError) -> str:
    """The reason of a failed file operation, without its number and path."""
    return error.strerror or str(error)


def tell(message: str) -> None:
    """Writes a line for the user to standard error; where that cannot be written, nobody is there to be told."""
    tell_bytes(encoded(f"perilune: {message}\n"))


def encoded(text: str, encoding: str = "utf-8") -> bytes:
    """A text as bytes, file names in it as they are; what the encoding does not have is written as an escape."""
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace")


def tell_bytes(text: bytes) -> None:
    """As `tell`, of what is a whole text already."""
    try:
        sys.stderr.flush()
        sys.stderr.buffer.write(text)
        sys.stderr.buffer.flush()
    except OSError:
        leave(sys.stderr)


def leave(stream: TextIO) -> None:
    """Makes a stream that cannot be written one that takes everything, so that Python does not fail at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
