"""Budgets while the program is written: what exceeds them after a run, and the commands and actions that set and explain them."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from perilune.lsp.budget_files import BudgetFiles
from perilune.lsp.document import Document
from perilune.lsp.features.budget_actions import budget_actions
from perilune.lsp.features.budget_causes import Cause, explain
from perilune.lsp.features.budgets import (
    BudgetRefused,
    Subject,
    budget_problems,
    filed_problems,
    name_of,
    set_budget,
    subject_at,
    unlimited,
)
from perilune.lsp.features.diagnostics import Problem
from perilune.lsp.features.edits import Edit
from perilune.lsp.figure_arguments import EXPLAIN_BUDGET_COMMAND, SET_BUDGET_COMMAND, Place
from perilune.lsp.handlers import actions
from perilune.lsp.handlers.reading import read
from perilune.lsp.measurement import View
from perilune.lsp.protocol import uri_of
from perilune.lsp.session import PeriluneServer, real_path, server
from perilune.profiler.budget_file import DEFAULT_BUDGET_FILE

_NO_FIGURES = "There are no figures of this file yet: run the program first."
_MARK = b"@budget"

_marked: set[str] = set()
"""Paths of files that have something about budgets among their problems."""
_files = BudgetFiles()
_reported: set[str] = set()
"""Folders in whose budget files something was found wrong."""


def _problems(document: Document) -> list[Problem]:
    found: list[Problem] = []
    file = _files.of(server.directory_for(document.path))
    if _MARK in document.data or file is not None:
        view = server.results.view(document)
        whole = None if view is None else unlimited(view)
        found += budget_problems(document, whole)
        if file is not None and whole is not None:
            found += filed_problems(document, whole, file, _directory(document.path))
    (_marked.add if found else _marked.discard)(document.path)
    return found


def _directory(path: str) -> str:
    """Where the program ran that a file's figures are of."""
    job = server.results.job(path)
    return job.directory if job is not None else server.directory_for(path)


def _figures_changed() -> None:
    """Budgets are held against the new figures, also in files of the run that are not open."""
    texts = [*server.documents.values(), *(each.document for each in server.results.measurements().values())]
    limited = {text.path for text in texts if _MARK in text.data or _files.of(server.directory_for(text.path))}
    server.announcer.problems_changed(limited | _marked)
    for folder in {server.directory_for(path) for path in server.results.measurements()}:
        check_budget_file(folder)


def check_budget_file(folder: str) -> None:
    """Shows what is wrong in the budget file of a folder."""
    file = _files.of(folder)
    path = os.path.join(folder, DEFAULT_BUDGET_FILE)
    problems = [] if file is None else list(file.problems)
    for measured, measurement in server.results.measurements().items():
        if file is not None and server.directory_for(measured) == folder:
            found = file.problems_in(measurement.profile, _directory(measured))
            problems += [problem for problem in found if problem not in problems]
    if problems or folder in _reported:
        (_reported.add if problems else _reported.discard)(folder)
        server.editor.publish(uri_of(path), file.document if file is not None else Document(path, b""), problems)


def check_budget_files(ls: PeriluneServer) -> None:
    """The same of all workspace folders."""
    for folder in [real_path(folder.uri) for folder in ls.workspace.folders.values()]:
        if folder is not None:
            check_budget_file(folder)


def budget_file_changed(path: str) -> None:
    """A budget file was written, made or deleted."""
    _figures_changed()
    check_budget_file(os.path.dirname(path))


server.problem_sources.append(_problems)
server.editor.figures_listeners.append(_figures_changed)


async def _found(ls: PeriluneServer, uri: str) -> tuple[str, View] | None:
    """The figures of a document, open or not, with the URI that it is known by; those of the whole run."""
    view = await ls.view(uri)
    if view is None:
        path = real_path(uri)
        views = await ls.views_of_run(uri) if path else {}
        uri, view = next(((name, each) for name, each in views.items() if real_path(name) == path), (uri, None))
    return None if view is None else (uri, unlimited(view))


@server.command(SET_BUDGET_COMMAND)
async def set_the_budget(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Makes what a run measured the budget of a function or a file, by an edit of its comment."""
    place = read(Place.from_json, values)
    found = await _found(ls, place.uri)
    if found is None:
        return _refused(ls, _NO_FIGURES)
    uri, view = found
    try:
        subject, edits = await asyncio.to_thread(_set, view, place.line + 1)
    except BudgetRefused as error:
        return _refused(ls, str(error))
    edit = ls.editor.edit_of(uri, view.document, edits)
    answer = {"edit": edit}
    reason = await ls.editor.apply("Set the budget", edit)
    if reason is not None:
        return {**_refused(ls, f"The budget was not set: {reason}."), **answer}
    limits = ", ".join(each.text.strip().removeprefix("---@budget ") for each in edits)
    return {"status": "set", "message": f"The budget of {name_of(subject, view)} is set: {limits}.", **answer}


def _set(view: View, line: int) -> tuple[Subject, list[Edit]]:
    subject = subject_at(view, line)
    return subject, set_budget(view, subject)


def _refused(ls: PeriluneServer, message: str) -> dict[str, Any]:
    ls.editor.show_error(message)
    return {"status": "failed", "message": message}


@server.command(EXPLAIN_BUDGET_COMMAND)
async def explain_the_budget(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Why a function or a file costs what it costs: the lines that grew, or else those that cost most."""
    place = read(Place.from_json, values)
    found = await _found(ls, place.uri)
    if found is None:
        return _refused(ls, _NO_FIGURES)
    uri, view = found
    views = {name: unlimited(each) for name, each in (await ls.views_of_run(uri)).items()}
    job = ls.results.job(view.document.path)
    program = view.document.path if job is None else job.path
    reference = await asyncio.to_thread(ls.baselines.reference, program, ls.settings.compared_with)
    since = None if reference is None or view.measurement.changes is None else reference.name
    try:
        subject = await asyncio.to_thread(subject_at, view, place.line + 1)
    except BudgetRefused as error:
        return _refused(ls, str(error))
    story = await asyncio.to_thread(explain, subject, uri, view, views, since)
    ls.editor.show_information(story.message)
    status = "none" if not story.results else "over" if any(each.over for each in story.results) else "kept"
    return {
        "status": status,
        "message": story.message,
        "function": None if subject.line is None else name_of(subject, view),
        "uri": uri,
        "line": (subject.line or 1) - 1,
        "stale": subject.is_stale,
        "since": since,
        "budgets": [
            {
                "figure": each.budget.figure,
                "limit": each.budget.limit,
                "measured": each.measured,
                "over": each.over,
            }
            for each in story.results
        ],
        "lines": [_line(cause) for cause in story.causes],
    }


def _line(cause: Cause) -> dict[str, Any]:
    return {
        "uri": cause.uri,
        "line": cause.line - 1,
        "text": cause.text,
        "figure": cause.figure,
        "amount": cause.amount,
        "grown": cause.grown,
    }


actions.PROVIDERS.append(budget_actions)
