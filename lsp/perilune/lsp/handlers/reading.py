"""How handlers read what a command was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pygls.exceptions import JsonRpcInvalidParams

from perilune.lsp.commands import CommandArgumentError

_Read = TypeVar("_Read")


def read(read: Callable[[Sequence[Any]], _Read], values: Sequence[Any]) -> _Read:
    """What was given with a command; the editor gets an answer that says what is wrong with it."""
    try:
        return read(values)
    except CommandArgumentError as error:
        raise JsonRpcInvalidParams(str(error)) from error
