"""Between the language features and the protocol: symbols, places, edits, proposals, tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lsprotocol import types

from perilune.lsp.features.completion import Completion, Proposal
from perilune.lsp.features.document_symbols import OutlineSymbol
from perilune.lsp.features.navigation import Highlight, Span
from perilune.lsp.features.ranges import Fold
from perilune.lsp.features.rename import Renaming
from perilune.lsp.features.semantic_tokens import Token
from perilune.lsp.features.signature_help import SignatureHelp
from perilune.lsp.protocol import Positions, to_markup

_SYMBOL_KINDS = {
    "function": types.SymbolKind.Function,
    "method": types.SymbolKind.Method,
    "variable": types.SymbolKind.Variable,
    "constant": types.SymbolKind.Constant,
    "field": types.SymbolKind.Field,
    "table": types.SymbolKind.Object,
}
_COMPLETION_KINDS = {
    "local": types.CompletionItemKind.Variable,
    "upvalue": types.CompletionItemKind.Variable,
    "parameter": types.CompletionItemKind.Variable,
    "global": types.CompletionItemKind.Variable,
    "field": types.CompletionItemKind.Field,
    "method": types.CompletionItemKind.Method,
    "function": types.CompletionItemKind.Function,
    "keyword": types.CompletionItemKind.Keyword,
    "constant": types.CompletionItemKind.Constant,
    "library": types.CompletionItemKind.Module,
    "module": types.CompletionItemKind.Module,
    "label": types.CompletionItemKind.Reference,
}
_FOLD_KINDS = {
    "comment": types.FoldingRangeKind.Comment,
    "imports": types.FoldingRangeKind.Imports,
    "region": types.FoldingRangeKind.Region,
}
_ANNOTATION = "perilune.rename"

TOKEN_TYPES = ["variable", "parameter", "property", "function", "method", "label", "namespace", "modifier"]
TOKEN_MODIFIERS = ["declaration", "readonly", "modification", "defaultLibrary", "upvalue", "global"]
LEGEND = types.SemanticTokensLegend(TOKEN_TYPES, TOKEN_MODIFIERS)


def to_document_symbol(symbol: OutlineSymbol, positions: Positions) -> types.DocumentSymbol:
    """A symbol of an outline with those inside it."""
    return types.DocumentSymbol(
        name=symbol.name,
        detail=symbol.detail or None,
        kind=_SYMBOL_KINDS[symbol.kind],
        range=positions.range(symbol.start, symbol.end),
        selection_range=positions.range(symbol.name_start, symbol.name_end),
        children=[to_document_symbol(child, positions) for child in symbol.children],
    )


def to_symbol_information(
    symbol: OutlineSymbol, container: str, uri: str, positions: Positions
) -> types.SymbolInformation:
    """A symbol of an outline by itself, as older clients take it."""
    location = types.Location(uri, positions.range(symbol.start, symbol.end))
    return types.SymbolInformation(location, symbol.name, _SYMBOL_KINDS[symbol.kind], container_name=container or None)


def to_workspace_symbol(symbol: OutlineSymbol, container: str, uri: str, positions: Positions) -> types.WorkspaceSymbol:
    """A symbol of some file."""
    location = types.Location(uri, positions.range(symbol.name_start, symbol.name_end))
    return types.WorkspaceSymbol(location, symbol.name, _SYMBOL_KINDS[symbol.kind], container_name=container or None)


def to_location(span: Span, uri: str, positions: Positions) -> types.Location:
    """A place in a file."""
    return types.Location(uri, positions.range(span.start, span.end))


def to_highlight(highlight: Highlight, positions: Positions) -> types.DocumentHighlight:
    """A use of a name."""
    kind = types.DocumentHighlightKind.Write if highlight.writes else types.DocumentHighlightKind.Read
    return types.DocumentHighlight(positions.range(highlight.start, highlight.end), kind)


def to_workspace_edit(
    renaming: Renaming, name: str, uri: str, version: int | None, positions: Positions, annotated: bool
) -> types.WorkspaceEdit:
    """The changes of a renaming. Where the client can ask its user, it asks about what the warning is about."""
    if renaming.warning is None or not annotated:
        edits = [types.TextEdit(positions.range(span.start, span.end), name) for span in renaming.places]
        return types.WorkspaceEdit(changes={uri: edits})
    annotated_edits: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = [
        types.AnnotatedTextEdit(_ANNOTATION, positions.range(span.start, span.end), name)
        for span in sorted((*renaming.places, *renaming.doubtful), key=lambda span: span.start)
    ]
    document = types.OptionalVersionedTextDocumentIdentifier(uri, version)
    return types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(document, annotated_edits)],
        change_annotations={
            _ANNOTATION: types.ChangeAnnotation(
                label="Names that cannot all be seen", needs_confirmation=True, description=renaming.warning
            )
        },
    )


def to_completion_list(completion: Completion, positions: Positions, offset: int) -> types.CompletionList:
    """What can be written, as edits of the word at the cursor."""
    span = positions.range(completion.start, offset)
    # The list is whole: the client filters it while the word grows.
    return types.CompletionList(False, [_to_item(proposal, span) for proposal in completion.proposals])


def _to_item(proposal: Proposal, span: types.Range) -> types.CompletionItem:
    return types.CompletionItem(
        label=proposal.name,
        kind=_COMPLETION_KINDS.get(proposal.kind, types.CompletionItemKind.Text),
        detail=proposal.detail or None,
        documentation=to_markup(proposal.documentation) if proposal.documentation else None,
        sort_text=f"{proposal.order}{proposal.name}",
        # A name stands for the word at the cursor in every client; a module may be more than a word.
        text_edit=types.TextEdit(span, proposal.name) if proposal.kind == "module" else None,
    )


def to_signature_help(help: SignatureHelp) -> types.SignatureHelp:
    """A signature; its parameters are parts of its label."""
    signature = help.signature
    parameters = [types.ParameterInformation(parameter) for parameter in signature.parameters]
    shown = types.SignatureInformation(
        label=signature.label,
        documentation=to_markup(signature.documentation) if signature.documentation else None,
        parameters=parameters,
    )
    return types.SignatureHelp([shown], 0, help.active)


def to_semantic_tokens(tokens: Iterable[Token], positions: Positions) -> types.SemanticTokens:
    """Tokens as the protocol packs them: five numbers each, places relative to the one before."""
    type_numbers = {name: number for number, name in enumerate(TOKEN_TYPES)}
    bits = {name: 1 << number for number, name in enumerate(TOKEN_MODIFIERS)}
    data: list[int] = []
    line = character = 0
    for token in tokens:
        start = positions.position(token.start)
        length = token.end - token.start  # names are ASCII
        same_line = start.line == line
        data += (start.line - line, start.character - (character if same_line else 0), length)
        data += (type_numbers[token.type], sum(bits[name] for name in token.modifiers))
        line, character = start.line, start.character
    return types.SemanticTokens(data)


def to_folding_range(fold: Fold) -> types.FoldingRange:
    """Lines that fold."""
    return types.FoldingRange(fold.first - 1, fold.last - 1, kind=_FOLD_KINDS.get(fold.kind))


def to_selection_range(spans: Sequence[Span], positions: Positions) -> types.SelectionRange:
    """Ranges, the innermost first, as a chain of parents."""
    chain: types.SelectionRange | None = None
    for span in reversed(spans):
        chain = types.SelectionRange(positions.range(span.start, span.end), chain)
    assert chain is not None
    return chain


def annotates_changes(capabilities: types.ClientCapabilities) -> bool:
    """Whether the editor can ask its user before it makes a change."""
    edit = capabilities.workspace.workspace_edit if capabilities.workspace else None
    return bool(edit and edit.document_changes and edit.change_annotation_support)


def nests_symbols(capabilities: types.ClientCapabilities) -> bool:
    """Whether the editor takes an outline as a tree."""
    symbol = capabilities.text_document.document_symbol if capabilities.text_document else None
    return bool(symbol and symbol.hierarchical_document_symbol_support)


def refreshes_tokens(capabilities: types.ClientCapabilities) -> bool:
    """Whether the editor can be asked to fetch its semantic tokens again."""
    tokens = capabilities.workspace.semantic_tokens if capabilities.workspace else None
    return bool(tokens and tokens.refresh_support)


def other_lua_server(options: Any) -> bool | None:
    """Whether the client says that another Lua server is there; None if it does not say."""
    for holder in (options, options.get("perilune") if isinstance(options, dict) else None):
        if isinstance(holder, dict) and isinstance(holder.get("otherLuaServer"), bool):
            return bool(holder["otherLuaServer"])
    return None
