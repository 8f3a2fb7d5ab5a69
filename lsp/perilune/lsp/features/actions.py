"""What can be done about lines of a document: the actions that an editor offers there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from perilune.lsp.document import Document
from perilune.lsp.measurement import View

REWRITE, QUICK_FIX = "refactor.rewrite", "quickfix"
"""The kinds of an action, as editors sort and filter them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about: lines of a document, from 1, ends inclusive, with the figures that show in it."""

    document: Document
    view: View | None
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Action:
    """Calls a command of the server about a line, with `fields` beside its `uri` and `line`.

    `solves` is the code of the problems there that it is about.
    """

    title: str
    kind: str
    command: str
    line: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    solves: str = ""


Provider = Callable[[Asked], Iterable[Action]]
"""Finds the actions of one sort, not on the event loop."""
