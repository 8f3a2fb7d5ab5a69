"""What an editor gives with the commands that try rewrites, read from JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perilune.lsp.commands import only_object, unexpected, uri_in
from perilune.profiler.rewrites.rewrite import KINDS

SUGGEST_COMMAND = "perilune.server.suggest"
REWRITE_COMMAND = "perilune.server.rewrite"


@dataclass(frozen=True)
class SuggestArguments:
    """A file, or a line of it, from 0; `tries` runs the program with each rewrite."""

    uri: str
    line: int | None = None
    tries: bool = False

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> SuggestArguments:
        """Reads the command's only argument. Raises CommandArgumentError, as the other one does."""
        fields = only_object(values, "{uri, line?, try?}")
        tries = fields.get("try", False)
        if not isinstance(tries, bool):
            raise unexpected("try", "a boolean", tries)
        return cls(uri_in(fields), None if fields.get("line") is None else _line(fields), tries)


@dataclass(frozen=True)
class RewriteArguments:
    """A line, from 0, and what to try there; without a `subject` everything of that kind."""

    uri: str
    line: int
    kind: str
    subject: str | None = None

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> RewriteArguments:
        """Reads the command's only argument."""
        fields = only_object(values, "{uri, line, kind, subject?}")
        kind, subject = fields.get("kind"), fields.get("subject")
        if kind not in KINDS:
            raise unexpected("kind", f"one of {', '.join(KINDS)}", kind)
        if not isinstance(subject, str | None):
            raise unexpected("subject", "a string", subject)
        return cls(uri_in(fields), _line(fields), str(kind), subject)


def _line(fields: Mapping[str, Any]) -> int:
    line = fields.get("line")
    if isinstance(line, bool) or not isinstance(line, int) or line < 0:
        raise unexpected("line", "a whole number from 0", line)
    return line
