"""What an editor gives with the command that tells how costs grow, read from JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from perilune.lsp.commands import CommandArgumentError, only_object, uri_in
from perilune.lsp.run_options import RunOptions, WrongOption, read_options

GROW_COMMAND = "perilune.server.grow"

_OPTIONS = ("over", "overArgs", "overStdin", "overGenerator")


@dataclass(frozen=True)
class GrowArguments:
    """A file, and what was said about its sizes; what was not is as the file's comment says."""

    uri: str
    options: RunOptions

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> GrowArguments:
        """Reads the command's only argument. Raises CommandArgumentError."""
        fields = only_object(values, f"{{uri, {', '.join(f'{name}?' for name in _OPTIONS)}}}")
        given = [(name, fields[name]) for name in _OPTIONS if fields.get(name) is not None]
        try:
            return cls(uri_in(fields), read_options(given))
        except WrongOption as error:
            raise CommandArgumentError(str(error)) from error
