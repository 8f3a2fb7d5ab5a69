"""Budgets beside the code: what exceeds them after a run, what is wrong with them, and how they are set from a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from perilune.lsp.budget_files import BudgetFile
from perilune.lsp.document import Document
from perilune.lsp.features.diagnostics import Problem, Related
from perilune.lsp.features.edits import Edit
from perilune.lsp.features.inlay_hints import STALE
from perilune.lsp.features.spots import edited_lines, is_edited
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.budget_comments import BudgetComment, find_comments
from perilune.profiler.budgets import Budget, Result, amount_text, check, check_function
from perilune.profiler.model import FunctionRow
from perilune.profiler.renderers.budgets import excess_text

CODE = "budget"
MAIN = "main chunk"

_FIGURES = ("instructions", "allocations")
"""What a new budget limits: what is the same on every machine."""


class BudgetRefused(Exception):
    """A budget cannot be set; the message says why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What budgets limit: a function, or the file where `row` and `line` are of none.

    `line` is where a function begins in the text as it is, `row` what was measured of it, None if it did not run as it
    is. `is_stale` says that it was edited since.
    """

    comments: tuple[BudgetComment, ...]
    line: int | None = None
    row: FunctionRow | None = None
    is_stale: bool = False


def unlimited(view: View) -> View:
    """The figures of the whole run, where those that show are limited to a call: budgets are of runs."""
    whole = view.measurement.whole
    return view if whole is None else View(whole, view.document)


def comments_of(document: Document, measurement: Measurement | None) -> list[BudgetComment]:
    """The budgets in a text. A file that only ever ran as a module of a program has no figures of a program."""
    if b"@budget" not in document.data:
        return []
    is_program = measurement is None or measurement.profile.program.path == measurement.file.path
    return find_comments(document.source, is_program)


def budget_problems(document: Document, view: View | None) -> Iterator[Problem]:
    """What is wrong with the budgets of a text, and what exceeded them in the run behind its figures.

    The view of this and of all that follows is `unlimited`.
    """
    comments = comments_of(document, view.measurement if view is not None else None)
    for comment in comments:
        if comment.wrong:
            start, end = comment.wrong_at, comment.end
            yield Problem(min(start, end - 1), end, comment.wrong, code=CODE)
    if view is None:
        return
    for subject in _subjects(comments, view):
        exceeded = [result for result in results(subject, view) if result.over]
        if exceeded:
            first = subject.comments[0]
            start, end = _span(document, subject)
            where = () if subject.line is None else (_place(document, first),)
            message = f"{_told(subject, view)}{', '.join(map(excess_text, exceeded))}{_of_run(view.measurement)}"
            yield Problem(start, end, message, is_warning=True, is_error=False, related=where, code=CODE)


def filed_problems(document: Document, view: View, file: BudgetFile, directory: str) -> Iterator[Problem]:
    """What exceeded the limits of a budget file in the run behind a text's figures, which ran in `directory`."""
    measurement = view.measurement
    now = {origin.line: line for line, origin in view.origins.items()}
    exceeded: dict[int | None, list[Result]] = {}
    for budget in file.budgets(measurement.profile, directory).get(measurement.file.path, ()):
        result = check(budget, measurement.profile)
        if result.over and (budget.line is None or budget.line in now):
            exceeded.setdefault(None if budget.line is None else now[budget.line], []).append(result)
    for line, found in exceeded.items():
        subject = _file((), view) if line is None else _function((), line, view)
        start, end = (0, document.line_end(1)) if line is None else _span(document, subject)
        where = Related(file.document.path, file.line_of(found[0].budget.origin), "its budget")
        message = f"{_told(subject, view)}{', '.join(map(excess_text, found))}{_of_run(measurement)}"
        yield Problem(start, end, message, is_warning=True, is_error=False, related=(where,), code=CODE)


def results(subject: Subject, view: View) -> list[Result]:
    """The budgets of a subject beside what was measured; none where it was not."""
    measurement = view.measurement
    path = measurement.file.path
    found = []
    for limit in [limit for comment in subject.comments for limit in comment.limits]:
        budget = Budget(path, limit.figure, limit.amount, "")
        if subject.line is None:
            found.append(check(budget, measurement.profile))
        elif subject.row is not None:
            found.append(check_function(budget, subject.row))
    return found


def _subjects(comments: Sequence[BudgetComment], view: View) -> Iterator[Subject]:
    for line in dict.fromkeys(comment.function_line for comment in comments if not comment.wrong):
        of_line = tuple(each for each in comments if each.function_line == line and not each.wrong)
        yield _file(of_line, view) if line is None else _function(of_line, line, view)


def _file(comments: tuple[BudgetComment, ...], view: View) -> Subject:
    return Subject(comments, is_stale=bool(edited_lines(view)) or _has_new_code(view, 1, len(view.document.lines)))


def _function(comments: tuple[BudgetComment, ...], line: int, view: View) -> Subject:
    """The function that begins on a line now, with what was measured of the one that began there."""
    measurement = view.measurement
    origin = view.origins.get(line)
    begun = [] if origin is None else [row for row in measurement.file.functions if row.line == origin.line]
    begun = [row for row in begun if row.name != MAIN]
    if origin is None or not begun:
        return Subject(comments, line)
    row = max(begun, key=lambda row: (row.end_line, row.name != "anonymous"))
    last = next((now for now, origin in view.origins.items() if origin.line == row.end_line), line)
    is_stale = origin.changed or is_edited(row, edited_lines(view)) or _has_new_code(view, line, last)
    return Subject(comments, line, row, is_stale)


def _has_new_code(view: View, first: int, last: int) -> bool:
    """Whether one of some lines of the text, ends inclusive, was not there when it ran."""
    texts = ((line, view.document.lines[line - 1].lstrip()) for line in range(first, last + 1))
    return any(text and not text.startswith("--") and line not in view.origins for line, text in texts)


def subject_at(view: View, line: int) -> Subject:
    """What a line, from 1, belongs to: the function that begins there or has its budget there, or is around it; the file."""
    comments = comments_of(view.document, view.measurement)
    begin = _function_around(view, line)
    for comment in comments:
        if view.document.line_at(comment.start) <= line <= view.document.line_at(comment.end - 1):
            if comment.wrong:
                raise BudgetRefused(f"The budget on line {line} is wrong: {comment.wrong}.")
            begin = comment.function_line
    of_same = tuple(each for each in comments if each.function_line == begin and not each.wrong)
    return _file(of_same, view) if begin is None else _function(of_same, begin, view)


def _function_around(view: View, line: int) -> int | None:
    """Where the innermost function around a line begins in the text as it is; None outside of all."""
    measurement = view.measurement
    now = {origin.line: line for line, origin in view.origins.items()}
    around = [
        now[row.line]
        for row in measurement.file.functions
        if row.name != MAIN and now.get(row.line, line + 1) <= line <= now.get(row.end_line, line - 1)
    ]
    return max(around, default=None)


def set_budget(view: View, subject: Subject) -> list[Edit]:
    """The edits that make a run what the budgets of a subject allow; where it has none they add one.

    Raises BudgetRefused.
    """
    name = name_of(subject, view)
    measurement = view.measurement
    if subject.line is not None and subject.row is None:
        raise BudgetRefused(f"{name} was not measured as it is: run it first.")
    if subject.is_stale:
        raise BudgetRefused(f"{name} was edited since it was measured: run it again first.")
    if measurement.cut_short:
        raise BudgetRefused(f"The run {measurement.cut_short}: a budget is of a run that ended.")
    limits = [limit for comment in subject.comments for limit in comment.limits]
    if limits:
        measured = results(subject, view)
        return [
            Edit(limit.start, limit.end, amount_text(result.measured, limit.figure))
            for limit, result in zip(limits, measured, strict=True)
        ]
    return [_new_budget(view, subject)]


def _new_budget(view: View, subject: Subject) -> Edit:
    measurement = view.measurement
    document, path = view.document, measurement.file.path
    limits = []
    for figure in _FIGURES:
        budget = Budget(path, figure, 0, "")
        row = subject.row
        measured = (check(budget, measurement.profile) if row is None else check_function(budget, row)).measured
        if measured or figure == _FIGURES[0]:
            limits.append(f"{figure} <= {amount_text(measured, figure)}")
    text = f"---@budget {', '.join(limits)}"
    ending = "\r\n" if b"\r\n" in document.data else "\n"
    if subject.line is None:
        first = 2 if document.lines[0].startswith("#") and len(document.lines) > 1 else 1
        edit = Edit(document.line_start(first), document.line_start(first), f"{text}{ending}{ending}")
    else:
        line = document.lines[subject.line - 1]
        indent = line[: len(line) - len(line.lstrip())]
        start = document.line_start(subject.line)
        edit = Edit(start, start, f"{indent}{text}{ending}")
    _check_new(document, edit, measurement, subject.line)
    return edit


def _check_new(document: Document, edit: Edit, measurement: Measurement, line: int | None) -> None:
    """Raises BudgetRefused where a comment would not be the budget that it was meant to be."""
    after = document.data[: edit.start] + edit.text.encode() + document.data[edit.end :]
    written = comments_of(Document(document.path, after), measurement)
    found = next((each for each in written if edit.start <= each.start < edit.start + len(edit.text)), None)
    if found is None or (found.function_line is None) != (line is None):
        raise BudgetRefused(f"No comment can stand above line {line or 1}.")
    if found.wrong:
        raise BudgetRefused(f"{found.wrong[:1].upper()}{found.wrong[1:]}.")


def name_of(subject: Subject, view: View) -> str:
    """What a subject is called."""
    if subject.row is not None:
        return subject.row.name
    if subject.line is not None:
        return f"the function on line {subject.line}"
    return view.measurement.file.path


def _told(subject: Subject, view: View) -> str:
    """The beginning of a message; figures of a text that is another now are said to be that."""
    stale = "as measured before it was edited, " if subject.is_stale else ""
    return f"{STALE if stale else ''}{name_of(subject, view)} is over budget: {stale}"


def _of_run(measurement: Measurement) -> str:
    return f", in a run that {measurement.cut_short}" if measurement.cut_short else ""


def _span(document: Document, subject: Subject) -> tuple[int, int]:
    """The line where a function begins, or the comment that limits the file."""
    if subject.line is None:
        return subject.comments[0].start, subject.comments[0].end
    text = document.lines[subject.line - 1]
    start = document.line_start(subject.line) + len(text) - len(text.lstrip())
    return start, document.line_end(subject.line)


def _place(document: Document, comment: BudgetComment) -> Related:
    return Related(document.path, document.line_at(comment.start), "its budget")
