"""Rewrites that could be tried on the hot lines of a document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from perilune.lsp.features.actions import REWRITE, Action, Asked
from perilune.lsp.measurement import View
from perilune.lsp.rewrite_arguments import REWRITE_COMMAND
from perilune.profiler.rewrites.hot_lines import THRESHOLD, weight
from perilune.profiler.rewrites.rewrite import Rewrite

if TYPE_CHECKING:
    from perilune.profiler.rewrites.code import Code

_LONGEST = 1_000_000  # bytes: the tree of a longer text takes seconds


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rewrite of a document's text as it is now, and what of the run its line was."""

    rewrite: Rewrite
    share: float


def candidates(view: View, first: int, last: int, threshold: float = THRESHOLD) -> list[Candidate]:
    """What could be tried on the hot lines from `first` to `last`, the hottest first."""
    measurement = view.measurement.whole or view.measurement
    weights = {
        line: weight(measurement.profile, row)
        for line, origin in view.origins.items()
        if first <= line <= last and (row := measurement.rows.get(origin.line)) is not None
    }
    hot = {line for line, share in weights.items() if share >= threshold}
    if not hot or len(view.document.data) > _LONGEST:
        return []
    from perilune.profiler.rewrites.finding import search  # not imported before: the server starts without it

    found = search(_code(view.document.data), hot.__contains__)
    return sorted((Candidate(each, weights[each.line]) for each in found), key=lambda each: -each.share)


def rewrite_actions(asked: Asked) -> Iterator[Action]:
    """Tries a rewrite, and makes it if it is worth it."""
    if asked.view is None or asked.view.document is not asked.document:
        return
    for found in candidates(asked.view, asked.first, asked.last):
        rewrite = found.rewrite
        title = f"Try: {rewrite.title.replace('`', '')}"
        yield Action(title, REWRITE, REWRITE_COMMAND, rewrite.line, {"kind": rewrite.kind, "subject": rewrite.subject})


@lru_cache(maxsize=2)
def _code(data: bytes) -> Code:
    from perilune.profiler.rewrites.code import Code

    return Code(data)
