"""The commands that try rewrites of hot lines, and the actions that offer them: nothing is kept that was not run first."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Any

from perilune.lsp.document import Document
from perilune.lsp.features.rewrites import candidates, rewrite_actions
from perilune.lsp.handlers import actions
from perilune.lsp.handlers.reading import read
from perilune.lsp.handlers.runs import allowed, job_for, surroundings
from perilune.lsp.job import Job
from perilune.lsp.launch import WrongRun, files_of, unsaved
from perilune.lsp.measurement import View
from perilune.lsp.rewrite_arguments import REWRITE_COMMAND, SUGGEST_COMMAND, RewriteArguments, SuggestArguments
from perilune.lsp.runner import Ending
from perilune.lsp.session import PeriluneServer, real_path, server
from perilune.lsp.trials import Trials, Tried, Wanted, try_rewrites
from perilune.profiler.rewrites.rewrite import edited

_NO_FIGURES = "There are no figures of this file yet: run the program first."
_NO_FILE = "Save the program to a file first: what is tried is the file."
_RUN_AGAIN = "Run It Again"


@dataclass(frozen=True)
class _Subject:
    """What is tried: a document, as the editor has it or its file holds it, in the program that runs it."""

    document: Document
    job: Job
    texts: dict[str, bytes]

    def line_from_protocol(self, ls: PeriluneServer, line: int) -> int:
        """A line as Lua counts it; what is behind the last is the last."""
        return self.document.line_at(ls.editor.positions(self.document).offset_at(line, 0))


@server.command(SUGGEST_COMMAND)
async def suggest(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """The rewrites that could be tried on the hot lines of a file, or of one line; with `try` what came of them."""
    asked = read(SuggestArguments.from_json, values)
    view = await ls.view(asked.uri) or await _view_of_file(ls, asked.uri)
    if asked.tries:
        return await _try_all(ls, asked)
    if view is None:
        return {"status": "none", "message": _NO_FIGURES, "suggestions": []}
    positions = ls.editor.positions(view.document)
    first, last = 1, len(view.document.lines)
    if asked.line is not None:
        first = last = view.document.line_at(positions.offset_at(asked.line, 0))
    found = await asyncio.to_thread(candidates, view, first, last)
    from perilune.profiler.suggestions import changed_lines  # not imported before: the server starts without it

    data = view.document.data
    suggestions = [
        {
            "uri": asked.uri,
            "line": each.rewrite.line - 1,
            "kind": each.rewrite.kind,
            "subject": each.rewrite.subject,
            "title": each.rewrite.title,
            "assumes": each.rewrite.assumes,
            "share": each.share,
            "verdict": None,
            "message": "It has not been tried yet.",
            "diff": changed_lines(data, edited(data, each.rewrite.edits)),
        }
        for each in found
    ]
    count = len(suggestions)
    message = f"{count or 'No'} rewrite{'s' * (count != 1)} could be tried on the hot lines."
    return {"status": "found" if count else "none", "message": message, "suggestions": suggestions}


async def _view_of_file(ls: PeriluneServer, uri: str) -> View | None:
    path = real_path(uri)
    views = await ls.views_of_run(uri) if path is not None else {}
    return next((view for name, view in views.items() if real_path(name) == path), None)


async def _try_all(ls: PeriluneServer, asked: SuggestArguments) -> dict[str, Any]:
    try:
        subject = await _subject(ls, asked.uri)
        first, last = 1, None
        if asked.line is not None:
            first = last = subject.line_from_protocol(ls, asked.line)
        trials = await _tried(ls, subject, Wanted(subject.document.path, first, last))
    except WrongRun as error:
        return {**_refused(ls, str(error)), "suggestions": []}
    if (failure := _failure(trials)) is not None:
        return {**_failed(ls, *failure), "suggestions": []}
    kept = len(trials.kept)
    message = f"Tried {len(trials.tried)} rewrite{'s' * (len(trials.tried) != 1)}: {kept} gain{'s' * (kept == 1)}."
    return {
        "status": "tried",
        "message": message + _noted(trials),
        "suggestions": [{"uri": asked.uri, **_answer(each)} for each in trials.tried],
        "together": {"suggestions": [trials.tried.index(each) for each in trials.kept], "message": trials.effect},
    }


@server.command(REWRITE_COMMAND)
async def rewrite(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Runs the program with a rewrite, makes it if the program does the same for less, and says what it gains."""
    asked = read(RewriteArguments.from_json, values)
    try:
        subject = await _subject(ls, asked.uri)
        line = subject.line_from_protocol(ls, asked.line)
        wanted = Wanted(subject.document.path, line, line, asked.kind, asked.subject)
        trials = await _tried(ls, subject, wanted)
    except WrongRun as error:
        return _refused(ls, str(error))
    if (failure := _failure(trials)) is not None:
        return _failed(ls, *failure)
    answer: dict[str, Any] = {"suggestions": [{"uri": asked.uri, **_answer(each)} for each in trials.tried]}
    if not trials.kept:
        reasons = "; ".join(f"{_plain(each.title)}: {each.message}" for each in trials.tried)
        message = f"Nothing was changed. {_capital(reasons)}." if reasons else _nothing(line)
        ls.editor.show_information(message + _noted(trials))
        return {"status": "rejected", "message": message + _noted(trials), **answer}
    now = ls.documents.get(asked.uri)
    if now is not None and now.data != subject.document.data:
        return {**_refused(ls, "Nothing was changed: the text was edited meanwhile. Try it again."), **answer}
    edits = [edit for each in trials.kept for edit in each.edits]
    edit = ls.editor.edit_of(asked.uri, now or subject.document, edits)
    titles = "; ".join(_plain(each.title) for each in trials.kept)
    reason = await ls.editor.apply(_capital(titles), edit)
    if reason is not None:
        return {**_refused(ls, f"Nothing was changed: {reason}."), **answer, "edit": edit}
    relies = "; ".join(each.assumes for each in trials.kept if each.assumes)
    message = f"{_capital(titles)}: {trials.effect}." + (f" It relies on this: {_plain(relies)}." if relies else "")
    ls.editor.show_information(message + _noted(trials))
    return {"status": "applied", "message": message + _noted(trials), **answer, "edit": edit}


async def _subject(ls: PeriluneServer, uri: str) -> _Subject:
    """What is to be run, with the texts that are not saved. Raises WrongRun."""
    path = real_path(uri)
    if path is None:
        raise WrongRun(_NO_FILE)
    job = await job_for(ls, uri)
    if job is None:
        raise WrongRun("It is not known how to run this file.")
    around = surroundings(ls, job.path)
    if not ls.trusted:
        job = await allowed(ls, job, around)
    files = await asyncio.to_thread(files_of, job, around, ls.results.files_of(job.path))
    texts = await asyncio.to_thread(unsaved, files, around, False)
    try:
        content = await asyncio.to_thread(_content, path)
        content.decode()
    except OSError as error:
        raise WrongRun(f"{os.path.basename(path)} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise WrongRun(f"{os.path.basename(path)} is not UTF-8: an editor cannot change it byte for byte.") from None
    document = ls.documents.get(uri) or Document.from_file(path, content)
    return _Subject(document, job, {**texts, path: document.data})


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


async def _tried(ls: PeriluneServer, subject: _Subject, wanted: Wanted) -> Trials:
    """Tries, once the turn has come; a program that changes files only if the user agrees."""
    job, name = subject.job, os.path.basename(subject.job.path)
    consents = False
    while True:
        with ls.profiling.turns.asked(subject.document.path) as request:
            request.paths.add(job.path)  # and no program: beside a run of the same one
            async with ls.profiling.turns.turn(request, f"Trying rewrites with {name}", counts=True) as progress:
                trials = await try_rewrites(job, ls.settings, wanted, subject.texts, progress, consents)
        if consents or not trials.needs_consent:
            return trials
        question = f"{name} changes files or starts other programs. To try a rewrite it must run several times."
        if await ls.announcer.ask(question, [_RUN_AGAIN, "Cancel"]) != _RUN_AGAIN:
            return Trials(Ending.CANCELLED)
        consents = True


def _failure(trials: Trials) -> tuple[str, str] | None:
    """The status and the message of trying that came to nothing."""
    if trials.ending is Ending.FINISHED:
        return None
    if trials.ending is Ending.FAILED:
        return "failed", f"Nothing was changed: {trials.error}{'' if trials.error.endswith('.') else '.'}"
    return (
        trials.ending.value,
        f"Nothing was changed: trying was {'cancelled' if trials.ending is Ending.CANCELLED else 'too long'}.",
    )


def _failed(ls: PeriluneServer, status: str, message: str) -> dict[str, Any]:
    if status != Ending.CANCELLED.value:
        ls.editor.show_error(message)
    return {"status": status, "message": message}


def _refused(ls: PeriluneServer, message: str) -> dict[str, Any]:
    ls.editor.show_error(message)
    return {"status": "failed", "message": message}


def _answer(tried: Tried) -> dict[str, Any]:
    return {
        "line": tried.line - 1,
        "kind": tried.kind,
        "subject": tried.subject,
        "title": tried.title,
        "assumes": tried.assumes,
        "verdict": tried.verdict,
        "message": tried.message,
        "diff": tried.diff,
        **tried.figures,
    }


def _nothing(line: int) -> str:
    return f"Nothing was changed: there is no such rewrite for line {line}, or the line did not run."


def _noted(trials: Trials) -> str:
    return "".join(f" {_capital(note)}." for note in trials.notes)


def _plain(text: str) -> str:
    """A text without the marks of code, which messages show as they are."""
    return text.replace("`", "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


actions.PROVIDERS.append(rewrite_actions)
