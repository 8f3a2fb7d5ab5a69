"""The commands that run programs."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict, replace
from typing import Any

from perilune.lsp.commands import (
    CANCEL_COMMAND,
    CLEAR_COMMAND,
    PROFILE_COMMAND,
    RERUN_COMMAND,
    STOP_COMMAND,
    ProfileArguments,
    file_from_json,
    files_from_json,
)
from perilune.lsp.handlers.reading import read
from perilune.lsp.handlers.workspace_files import check_workspace_file
from perilune.lsp.job import Job
from perilune.lsp.launch import Saved, Surroundings, WrongRun, asked_for, contents, files_of, sandboxed, settle, unsaved
from perilune.lsp.profiling import Report
from perilune.lsp.run_options import RunOptions
from perilune.lsp.session import PeriluneServer, real_path, server
from perilune.lsp.turns import Request
from perilune.lsp.whole_file import write_whole

_SANDBOX = "Run in the Sandbox"
_REFUSED = "refused"


@server.command(PROFILE_COMMAND)
async def profile(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Runs a file as a program and shows what it cost."""
    target = read(ProfileArguments.from_json, values)
    return asdict(await run_file(ls, target.uri, target.options))


@server.command(RERUN_COMMAND)
async def rerun(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Runs again, with the same arguments, the program that last ran a file."""
    return asdict(await run_again(ls, read(file_from_json, values)))


async def run_file(ls: PeriluneServer, uri: str, options: RunOptions) -> Report:
    """Runs a document's file as it is said to be run."""
    path = real_path(uri)
    if path is None:
        return _refuse(ls, "Save the program to a file first: what is profiled is the file.", uri)
    return await _settle_and_run(ls, uri, path, options, again=False)


async def run_again(ls: PeriluneServer, uri: str) -> Report:
    """Runs what last ran a document's file, as it was asked for then and as comments say now; or the file."""
    path = real_path(uri) or ""
    await ls.recall(path)
    job = ls.results.job(path)
    if job is None:
        return await run_file(ls, uri, RunOptions())
    asked = asked_for(job)
    if asked is None:
        with ls.profiling.turns.asked(path) as request:
            return await _run(ls, uri, job, again=True, request=request)
    return await _settle_and_run(ls, uri, *asked, again=True)


async def _settle_and_run(ls: PeriluneServer, uri: str, path: str, options: RunOptions, again: bool) -> Report:
    with ls.profiling.turns.asked(path) as request:
        around = surroundings(ls, path)
        await check_workspace_file(ls, around.folder)
        try:
            job = await asyncio.to_thread(settle, path, options, ls.settings.mode, around)
        except WrongRun as error:
            return _refuse(ls, str(error), path, "failed")
        return await _run(ls, uri, job, again, request)


async def job_for(ls: PeriluneServer, uri: str) -> Job | None:
    """How a document's file was run last, or would be run; None where that cannot be said."""
    path = real_path(uri)
    if path is None:
        return None
    await ls.recall(path)
    job = ls.results.job(path)
    if job is not None:
        return replace(job, sandbox=None) if ls.trusted else job
    try:
        return await asyncio.to_thread(settle, path, RunOptions(), ls.settings.mode, surroundings(ls, path))
    except WrongRun:
        return None


async def _run(ls: PeriluneServer, uri: str, job: Job, again: bool, request: Request) -> Report:
    around = surroundings(ls, job.path)
    await ls.recall(job.path)  # the run before, with which this one is compared
    try:
        if ls.trusted:
            job = replace(job, sandbox=None)  # as which it may have run before the workspace was trusted
        else:
            job = await allowed(ls, job, around)
        files = await asyncio.to_thread(files_of, job, around, ls.results.files_of(job.path))
        texts = await _unsaved(ls, files, around)
    except WrongRun as error:
        return _refuse(ls, str(error), job.path)
    found = {**await asyncio.to_thread(contents, files), **texts}
    report = await ls.profiling.profile(request, job, ls.settings, texts, found)
    if ls.settings.announces:
        ls.announcer.announce(uri, f"{os.path.basename(job.path)}: {report.message}", report.hottest, again)
    return report


def surroundings(ls: PeriluneServer, path: str) -> Surroundings:
    return Surroundings(
        ls.directory_for(path), {document.path: document for document in ls.documents.values()}, ls.saved
    )


async def allowed(ls: PeriluneServer, job: Job, around: Surroundings) -> Job:
    """The job as it may run in a workspace that is not trusted, once the user has said so. Raises WrongRun."""
    job = sandboxed(job, around.folder)
    if job.path not in ls.allowed:
        name = os.path.basename(job.path)
        question = f"This workspace is not trusted. Run {name} in a sandbox, without files, commands and environment?"
        if await ls.announcer.ask(question, [_SANDBOX, "Cancel"]) != _SANDBOX:
            raise WrongRun(f"{name} was not run: the workspace is not trusted.")
        ls.allowed.add(job.path)
    return job


async def _unsaved(ls: PeriluneServer, files: set[str], around: Surroundings) -> dict[str, bytes]:
    """Saves what the program loads and is not saved, or gives the texts to run it with, as the user has it set."""
    saves = ls.settings.unsaved == "save"
    texts = await asyncio.to_thread(unsaved, files, around, saves)
    if not texts or not saves:
        return texts
    names = ", ".join(os.path.basename(path) for path in texts)
    try:
        for path, text in texts.items():
            write_whole(path, text)
            ls.saved[path] = Saved.of(path, text)
    except OSError as error:
        raise WrongRun(f"{names}: cannot save the changes: {error.strerror}.") from error
    ls.editor.show_information(f"Saved {names}, to run what you see.")
    return {}


def _refuse(ls: PeriluneServer, message: str, program: str, status: str = _REFUSED) -> Report:
    ls.editor.show_error(message)
    return Report(status, message, program)


@server.command(CANCEL_COMMAND)
def cancel(ls: PeriluneServer, *values: Any) -> None:
    """Stops the runs of the documents given, or every run."""
    for uri in read(files_from_json, values):
        ls.profiling.cancel(real_path(uri) if uri is not None else None)


@server.command(STOP_COMMAND)
def stop(ls: PeriluneServer, *values: Any) -> None:
    """Another name for it, the one that the user reads."""
    cancel(ls, *values)


@server.command(CLEAR_COMMAND)
async def clear(ls: PeriluneServer, *values: Any) -> None:
    """Takes away the figures of the documents given, and of what ran with them, or all figures, for good."""
    for uri in read(files_from_json, values):
        path = real_path(uri) if uri is not None else None
        if path is None and uri is None:
            ls.announcer.problems_changed(ls.failures.clear())
            ls.results.clear(None)
            await ls.forget_all()
        elif path is not None:
            await ls.recall(path)
            job = ls.results.job(path)
            ls.announcer.problems_changed(ls.failures.put(job.path if job is not None else path, None))
            ls.results.clear(path)
            await ls.forget(path)
    ls.editor.refresh_hints()
    ls.announcer.figures("", "cleared", "")
