"""The language features as an editor asks for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_session import NEOVIM, VISUAL_STUDIO_CODE, Session, eventually, session_with
from perilune.lsp.protocol_language import TOKEN_MODIFIERS, TOKEN_TYPES

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROGRAM = """local geometry = require "geometry"
local Point = {}
Point.__index = Point

-- A point of the plane.
function Point.new(x, y)
  return setmetatable({ x = x, y = y }, Point)
end

function Point:length()
  return (self.x ^ 2 + self.y ^ 2) ^ 0.5
end

local p = Point.new(3, 4)
print("𝄞", p:length(), geometry.area(p))
missing(p)
"""
GEOMETRY = "local geometry = {}\nfunction geometry.area(p) return p.x * p.y end\nreturn geometry\n"


@pytest_asyncio.fixture(params=["utf-16", "utf-8"], loop_scope="module", scope="module")
async def session(request: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    capabilities = VISUAL_STUDIO_CODE if request.param == "utf-16" else NEOVIM
    async with session_with(capabilities, tmp_path_factory.mktemp("programs"), language={}) as session:
        session.write("geometry.lua", GEOMETRY)
        session.write_and_open("main.lua", PROGRAM)
        yield session


def at(session: Session, line: int, text: str, inside: int = 0) -> dict[str, Any]:
    """A place in the program: behind the text's first characters on a line."""
    before = PROGRAM.splitlines()[line][: PROGRAM.splitlines()[line].index(text) + inside]
    size = len(before.encode() if session.encoding == "utf-8" else before.encode("utf-16-le")) // (
        1 if session.encoding == "utf-8" else 2
    )
    return {
        "text_document": types.TextDocumentIdentifier((session.folder / "main.lua").as_uri()),
        "position": types.Position(line, size),
    }


async def test_definition_in_the_file_and_in_a_module(session: Session) -> None:
    found = await session.client.text_document_definition_async(types.DefinitionParams(**at(session, 14, "length")))
    assert isinstance(found, list)
    assert [place.range.start.line for place in found if isinstance(place, types.Location)] == [9]
    found = await session.client.text_document_definition_async(types.DefinitionParams(**at(session, 14, "area")))
    assert isinstance(found, list) and isinstance(found[0], types.Location)
    assert (found[0].uri.endswith("geometry.lua"), found[0].range.start.line) == (True, 1)


async def test_references_and_highlights(session: Session) -> None:
    context = types.ReferenceContext(include_declaration=True)
    found = await session.client.text_document_references_async(
        types.ReferenceParams(context, **at(session, 1, "Point"))
    )
    assert found is not None and [place.range.start.line for place in found] == [1, 2, 2, 5, 6, 9, 13]
    marks = await session.client.text_document_document_highlight_async(
        types.DocumentHighlightParams(**at(session, 13, "p ="))
    )
    assert marks is not None and len(marks) == 4
    assert marks[0].kind is types.DocumentHighlightKind.Write


async def test_hover_says_what_a_name_is(session: Session) -> None:
    hover = await session.client.text_document_hover_async(types.HoverParams(**at(session, 13, "new")))
    assert hover is not None and isinstance(hover.contents, types.MarkupContent)
    assert "function Point.new(x, y)" in hover.contents.value
    assert "A point of the plane." in hover.contents.value


async def test_rename_changes_every_place_of_a_local(session: Session) -> None:
    edit = await session.client.text_document_rename_async(
        types.RenameParams(new_name="place", **at(session, 13, "p ="))
    )
    assert edit is not None and edit.changes is not None
    (edits,) = edit.changes.values()
    assert [change.range.start.line for change in edits] == [13, 14, 14, 15]
    assert edits[2].range.end.character - edits[2].range.start.character == 1


async def test_rename_refuses_what_would_change_a_meaning(session: Session) -> None:
    with pytest.raises(JsonRpcException, match="another meaning"):
        await session.client.text_document_rename_async(types.RenameParams(new_name="print", **at(session, 13, "p =")))


async def test_rename_of_a_field_warns(session: Session) -> None:
    before = len(session.client.messages)
    edit = await session.client.text_document_rename_async(
        types.RenameParams(new_name="size", **at(session, 9, "length"))
    )
    assert edit is not None and edit.changes is not None
    await eventually(lambda: len(session.client.messages) > before)
    assert "other files" in session.client.messages[-1].message


async def test_completion_and_signature(session: Session) -> None:
    found = await session.client.text_document_completion_async(types.CompletionParams(**at(session, 14, "length", 3)))
    assert isinstance(found, types.CompletionList)
    assert "length" in [item.label for item in found.items]
    found = await session.client.text_document_completion_async(types.CompletionParams(**at(session, 14, "area", 1)))
    assert isinstance(found, types.CompletionList) and found.items[0].label == "area"
    help = await session.client.text_document_signature_help_async(types.SignatureHelpParams(**at(session, 13, "4")))
    assert help is not None
    assert (help.signatures[0].label, help.active_parameter) == ("Point.new(x, y)", 1)


async def test_symbols_of_the_file_and_the_workspace(session: Session) -> None:
    document = types.TextDocumentIdentifier((session.folder / "main.lua").as_uri())
    symbols = await session.client.text_document_document_symbol_async(types.DocumentSymbolParams(document))
    assert symbols is not None
    assert [symbol.name for symbol in symbols] == [
        "geometry",
        "Point",
        "Point.__index",
        "Point.new",
        "Point:length",
        "p",
    ]
    found = await session.client.workspace_symbol_async(types.WorkspaceSymbolParams("area"))
    assert found is not None and [symbol.name for symbol in found] == ["geometry.area"]


async def test_tokens_folds_selections_and_links(session: Session) -> None:
    document = types.TextDocumentIdentifier((session.folder / "main.lua").as_uri())
    tokens = await session.client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document))
    assert tokens is not None
    line = 0
    kinds: dict[int, list[tuple[str, int]]] = {}
    for delta, _, _, kind, modifiers in zip(*[iter(tokens.data)] * 5, strict=True):
        line += delta
        kinds.setdefault(line, []).append((TOKEN_TYPES[kind], modifiers))
    assert [kind for kind, _ in kinds[14]] == ["function", "variable", "method", "variable", "function", "variable"]
    assert kinds[14][0][1] & 1 << TOKEN_MODIFIERS.index("defaultLibrary")
    folds = await session.client.text_document_folding_range_async(types.FoldingRangeParams(document))
    assert folds is not None and (5, 6) in {(fold.start_line, fold.end_line) for fold in folds}
    chain = await session.client.text_document_selection_range_async(
        types.SelectionRangeParams(document, [at(session, 13, "4")["position"]])
    )
    assert chain is not None and chain[0].parent is not None
    links = await session.client.text_document_document_link_async(types.DocumentLinkParams(document))
    assert links is not None and [link.target for link in links] == [(session.folder / "geometry.lua").as_uri()]


async def test_an_undefined_global_is_a_hint(session: Session) -> None:
    uri = (session.folder / "main.lua").as_uri()
    (found,) = await session.diagnostics(uri, 1)
    assert found.severity is types.DiagnosticSeverity.Hint
    assert "'missing'" in found.message


async def test_an_undefined_global_is_none_while_an_open_file_sets_it(session: Session) -> None:
    uri = (session.folder / "main.lua").as_uri()
    await session.diagnostics(uri, 1)
    other = session.write_and_open("sets.lua", "function missing() end\n")
    assert await session.diagnostics(uri, 0) == []
    session.change(other, "function another() end\n")
    await session.diagnostics(uri, 1)
    session.change(other, "missing = 1\n", 3)
    await session.diagnostics(uri, 0)
    session.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(other)))
    await session.diagnostics(uri, 1)


async def test_a_global_that_the_project_declares_is_not_undefined(session: Session) -> None:
    uri = (session.folder / "main.lua").as_uri()
    await session.diagnostics(uri, 1)
    for text, count in (('globals = { "missing" }\n', 0), ("globals = {}\n", 1)):
        told = types.FileEvent(session.write(".luacheckrc", text), types.FileChangeType.Changed)
        session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([told]))
        await session.diagnostics(uri, count)


async def test_another_server_takes_over(session: Session) -> None:
    uri = (session.folder / "main.lua").as_uri()
    change = types.DidChangeConfigurationParams({"perilune": {}, "otherLuaServer": True})
    session.client.workspace_did_change_configuration(change)
    assert (
        await session.client.text_document_completion_async(types.CompletionParams(**at(session, 14, "area"))) is None
    )
    assert await session.diagnostics(uri, 0) == []
    always = {"perilune": {"language": {"enabled": True, "links": False, "globals": ["missing"]}}}
    session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(always))
    assert await session.client.text_document_completion_async(types.CompletionParams(**at(session, 14, "area")))
    document = types.TextDocumentIdentifier(uri)
    assert await session.client.text_document_document_link_async(types.DocumentLinkParams(document)) is None
    back = types.DidChangeConfigurationParams({"perilune": {}, "otherLuaServer": False})
    session.client.workspace_did_change_configuration(back)
    await session.diagnostics(uri, 1)


async def test_a_client_that_can_ask_is_asked_before_a_field_is_renamed(tmp_path: Path) -> None:
    support = types.ChangeAnnotationsSupportOptions()
    edits = types.WorkspaceEditClientCapabilities(document_changes=True, change_annotation_support=support)
    capabilities = types.ClientCapabilities(
        workspace=types.WorkspaceClientCapabilities(
            workspace_edit=edits, inlay_hint=types.InlayHintWorkspaceClientCapabilities(refresh_support=True)
        )
    )
    async with session_with(capabilities, tmp_path, language={}) as session:
        uri = session.write_and_open(
            "fields.lua", "local t = {}\nt.a = 1\nprint(t.a)\nfor _, x in ipairs(y) do print(x().a) end\n"
        )
        document, position = types.TextDocumentIdentifier(uri), types.Position(1, 2)
        edit = await session.client.text_document_rename_async(
            types.RenameParams(new_name="b", text_document=document, position=position)
        )
        assert edit is not None and edit.document_changes is not None and edit.change_annotations is not None
        (change,) = edit.document_changes
        assert isinstance(change, types.TextDocumentEdit)
        assert [place.range.start.line for place in change.edits] == [1, 2, 3]
        (annotation,) = edit.change_annotations.values()
        assert annotation.needs_confirmation
        assert annotation.description and "other files" in annotation.description
