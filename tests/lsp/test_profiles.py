"""Whole profiles given away and taken in: call tree, export, report, load."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from pygls.exceptions import JsonRpcException

from lsp_session import HOT, Session
from perilune.lsp.features.call_tree import plain_tree
from perilune.profiler.model import CallNode

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_tree_of_calls_adds_up() -> None:
    builtin = CallNode("string.rep", None, 0, 0, 2, 20)
    inner = CallNode("f", "a.lua", 1, 2, 3, 30, [builtin])
    root = CallNode("", None, 0, 0, 0, 0, [CallNode("main chunk", "a.lua", 1, 9, 1, 10, [inner])])
    tree = plain_tree(root, {"a.lua": "file:///a.lua"})
    (main,) = tree["children"]
    assert (tree["total_ns"], main["total_ns"], main["children"][0]["total_ns"]) == (60, 60, 50)
    assert (main["uri"], main["line"], main["functionLine"]) == ("file:///a.lua", 8, 0)
    assert main["children"][0]["children"] == [
        {
            "name": "string.rep",
            "uri": None,
            "line": -1,
            "functionLine": -1,
            "self_ns": 20,
            "total_ns": 20,
            "samples": 2,
            "children": [],
        }
    ]


async def test_a_tree_may_be_deep() -> None:
    root = CallNode("f", "a.lua", 1, 1, 1, 1)
    for _ in range(5000):
        root = CallNode("f", "a.lua", 1, 1, 0, 0, [root])
    assert plain_tree(root, {})["total_ns"] == 1


async def test_without_figures_there_is_nothing_to_give(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    assert await code.execute("callTree", {"uri": uri}) is None
    path = str(code.folder / "out.json")
    for answer in (
        await code.execute("export", {"uri": uri, "format": "json", "path": path}),
        await code.execute("report", {"uri": uri}),
    ):
        assert (answer["status"], "run the program first" in answer["message"]) == ("failed", True)


async def test_a_profile_is_exported_in_every_form(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    await code.profile(uri)
    for name in ("json", "html", "speedscope", "callgrind", "collapsed", "lcov", "firefox", "pprof"):
        path = code.folder / f"out.{name}"
        answer = await code.execute("export", {"uri": uri, "format": name, "path": str(path)})
        assert (answer["status"], path.stat().st_size > 0) == ("written", True)
    refused = await code.execute("export", {"uri": uri, "format": "cpuprofile", "path": str(code.folder / "out.x")})
    assert (refused["status"], "times" in refused["message"]) == ("failed", True)
    nowhere = str(code.folder / "none" / "out.json")
    assert (await code.execute("export", {"uri": uri, "format": "json", "path": nowhere}))["status"] == "failed"
    with pytest.raises(JsonRpcException, match="format: expected one of"):
        await code.execute("export", {"uri": uri, "format": "excel", "path": nowhere})


async def test_a_report_is_a_file_or_the_answer(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    await code.profile(uri)
    assert (await code.execute("report", {"uri": uri}))["html"].startswith("<!DOCTYPE html>")
    path = code.folder / "report.html"
    assert (await code.execute("report", {"path": str(path)}))["path"] == str(path)
    assert "hot.lua" in path.read_text()


async def test_a_saved_profile_shows_in_its_sources(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    await code.profile(uri)
    labels = await code.labels(uri)
    path = code.folder / "saved.json"
    await code.execute("export", {"uri": uri, "format": "json", "path": str(path)})
    await code.execute("clear", {"uri": uri})
    assert await code.labels(uri) == {}
    answer = await code.execute("load", {"path": path.as_uri()})
    assert (answer["status"], answer["hottest"]["line"]) == ("loaded", 1)
    assert await code.labels(uri) == labels


async def test_a_saved_profile_shows_nothing_in_what_has_changed(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    await code.profile(uri)
    path = code.folder / "saved.json"
    await code.execute("export", {"uri": uri, "format": "json", "path": str(path)})
    await code.execute("clear", {"uri": uri})
    code.write("hot.lua", HOT + "\n")
    assert "hot.lua has changed since." in (await code.execute("load", {"path": str(path)}))["message"]
    assert await code.labels(uri) == {}


@pytest.mark.parametrize("content", ["{]", "[1]", json.dumps({"format": "perilune-profile", "version": 99}), ""])
async def test_what_is_no_profile_is_told(code: Session, content: str) -> None:
    path = code.folder / "saved.json"
    path.write_text(content)
    answer = await code.execute("load", {"path": str(path)})
    assert (answer["status"], "saved.json is no saved profile" in answer["message"]) == ("failed", True)
    assert "cannot be read" in (await code.execute("load", {"path": str(code.folder / "none")}))["message"]


async def test_a_saved_profile_shows_in_a_file_that_has_moved(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    await code.profile(uri)
    saved = str(code.folder / "saved.json")
    await code.execute("export", {"uri": uri, "format": "json", "path": saved})
    await code.execute("clear")
    (code.folder / "hot.lua").unlink()
    (code.folder / "inner").mkdir()
    moved = code.write_and_open("inner/hot.lua", HOT)
    answer = await code.execute("load", {"path": saved})
    assert answer["message"] == "Figures of hot.lua in 1 file."
    assert (await code.labels(moved))[1].startswith("90.0%")


def commit_all(folder: Path) -> None:
    names = ("-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-qm", "first")):
        subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


async def test_a_saved_profile_shows_in_what_git_knows_the_text_of(code: Session) -> None:
    uri = code.write_and_open("hot.lua", HOT)
    commit_all(code.folder)
    await code.profile(uri)
    saved = str(code.folder / "saved.json")
    await code.execute("export", {"uri": uri, "format": "json", "path": saved})
    await code.execute("clear")
    changed = "-- new\n" + HOT.replace("local x = 0  ", "local x = 1  ")
    code.write("hot.lua", changed)
    code.change(uri, changed)
    assert (await code.execute("load", {"path": saved}))["message"] == "Figures of hot.lua in 1 file."
    labels = await code.labels(uri)
    assert labels[2].startswith("90.0%")
    assert labels[1].startswith("~")
