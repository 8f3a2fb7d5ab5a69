"""Programs that run from the editor, with the real profiler: what is run and how, what is told, and what stays."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_session import PLAIN, VISUAL_STUDIO_CODE, Session, eventually, in_folder, session_with

pytestmark = pytest.mark.asyncio(loop_scope="module")

REAL: dict[str, Any] = {"profile": {"mode": "count", "timeLimit": 20}, "language": {"enabled": False}}
LONG_LOOP = "local s = 0\nfor i = 1, 10000000 do\n  s = s + i\nend\nprint(s)\n"
LOOP = "local s = 0\nfor i = 1, 100 do\n  s = s + i\nend\nprint(s)\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    async with session_with(VISUAL_STUDIO_CODE, tmp_path_factory.mktemp("shared"), **REAL) as session:
        yield session


@pytest.fixture
def code(shared: Session, tmp_path: Path) -> Iterator[Session]:
    """An editor in a folder of its own, with the real profiler."""
    for session in in_folder(shared, tmp_path):
        configure(session)
        yield session


def configure(session: Session, **profile: Any) -> None:
    settings = {**REAL, "profile": {**REAL["profile"], **profile}}
    session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))


def save(session: Session, uri: str) -> None:
    identifier = types.TextDocumentIdentifier(uri)
    session.client.text_document_did_save(types.DidSaveTextDocumentParams(identifier))


# --- what is run


async def test_a_program_runs_where_its_modules_are(code: Session) -> None:
    for folder in ("app", "app/parts", "lib"):
        (code.folder / folder).mkdir()
    code.write("app/parts/one.lua", "return 'beside'")
    code.write("lib/two.lua", "return 'at the root'")
    beside = code.write_and_open("app/beside.lua", "print(require 'parts.one')")
    root = code.write_and_open("app/root.lua", "print(require 'lib.two')")
    assert (await code.profile(beside)).status == "finished"
    assert (await code.profile(root)).status == "finished"
    assert "Output of beside.lua:\nbeside" in code.logged()
    assert "Output of root.lua:\nat the root" in code.logged()


async def test_a_command_says_how_a_program_is_run(code: Session) -> None:
    (code.folder / "sub").mkdir()
    code.write("sub/m.lua", "return 'found'")
    code.write("host.lua", "function host() return 'stand-in' end")
    code.write("in.txt", "a line\n")
    uri = code.write_and_open("main.lua", "print(host(), io.read(), os.getenv('WHO'), require 'm', ...)")
    report = await code.profile(
        uri,
        arguments=["1 2", "3"],
        input="in.txt",
        environment={"WHO": "me"},
        luaPath="sub/?.lua;;",
        preload=["host.lua"],
    )
    assert report.status == "finished"
    assert "stand-in\ta line\tme\tfound\t1 2\t3" in code.logged()
    assert (await code.rerun(uri)).status == "finished"
    assert code.logged().count("stand-in\ta line\tme\tfound\t1 2\t3") == 2


async def test_what_is_nearer_to_the_user_wins(code: Session) -> None:
    code.write(".perilune.toml", '[profile]\nargs = ["general"]\n[files."src/*.lua"]\nargs = "of the files"\n')
    (code.folder / "src").mkdir()
    text = "print('args', ...)"
    commented = code.write("src/commented.lua", f"---@profile args='of the comment'\n{text}")
    for uri, options in (
        (code.write("plain.lua", text), {}),
        (code.write("src/matched.lua", text), {}),
        (commented, {}),
        (commented, {"arguments": ["of", "the", "command"]}),
    ):
        code.open(uri, Path(uri.removeprefix("file://")).read_text())
        assert (await code.profile(uri, **options)).status == "finished"
    expected = ["general", "of\tthe\tfiles", "of\tthe\tcomment", "of\tthe\tcommand"]
    assert [line for line in code.logged().splitlines() if line.startswith("args")] == [f"args\t{e}" for e in expected]


async def test_running_again_asks_the_comment_again(code: Session) -> None:
    uri = code.write_and_open("a.lua", "---@profile env='A=old'\nprint('got', os.getenv 'A', ...)\n")
    await code.profile(uri, arguments=["1"], memoryLimit=2000)
    code.change(uri, "---@profile env='A=new'\nprint('got', os.getenv 'A', ...)\n")
    assert (await code.rerun(uri)).status == "finished"
    assert "got\told\t1" in code.logged() and "got\tnew\t1" in code.logged()


async def test_a_library_is_run_by_what_exercises_it(code: Session) -> None:
    (code.folder / "bench").mkdir()
    library = "---@profile entry='bench/all.lua'\nlocal m = {}\nfunction m.f(n)\n  return n * n\nend\nreturn m\n"
    code.write("bench/all.lua", "---@profile args=40\nlocal m = require 'm'\nfor i = 1, ... do m.f(i) end\n")
    uri = code.write_and_open("m.lua", library)
    report = await code.profile(uri)
    assert (report.status, os.path.basename(report.program)) == ("finished", "all.lua")
    assert "40×" in (await code.labels(uri))[3]
    assert (await code.rerun(uri)).program == report.program


async def test_what_is_wrong_in_a_comment_is_said_where_it_stands(code: Session) -> None:
    uri = code.write_and_open("a.lua", 'print(1)\n---@profile mode=fast entry="nowhere.lua" agrs=3\n')
    found = await code.diagnostics(uri, 3)
    assert [(d.range.start.character, d.range.end.character, d.message) for d in found] == [
        (12, 21, "mode: expected one of sample, count, trace, not 'fast'"),
        (42, 48, "agrs: there is no such option; did you mean args?"),
        (22, 41, "nowhere.lua: no such file"),
    ]
    assert {d.range.start.line for d in found} == {1}
    report = await code.profile(uri)
    assert (report.status, report.message) == ("failed", "entry: nowhere.lua: no such file.")


async def test_what_is_wrong_in_the_workspaces_file_is_said_there(tmp_path: Path) -> None:
    file = tmp_path / ".perilune.toml"
    file.write_text('[profile]\nmode = "fast"\n')
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, **REAL) as session:
        (wrong,) = await session.diagnostics(file.as_uri(), 1)
        assert wrong.message == "mode: expected one of sample, count, trace, not 'fast'"
        assert (wrong.range.start.line, wrong.range.end.character) == (1, 4)
        file.write_text('[profile]\nmode = "trace"\n')
        change = types.FileEvent(file.as_uri(), types.FileChangeType.Changed)
        session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
        await session.diagnostics(file.as_uri(), 0)


# --- text that is not saved


async def test_unsaved_text_is_saved_first(code: Session) -> None:
    uri = code.write_and_open("a.lua", "print('old')\n")
    module = code.write_and_open("m.lua", "return 'old'\n")
    stranger = code.write_and_open("stranger.lua", "return 'old'\n")
    code.change(uri, "print('new', require 'm')\n")
    code.change(module, "return 'edited'\n")
    code.change(stranger, "return 'edited'\n")
    assert (await code.profile(uri)).status == "finished"
    assert "new\tedited" in code.logged()
    assert (code.folder / "a.lua").read_text() == "print('new', require 'm')\n"
    assert (code.folder / "m.lua").read_text() == "return 'edited'\n"
    assert (code.folder / "stranger.lua").read_text() == "return 'old'\n"
    assert [m for m in code.errors() if m.startswith("Saved ")] != []


async def test_unsaved_text_runs_as_it_is(code: Session) -> None:
    configure(code, unsaved="run")
    uri = code.write_and_open("a.lua", "print('old')\n")
    module = code.write_and_open("m.lua", "return 'old'\n")
    code.change(uri, f"-- not saved\nprint(require 'm')\n{LOOP}")
    code.change(module, "-- not saved\nreturn 'edited'\n")
    assert (await code.profile(uri)).status == "finished"
    assert "edited" in code.logged()
    assert "100×" in (await code.labels(uri))[4]
    assert (code.folder / "a.lua").read_text() == "print('old')\n"
    assert [line for line in await code.labels(module)] == [1]


async def test_what_something_else_wrote_is_not_overwritten(code: Session) -> None:
    uri = code.write_and_open("a.lua", "print('old')\n")
    await code.hints(uri)  # the server has seen it
    code.write("a.lua", "print('by a formatter')\n")
    assert (await code.profile(uri)).status == "finished"
    assert "by a formatter" in code.logged()
    code.change(uri, "print('by the user')\n")
    report = await code.profile(uri)
    assert report.status == "refused"
    assert report.message == "a.lua has unsaved changes and was changed on disk too: save it first."
    assert (code.folder / "a.lua").read_text() == "print('by a formatter')\n"


async def test_saving_loses_no_bytes(code: Session) -> None:
    content = b"\xef\xbb\xbfprint('x')\r\n"
    uri = code.write("marked.lua", content)
    code.open(uri, "print('x')\r\n")
    code.change(uri, "print('y')\r\n")
    assert (await code.profile(uri)).status == "finished"
    assert (code.folder / "marked.lua").read_bytes() == content.replace(b"x", b"y")
    latin = code.write("latin.lua", b"print('\xe9')\n")
    code.open(latin, "print('\ufffd')\n")
    code.change(latin, "print('\ufffd!')\n")
    assert (await code.profile(latin)).message == "latin.lua has unsaved changes and is not UTF-8: save it first."
    assert (code.folder / "latin.lua").read_bytes() == b"print('\xe9')\n"


# --- while it runs


async def test_output_comes_while_the_program_runs(code: Session) -> None:
    uri = code.write_and_open("a.lua", "io.write('begun\\n') repeat local f = io.open('go') until f\nprint('done')\n")
    run = asyncio.create_task(code.profile(uri))
    await eventually(lambda: "Output of a.lua:\nbegun" in code.logged())
    assert not run.done()
    code.write("go", "")
    assert (await run).status == "finished"
    assert "done" in code.logged()


async def test_a_stopped_program_shows_its_figures(code: Session) -> None:
    endless = "local n = 0\nio.open('begun', 'w'):close()\nwhile true do\n  n = n + 1\nend\n"
    uri = code.write_and_open("endless.lua", endless)
    run = asyncio.create_task(code.profile(uri))
    await eventually(lambda: (code.folder / "begun").exists())
    await code.execute("stop", {"uri": uri})
    report = await run
    assert (report.status, report.message) == (
        "cancelled",
        "endless.lua was cancelled. The figures are of what ran until then.",
    )
    assert 3 in await code.labels(uri)
    assert "that was stopped" in (await code.hover(uri, 3) or "")
    assert report.hottest is not None and report.hottest["uri"] == uri
    assert code.errors() == []


async def test_stopping_what_ran_well_before_keeps_those_figures(code: Session) -> None:
    uri = code.write_and_open("a.lua", f"{LOOP}\nwhile io.open('wait') do io.open('begun', 'w'):close() end\n")
    await code.profile(uri)
    labels = await code.labels(uri)
    code.write("wait", "")
    run = asyncio.create_task(code.profile(uri))
    await eventually(lambda: (code.folder / "begun").exists())
    await code.execute("cancel", {})
    assert (await run).status == "cancelled"
    assert await code.labels(uri) == labels
    assert "stopped" not in (await code.hover(uri, 2) or "")


async def test_a_second_run_has_percentages(code: Session) -> None:
    uri = code.write_and_open("a.lua", "local t = os.clock() repeat until os.clock() > t + 2.2\n")
    await code.profile(uri)
    code.client.progress_reports.clear()
    await code.rerun(uri)
    ((_, reports),) = code.client.progress_reports.items()
    begin, *middle, _ = reports
    assert isinstance(begin, types.WorkDoneProgressBegin) and begin.percentage == 0
    told = [report.percentage for report in middle if isinstance(report, types.WorkDoneProgressReport)]
    assert told and all(percentage is not None and 0 < percentage < 100 for percentage in told)


async def test_what_is_saved_while_it_runs_keeps_the_figures_of_what_ran(code: Session) -> None:
    code.write("m.lua", f"return function()\n{LOOP}end\n")
    text = f"require 'm'()\nio.open('begun', 'w'):close()\nrepeat local f = io.open('go') until f\n{LONG_LOOP}"
    uri = code.write_and_open("a.lua", text)
    run = asyncio.create_task(code.profile(uri))
    await eventually(lambda: (code.folder / "begun").exists())
    code.write("a.lua", f"-- edited\n{text}")
    code.change(uri, f"-- edited\n{text}")
    (code.folder / "m.lua").unlink()
    code.write("go", "")
    assert (await run).status == "finished"
    assert "10M×" in (await code.labels(uri))[6]  # enough of them to be seen beside the time spent waiting
    assert "left out" not in code.logged()


async def test_a_program_that_catches_interrupts_is_stopped_with_its_figures(code: Session) -> None:
    text = "io.open('begun', 'w'):close()\nwhile true do\n  pcall(function() while true do end end)\nend\n"
    uri = code.write_and_open("catches.lua", text)
    run = asyncio.create_task(code.profile(uri))
    await eventually(lambda: (code.folder / "begun").exists())
    await code.execute("stop")
    assert (await run).status == "cancelled"
    assert await code.labels(uri) != {}


async def test_endless_output_stops_nothing(code: Session) -> None:
    uri = code.write_and_open("a.lua", "while true do print(('x'):rep(100)) end\n")
    run = asyncio.create_task(code.profile(uri))
    await eventually(lambda: len(code.logged()) > 40_000)
    assert await code.hover(uri, 0) is None  # it answers
    await code.execute("cancel", {"uri": uri})
    assert (await run).status == "cancelled"
    assert "bytes left out]" in code.logged() and len(code.logged()) < 120_000
    assert await code.labels(uri) != {}


# --- after it has run


async def test_an_error_stands_on_its_line_until_that_changes(code: Session) -> None:
    module = code.write("m.lua", "return function(t)\n  return t.x.y\nend\n")
    text = "local f = require 'm'\nlocal function g() f({}) end\ng()\n"
    uri = code.write_and_open("a.lua", text)
    assert (await code.profile(uri)).status == "failed"
    (wrong,) = await code.diagnostics(module, 1)  # a file that is not open
    assert wrong.message == "attempt to index a nil value (field 'x')"
    assert (wrong.range.start.line, wrong.range.start.character, wrong.range.end.character) == (1, 2, 14)
    places = [(i.location.uri, i.location.range.start.line) for i in wrong.related_information or []]
    assert places == [(module, 1), (uri, 1), (uri, 2)]
    code.open(module, "-- moved\nreturn function(t)\n  return t.x.y\nend\n")
    await eventually(lambda: code.client.diagnostics[module][0].range.start.line == 2)
    code.change(module, "return function(t)\n  return t.y\nend\n")
    await code.diagnostics(module, 0)
    code.change(module, "return function(t)\n  return t.x.y\nend\n", 3)
    await code.diagnostics(module, 1)
    code.change(uri, text.replace("{}", "{x = {}}"))
    assert (await code.profile(uri)).status == "finished"
    await code.diagnostics(module, 0)


async def test_clearing_takes_the_error_away(code: Session) -> None:
    uri = code.write_and_open("a.lua", "local t\nt.x = 1\n")
    await code.profile(uri)
    await code.diagnostics(uri, 1)
    await code.execute("clear", {"uri": uri})
    await code.diagnostics(uri, 0)
    assert await code.labels(uri) == {}


async def test_the_hottest_line_is_told_where_it_is_elsewhere(code: Session) -> None:
    module = code.write("m.lua", f"return function()\n{LOOP}end\n")
    uri = code.write_and_open("a.lua", "require 'm'()\n")
    asked: list[types.ShowMessageRequestParams] = []

    def answer(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
        asked.append(params)
        return params.actions[0] if params.actions else None

    code.client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)(answer)
    report = await code.profile(uri)
    assert report.hottest is not None
    assert (report.hottest["uri"], report.hottest["line"]) == (module, 2)
    shown = code.client.shown_documents
    await eventually(lambda: len(shown) == 1)
    assert "Hottest: m.lua:3 with " in asked[0].message
    assert shown[0].uri == module and shown[0].selection is not None and shown[0].selection.start.line == 2
    await code.rerun(uri)
    assert len(asked) == 1  # it has been said


async def test_a_client_that_wants_it_is_told_of_figures(tmp_path: Path) -> None:
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, perilune={"notifications": True, **REAL}) as session:
        told: list[Any] = []

        def figures(parameters: Any) -> None:
            told.append(parameters)

        session.client.feature("perilune/figures")(figures)
        uri = session.write_and_open("a.lua", LOOP)
        report = await session.profile(uri)
        await eventually(lambda: len(told) == 1)
        assert (told[0].program, told[0].status, told[0].message) == (report.program, "finished", report.message)


async def test_saving_runs_again_if_the_user_wants_that(code: Session) -> None:
    uri = code.write_and_open("a.lua", "print('saved', ...)\n")
    await code.profile(uri, arguments=["1"])
    save(code, uri)
    configure(code, onSave=True)
    save(code, uri)
    save(code, uri)
    await eventually(lambda: code.logged().count("saved\t1") == 2)


# --- after a restart


async def test_figures_and_jobs_outlive_the_server(tmp_path: Path) -> None:
    text = f"print(...)\n{LOOP}"
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, **REAL) as session:
        uri = session.write_and_open("a.lua", text)
        await session.profile(uri, arguments=["kept"])
        labels = await session.labels(uri)
        assert labels != {}
    assert (tmp_path / ".perilune" / ".gitignore").read_text() == "*\n"
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, **REAL) as session:
        session.open(uri, f"-- edited since\n{text}")
        assert await session.labels(uri) == {line + 1: label for line, label in labels.items()}
        await session.rerun(uri)
        assert "Output of a.lua:\nkept" in session.logged()
        await session.execute("clear", {"uri": uri})
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, **REAL) as session:
        session.open(uri, text)
        assert await session.labels(uri) == {}


async def test_figures_come_that_the_server_of_a_window_wrote_while_the_window_was_loaded_anew(tmp_path: Path) -> None:
    told: list[Any] = []
    settings = {"perilune": {"notifications": True, **REAL}}
    async with (
        session_with(VISUAL_STUDIO_CODE, tmp_path, **REAL) as old,
        session_with(VISUAL_STUDIO_CODE, tmp_path, **settings) as new,
    ):

        def figures(parameters: Any) -> None:
            told.append(parameters)

        new.client.feature("perilune/figures")(figures)
        uri = old.write_and_open("a.lua", LOOP)
        new.open(uri, LOOP)
        assert await new.labels(uri) == {}
        await old.profile(uri)
        await eventually(lambda: len(told) == 1, seconds=30)
        assert await new.labels(uri) == await old.labels(uri) != {}


async def test_what_is_not_ours_is_passed_over(tmp_path: Path) -> None:
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, **REAL) as session:
        uri = session.write_and_open("a.lua", LOOP)
        await session.profile(uri)
    for number, file in enumerate((tmp_path / ".perilune").glob("*.gz")):
        file.write_bytes([b"junk", b"\x1f\x8b\x08junk", json.dumps({}).encode()][number % 3])
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, **REAL) as session:
        session.open(uri, LOOP)
        assert await session.labels(uri) == {}
        assert (await session.profile(uri)).status == "finished"
        assert await session.labels(uri) != {}


# --- a workspace that is not trusted


async def test_nothing_runs_unasked_in_a_workspace_that_is_not_trusted(tmp_path: Path) -> None:
    evil = {**REAL, "profile": {**REAL["profile"], "command": ["sh", "-c", f"touch {tmp_path}/owned"], "onSave": True}}
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, trusted=False, **evil) as session:
        answers = ["Cancel", "Run in the Sandbox"]
        asked: list[str] = []

        def answer(params: types.ShowMessageRequestParams) -> types.MessageActionItem:
            asked.append(params.message)
            return types.MessageActionItem(answers.pop(0))

        session.client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)(answer)
        uri = session.write_and_open("a.lua", "print('ran', io.open)\nos.execute('touch owned')\n")
        save(session, uri)
        report = await session.profile(uri)
        assert (report.status, report.message) == ("refused", "a.lua was not run: the workspace is not trusted.")
        report = await session.profile(uri, environment={"LD_PRELOAD": "evil.so"})
        assert report.status == "failed"
        assert "os.execute" in report.message
        assert len(asked) == 2 and asked[0].startswith("This workspace is not trusted. Run a.lua in a sandbox")
        assert not (tmp_path / "owned").exists()


async def test_the_sandbox_finds_modules_of_the_workspace(tmp_path: Path) -> None:
    async with session_with(VISUAL_STUDIO_CODE, tmp_path, trusted=False, **REAL) as session:

        def answer(params: types.ShowMessageRequestParams) -> types.MessageActionItem:
            return types.MessageActionItem("Run in the Sandbox")

        session.client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)(answer)
        for folder in ("app", "lib"):
            (tmp_path / folder).mkdir()
        session.write("lib/two.lua", "return 'at the root'")
        uri = session.write_and_open("app/main.lua", "print(require 'lib.two', io.open)\nprint(pcall(io.open, 'x'))\n")
        report = await session.profile(uri)
        assert report.status == "finished"
        assert "at the root" in session.logged() and "is not available in the sandbox" in session.logged()
        outside = session.write_and_open("app/bad.lua", "loadfile('../outside.lua')()\n")
        (tmp_path.parent / "outside.lua").write_text("print('escaped')")
        assert (await session.profile(outside)).status == "failed"
        assert "escaped" not in session.logged()


@pytest.mark.parametrize("by_settings", [False, True])
async def test_trust_may_be_given_and_taken_later(tmp_path: Path, by_settings: bool) -> None:
    async with session_with(PLAIN, tmp_path, trusted=False, **REAL) as session:

        async def say(trusted: bool) -> None:
            if by_settings:
                settings = {"trusted": trusted}
                session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
            else:
                assert (await session.execute("trust", {"trusted": trusted}))["trusted"] is trusted

        uri = session.write_and_open("a.lua", "print(os.getenv 'WHO')\n")
        assert (await session.profile(uri)).status == "refused"
        await say(True)
        assert (await session.profile(uri, environment={"WHO": "a friend"})).status == "finished"
        assert "a friend" in session.logged()
        await say(False)
        assert (await session.rerun(uri)).status == "refused"


async def test_the_command_of_a_setting_counts_once_the_workspace_is_trusted(tmp_path: Path) -> None:
    mine = {**REAL, "profile": {**REAL["profile"], "command": ["sh", "-c", f"touch {tmp_path}/mine"]}}
    async with session_with(PLAIN, tmp_path, trusted=False, **mine) as session:
        uri = session.write_and_open("a.lua", "print 'other'\n")
        await session.execute("trust", {"trusted": True})
        assert (await session.profile(uri)).status == "failed"
        assert (tmp_path / "mine").exists()
        with pytest.raises(JsonRpcException, match="trusted: expected a boolean, not 'yes'"):
            await session.execute("trust", {"trusted": "yes"})


async def test_a_client_that_cannot_ask_gets_a_refusal(tmp_path: Path) -> None:
    async with session_with(PLAIN, tmp_path, trusted=False, **REAL) as session:
        uri = session.write_and_open("a.lua", "print('never')")
        report = await session.profile(uri)
        assert (report.status, report.message) == ("refused", "a.lua was not run: the workspace is not trusted.")
        assert session.errors() == [report.message]
        assert "never" not in session.logged()
