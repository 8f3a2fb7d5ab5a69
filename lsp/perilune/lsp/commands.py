"""What an editor gives with a command, read from JSON. Where it makes no sense, CommandArgumentError says what is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from perilune.lsp.run_options import RunOptions, WrongOption, read_options

PROFILE_COMMAND = "perilune.server.profile"
RERUN_COMMAND = "perilune.server.rerun"
CANCEL_COMMAND = "perilune.server.cancel"
STOP_COMMAND = "perilune.server.stop"
CLEAR_COMMAND = "perilune.server.clear"
RECORD_COMMAND = "perilune.server.record"
TRUST_COMMAND = "perilune.server.trust"

_PROFILE_OPTIONS = (
    "arguments",
    "mode",
    "directory",
    "input",
    "environment",
    "luaPath",
    "preload",
    "entry",
    "repeat",
    "precision",
    "timeLimit",
    "memoryLimit",
)
_PROFILE_FIELDS = f"{{uri, {', '.join(f'{name}?' for name in _PROFILE_OPTIONS)}}}"
_FILE_FIELDS = "{uri}"
_OPTIONAL_FILE_FIELDS = "{uri?}"


class CommandArgumentError(ValueError):
    """A command was called wrongly; the message names the field."""


@dataclass(frozen=True)
class ProfileArguments:
    """What to run, and what was said about how."""

    uri: str
    options: RunOptions = field(default_factory=RunOptions)

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> ProfileArguments:
        """Reads the command's only argument. Raises CommandArgumentError."""
        fields = only_object(values, _PROFILE_FIELDS)
        given = {name: value for name, value in fields.items() if name != "uri" and value is not None}
        for name in given:
            if name not in _PROFILE_OPTIONS:
                raise CommandArgumentError(f"{name}: there is no such field, only {_PROFILE_FIELDS}")
        uri = uri_in(fields)
        if isinstance(words := given.get("arguments"), str):
            raise unexpected("arguments", "a list of strings", words)
        try:
            return cls(uri, read_options(given.items()))
        except WrongOption as error:
            raise CommandArgumentError(str(error)) from error


def file_from_json(values: Sequence[Any]) -> str:
    """The URI of the file that a command is about. Raises CommandArgumentError."""
    return uri_in(only_object(values, _FILE_FIELDS))


def files_from_json(values: Sequence[Any]) -> list[str | None]:
    """The URIs of the files that a command is about: given as such, or as `{uri?}`; None is all of them."""
    if not values:
        return [None]
    if all(isinstance(value, str) for value in values):
        return list(values)
    fields = only_object(values, _OPTIONAL_FILE_FIELDS)
    return [None if fields.get("uri") is None else uri_in(fields)]


def trust_from_json(values: Sequence[Any]) -> bool:
    """Whether the workspace is trusted. Raises CommandArgumentError."""
    trusted = only_object(values, "{trusted}").get("trusted")
    if not isinstance(trusted, bool):
        raise unexpected("trusted", "a boolean", trusted)
    return trusted


def only_object(values: Sequence[Any], fields: str) -> Mapping[str, Any]:
    """The only argument of a command, an object with some of these fields. Raises CommandArgumentError.

    A string is a URI: some editors put that of the file in only where it stands alone.
    """
    if len(values) == 1 and isinstance(values[0], str) and "uri" in fields:
        return {"uri": values[0]}
    if len(values) != 1 or not isinstance(values[0], Mapping):
        raise CommandArgumentError(f"expected one object {fields}, not {', '.join(map(repr, values)) or 'nothing'}")
    return values[0]


def uri_in(fields: Mapping[str, Any]) -> str:
    """The URI that a command's argument must have. Raises CommandArgumentError."""
    uri = fields.get("uri")
    if not isinstance(uri, str):
        raise unexpected("uri", "a string", uri)
    return uri


def unexpected(name: str, expected: str, value: object) -> CommandArgumentError:
    """What to raise for a field that does not hold what was expected."""
    found = "nothing" if value is None else repr(value)
    return CommandArgumentError(f"{name}: expected {expected}, not {found}")


@dataclass(frozen=True)
class RecordArguments:
    """The command to record, and the folder that it runs in; what is not said is as a workspace's file says."""

    command: tuple[str, ...] = ()
    folder: str | None = None

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> RecordArguments:
        """Reads the command's argument, if there is one. Raises CommandArgumentError."""
        fields = only_object(values, "{command?, folder?}") if values else {}
        command, folder = fields.get("command"), fields.get("folder")
        if command is not None and not (
            isinstance(command, list)
            and command
            and all(isinstance(word, str) and "\0" not in word for word in command)
        ):
            raise unexpected("command", "a list of strings", command)
        if folder is not None and not isinstance(folder, str):
            raise unexpected("folder", "the URI of a folder", folder)
        return cls(tuple(command or ()), folder)
