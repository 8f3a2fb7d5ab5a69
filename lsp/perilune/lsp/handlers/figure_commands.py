"""The commands that say what of the figures is shown, and those that answer with figures."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from typing import Any

from perilune.lsp.called_from import CalledFrom, called_from, in_frame
from perilune.lsp.commands import file_from_json
from perilune.lsp.display import GROWTH
from perilune.lsp.features.selection import summarize
from perilune.lsp.features.spots import (
    METRIC_OF_SORT,
    SORTS,
    bars,
    builtin_spots,
    by_heat,
    collector_spot,
    file_spots,
    function_spots,
    line_spots,
    next_hot,
    run_header,
)
from perilune.lsp.figure_arguments import (
    CALL_PATH_COMMAND,
    FILTER_COMMAND,
    HEAT_COMMAND,
    HOTSPOTS_COMMAND,
    METRIC_COMMAND,
    NEXT_HOT_COMMAND,
    PREVIOUS_HOT_COMMAND,
    SHOW_COMMAND,
    SUMMARY_COMMAND,
    TOGGLE_COMMAND,
    CallPathArguments,
    HotspotArguments,
    Place,
    Span,
    filter_from_json,
    metric_from_json,
    shown_from_json,
)
from perilune.lsp.handlers.reading import read
from perilune.lsp.measurement import View
from perilune.lsp.session import PeriluneServer, real_path, server
from perilune.profiler.paths import PathError


@server.command(METRIC_COMMAND)
def metric(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Shows another metric at the ends of lines, until the setting says otherwise."""
    ls.display.metric = read(metric_from_json, values)
    ls.editor.refresh_hints()
    figures = ls.results.of_run().values()
    message = None
    if ls.display.metric == "change" and all(measurement.changes is None for measurement in figures):
        message = "There is nothing to compare with yet: run the program again, or set a baseline."
    if ls.display.metric == GROWTH and not ls.results.knows_growth:
        message = "How the lines grow is not known yet: run the program at several sizes."
    return {"metric": ls.display.metric, "message": message}


@server.command(FILTER_COMMAND)
def choose_files(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Limits lists, and the way to the next hot line, to the workspace's files or to one file."""
    ls.display.filter = read(filter_from_json, values)
    ls.editor.refresh_hints()
    return {"filter": ls.display.filter}


@server.command(TOGGLE_COMMAND)
def toggle(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Hides all figures beside the code, or shows them again."""
    shown = read(shown_from_json, values)
    ls.display.shown = not ls.display.shown if shown is None else shown
    ls.editor.refresh_hints()
    return {"shown": ls.display.shown}


@server.command(NEXT_HOT_COMMAND)
async def next_hot_line(ls: PeriluneServer, *values: Any) -> dict[str, Any] | None:
    """The next line with a figure, in this file or, behind its last, in the next one."""
    return await _hot_line(ls, read(Place.from_json, values), 1)


@server.command(PREVIOUS_HOT_COMMAND)
async def previous_hot_line(ls: PeriluneServer, *values: Any) -> dict[str, Any] | None:
    """The line before with a figure."""
    return await _hot_line(ls, read(Place.from_json, values), -1)


async def _hot_line(ls: PeriluneServer, place: Place, step: int) -> dict[str, Any] | None:
    views = await ls.views_of_run(place.uri) or await ls.views_of_run()
    shown = by_heat(_filtered(ls, views, ls.display.filter, place.uri), ls.display.metric)
    uri = next((uri for uri in shown if _same_file(uri, place.uri)), place.uri)
    found = next_hot(shown, uri, place.line + 1, step, (ls.settings.threshold, ls.display.metric))
    return None if found is None else {"uri": found[0], "line": found[1] - 1}


def _filtered(ls: PeriluneServer, views: dict[str, View], chosen: str, uri: str | None) -> dict[str, View]:
    if chosen == "file" and uri is not None:
        return {name: view for name, view in views.items() if _same_file(name, uri)}
    return {name: view for name, view in views.items() if chosen != "workspace" or ls.is_in_workspace(name)}


def _same_file(one: str, other: str) -> bool:
    path = real_path(one)
    return one == other or (path is not None and path == real_path(other))


@server.command(CALL_PATH_COMMAND)
async def call_path(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Limits what is shown of a run to what ran below a call, or shows the whole run again."""
    asked = read(CallPathArguments.from_json, values)
    if asked.position is None and not asked.frames:
        ls.results.called_from = None
        ls.editor.refresh_hints()
        return {"status": "cleared", "message": "Figures are of the whole run."}
    try:
        found = await _frame(ls, asked) if asked.frames else await _call(ls, asked)
    except PathError as error:
        return {"status": "failed", "message": f"There are no figures as called from here: {error}."}
    if found is None:
        return {"status": "failed", "message": "There are no figures of this file yet: run the program first."}
    ls.results.called_from = found
    ls.editor.refresh_hints()
    call = found.call
    return {
        "status": "limited",
        "message": found.message,
        "label": call.label,
        "share": call.share,
        "error": call.error,
        "samples": call.samples,
    }


async def _call(ls: PeriluneServer, asked: CallPathArguments) -> CalledFrom | None:
    """The figures as called from a call; None where there are none of its file."""
    uri = asked.uri or ""
    path = real_path(uri) or uri
    shown = next((v for name, v in (await ls.views_of_run(uri)).items() if _same_file(name, uri)), None)
    measurement = ls.results.measurement(path)
    if shown is None or measurement is None or asked.position is None:
        return None
    view = View(measurement, shown.document)
    offset = ls.editor.positions(view.document).offset_at(*asked.position)
    return await asyncio.to_thread(called_from, ls.results.of_run(path), view, offset, asked.callee)


async def _frame(ls: PeriluneServer, asked: CallPathArguments) -> CalledFrom | None:
    """The figures in a frame of the flame graph of a file's run, or of the last one; None where there are none."""
    path = None if asked.uri is None else real_path(asked.uri) or asked.uri
    if path is not None:
        await ls.recall(path)
    figures = ls.results.of_run() if path is None else ls.results.of_run(path)
    return await asyncio.to_thread(in_frame, figures, asked.frames) if figures else None


@server.command(HOTSPOTS_COMMAND)
async def hotspots(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """What cost most: files, functions, lines, library functions and the collector, and what ran."""
    asked = read(HotspotArguments.from_json, values)
    views = await ls.views_of_run(asked.uri) or await ls.views_of_run()
    sort = asked.sort or next((s for s, metric in METRIC_OF_SORT.items() if metric == ls.display.metric), SORTS[0])
    chosen = asked.filter or ls.display.filter
    shown = _filtered(ls, views, chosen, asked.uri)
    profile = next((view.measurement.profile for view in views.values()), None)
    if profile is None:
        return {"run": None, "files": [], "functions": [], "lines": [], "builtins": [], "collector": None}
    header = run_header(views) or {}
    main = next((uri for uri in views if _is_program(uri, profile.program.path)), None)
    return {
        "run": {**header, "uri": main, "sort": sort, "filter": chosen},
        "files": file_spots(shown, sort)[: asked.limit],
        "functions": function_spots(shown, sort, asked.limit),
        "lines": line_spots(shown, sort, asked.limit),
        "builtins": builtin_spots(profile, sort, asked.limit),
        "collector": collector_spot(shown, profile, asked.limit),
    }


def _is_program(uri: str, path: str) -> bool:
    found = real_path(uri)
    return found is not None and (found == path or found.endswith(os.sep + path))


@server.command(HEAT_COMMAND)
async def heat(ls: PeriluneServer, *values: Any) -> list[dict[str, Any]]:
    """Every line that has a hint, with its share: for editors that draw bars."""
    uri = read(file_from_json, values)
    view = await ls.view(uri)
    if view is None or not ls.shows(uri):
        return []
    return [
        {"line": bar.line - 1, "share": bar.cost.share, "error": bar.cost.error, "label": bar.label, "stale": bar.stale}
        for bar in bars(view, ls.settings.threshold, ls.display.metric, ls.settings.hint_length)
    ]


@server.command(SUMMARY_COMMAND)
async def summary(ls: PeriluneServer, *values: Any) -> dict[str, Any] | None:
    """What a selection cost together; null if nothing in it was measured."""
    span = read(Span.from_json, values)
    view = await ls.view(span.uri)
    if view is None:
        return None
    positions = ls.editor.positions(view.document)
    first, last = (view.document.line_at(positions.offset_at(*end)) for end in (span.start, span.end))
    if last > first and span.end[1] == 0:
        last -= 1  # a selection of whole lines ends before the next one
    found = summarize(view, first, last)
    return None if found is None else asdict(found)


@server.command(SHOW_COMMAND)
async def show(ls: PeriluneServer, *values: Any) -> dict[str, Any]:
    """Goes to a line, where the editor can be asked to."""
    place = read(Place.from_json, values)
    views = await ls.views_of_run(place.uri)
    view = next((view for uri, view in views.items() if _same_file(uri, place.uri)), None)
    document = ls.documents.get(place.uri) or (view.document if view is not None else None)
    is_shown = False
    if document is not None and place.line < len(document.lines):
        is_shown = await ls.editor.show_place(place.uri, document, document.line_start(place.line + 1))
    return {"uri": place.uri, "line": place.line, "shown": is_shown}
