"""Programs in which Lua runs, recorded from an editor: the command, the workspace's word on it, and what stops it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pygls.exceptions import JsonRpcException

from lsp_session import NEOVIM, Session, session_with

LUA = shutil.which("lua5.4")
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(sys.platform != "linux", reason="programs are recorded under Linux"),
]
needs_lua = pytest.mark.skipif(LUA is None, reason="no lua5.4")

PERILUNE = {"profile": {"command": [sys.executable, "-P", "-m", "perilune"]}}
HOT = "local sum = 0\nfor i = 1, 30000000 do\n  sum = sum + i % 7\nend\nprint(sum)\n"
ENDLESS = "print('runs')\nio.stdout:flush()\nlocal sum = 0\nwhile true do\n  sum = sum + 1\nend\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    async with session_with(NEOVIM, tmp_path_factory.mktemp("recording"), **PERILUNE) as session:
        yield session


@pytest_asyncio.fixture(loop_scope="module")
async def editor(shared: Session) -> AsyncIterator[Session]:
    yield shared
    (shared.folder / ".perilune.toml").unlink(missing_ok=True)
    await shared.execute("clear")


@needs_lua
async def test_a_command_is_recorded_and_shows_in_the_sources(editor: Session) -> None:
    uri = editor.write_and_open("hot.lua", HOT)
    answer = await editor.execute("record", {"command": [LUA, "hot.lua"]})
    assert (answer["status"], answer["exitStatus"]) == ("recorded", 0)
    assert "sampled in lua5.4 by Lua 5.4" in answer["message"]
    labels = await editor.labels(uri)
    assert labels.keys() & {1, 2}
    assert "ampled in lua5.4 by Lua 5.4" in (await editor.hover(uri, max(labels)) or "")


@needs_lua
async def test_the_workspace_says_what_starts_it(editor: Session) -> None:
    uri = editor.write_and_open("hot.lua", HOT)
    editor.write(".perilune.toml", f'[record]\ncommand = ["{LUA}", "hot.lua"]\n')
    assert (await editor.execute("record"))["status"] == "recorded"
    assert await editor.labels(uri)


@needs_lua
async def test_a_recording_is_stopped_and_shows_what_ran(editor: Session) -> None:
    uri = editor.write_and_open("endless.lua", ENDLESS)
    recording = asyncio.create_task(editor.execute("record", {"command": [LUA, "endless.lua"]}))
    while "runs" not in editor.logged():
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    await editor.execute("stop")
    answer = await recording
    assert answer["status"] == "recorded", answer
    assert (await editor.labels(uri)).keys() & {3, 4}


async def test_without_a_command_it_is_said_where_to_write_one(editor: Session) -> None:
    answer = await editor.execute("record")
    assert answer["status"] == "refused"
    assert answer["message"] == (
        'Which command starts the program? Write it to .perilune.toml: [record] command = ["love", "."]'
    )


async def test_what_has_no_lua_in_it_is_told(editor: Session) -> None:
    answer = await editor.execute("record", {"command": ["true"]})
    assert answer["status"] == "failed"
    assert answer["message"].startswith("true: nothing was recorded: no Lua state was seen")
    answer = await editor.execute("record", {"command": ["no-such-program"]})
    assert answer["message"] == "no-such-program: cannot run no-such-program: No such file or directory"


@pytest.mark.parametrize("command", ["lua5.4 hot.lua", [], ["lua5.4", 1], ["a\0b"]])
async def test_a_wrong_command_has_an_answer(editor: Session, command: object) -> None:
    with pytest.raises(JsonRpcException, match="command: expected a list of strings"):
        await editor.execute("record", {"command": command})


async def test_a_wrong_word_in_the_workspace_is_said_where_it_stands(editor: Session) -> None:
    uri = editor.write(".perilune.toml", '[record]\ncommand = "love ."\n')
    assert (await editor.execute("record"))["status"] == "refused"
    from perilune.lsp.workspace_file import read_workspace_file

    (problem,) = read_workspace_file(str(editor.folder)).problems
    assert problem.message == 'command: expected a list of strings, such as ["love", "."]'
    assert uri.endswith(".perilune.toml") and problem.start == len("[record]\n")


async def test_nothing_is_recorded_where_the_workspace_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / ".perilune.toml").write_text(f'[record]\ncommand = ["touch", "{tmp_path}/ran"]\n')
    async with session_with(NEOVIM, tmp_path, trusted=False, **PERILUNE) as session:
        answer = await session.execute("record")
        assert answer["status"] == "refused"
        assert answer["message"] == "This workspace is not trusted: no command is run in it."
    assert not (tmp_path / "ran").exists()
