"""What an editor gives with a command, read from JSON. Where it makes no sense, CommandArgumentError says what is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perilune.lsp.settings import MODES

_PROFILE_FIELDS = "{uri, arguments?, mode?, directory?}"
_FILE_FIELDS = "{uri}"


class CommandArgumentError(ValueError):
    """A command was called wrongly; the message names the field."""


@dataclass(frozen=True)
class ProfileArguments:
    """What to run. `arguments` are the program's, `directory` is where it runs."""

    uri: str
    arguments: tuple[str, ...] = ()
    mode: str | None = None
    directory: str | None = None

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> ProfileArguments:
        """Reads the command's only argument. Raises CommandArgumentError."""
        fields = _only_object(values, _PROFILE_FIELDS)
        mode, directory, words = (fields.get(name) for name in ("mode", "directory", "arguments"))
        if mode is not None and mode not in MODES:
            raise _unexpected("mode", f"one of {', '.join(MODES)}", mode)
        if directory is not None and not isinstance(directory, str):
            raise _unexpected("directory", "a string", directory)
        if words is not None and not (isinstance(words, list) and all(isinstance(word, str) for word in words)):
            raise _unexpected("arguments", "a list of strings", words)
        return cls(_uri(fields), tuple(words or ()), mode, directory)


def file_from_json(values: Sequence[Any]) -> str:
    """The URI of the file that a command is about. Raises CommandArgumentError."""
    return _uri(_only_object(values, _FILE_FIELDS))


def _only_object(values: Sequence[Any], fields: str) -> Mapping[str, Any]:
    if len(values) != 1 or not isinstance(values[0], Mapping):
        raise CommandArgumentError(f"expected one object {fields}, not {', '.join(map(repr, values)) or 'nothing'}")
    return values[0]


def _uri(fields: Mapping[str, Any]) -> str:
    uri = fields.get("uri")
    if not isinstance(uri, str):
        raise _unexpected("uri", "a string", uri)
    return uri


def _unexpected(name: str, expected: str, value: object) -> CommandArgumentError:
    found = "nothing" if value is None else repr(value)
    return CommandArgumentError(f"{name}: expected {expected}, not {found}")
