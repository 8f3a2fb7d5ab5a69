"""The commands that compare runs: with the run before, a saved profile, or a revision of the files."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from perilune.lsp.baselines import Reference, comparison_with, digest, with_changes
from perilune.lsp.changes import largest_first, line_changes, summary
from perilune.lsp.commands import file_from_json
from perilune.lsp.comparison_arguments import (
    BASELINE_COMMAND,
    CLEAR_BASELINE_COMMAND,
    COMPARE_COMMAND,
    BaselineArguments,
)
from perilune.lsp.handlers.reading import read
from perilune.lsp.handlers.runs import job_for
from perilune.lsp.job import Job
from perilune.lsp.protocol import path_of, uri_of
from perilune.lsp.runner import Ending
from perilune.lsp.saved_run import UnreadableProfile, read_saved
from perilune.lsp.saved_run import find_texts as saved_texts
from perilune.lsp.session import PeriluneServer, real_path, server
from perilune.profiler.comparison import Comparison
from perilune.profiler.repository import RevisionError
from perilune.profiler.revisions import WorkTree, work_tree
from perilune.profiler.sources import find_texts

_NOTHING = "There is nothing to compare with yet: run the program again, or set a baseline."


class NoBaseline(Exception):
    """A run to compare with cannot be had; the message says why."""


@server.command(BASELINE_COMMAND)
async def baseline(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Compares a file's program with a run from now on."""
    target = read(BaselineArguments.from_json, values)
    path = real_path(target.uri)
    if path is None:
        raise JsonRpcInvalidParams("a baseline is of a file, and this document is none")
    await ls.recall(path)
    job = ls.results.job(path)
    program = path if job is None else job.path
    try:
        if target.source == "last":
            reference = Reference.of(ls.results.of_run(path), "the baseline", ls.baselines.output_of(program))
            if reference is None:
                raise NoBaseline("There are no figures yet that could be the baseline: run the program first.")
        elif target.source == "profile":
            reference = await asyncio.to_thread(_saved, path_of(target.path or "") or target.path or "", program)
        else:
            reference = await _of_revision(ls, target.uri, target.revision or "")
    except NoBaseline as error:
        ls.editor.show_error(str(error))
        return {"status": "failed", "message": str(error)}
    await asyncio.to_thread(ls.baselines.choose, program, reference)
    message = await _compare_anew(ls, path, program)
    return {"status": "set", "message": message or f"Runs are compared with {reference.name} from now on."}


@server.command(CLEAR_BASELINE_COMMAND)
async def clear_baseline(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Compares a file's program with the run before again."""
    path = real_path(read(file_from_json, values)) or ""
    job = ls.results.job(path)
    program = path if job is None else job.path
    await asyncio.to_thread(ls.baselines.clear, program)
    return {"status": "cleared", "message": await _compare_anew(ls, path, program)}


@server.command(COMPARE_COMMAND)
async def compare_runs(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """What changed since the run that a file's figures are compared with."""
    path = real_path(read(file_from_json, values)) or ""
    await ls.recall(path)
    job = ls.results.job(path)
    program = path if job is None else job.path
    now = ls.results.of_run(path)

    def find() -> dict[str, Any]:
        reference = ls.baselines.reference(program, "last")
        comparison = None if reference is None else comparison_with(reference, now)
        if reference is None or comparison is None:
            return {"message": _NOTHING, "totals": {}, "lines": [], "functions": []}
        output = ls.baselines.output_of(program)
        same = None if output is None or reference.output is None else output == reference.output
        by_path = {measurement.file.path: uri_of(path) for path, measurement in now.items()}
        value = comparison.to_json()
        return {
            "message": f"since {reference.name}: {summary(comparison, same)}",
            "totals": value["totals"],
            "lines": _lines(comparison, reference.name, by_path),
            "functions": [_function(row, by_path) for row in value["functions"] if row["b"] is not None],
            "notes": value["notes"],
        }

    return await asyncio.to_thread(find)


def _lines(comparison: Comparison, since: str, by_path: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "uri": uri,
            "line": line - 1,
            "text": change.ratio_text,
            "story": change.markdown,
            "instructions": change.instructions,
            "self_ns": change.self_ns,
            "allocated_bytes": change.allocated_bytes,
        }
        for path, uri in by_path.items()
        for line, change in largest_first(line_changes(comparison, path, since).items())
        if change.is_change
    ]


def _function(row: dict[str, Any], by_path: dict[str, str]) -> dict[str, Any]:
    place = row.pop("b")
    return {"name": place["name"], "uri": by_path.get(place["path"]), "line": place["line"] - 1, **row}


async def _compare_anew(ls: PeriluneServer, path: str, program: str) -> str:
    """Shows the figures that are there beside what they are compared with now."""
    figures = ls.results.of_run(path)
    job = ls.results.job(program)

    def find() -> tuple[dict[str, Any], str]:
        reference = ls.baselines.reference(program, ls.settings.compared_with)
        if reference is None:
            return {}, ""
        return with_changes(figures, reference, ls.baselines.output_of(program))

    changed, message = await asyncio.to_thread(find)
    if job is not None and changed:
        ls.results.add(job, changed.items())
    ls.editor.refresh_hints()
    return message


def _saved(path: str, program: str) -> Reference:
    """A saved profile with the texts that it measured, as far as they can be had."""
    try:
        profile = read_saved(path)
    except UnreadableProfile as error:
        raise NoBaseline(str(error)) from error
    found, _ = saved_texts(profile, [os.path.dirname(program), os.path.dirname(path)])
    return Reference(profile, {name: text.content for name, text in found.items()}, os.path.basename(path))


async def _of_revision(ls: PeriluneServer, uri: str, revision: str) -> Reference:
    """Runs the files of a revision as the program last ran. Raises NoBaseline."""
    job = await job_for(ls, uri)
    if job is None:
        raise NoBaseline("It is not known how to run this file.")
    if not ls.trusted:
        raise NoBaseline("The workspace is not trusted: files of a revision are not run.")
    tree = work_tree(job.path, revision)
    try:
        opened = await asyncio.to_thread(tree.__enter__)
    except RevisionError as error:
        raise NoBaseline(f"{error}.") from error
    try:
        there = await asyncio.to_thread(_moved, job, opened)
        outcome = await ls.profiling.measure(
            there, ls.settings, f"Profiling {os.path.basename(job.path)} of {revision}"
        )
        if outcome.ending is not Ending.FINISHED or outcome.profile is None:
            reason = outcome.error or f"it {outcome.ending.value}"
            raise NoBaseline(f"{os.path.basename(job.path)} of {revision} did not run to its end: {reason}.")
        texts, _ = await asyncio.to_thread(find_texts, outcome.profile, [there.directory])
        return Reference(outcome.profile, texts, f"{revision} ({opened.commit})", digest(outcome.output))
    finally:
        await asyncio.to_thread(tree.__exit__, None, None, None)


def _moved(job: Job, tree: WorkTree) -> Job:
    """The job with a revision's files in place of the user's."""
    return replace(
        job,
        path=tree.path(job.path),
        directory=tree.directory(job.directory),
        arguments=tuple(tree.argument(word, job.directory) for word in job.arguments),
        preload=tuple(tree.path(path) for path in job.preload),
        input=None if job.input is None else tree.path(job.input),
        lua_path=None if job.lua_path is None else tree.search_path(job.lua_path),
    )
