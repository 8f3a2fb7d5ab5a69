"""What changed since another run, as tables for the HTML report: lines and functions, by each metric that leads there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from perilune.profiler.comparison import METRICS, Comparison, Row
from perilune.profiler.renderers.comparison import change_text
from perilune.profiler.sources import Sources

_QUIET = ("same", "within noise")


@dataclass(frozen=True, slots=True)
class Changes:
    """A comparison whose B is the profile of the report; `since` names A, `summary` says in a line what came of it.

    `sources` are the texts that A ran, as far as they are known.
    """

    comparison: Comparison
    since: str
    summary: str
    sources: Sources

    def to_json(self, sources: Sources) -> dict[str, Any]:
        """The tables as plain values, from the texts that B ran."""
        texts = (self.sources, sources)
        return {
            "since": self.since,
            "summary": self.summary,
            "lines": [_row(row, _text(row, *texts)) for row in self.comparison.lines],
            "functions": [_row(row, row.place.name) for row in self.comparison.functions],
        }


def _row(row: Row, text: str) -> dict[str, Any]:
    """A row by metric: its figure in A and in B, and the change in words; null where that is noise or nothing."""
    found: dict[str, Any] = {"path": row.place.path, "line": row.place.line, "text": text, "gone": row.b is None}
    for metric in METRICS:
        name = row.leading(metric)
        figure = None if name is None else row.figures[name]
        loud = figure is not None and figure.verdict not in _QUIET
        found[metric] = [figure.a, figure.b, change_text(figure)] if figure is not None and loud else None
    return found


def _text(row: Row, before: Sources, now: Sources) -> str:
    """The source line in B, or as it was in A."""
    lines: Sequence[str] = (before if row.b is None else now).get(row.place.path or "") or ()
    return lines[row.place.line - 1].strip() if 0 < row.place.line <= len(lines) else ""
