"""The language features of open documents, as far as they are on."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from perilune.lsp.document import Document
from perilune.lsp.features.completion import Completion, Proposal, complete, of_module, requiring
from perilune.lsp.features.document_symbols import flat, outline
from perilune.lsp.features.hover import Explanation
from perilune.lsp.features.navigation import (
    ModuleMember,
    Span,
    declarations,
    definitions,
    exported,
    highlights,
    module_member,
    references,
)
from perilune.lsp.features.ranges import folds, selections
from perilune.lsp.features.rename import RenameError, Renaming, renamable, rename
from perilune.lsp.features.semantic_tokens import semantic_tokens
from perilune.lsp.features.signature_help import signature_help
from perilune.lsp.features.symbol_hover import describe, describe_occurrence
from perilune.lsp.language import Language
from perilune.lsp.protocol import uri_of
from perilune.lsp.protocol_language import (
    LEGEND,
    annotates_changes,
    nests_symbols,
    refreshes_tokens,
    to_completion_list,
    to_document_symbol,
    to_folding_range,
    to_highlight,
    to_location,
    to_selection_range,
    to_semantic_tokens,
    to_signature_help,
    to_symbol_information,
    to_workspace_edit,
    to_workspace_symbol,
)
from perilune.lsp.session import PeriluneServer, server
from perilune.lsp.syntax import Syntax
from perilune.lsp.workspace_files import matching, module_names

_MOST_SYMBOLS = 500

language = Language(server)
server.problem_sources.append(language.problems)


async def _syntax(uri: str, feature: str) -> tuple[Document, Syntax] | None:
    """An open document and its tree, if a feature is on."""
    return await language.syntax(uri) if language.allows(feature) else None


async def symbol_at(document: Document, uri: str, offset: int) -> Explanation | None:
    """What the name at an offset of an open document is, for the hover."""
    found = await _syntax(uri, "hover")
    if found is None or found[0] is not document:
        return None
    syntax = found[1]
    member = module_member(syntax, offset)
    if member is not None and member.keys and not definitions(syntax, offset):
        module = await language.module(document.path, member.module)
        places = exported(module[1], member.keys) if module is not None else []
        occurrence = syntax.occurrence_at(offset)
        if module is not None and places and occurrence is not None:
            said = describe_occurrence(module[1], places[0])
            where = f"*in `{os.path.basename(module[0].path)}`, line {module[1].source.line(places[0].start)}*"
            return Explanation(occurrence.start, occurrence.end, f"{said}\n\n{where}")
    return describe(syntax, offset)


@server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
async def document_symbol(
    ls: PeriluneServer, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | list[types.SymbolInformation] | None:
    uri = params.text_document.uri
    found = await _syntax(uri, "symbols")
    if found is None:
        return None
    document, syntax = found
    symbols, positions = await language.compute(outline, syntax), ls.editor.positions(document)
    if nests_symbols(ls.client_capabilities):
        return [to_document_symbol(symbol, positions) for symbol in symbols]
    return [to_symbol_information(symbol, container, uri, positions) for symbol, container in flat(symbols)]


@server.feature(types.WORKSPACE_SYMBOL)
async def workspace_symbol(
    ls: PeriluneServer, params: types.WorkspaceSymbolParams
) -> list[types.WorkspaceSymbol] | None:
    if not language.allows("symbols"):
        return None
    found: list[types.WorkspaceSymbol] = []
    for held in await language.workspace_symbols():
        positions, uri = ls.editor.positions(held.document), language.uri_of_path(held.document.path)
        for symbol, container in matching(held, params.query):
            found.append(to_workspace_symbol(symbol, container, uri, positions))
    query = params.query.lower()
    found.sort(key=lambda symbol: (symbol.name.lower() != query, not symbol.name.lower().startswith(query)))
    return found[:_MOST_SYMBOLS]


@server.feature(types.TEXT_DOCUMENT_DEFINITION)
async def definition(ls: PeriluneServer, params: types.DefinitionParams) -> list[types.Location] | None:
    return await _places(ls, params.text_document.uri, params.position, every=True)


@server.feature(types.TEXT_DOCUMENT_DECLARATION)
async def declaration(ls: PeriluneServer, params: types.DeclarationParams) -> list[types.Location] | None:
    return await _places(ls, params.text_document.uri, params.position, every=False)


async def _places(ls: PeriluneServer, uri: str, position: types.Position, every: bool) -> list[types.Location] | None:
    found = await _syntax(uri, "navigation")
    if found is None:
        return None
    document, syntax = found
    positions = ls.editor.positions(document)
    offset = positions.offset(position)
    member = module_member(syntax, offset)
    if member is not None and (member.keys or not definitions(syntax, offset)):
        location = await _in_module(ls, document, member)
        if location is not None:
            return [location]
    spans = definitions(syntax, offset) if every else declarations(syntax, offset)
    return [to_location(span, uri, positions) for span in spans] or None


async def _in_module(ls: PeriluneServer, document: Document, member: ModuleMember) -> types.Location | None:
    """Where a module sets a field, or else the module's beginning."""
    module = await language.module(document.path, member.module)
    if module is None:
        return None
    text, syntax = module
    places = exported(syntax, member.keys)
    if member.keys and not places:
        return None
    span = Span(places[0].start, places[0].end) if places and member.keys else Span(0, 0)
    return to_location(span, language.uri_of_path(text.path), ls.editor.positions(text))


@server.feature(types.TEXT_DOCUMENT_REFERENCES)
async def find_references(ls: PeriluneServer, params: types.ReferenceParams) -> list[types.Location] | None:
    uri = params.text_document.uri
    found = await _syntax(uri, "navigation")
    if found is None:
        return None
    document, syntax = found
    positions = ls.editor.positions(document)
    spans = references(syntax, positions.offset(params.position), params.context.include_declaration)
    return [to_location(span, uri, positions) for span in spans]


@server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
async def document_highlight(
    ls: PeriluneServer, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight] | None:
    found = await _syntax(params.text_document.uri, "navigation")
    if found is None:
        return None
    document, syntax = found
    positions = ls.editor.positions(document)
    return [to_highlight(place, positions) for place in highlights(syntax, positions.offset(params.position))]


@server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
async def prepare_rename(
    ls: PeriluneServer, params: types.PrepareRenameParams
) -> types.PrepareRenamePlaceholder | None:
    found = await _syntax(params.text_document.uri, "rename")
    if found is None:
        return None
    document, syntax = found
    positions = ls.editor.positions(document)
    try:
        span, name = renamable(syntax, positions.offset(params.position))
    except RenameError:
        return None
    return types.PrepareRenamePlaceholder(positions.range(span.start, span.end), name)


@server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
async def rename_symbol(ls: PeriluneServer, params: types.RenameParams) -> types.WorkspaceEdit | None:
    uri = params.text_document.uri
    found = await _syntax(uri, "rename")
    if found is None:
        return None
    document, syntax = found
    positions = ls.editor.positions(document)
    try:
        renaming: Renaming = await language.compute(rename, syntax, positions.offset(params.position), params.new_name)
    except RenameError as error:
        raise JsonRpcInvalidParams(str(error)) from error
    annotated = annotates_changes(ls.client_capabilities)
    if renaming.warning is not None and not annotated:
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Warning, renaming.warning))
    return to_workspace_edit(renaming, params.new_name, uri, document.version, positions, annotated)


@server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[".", ":", '"', "'"]))
async def completion(ls: PeriluneServer, params: types.CompletionParams) -> types.CompletionList | None:
    uri = params.text_document.uri
    if not language.allows("completion"):
        return None
    found = await language.latest_syntax(uri)
    document = ls.documents.get(uri)
    if found is None or document is None:
        return None
    positions = ls.editor.positions(document)
    offset = positions.offset(params.position)
    text = document.source.text
    module = requiring(text, offset)
    if module is not None:
        names = await language.compute(module_names, document.path, language.folders(), module[1])
        proposals = [Proposal(name, "module") for name in names]
        return to_completion_list(Completion(module[0], proposals), positions, offset)
    proposed = complete(found, text, offset)
    return to_completion_list(await _with_module(document, found, proposed, text), positions, offset)


async def _with_module(document: Document, syntax: Syntax, proposed: Completion, text: str) -> Completion:
    """Puts the fields of the module before the dot, if there is one, before all else."""
    before = text[max(0, proposed.start - 200) : proposed.start].rstrip()
    if before[-1:] not in (".", ":"):
        return proposed
    member = module_member(syntax, proposed.start - 1 - (len(before) - len(before[:-1].rstrip())))
    if member is None:
        member = language.receiver_module(syntax, text, proposed.start)
    module = await language.module(document.path, member.module) if member is not None else None
    if member is None or module is None:
        return proposed
    fields = {field.name: field for field in of_module(module[1], member.keys, before[-1] == ":")}
    others = [proposal for proposal in proposed.proposals if proposal.name not in fields]
    return Completion(proposed.start, [*fields.values(), *others])


@server.feature(types.TEXT_DOCUMENT_SIGNATURE_HELP, types.SignatureHelpOptions(trigger_characters=["(", ","]))
async def signature(ls: PeriluneServer, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    uri = params.text_document.uri
    if not language.allows("signatureHelp"):
        return None
    found = await language.latest_syntax(uri)
    document = ls.documents.get(uri)
    if found is None or document is None:
        return None
    offset = ls.editor.positions(document).offset(params.position)
    help = signature_help(found, document.source.text, offset)
    return to_signature_help(help) if help is not None else None


@server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND)
async def semantic_tokens_full(ls: PeriluneServer, params: types.SemanticTokensParams) -> types.SemanticTokens | None:
    found = await _syntax(params.text_document.uri, "semanticTokens")
    if found is None:
        return None
    document, syntax = found
    return await language.compute(lambda: to_semantic_tokens(semantic_tokens(syntax), ls.editor.positions(document)))


@server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, LEGEND)
async def semantic_tokens_range(
    ls: PeriluneServer, params: types.SemanticTokensRangeParams
) -> types.SemanticTokens | None:
    found = await _syntax(params.text_document.uri, "semanticTokens")
    if found is None:
        return None
    document, syntax = found
    positions = ls.editor.positions(document)
    start, end = positions.offset(params.range.start), positions.offset(params.range.end)
    return to_semantic_tokens(semantic_tokens(syntax, start, end), positions)


@server.feature(types.TEXT_DOCUMENT_FOLDING_RANGE)
async def folding_range(ls: PeriluneServer, params: types.FoldingRangeParams) -> list[types.FoldingRange] | None:
    found = await _syntax(params.text_document.uri, "folding")
    if found is None:
        return None
    return [to_folding_range(fold) for fold in await language.compute(folds, found[1])]


@server.feature(types.TEXT_DOCUMENT_SELECTION_RANGE)
async def selection_range(ls: PeriluneServer, params: types.SelectionRangeParams) -> list[types.SelectionRange] | None:
    found = await _syntax(params.text_document.uri, "selection")
    if found is None:
        return None
    document, syntax = found
    positions = ls.editor.positions(document)
    offsets = [min(positions.offset(position), len(syntax.text)) for position in params.positions]
    return [to_selection_range(selections(syntax, offset), positions) for offset in offsets]


@server.feature(types.TEXT_DOCUMENT_DOCUMENT_LINK)
async def document_link(ls: PeriluneServer, params: types.DocumentLinkParams) -> list[types.DocumentLink] | None:
    found = await _syntax(params.text_document.uri, "links")
    if found is None:
        return None
    document, syntax = found
    positions = ls.editor.positions(document)
    links: list[types.DocumentLink] = []
    for text, name in syntax.names.requires:
        path = await language.compute(language.module_path, document.path, name)
        if path is not None:
            span = positions.range(text.start + 1, text.end - 1)
            links.append(types.DocumentLink(span, target=uri_of(path), tooltip=f"Open {path}"))
    return links


def reconfigured(options: Any) -> None:
    """Takes in what the client said at the beginning, or when its settings changed."""
    language.reconfigured(options)
    if refreshes_tokens(server.client_capabilities):
        server.workspace_semantic_tokens_refresh(None)
    asyncio.get_running_loop().create_task(server.check_again(d.path for d in [*server.documents.values()]))
