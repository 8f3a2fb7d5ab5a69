"""Why a budget is exceeded: the lines that grew since an earlier run, or else those that cost most."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from perilune.lsp.changes import LineChange
from perilune.lsp.features.budgets import MAIN, Subject, name_of, results
from perilune.lsp.features.figures import full_count
from perilune.lsp.measurement import View
from perilune.profiler.budgets import Result
from perilune.profiler.model import FunctionRow, LineRow
from perilune.profiler.renderers.budgets import excess_text
from perilune.profiler.renderers.figures import bytes_text

_MOST_LINES = 5
_SHOWN = 3
_OF_LINES = ("instructions", "allocations", "allocated_bytes", "peak_bytes")
_CALL = re.compile(r"[A-Za-z_]\w*$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cause:
    """A line, from 1 as the text has it now, and its part of a figure; `grown` is how much more than before, if known."""

    uri: str
    line: int
    text: str
    figure: str
    amount: int
    grown: int | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """What there is to say about the budgets of a subject."""

    message: str
    results: tuple[Result, ...]
    causes: tuple[Cause, ...]


def explain(subject: Subject, uri: str, view: View, views: Mapping[str, View], since: str | None) -> Story:
    """Why a subject of a document costs what it costs. `views` are of all files of the run, by URI.

    `since` names the run that lines are compared with; None if there is none.
    """
    found = results(subject, view)
    exceeded = [result for result in found if result.over]
    name = name_of(subject, view)
    figures = [result.budget.figure for result in exceeded or found] or ["instructions"]
    if exceeded:
        said = f"{name} is over budget: {', '.join(map(excess_text, exceeded))}"
    else:
        said = f"{name} keeps its budget" if found else f"{name} has no budget"
    of_run = {uri: view} if subject.line is not None else views
    causes: list[Cause] = []
    sentences = [said]
    for figure in dict.fromkeys(figures):
        of_figure = _causes(subject, figure, uri, of_run, view)
        grown = [cause for cause in of_figure if (cause.grown or 0) > 0]
        if since is not None and grown:
            of_figure = sorted(grown, key=lambda cause: -(cause.grown or 0))
        sentences += _sentence(figure, of_figure[:_SHOWN], since if grown else None)
        causes += of_figure[:_MOST_LINES]
    if subject.is_stale:
        sentences.append("it was edited since it was measured")
    return Story(". ".join(sentences) + ".", tuple(found), tuple(causes))


def _causes(subject: Subject, figure: str, uri: str, views: Mapping[str, View], view: View) -> list[Cause]:
    """The lines that a figure is made of, those that have most of it first."""
    if figure == "calls":
        found = list(_calling(subject, uri, view))
    elif figure in _OF_LINES:
        found = [cause for name, each in views.items() for cause in _lines(subject.row, figure, name, each)]
    else:
        found = []
    return sorted(found, key=lambda cause: (-cause.amount, cause.uri, cause.line))


def _lines(function: FunctionRow | None, figure: str, uri: str, view: View) -> Iterator[Cause]:
    """The lines of a function, without those of functions inside of it, or of the whole file."""
    now = {origin.line: line for line, origin in view.origins.items()}
    inner = [] if function is None else _inside(function, view)
    for row in view.measurement.file.lines:
        if row.line not in now or (function is not None and not function.line <= row.line <= function.end_line):
            continue
        if any(each.line <= row.line <= each.end_line for each in inner):
            continue
        amount = _amount(row, figure)
        if amount:
            change = (view.measurement.changes or {}).get(row.line)
            yield _cause(uri, view, now[row.line], figure, amount, _grown(change, figure))


def _inside(function: FunctionRow, view: View) -> list[FunctionRow]:
    return [
        row
        for row in view.measurement.file.functions
        if row.name != MAIN and function.line < row.line and row.end_line <= function.end_line
    ]


def _amount(row: LineRow, figure: str) -> int:
    if figure == "peak_bytes":
        return row.peak_live_bytes or 0
    return int(getattr(row, figure))


def _grown(change: LineChange | None, figure: str) -> int | None:
    if change is None:
        return None
    return {"instructions": change.instructions, "allocated_bytes": change.allocated_bytes}.get(figure)


def _calling(subject: Subject, uri: str, view: View) -> Iterator[Cause]:
    """The lines of the file that call something of the function's name, with how often they ran."""
    name = _CALL.search(subject.row.name) if subject.row is not None else None
    if name is None or subject.row is None:
        return
    named = re.compile(rf"\b{name[0]}\b", re.ASCII)
    now = {origin.line: line for line, origin in view.origins.items()}
    for row in view.measurement.file.lines:
        calls = max((each.count for each in row.opcodes if "CALL" in each.name), default=0)
        if calls and row.line in now and named.search(view.measurement.document.lines[row.line - 1]):
            yield _cause(uri, view, now[row.line], "calls", calls)


def _cause(uri: str, view: View, line: int, figure: str, amount: int, grown: int | None = None) -> Cause:
    text = view.document.lines[line - 1].strip().encode("latin-1").decode("utf-8", "replace")
    return Cause(uri, line, text, figure, amount, grown)


def _sentence(figure: str, causes: list[Cause], since: str | None) -> list[str]:
    if not causes:
        return []
    files = len({cause.uri for cause in causes}) > 1
    places = [f"{_file_name(cause.uri)}:{cause.line}" if files else f"line {cause.line}" for cause in causes]
    if since is not None:
        amounts = [f"+{_shown(figure, cause.grown or 0)}" for cause in causes]
        heading = f"Since {since} grew in {figure}"
    else:
        amounts = [_shown(figure, cause.amount) for cause in causes]
        heading = "Called by" if figure == "calls" else f"Most {figure}"
    return [f"{heading}: {', '.join(f'{place} ({amount})' for place, amount in zip(places, amounts, strict=True))}"]


def _shown(figure: str, amount: int) -> str:
    if figure == "calls":
        return f"{full_count(amount)} calls"
    return bytes_text(amount) if figure.endswith("_bytes") else full_count(amount)


def _file_name(uri: str) -> str:
    return uri.rpartition("/")[2]
