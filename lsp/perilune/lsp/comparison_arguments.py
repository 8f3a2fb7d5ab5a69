"""What an editor gives with the commands that compare runs, read from JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from perilune.lsp.commands import only_object, unexpected, uri_in

BASELINE_COMMAND = "perilune.server.baseline"
CLEAR_BASELINE_COMMAND = "perilune.server.clearBaseline"
COMPARE_COMMAND = "perilune.server.compare"

SOURCES = ("last", "profile", "revision")


@dataclass(frozen=True)
class BaselineArguments:
    """Which run to compare a file's program with: the last one, a saved profile, or one of the files of a revision."""

    uri: str
    source: str = "last"
    path: str | None = None
    revision: str | None = None

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> BaselineArguments:
        """Reads the command's only argument. Raises CommandArgumentError."""
        fields = only_object(values, "{uri, source?, path?, revision?}")
        source = fields.get("source", "last")
        if source not in SOURCES:
            raise unexpected("source", f"one of {', '.join(SOURCES)}", source)
        path, revision = fields.get("path"), fields.get("revision")
        if source == "profile" and not isinstance(path, str):
            raise unexpected("path", "the path of a saved profile", path)
        if source == "revision" and not isinstance(revision, str):
            raise unexpected("revision", "a git revision", revision)
        return cls(uri_in(fields), source, path, revision)
