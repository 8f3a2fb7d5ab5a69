"""The hottest lines as hints among the problems, for editors that show no hints at line ends."""

from __future__ import annotations

from perilune.lsp.features.costs import TOP_LINES
from perilune.lsp.features.diagnostics import Problem
from perilune.lsp.features.spots import bars
from perilune.lsp.measurement import View


def hot_problems(view: View, threshold: float, metric: str) -> list[Problem]:
    """The lines that cost most, in the order of the text; where no cost is known, the first that have a hint."""
    found = sorted(bars(view, threshold, metric), key=lambda bar: -bar.cost.share)[:TOP_LINES]
    document = view.document
    return [
        Problem(
            document.line_end(bar.line) - len(document.lines[bar.line - 1].lstrip()),
            document.line_end(bar.line),
            bar.label,
            is_error=False,
            is_hint=True,
        )
        for bar in sorted(found, key=lambda bar: bar.line)
    ]
