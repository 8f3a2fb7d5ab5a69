"""The command that runs a program at several sizes, and shows how the cost of each line grows."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from perilune.lsp.display import GROWTH
from perilune.lsp.growth import Grown, grow
from perilune.lsp.growth_arguments import GROW_COMMAND, GrowArguments
from perilune.lsp.handlers.reading import read
from perilune.lsp.handlers.runs import allowed, job_for, surroundings
from perilune.lsp.history import KeptRun
from perilune.lsp.job import Job
from perilune.lsp.launch import WrongRun, files_of, said_by_files, unsaved
from perilune.lsp.run_options import RunOptions
from perilune.lsp.runner import Ending
from perilune.lsp.session import PeriluneServer, real_path, server
from perilune.profiler.growth.model import Growth, Subject
from perilune.profiler.growth.words import factor_text, growth_text, prediction_text, rivals_text


@server.command(GROW_COMMAND)
async def grow_file(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Runs a file at several sizes, shows how its lines grow, and says what leads where it is large."""
    asked = read(GrowArguments.from_json, values)
    try:
        job, options = await _subject(ls, asked)
        grown = await _grown(ls, job, options)
    except WrongRun as error:
        return _failed(ls, "failed", str(error))
    name = os.path.basename(job.path)
    if grown.growth is None:
        return _without(ls, grown, name)
    ls.results.add_grown(grown.measurements)
    run = KeptRun(job, grown.seconds, grown.measurements, grown.growth)
    await asyncio.to_thread(ls.growth_history.keep, run)
    ls.display.metric = GROWTH
    ls.editor.refresh_hints()
    message = _summary(grown.growth, name)
    ls.editor.show_information(message)
    return {
        "status": "grown",
        "message": message,
        "variable": grown.growth.variable,
        "sizes": grown.growth.sizes,
        "lines": [_answer(line, grown.growth) for line in grown.growth.lines],
        "notes": grown.growth.notes,
    }


async def _subject(ls: PeriluneServer, asked: GrowArguments) -> tuple[Job, RunOptions]:
    """What is to be run, and at which sizes. Raises WrongRun."""
    path = real_path(asked.uri)
    job = None if path is None else await job_for(ls, asked.uri)
    if path is None or job is None:
        raise WrongRun("Save the program to a file first: what is run is the file.")
    if job.preload:
        raise WrongRun("A program with files that run before it cannot be run at several sizes.")
    around = surroundings(ls, job.path)
    if not ls.trusted:
        job = await allowed(ls, job, around)
    files = await asyncio.to_thread(files_of, job, around, ls.results.files_of(job.path))
    edited = await asyncio.to_thread(unsaved, files, around, False)
    if edited:
        names = ", ".join(sorted(os.path.basename(each) for each in edited))
        raise WrongRun(f"Save {names} first: what is run at several sizes are the files.")
    return job, asked.options.over(await asyncio.to_thread(said_by_files, job.path, around))


async def _grown(ls: PeriluneServer, job: Job, options: RunOptions) -> Grown:
    with ls.profiling.turns.asked(job.path) as request:
        title = f"Running {os.path.basename(job.path)} at several sizes"
        async with ls.profiling.turns.turn(request, title, counts=True) as progress:
            return await grow(job, ls.settings, options, progress)


def _without(ls: PeriluneServer, grown: Grown, name: str) -> dict[str, Any]:
    reason = grown.error
    if grown.ending is Ending.TIMED_OUT:
        reason = "the runs took too long"
    elif grown.ending is Ending.CANCELLED:
        reason = "it was cancelled"
    return _failed(
        ls, grown.ending.value, f"How {name} grows is not known: {reason}{'' if reason[-1:] == '.' else '.'}"
    )


def _failed(ls: PeriluneServer, status: str, message: str) -> dict[str, Any]:
    if status != Ending.CANCELLED.value:
        ls.editor.show_error(message)
    return {"status": status, "message": message, "lines": []}


def _summary(growth: Growth, name: str) -> str:
    fit = growth.whole.leading.fit
    notes = "".join(f" {note[:1].upper()}{note[1:]}." for note in growth.notes)
    return f"{name} grows {growth_text(fit)}. {prediction_text(growth)}{notes}".rstrip()


def _answer(line: Subject, growth: Growth) -> dict[str, Any]:
    fit = line.leading.fit
    return {
        "path": line.path,
        "line": line.line - 1,
        "growth": growth_text(fit),
        "factor": "" if fit is None else factor_text(fit, growth.sizes[-1]),
        "exponent": None if fit is None else fit.exponent,
        "determination": None if fit is None else fit.determination,
        "doubt": "" if fit is None else rivals_text(fit),
        "share": line.share,
        "predictedShare": line.predicted_share,
    }
