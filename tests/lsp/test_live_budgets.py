"""Budgets while the program is written: what exceeds them is said where it stands, set from a run, and explained."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types

from lsp_session import VISUAL_STUDIO_CODE, Session, eventually, in_folder, session_with

pytestmark = pytest.mark.asyncio(loop_scope="module")

REAL: dict[str, Any] = {"profile": {"mode": "count", "timeLimit": 20}, "language": {"enabled": False}}
EDITS = types.ClientCapabilities(
    window=VISUAL_STUDIO_CODE.window,
    workspace=types.WorkspaceClientCapabilities(
        apply_edit=True,
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
        inlay_hint=types.InlayHintWorkspaceClientCapabilities(refresh_support=True),
    ),
)
FIB = """\
---@budget calls <= 150, instructions <= 1_000_000 -- as it was
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end
print(fib(10))
"""


class Edited:
    """The edits that the server had an editor make."""

    def __init__(self) -> None:
        self.made: list[types.WorkspaceEdit] = []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Session, Edited]]:
    edited = Edited()

    async with session_with(EDITS, tmp_path_factory.mktemp("shared"), **REAL) as session:

        def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            edited.made.append(params.edit)
            return types.ApplyWorkspaceEditResult(True)

        session.client.feature(types.WORKSPACE_APPLY_EDIT)(apply)
        converter = session.client.protocol._converter
        # The client's library takes every action that has a command for the command.
        converter.register_structure_hook(
            types.Command | types.CodeAction, lambda value, _: converter.structure(value, types.CodeAction)
        )
        yield session, edited


@pytest.fixture
def code(shared: tuple[Session, Edited], tmp_path: Path) -> Iterator[Session]:
    shared[1].made.clear()
    for session in in_folder(shared[0], tmp_path):
        session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(REAL))
        yield session


@pytest.fixture
def edited(shared: tuple[Session, Edited]) -> Edited:
    return shared[1]


def applied(text: str, edit: types.WorkspaceEdit) -> str:
    """A text with the changes of the only document of an edit; all of them within lines, or empty ones before them."""
    assert edit.document_changes is not None
    (change,) = edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document.version is not None
    lines = text.splitlines(keepends=True)
    for each in sorted(change.edits, key=lambda each: -each.range.start.character):
        assert isinstance(each, types.TextEdit)
        start, end = each.range.start, each.range.end
        assert start.line == end.line
        line = lines[start.line]
        lines[start.line] = line[: start.character] + each.new_text + line[end.character :]
    return "".join(lines)


async def warnings(code: Session, uri: str, count: int) -> list[tuple[int, str]]:
    found = await code.diagnostics(uri, count)
    assert all(each.code == "budget" for each in found)
    return [(each.range.start.line, each.message) for each in found]


async def actions(code: Session, uri: str, line: int) -> list[types.CodeAction]:
    """The code actions on a line."""
    at = types.Range(types.Position(line, 3), types.Position(line, 3))
    context = types.CodeActionContext(code.client.diagnostics.get(uri, []))
    parameters = types.CodeActionParams(types.TextDocumentIdentifier(uri), at, context)
    found = await code.client.text_document_code_action_async(parameters) or []
    return [action for action in found if isinstance(action, types.CodeAction)]


async def test_what_exceeds_its_budget_is_said_on_the_function(code: Session) -> None:
    uri = code.write_and_open("fib.lua", FIB)
    await code.profile(uri)
    (found,) = await code.diagnostics(uri, 1)
    assert found.message == "fib is over budget: calls 177 of 150 (+18.0%)"
    assert found.severity == types.DiagnosticSeverity.Warning
    assert found.range == types.Range(types.Position(1, 0), types.Position(1, 21))
    assert found.related_information is not None
    assert found.related_information[0].location.range.start.line == 0


async def test_it_follows_edits_and_says_when_the_function_is_another(code: Session) -> None:
    uri = code.write_and_open("fib.lua", FIB)
    await code.profile(uri)
    await code.diagnostics(uri, 1)
    code.change(uri, f"-- moved\n\n{FIB}", 2)
    await eventually(lambda: code.client.diagnostics[uri][0].range.start.line == 3)
    code.change(uri, FIB.replace("n - 2)", "n - 3)"), 3)
    told = "~fib is over budget: as measured before it was edited, calls 177 of 150 (+18.0%)"
    await eventually(lambda: code.client.diagnostics[uri][0].message == told)
    code.change(uri, FIB.replace("  return fib", "  print(n)\n  return fib"), 4)  # what is new did not run
    await eventually(lambda: code.client.diagnostics[uri][0].range.start.line == 1)
    assert code.client.diagnostics[uri][0].message == told
    code.change(uri, FIB.replace("<= 150", "<= 177"), 5)
    assert await code.diagnostics(uri, 0) == []
    code.change(uri, "print 'gone'\n", 6)
    assert await code.diagnostics(uri, 0) == []


async def test_clear_takes_it_away(code: Session) -> None:
    uri = code.write_and_open("fib.lua", FIB)
    await code.profile(uri)
    await code.diagnostics(uri, 1)
    await code.execute("clear", {"uri": uri})
    assert await code.diagnostics(uri, 0) == []


async def test_a_file_of_the_run_that_is_not_open_is_held_to_its_budgets(code: Session) -> None:
    module = code.write("m.lua", "local m = {}\n---@budget calls <= 1\nfunction m.f() end\nreturn m\n")
    uri = code.write_and_open("main.lua", "local m = require 'm'\nm.f()\nm.f()\n")
    await code.profile(uri)
    assert await warnings(code, module, 1) == [(2, "m.f is over budget: calls 2 of 1 (+100.0%)")]
    await code.execute("clear")
    assert await code.diagnostics(module, 0) == []


async def test_the_budget_of_a_program_is_told_at_its_comment(code: Session) -> None:
    uri = code.write_and_open("a.lua", "---@budget instructions <= 3, peak_depth <= 1G\n\nfor i = 1, 10 do end\n")
    await code.profile(uri)
    ((line, message),) = await warnings(code, uri, 1)
    assert line == 0
    assert message.startswith("a.lua is over budget: instructions ")
    module = code.write_and_open("m.lua", "---@budget peak_depth <= 1\n\nreturn {}\n")
    await code.profile(code.write_and_open("b.lua", "require 'm'\n"))
    ((line, message),) = await warnings(code, module, 1)
    assert "is a figure of the whole program" in message


@pytest.mark.parametrize(
    ("comment", "start", "message"),
    [
        ("---@budget calls < 10", 17, "expected '<=', found '<'"),
        ("---@budget kalls <= 10", 11, "expected one of instructions, calls, "),
        ("---@budget calls <= é", 20, "expected a number, found 'é'"),
        ("--@budget calls <= 10", 0, "a budget begins with three dashes"),
        ("---@budget calls <=", 18, "expected a number, found ''"),
    ],
)
async def test_a_broken_budget_is_told_where_it_stands(code: Session, comment: str, start: int, message: str) -> None:
    uri = code.write_and_open("a.lua", f"{comment}\nfunction f() end\n")
    (found,) = await code.diagnostics(uri, 1)
    assert found.message.startswith(message)
    assert (found.range.start.line, found.range.start.character) == (0, start)
    assert found.severity == types.DiagnosticSeverity.Error


async def test_a_budget_that_stands_at_nothing_is_told_before_any_run_and_in_a_broken_text(code: Session) -> None:
    uri = code.write_and_open("a.lua", "local x = 1\n---@budget calls <= 1\nlocal y = x\n")
    ((line, message),) = await warnings(code, uri, 1)
    assert (line, message) == (1, "a budget stands directly above a function, or at the top of the file")
    code.change(uri, "local x =\n---@budget calls <= 1\nf(function() end, function() end)\nlocal t = [[\n")
    await eventually(
        lambda: (
            "2 functions begin on line 3: give each a line of its own"
            in [each.message for each in code.client.diagnostics[uri]]
        )
    )


async def test_a_budget_is_set_from_the_run(code: Session, edited: Edited) -> None:
    uri = code.write_and_open("fib.lua", FIB)
    assert (await code.execute("setBudget", {"uri": uri, "line": 3}))["status"] == "failed"  # nothing ran
    await code.profile(uri)
    answer = await code.execute("setBudget", {"uri": uri, "line": 3})  # anywhere in the function
    assert (answer["status"], "180" in answer["message"]) == ("set", True)
    (edit,) = edited.made
    text = applied(FIB, edit)
    assert text.splitlines()[0] == "---@budget calls <= 180, instructions <= 970 -- as it was"
    assert text.splitlines()[1:] == FIB.splitlines()[1:]
    code.change(uri, text)
    assert await code.diagnostics(uri, 0) == []


async def test_a_function_without_a_budget_gets_one(code: Session, edited: Edited) -> None:
    plain = "if true then\r\n  function f(n)\r\n    return {n}\r\n  end\r\nend\r\nf(1)\r\nf(2)\r\n"
    uri = code.write_and_open("a.lua", plain)
    await code.profile(uri)
    assert (await code.execute("setBudget", {"uri": uri, "line": 2}))["status"] == "set"
    text = applied(plain, edited.made[-1])
    assert text.split("\r\n")[1:3] == ["  ---@budget instructions <= 8, allocations <= 4", "  function f(n)"]
    assert (await code.execute("setBudget", {"uri": uri, "line": 5}))["status"] == "set"  # outside of all functions
    text = applied(plain, edited.made[-1])
    assert text.startswith("---@budget instructions <= ") and text.endswith("\r\n\r\n" + plain)
    code.change(uri, plain.replace("{n}", "{}"))
    answer = await code.execute("setBudget", {"uri": uri, "line": 2})
    assert (answer["status"], answer["message"]) == (
        "failed",
        "f was edited since it was measured: run it again first.",
    )


async def test_why_names_the_lines_that_grew(code: Session) -> None:
    few = "---@budget instructions <= 100\nlocal function f(n)\n  local s = 0\n  for i = 1, n do\n    s = s + i\n  end\nend\n"
    uri = code.write_and_open("a.lua", f"{few}f(3)\n")
    await code.profile(uri)
    answer = await code.execute("explainBudget", {"uri": uri, "line": 1})
    assert (answer["status"], answer["since"], answer["function"]) == ("kept", None, "f")
    assert sorted(line["line"] for line in answer["lines"][:2]) == [3, 4]
    code.write("a.lua", f"{few}f(300)\n")
    code.change(uri, f"{few}f(300)\n")
    await code.rerun(uri)
    answer = await code.execute("explainBudget", {"uri": uri, "line": 1})
    assert (answer["status"], answer["since"]) == ("over", "the last run")
    (budget,) = answer["budgets"]
    assert budget["over"] == budget["measured"] - 100
    assert [(line["text"], line["grown"]) for line in answer["lines"]] == [("for i = 1, n do", 297), ("s = s + i", 297)]
    assert "Since the last run grew in instructions: line 4 (+297), line 5 (+297)" in answer["message"]
    assert [message.message for message in code.client.messages][-1] == answer["message"]


async def test_why_names_who_calls(code: Session) -> None:
    uri = code.write_and_open("fib.lua", FIB)
    await code.profile(uri)
    answer = await code.execute("explainBudget", {"uri": uri, "line": 0})
    assert "calls 177 of 150 (+18.0%). Called by: line 4 (176 calls), line 6 (2 calls)" in answer["message"]


async def test_actions_stand_at_the_function(code: Session) -> None:
    uri = code.write_and_open("fib.lua", FIB)
    assert await actions(code, uri, 1) == []  # nothing ran
    await code.profile(uri)
    await code.diagnostics(uri, 1)
    found = await actions(code, uri, 1)
    assert [action.title for action in found] == ["Set the budget from this run", "Show why"]
    for action in found:
        assert action.diagnostics is not None
        assert (action.kind, list(action.diagnostics)) == (
            types.CodeActionKind.QuickFix,
            list(code.client.diagnostics[uri]),
        )
    setting, why = (action.command for action in found)
    assert setting is not None and why is not None
    assert (setting.command, why.command) == ("perilune.server.setBudget", "perilune.server.explainBudget")
    assert (await code.execute("setBudget", *setting.arguments or []))["status"] == "set"
    assert (await code.execute("explainBudget", *why.arguments or []))["status"] == "over"
    assert await actions(code, uri, 3) == []  # inside
    assert [action.title for action in await actions(code, uri, 0)] == ["Set the budget from this run", "Show why"]
    plain = code.write_and_open("a.lua", "local function f() end\nf()\n")
    await code.profile(plain)
    (adding,) = await actions(code, plain, 0)
    assert adding.title == "Add a budget for f from this run"
    assert adding.kind == types.CodeActionKind.RefactorRewrite


async def test_budgets_outlive_the_server(tmp_path: Path) -> None:
    async with session_with(EDITS, tmp_path, **REAL) as first:
        await first.profile(first.write_and_open("fib.lua", FIB))
    async with session_with(EDITS, tmp_path, **REAL) as second:
        uri = (tmp_path / "fib.lua").as_uri()
        second.open(uri, FIB)
        assert await warnings(second, uri, 1) == [(1, "fib is over budget: calls 177 of 150 (+18.0%)")]


# --- the budget file of the folder


async def test_the_budget_file_of_a_folder_counts_and_is_read_again(code: Session) -> None:
    text = FIB.partition("\n")[2]
    _write_budgets(code, '[functions."lib/a.lua:fib"]\ncalls = 150\n[files."lib/a.lua"]\npeak_depth = 1\n')
    (code.folder / "lib").mkdir()
    uri = code.write_and_open("lib/a.lua", text)
    await code.profile(uri)
    of_function, of_file = await code.diagnostics(uri, 2)
    assert of_function.message.startswith("fib is over budget: calls 177 of 150")
    assert of_file.message.startswith("lib/a.lua is over budget: peak_depth 28 of 1")
    assert (of_function.range.start.line, of_function.severity) == (0, types.DiagnosticSeverity.Warning)
    (related,) = of_function.related_information or ()
    assert related.location.uri.endswith("perilune-budget.toml") and related.location.range.start.line == 0
    code.change(uri, f"-- moved\n{text}")
    await eventually(lambda: code.client.diagnostics[uri][0].range.start.line == 1)
    _write_budgets(code, '[functions."lib/a.lua:fib"]\ncalls = 2_000\n')
    await code.diagnostics(uri, 0)


async def test_what_is_wrong_in_a_budget_file_is_said_there(code: Session) -> None:
    budgets = _write_budgets(code, "[files\n")
    (found,) = await code.diagnostics(budgets, 1)
    assert found.range.start.line == 0
    _write_budgets(code, '[functions."a.lua:fob"]\ncalls = 1\n\n[files."a.lua"]\ncalls = 1_000\n')
    await code.diagnostics(budgets, 0)
    await code.profile(code.write_and_open("a.lua", FIB.partition("\n")[2]))
    (found,) = await code.diagnostics(budgets, 1)
    assert found.message.endswith("a.lua has no function called fob") and found.range.start.line == 0
    (code.folder / "perilune-budget.toml").unlink()
    _told_of_budgets(code)
    await code.diagnostics(budgets, 0)


def _write_budgets(session: Session, text: str) -> str:
    uri = session.write("perilune-budget.toml", text)
    _told_of_budgets(session)
    return uri


def _told_of_budgets(session: Session) -> None:
    event = types.FileEvent((session.folder / "perilune-budget.toml").as_uri(), types.FileChangeType.Changed)
    session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
