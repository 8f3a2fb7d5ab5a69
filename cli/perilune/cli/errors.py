"""The error that ends a command with a message instead of a Python traceback."""

from __future__ import annotations


class CommandError(Exception):
    """The message is for the user; `status` is the exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def describe(error: OSError) -> str:
    """The reason of a failed file operation, without its number and path."""
    return error.strerror or str(error)
