"""What can be done about the budget of the function that begins on a line, or of a comment there."""

from __future__ import annotations

from collections.abc import Iterator

from perilune.lsp.features.actions import QUICK_FIX, REWRITE, Action, Asked
from perilune.lsp.features.budgets import (
    CODE,
    BudgetRefused,
    name_of,
    results,
    set_budget,
    subject_at,
    unlimited,
)
from perilune.lsp.figure_arguments import EXPLAIN_BUDGET_COMMAND, SET_BUDGET_COMMAND


def budget_actions(asked: Asked) -> Iterator[Action]:
    """Sets the budget from the run, and says why it is exceeded; a function without one, or the file, can get one."""
    if asked.view is None or asked.view.document is not asked.document:
        return
    view, line = unlimited(asked.view), asked.first
    try:
        subject = subject_at(view, line)
    except BudgetRefused:
        return
    of_comments = [view.document.line_at(comment.start) for comment in subject.comments]
    begins = 1 if subject.line is None and not of_comments else subject.line
    if line not in (*of_comments, begins):
        return
    is_over = any(each.over for each in results(subject, view))
    kind, solves = (QUICK_FIX, CODE) if is_over else (REWRITE, "")
    title = (
        "Set the budget from this run" if of_comments else f"Add a budget for {name_of(subject, view)} from this run"
    )
    try:
        set_budget(view, subject)
        yield Action(title, kind, SET_BUDGET_COMMAND, line, solves=solves)
    except BudgetRefused:
        pass
    if of_comments:
        yield Action("Show why", kind, EXPLAIN_BUDGET_COMMAND, line, solves=solves)
