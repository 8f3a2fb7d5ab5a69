"""What the figures of a run show in an open document."""

from __future__ import annotations

import asyncio

from lsprotocol import types

from perilune.lsp.document import Document
from perilune.lsp.features.diagnostics import Problem
from perilune.lsp.features.hot_problems import hot_problems
from perilune.lsp.features.hover import explain_at, summarize_line
from perilune.lsp.features.inlay_hints import hints
from perilune.lsp.features.symbol_hover import joined
from perilune.lsp.handlers.language import symbol_at
from perilune.lsp.protocol import hint_origin, to_hover, to_inlay_hint, to_markup
from perilune.lsp.session import PeriluneServer, server


@server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
async def inlay_hints(ls: PeriluneServer, params: types.InlayHintParams) -> list[types.InlayHint]:
    uri = params.text_document.uri
    view = await ls.view(uri)
    if view is None or not ls.settings.hints or not ls.shows(uri):
        return []
    positions = ls.editor.positions(view.document)
    first, last = (view.document.line_at(positions.offset(end)) for end in (params.range.start, params.range.end))
    found = hints(view, first, last, ls.settings.threshold, ls.display.metric, ls.settings.hint_length)
    return [to_inlay_hint(hint, positions, uri) for hint in found]


@server.feature(types.INLAY_HINT_RESOLVE)
async def inlay_hint_resolve(ls: PeriluneServer, params: types.InlayHint) -> types.InlayHint:
    origin = hint_origin(params)
    view = await ls.view(origin[0]) if origin else None
    if origin is not None and view is not None:
        markdown = summarize_line(view.measurement, origin[1], origin[2])
        params.tooltip = to_markup(markdown) if markdown else None
    return params


@server.feature(types.TEXT_DOCUMENT_HOVER)
async def hover(ls: PeriluneServer, params: types.HoverParams) -> types.Hover | None:
    document = ls.documents.get(params.text_document.uri)
    if document is None:
        return None
    view = await ls.view(params.text_document.uri)
    positions = ls.editor.positions(document)
    offset = positions.offset(params.position)
    figures = explain_at(view, offset) if view is not None and view.document is document else None
    symbol = await symbol_at(document, params.text_document.uri, offset)
    explanation = joined(figures, symbol)
    return to_hover(explanation, positions) if explanation else None


_marked: set[str] = set()
"""Paths of documents whose hottest lines stand among the problems."""

_checks: set[asyncio.Task[None]] = set()


def _hottest_lines(document: Document) -> list[Problem]:
    """The hottest lines among the problems, if the user wants them there."""
    view = server.results.view(document) if server.settings.hot_diagnostics and server.display.shown else None
    found = [] if view is None else hot_problems(view, server.settings.threshold, server.display.metric)
    (_marked.add if found else _marked.discard)(document.path)
    return found


def _figures_changed() -> None:
    open_paths = {document.path for document in server.documents.values()}
    paths = open_paths if server.settings.hot_diagnostics else open_paths & _marked
    if paths:
        _checks.add(task := asyncio.get_running_loop().create_task(server.check_again(paths)))
        task.add_done_callback(_checks.discard)


server.problem_sources.append(_hottest_lines)
server.editor.figures_listeners.append(_figures_changed)
