"""Rewrites in an editor: what is offered on hot lines, and what an action does, with the real profiler."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_session import PLAIN, VISUAL_STUDIO_CODE, Session, eventually, session_with

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROGRAM = """\
-- Übung
local config = { step = 2 }
local sum = 0
for i = 1, 2000 do
  sum = sum + config.step * config.step
end
local seen = setmetatable({}, { __index = function(_, key) print(key) return 1 end })
for i = 1, 100 do
  sum = sum + seen.step
end
print(sum)
"""
REWRITTEN = PROGRAM.replace("for i = 1, 2000", "local step = config.step\nfor i = 1, 2000").replace(
    "config.step * config.step", "step * step"
)
PERILUNE = {"profile": {"command": [sys.executable, "-P", "-m", "perilune"], "mode": "count", "timeLimit": 20}}
EDITOR = types.ClientCapabilities(
    general=VISUAL_STUDIO_CODE.general,
    window=VISUAL_STUDIO_CODE.window,
    workspace=types.WorkspaceClientCapabilities(
        apply_edit=True,
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
        inlay_hint=types.InlayHintWorkspaceClientCapabilities(refresh_support=True),
    ),
)


class Editor(Session):
    """A session whose client makes the changes that it is asked for."""

    edits: list[types.WorkspaceEdit]
    labels_of_edits: list[str | None]
    consents: str | None

    async def actions(self, uri: str, line: int, *only: str) -> list[types.CodeAction]:
        place = types.Position(line, 0)
        context = types.CodeActionContext([], only=list(only) or None)
        parameters = types.CodeActionParams(types.TextDocumentIdentifier(uri), types.Range(place, place), context)
        found = await self.client.text_document_code_action_async(parameters) or []
        return [action for action in found if isinstance(action, types.CodeAction)]

    async def tries(self, uri: str, line: int) -> list[types.CodeAction]:
        return [action for action in await self.actions(uri, line) if action.title.startswith("Try: ")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    async with session_with(EDITOR, tmp_path_factory.mktemp("rewrites"), **PERILUNE) as session:
        editor = Editor(**vars(session))
        editor.edits, editor.labels_of_edits, editor.consents = [], [], None

        def apply(parameters: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            editor.edits.append(parameters.edit)
            editor.labels_of_edits.append(parameters.label)
            return types.ApplyWorkspaceEditResult(applied=True)

        def ask(parameters: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
            return None if editor.consents is None else types.MessageActionItem(editor.consents)

        session.client.feature(types.WORKSPACE_APPLY_EDIT)(apply)
        session.client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)(ask)
        converter = session.client.protocol._converter
        # The client's library takes every action that has a command for the command.
        converter.register_structure_hook(
            types.Command | types.CodeAction, lambda value, _: converter.structure(value, types.CodeAction)
        )
        yield editor


@pytest.fixture
def editor(shared: Editor, tmp_path: Path) -> Editor:
    shared.folder = tmp_path
    shared.edits.clear()
    shared.labels_of_edits.clear()
    shared.consents = None
    shared.client.messages.clear()
    shared.client.progress_reports.clear()
    return shared


async def profiled(editor: Editor, name: str = "a.lua", text: str = PROGRAM) -> str:
    uri = editor.write_and_open(name, text)
    report = await editor.profile(uri)
    assert report.status == "finished", report.message
    return uri


def changed(text: str, edit: types.WorkspaceEdit) -> str:
    """The text as an editor changes it; all of it is in the first plane, where its code units are characters."""
    assert edit.document_changes is not None
    (change,) = edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    lines = text.splitlines(keepends=True)

    def offset(position: types.Position) -> int:
        return sum(map(len, lines[: position.line])) + position.character

    spans = [
        (offset(e.range.start), offset(e.range.end), e.new_text) for e in change.edits if isinstance(e, types.TextEdit)
    ]
    for start, end, new in sorted(spans, reverse=True):
        text = text[:start] + new + text[end:]
    return text


async def test_a_hot_line_offers_what_can_be_tried(editor: Editor) -> None:
    uri = await profiled(editor)
    (action,) = await editor.tries(uri, 4)
    assert action.title == "Try: read config.step once, before the loop"
    assert action.kind == "refactor.rewrite" and action.command is not None
    assert action.command.command == "perilune.server.rewrite"
    assert list(action.command.arguments or ()) == [{"uri": uri, "line": 4, "kind": "local", "subject": "config.step"}]
    assert await editor.tries(uri, 2) == [] and await editor.tries(uri, 10) == []
    assert await editor.actions(uri, 4, "quickfix") == []
    assert len(await editor.actions(uri, 4, "refactor")) >= 1


async def test_nothing_is_offered_without_figures(editor: Editor) -> None:
    uri = editor.write_and_open("a.lua", PROGRAM)
    assert await editor.tries(uri, 4) == []
    answer = await editor.execute("suggest", {"uri": uri})
    assert answer["suggestions"] == [] and "run the program first" in answer["message"]


async def test_a_rewrite_that_gains_is_made_after_it_was_run(editor: Editor) -> None:
    uri = await profiled(editor)
    (action,) = await editor.tries(uri, 4)
    assert action.command is not None and action.command.arguments is not None
    answer = await editor.execute("rewrite", *action.command.arguments)
    assert answer["status"] == "applied", answer["message"]
    assert "same output, \N{MINUS SIGN}" in answer["message"] and "% instructions" in answer["message"]
    (edit,) = editor.edits
    assert changed(PROGRAM, edit) == REWRITTEN
    assert editor.labels_of_edits == ["Read config.step once, before the loop"]
    assert editor.errors()[-1] == answer["message"]
    assert (editor.folder / "a.lua").read_text() == PROGRAM  # the editor saves, not the server


async def test_a_rewrite_that_changes_the_output_changes_nothing(editor: Editor) -> None:
    uri = await profiled(editor)
    answer = await editor.execute("rewrite", {"uri": uri, "line": 8, "kind": "local", "subject": "seen.step"})
    assert answer["status"] == "rejected"
    assert "Nothing was changed." in answer["message"] and "not the same: its output differs" in answer["message"]
    assert editor.edits == []


async def test_what_gains_nothing_changes_nothing(editor: Editor) -> None:
    text = "local t = {}\nfor i = 1, 9 do t[i] = i end\nlocal s = 0\nfor r = 1, 3000 do\n  for _, v in ipairs(t) do\n    s = s + v // 3 * 2 - v % 3 + (v ~ 5)\n  end\nend\nprint(s)\n"
    uri = await profiled(editor, "b.lua", text)
    answer = await editor.execute("rewrite", {"uri": uri, "line": 0, "kind": "numeric-for"})
    assert answer["status"] == "rejected" and "there is no such rewrite for line 1" in answer["message"]
    assert editor.edits == []


async def test_the_unsaved_text_is_what_is_tried(editor: Editor) -> None:
    uri = await profiled(editor)
    edited = PROGRAM.replace("-- Übung\n", "-- Übung\n-- more\n").replace("2000", "30000")
    editor.change(uri, edited)
    (action,) = await editor.tries(uri, 5)
    assert action.command is not None and action.command.arguments is not None
    answer = await editor.execute("rewrite", *action.command.arguments)
    assert answer["status"] == "applied", answer["message"]
    assert "local step = config.step\nfor i = 1, 30000 do\n  sum = sum + step * step\n" in changed(
        edited, editor.edits[0]
    )
    assert (editor.folder / "a.lua").read_text() == PROGRAM


async def test_a_module_is_tried_in_its_program(editor: Editor) -> None:
    module = "local M = { n = 1 }\nfunction M.work()\n  local s = 0\n  for i = 1, 999 do s = s + M.n end\n  return s\nend\nreturn M\n"
    editor.write("m.lua", module)
    await profiled(editor, "main.lua", "print(require('m').work())\n")
    uri = (editor.folder / "m.lua").as_uri()
    editor.open(uri, module)
    (action,) = await editor.tries(uri, 3)
    assert action.command is not None and action.command.arguments is not None
    answer = await editor.execute("rewrite", *action.command.arguments)
    assert answer["status"] == "applied", answer["message"]
    assert "  local n = M.n\n  for i = 1, 999 do s = s + n end\n" in changed(module, editor.edits[0])


async def test_suggestions_are_listed_and_tried_on_request(editor: Editor) -> None:
    uri = await profiled(editor)
    answer = await editor.execute("suggest", {"uri": uri})
    assert answer["status"] == "found"
    listed = {(each["line"], each["subject"]): each for each in answer["suggestions"]}
    assert listed[4, "config.step"]["verdict"] is None
    assert listed[4, "config.step"]["diff"].splitlines()[0] == "+local step = config.step"
    one = await editor.execute("suggest", {"uri": uri, "line": 8})
    assert [each["line"] for each in one["suggestions"]] == [8]
    tried = await editor.execute("suggest", {"uri": uri, "line": 8, "try": True})
    assert tried["status"] == "tried" and [each["verdict"] for each in tried["suggestions"]] == ["differs"]
    assert editor.edits == []


async def test_a_program_that_changes_files_runs_again_only_if_the_user_agrees(editor: Editor) -> None:
    text = "os.remove('none')\n" + PROGRAM
    uri = await profiled(editor, "c.lua", text)
    request = {"uri": uri, "line": 5, "kind": "local"}
    answer = await editor.execute("rewrite", request)
    assert (answer["status"], editor.edits) == ("cancelled", [])
    editor.consents = "Run It Again"
    answer = await editor.execute("rewrite", request)
    assert answer["status"] == "applied" and "os.remove" in answer["message"]


async def test_a_program_that_cannot_be_judged_says_so(editor: Editor) -> None:
    own = "local stat = io.open('/proc/self/stat')\nprint(stat and stat:read('a') or os.tmpname())\n"
    uri = await profiled(editor, "d.lua", PROGRAM + own)
    answer = await editor.execute("rewrite", {"uri": uri, "line": 4, "kind": "local"})
    assert answer["status"] == "failed" and "two runs of it do not do the same" in answer["message"]
    assert editor.errors()[-1] == answer["message"] and editor.edits == []


async def test_an_edit_meanwhile_makes_it_void(editor: Editor) -> None:
    uri = await profiled(editor, "e.lua", PROGRAM)
    editor.client.progress_reports.clear()
    trying = asyncio.create_task(editor.execute("rewrite", {"uri": uri, "line": 4, "kind": "local"}))
    await eventually(lambda: any(reports for reports in editor.client.progress_reports.values()))
    editor.change(uri, PROGRAM + "-- more\n")
    answer = await trying
    assert answer["status"] == "failed" and "was edited meanwhile" in answer["message"]
    assert editor.edits == []


async def test_trying_can_be_stopped(editor: Editor) -> None:
    text = "local c, n = {n = 1}, 0\nwhile n < 1e12 do\n  n = n + c.n\nend\nprint(n)\n"
    uri = editor.write_and_open("f.lua", text)
    trying = asyncio.create_task(editor.execute("rewrite", {"uri": uri, "line": 2, "kind": "local"}))
    await eventually(lambda: any(reports for reports in editor.client.progress_reports.values()))
    await editor.execute("stop", {"uri": uri})
    answer = await trying
    assert answer["status"] == "cancelled" and "cancelled" in answer["message"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"uri": "file:///a.lua", "line": 1, "kind": "magic"}, "kind: expected one of concat, append"),
        ({"uri": "file:///a.lua", "line": -1, "kind": "local"}, "line: expected a whole number from 0"),
        ({"line": 1, "kind": "local"}, "uri: expected a string"),
        ({"uri": "file:///a.lua", "line": 1, "kind": "local", "subject": 7}, "subject: expected a string"),
    ],
)
async def test_wrong_arguments_are_told(editor: Editor, arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(JsonRpcException, match=complaint):
        await editor.execute("rewrite", arguments)


async def test_documents_that_are_no_files_are_refused(editor: Editor) -> None:
    editor.open("untitled:Untitled-1", PROGRAM)
    answer = await editor.execute("rewrite", {"uri": "untitled:Untitled-1", "line": 4, "kind": "local"})
    assert answer["status"] == "failed" and "Save the program to a file first" in answer["message"]
    gone = await editor.execute("rewrite", {"uri": (editor.folder / "gone.lua").as_uri(), "line": 4, "kind": "local"})
    assert gone["status"] == "failed" and "gone.lua" in gone["message"]


async def test_an_editor_that_makes_no_changes_gets_them_as_the_answer(tmp_path: Path) -> None:
    async with session_with(PLAIN, tmp_path, **PERILUNE) as session:
        uri = session.write_and_open("a.lua", PROGRAM)
        answer = await session.execute("rewrite", {"uri": uri, "line": 4, "kind": "local"})
        assert answer["status"] == "failed" and "cannot be asked to change a document" in answer["message"]
        assert len(answer["edit"]["changes"][uri]) == 3
