"""Where files are: several workspace folders, each with what is its own, and files that are known by several names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types

from lsp_session import VISUAL_STUDIO_CODE, Session, change_folders, eventually, in_folder, session_with

pytestmark = pytest.mark.asyncio(loop_scope="module")

REAL: dict[str, Any] = {"profile": {"mode": "count", "timeLimit": 20}, "language": {"enabled": False}}
LOOP = "local s = 0\nfor i = 1, 100 do\n  s = s + i\nend\n"
BUDGET = f"---@budget instructions <= 5\n\n{LOOP}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    async with session_with(VISUAL_STUDIO_CODE, tmp_path_factory.mktemp("shared"), **REAL) as session:
        yield session


@pytest.fixture
def code(shared: Session, tmp_path: Path) -> Iterator[Session]:
    (tmp_path / "one").mkdir()
    for session in in_folder(shared, tmp_path / "one"):
        session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(REAL))
        yield session


@pytest.fixture
def other(code: Session, tmp_path: Path) -> Iterator[Session]:
    """The same editor, in another folder of the workspace."""
    (tmp_path / "two").mkdir()
    folder = types.WorkspaceFolder(uri=(tmp_path / "two").as_uri(), name="two")
    change_folders(code.client, types.WorkspaceFoldersChangeEvent(added=[folder], removed=[]))
    yield Session(code.client, tmp_path / "two", code.encoding)
    change_folders(code.client, types.WorkspaceFoldersChangeEvent(added=[], removed=[folder]))


def link(session: Session, name: str, target: str) -> str:
    path = session.folder / name
    path.symlink_to(session.folder / target)
    return path.as_uri()


# --- several folders


async def test_every_folder_has_its_own_settings_modules_and_store(code: Session, other: Session) -> None:
    for session, name in ((code, "one"), (other, "two")):
        session.write(".perilune.toml", f"[profile]\nargs = ['{name}']\n")
        (session.folder / "sub").mkdir()
        (session.folder / "lib").mkdir()
        session.write("lib/m.lua", f"return 'module of {name}'\n")
        uri = session.write_and_open("sub/main.lua", "print((require 'lib.m'), ...)\n")
        assert (await session.profile(uri)).status == "finished"
        assert f"module of {name}\t{name}\n" in session.logged()
    for session in (code, other):
        store = session.folder / ".perilune"
        await eventually(lambda store=store: len(list(store.glob("run-*"))) == 1)  # type: ignore[misc]


async def test_clearing_one_folder_leaves_the_other(code: Session, other: Session) -> None:
    uris = [session.write_and_open("a.lua", LOOP) for session in (code, other)]
    for uri in uris:
        await code.profile(uri)
    await code.execute("clear", {"uri": uris[0]})
    assert await code.labels(uris[0]) == {}
    assert 2 in await code.labels(uris[1])


async def test_what_is_wrong_in_the_file_of_a_folder_is_told_there(code: Session, other: Session) -> None:
    other.write(".perilune.toml", "[profile]\nmoed = 'count'\n")
    uri = other.write_and_open("a.lua", LOOP)
    await other.profile(uri)
    told = await other.diagnostics((other.folder / ".perilune.toml").as_uri(), 1)
    assert "did you mean mode?" in told[0].message
    assert (code.folder / ".perilune.toml").as_uri() not in code.client.diagnostics


async def test_a_folder_inside_of_another_is_the_one_that_counts(code: Session) -> None:
    code.write(".perilune.toml", "[profile]\nargs = ['outer']\n")
    inner = code.folder / "inner"
    inner.mkdir()
    (inner / ".perilune.toml").write_text("[profile]\nargs = ['inner']\n")
    folder = types.WorkspaceFolder(uri=inner.as_uri(), name="inner")
    change_folders(code.client, types.WorkspaceFoldersChangeEvent(added=[folder], removed=[]))
    uri = code.write_and_open("inner/a.lua", "print('args', ...)\n")
    assert (await code.profile(uri)).status == "finished"
    assert "args\tinner" in code.logged()
    change_folders(code.client, types.WorkspaceFoldersChangeEvent(added=[], removed=[folder]))


# --- symbolic links


async def test_a_link_and_its_target_show_the_same(code: Session) -> None:
    target = code.write_and_open("target.lua", BUDGET)
    linked = link(code, "link.lua", "target.lua")
    code.open(linked, BUDGET)
    report = await code.profile(linked)
    assert report.status == "finished"
    labels = await code.labels(target)
    assert 4 in labels and await code.labels(linked) == labels
    assert await code.hover(target, 4) == await code.hover(linked, 4)
    for uri in (target, linked):
        (warning,) = await code.diagnostics(uri, 1)
        assert "is over budget" in warning.message
    code.change(linked, f"-- moved\n{BUDGET}")
    assert 5 in await code.labels(linked)
    assert await code.labels(target) == labels
    await code.execute("clear", {"uri": target})
    assert await code.labels(target) == await code.labels(linked) == {}


async def test_a_module_that_is_reached_by_a_link_shows_its_figures_in_its_file(code: Session) -> None:
    module = code.write_and_open("real.lua", "local m = {}\nfunction m.f(n)\n  return n * n\nend\nreturn m\n")
    link(code, "alias.lua", "real.lua")
    uri = code.write_and_open("main.lua", "local m = require 'alias'\nfor i = 1, 40 do m.f(i) end\n")
    assert (await code.profile(uri)).status == "finished"
    assert "40×" in (await code.labels(module))[2]


async def test_a_workspace_that_is_opened_by_a_link_keeps_its_runs(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "real")
    async with session_with(VISUAL_STUDIO_CODE, tmp_path / "alias", **REAL) as first:
        uri = first.write_and_open("a.lua", LOOP)
        assert (await first.profile(uri)).status == "finished"
        assert 2 in await first.labels(uri)
    async with session_with(VISUAL_STUDIO_CODE, tmp_path / "real", **REAL) as second:
        uri = (tmp_path / "real" / "a.lua").as_uri()
        second.open(uri, LOOP)
        assert 2 in await second.labels(uri)
