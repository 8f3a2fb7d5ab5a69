"""The commands that give a whole profile away, or take one in: call tree, export, report, load."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from perilune.lsp.baselines import comparison_with
from perilune.lsp.changes import summary
from perilune.lsp.commands import only_object, unexpected, uri_in
from perilune.lsp.features.call_tree import plain_tree
from perilune.lsp.handlers.reading import read
from perilune.lsp.measurement import Measurement
from perilune.lsp.profiling import hottest_line
from perilune.lsp.protocol import path_of, uri_of
from perilune.lsp.saved_run import SavedRun, UnreadableProfile, not_understood, open_saved
from perilune.lsp.session import PeriluneServer, real_path, server
from perilune.lsp.whole_file import write_whole
from perilune.profiler.exporters import EXPORTERS, ProfileExportError
from perilune.profiler.model import Profile
from perilune.profiler.sources import Sources, split_lines

CALL_TREE_COMMAND = "perilune.server.callTree"
EXPORT_COMMAND = "perilune.server.export"
REPORT_COMMAND = "perilune.server.report"
LOAD_COMMAND = "perilune.server.load"

FORMATS = ("json", "html", *EXPORTERS)
_NO_FIGURES = "There are no figures yet: run the program first."


def _fields(values: Sequence[Any], names: str) -> Mapping[str, Any]:
    return only_object(values, names) if values else {}


def _optional_uri(fields: Mapping[str, Any]) -> str | None:
    return None if fields.get("uri") is None else uri_in(fields)


def _path(fields: Mapping[str, Any]) -> str:
    """The path of a file, given as such or as a URI."""
    path = fields.get("path")
    if not isinstance(path, str) or not path:
        raise unexpected("path", "the path of a file", path)
    return path_of(path) or path if "://" in path else path


def _format_and_path(values: Sequence[Any]) -> tuple[str | None, str, str]:
    fields = only_object(values, "{uri?, format, path}")
    chosen = fields.get("format")
    if chosen not in FORMATS:
        raise unexpected("format", f"one of {', '.join(FORMATS)}", chosen)
    return _optional_uri(fields), str(chosen), _path(fields)


def _uri_and_path(values: Sequence[Any]) -> tuple[str | None, str | None]:
    fields = _fields(values, "{uri?, path?}")
    return _optional_uri(fields), None if fields.get("path") is None else _path(fields)


async def _figures(ls: PeriluneServer, uri: str | None) -> dict[str, Measurement]:
    """What the run behind a file's figures measured, or the last run."""
    if uri is None:
        return ls.results.of_run()
    path = real_path(uri) or ""
    await ls.recall(path)
    return ls.results.of_run(path)


def _profile_of(figures: Mapping[str, Measurement]) -> tuple[Profile, Sources] | None:
    if not figures:
        return None
    sources = {measurement.file.path: split_lines(measurement.document.data) for measurement in figures.values()}
    return next(iter(figures.values())).profile, sources


@server.command(CALL_TREE_COMMAND)
async def call_tree(ls: PeriluneServer, *values: Any) -> dict[str, Any] | None:
    """The sampled calls of a run, for flame graphs; null where no stacks were sampled."""
    figures = await _figures(ls, read(lambda given: _optional_uri(_fields(given, "{uri?}")), values))
    found = _profile_of(figures)
    if found is None or found[0].call_tree is None:
        return None
    uris = {measurement.file.path: uri_of(path) for path, measurement in figures.items()}
    return await asyncio.to_thread(plain_tree, found[0].call_tree, uris)


@server.command(EXPORT_COMMAND)
async def export(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Writes a run's profile for another tool."""
    uri, chosen, path = read(_format_and_path, values)
    found = _profile_of(await _figures(ls, uri))
    if found is None:
        return {"status": "failed", "message": _NO_FIGURES}
    try:
        await asyncio.to_thread(lambda: write_whole(path, _content(chosen, *found)))
    except ProfileExportError as error:
        return {"status": "failed", "message": f"{error}."}
    except OSError as error:
        return {"status": "failed", "message": f"{path} cannot be written: {error.strerror}."}
    return {"status": "written", "message": f"Wrote {path}.", "path": path}


def _content(chosen: str, profile: Profile, sources: Sources) -> bytes:
    # Imported for what is asked for: the server starts without them.
    if chosen == "html":
        from perilune.profiler.renderers.html import render

        return render(profile, sources).encode("utf-8", "replace")
    if chosen == "json":
        from perilune.profiler.renderers.json import render as render_json

        return render_json(profile).encode()
    return EXPORTERS[chosen].export(profile, sources)


def _report(ls: PeriluneServer, figures: Mapping[str, Measurement], profile: Profile, sources: Sources) -> bytes:
    """The HTML report of a run, with what changed since the run that its figures are compared with."""
    from perilune.profiler.renderers.html import render
    from perilune.profiler.renderers.html_changes import Changes

    job = ls.results.job(next(iter(figures)))
    reference = None if job is None else ls.baselines.reference(job.path, ls.settings.compared_with)
    comparison = None if reference is None else comparison_with(reference, figures)
    changes = None
    if job is not None and reference is not None and comparison is not None:
        output = ls.baselines.output_of(job.path)
        same = None if output is None or reference.output is None else output == reference.output
        changes = Changes(comparison, reference.name, summary(comparison, same), reference.sources)
    return render(profile, sources, changes).encode("utf-8", "replace")


@server.command(REPORT_COMMAND)
async def report(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """The HTML report of a run, with what changed since the one before: written to a file, or as the answer."""
    uri, path = read(_uri_and_path, values)
    figures = await _figures(ls, uri)
    found = _profile_of(figures)
    if found is None:
        return {"status": "failed", "message": _NO_FIGURES}
    content = await asyncio.to_thread(_report, ls, figures, *found)
    if path is None:
        return {"status": "made", "message": "", "html": content.decode()}
    try:
        await asyncio.to_thread(write_whole, path, content)
    except OSError as error:
        return {"status": "failed", "message": f"{path} cannot be written: {error.strerror}."}
    return {"status": "written", "message": f"Wrote {path}.", "path": path}


@server.command(LOAD_COMMAND)
async def load(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Shows the figures of a saved profile in the sources that it measured."""
    path = read(lambda given: _path(only_object(given, "{path}")), values)
    folders = [real_path(folder.uri) or "" for folder in ls.workspace.folders.values()]
    try:
        path_map = dict(ls.settings.path_map)
        run = await asyncio.to_thread(open_saved, path, [folder for folder in folders if folder], path_map)
    except UnreadableProfile as error:
        ls.editor.show_error(str(error))
        return {"status": "failed", "message": str(error)}
    return {"status": "loaded", **await show_saved(ls, run)}


async def show_saved(ls: PeriluneServer, run: SavedRun) -> dict[str, Any]:
    """Shows the figures of a run that was read; what is told of it, and where it was hottest."""
    strange = await asyncio.to_thread(not_understood, run)
    ls.results.add(run.job, run.measurements.items())
    ls.editor.refresh_hints()
    lost = "".join(
        f" {name} {'has changed since' if why == 'changed' else 'is gone'}." for name, why in run.missing.items()
    )
    origin = "" if run.profile.origin is None else f" ({run.profile.origin.text})"
    files = f"{len(run.measurements)} file{'s' * (len(run.measurements) != 1)}"
    message = f"Figures of {run.profile.program.path}{origin} in {files}.{lost}{strange}"
    ls.editor.log(message)
    hottest = await ls.announcer.place(*found) if (found := hottest_line(run.measurements)) else None
    return {"message": message, "hottest": hottest}
