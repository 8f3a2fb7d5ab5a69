"""Checked budgets as text: a table of those that are exceeded, or one line that says that all are kept."""

from __future__ import annotations

from collections.abc import Sequence

from perilune.profiler.budgets import Budget, Result
from perilune.profiler.renderers.figures import plural, printable
from perilune.profiler.renderers.report.table import Column, Line, table

_NAMES_SHOWN = 3


def exceeded_table(results: Sequence[Result], width: int) -> list[Line]:
    """The budgets that are exceeded, those that are so by the largest part first."""
    rows = sorted((result for result in results if result.over), key=lambda result: -_part_over(result))
    columns: list[Column[Result]] = [
        Column("budget", lambda row: (f"{row.budget.limit:,}", "")),
        Column("measured", lambda row: (f"{row.measured:,}", "")),
        Column("over by", lambda row: (f"{row.over:,}", "red")),
        Column("", lambda row: (_percent_over(row), "red")),
        Column("figure", lambda row: (row.budget.figure, ""), False),
        Column("of", lambda row: (subject_text(row.budget), ""), False),
    ]
    return table(f"Over budget: {len(rows):,} of {plural(len(results), 'budget')}", columns, rows, 0, width)


def kept_text(results: Sequence[Result]) -> str:
    """One line for budgets that are all kept. Functions that never ran are named: a budget says nothing of them."""
    text = f"{plural(len(results), 'budget')} kept" if len(results) == 1 else f"all {len(results):,} budgets kept"
    idle = list(dict.fromkeys(subject_text(result.budget) for result in results if not result.ran))
    if not idle:
        return text
    more = f" and {len(idle) - _NAMES_SHOWN:,} more" if len(idle) > _NAMES_SHOWN else ""
    return f"{text}; never ran: {', '.join(idle[:_NAMES_SHOWN])}{more}"


def excess_text(result: Result) -> str:
    """By how much a budget is exceeded, in short: `calls 177 of 150 (+18.0%)`."""
    percent = _percent_over(result)
    part = f" (+{percent})" if percent else ""
    return f"{result.budget.figure} {result.measured:,} of {result.budget.limit:,}{part}"


def subject_text(budget: Budget) -> str:
    """What a budget limits: `fib (fib.lua:3)`, or a file."""
    path = printable(budget.path)
    return path if budget.function is None else f"{printable(budget.function)} ({path}:{budget.line})"


def _part_over(result: Result) -> float:
    return result.over / result.budget.limit if result.budget.limit else float("inf")


def _percent_over(result: Result) -> str:
    return f"{100 * _part_over(result):,.1f}%" if result.budget.limit else ""
