"""Files that are none, never end, or have no name that a system could give: the server answers on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perilune.lsp.protocol import path_of, uri_of
from perilune.lsp.store import Store
from perilune.lsp.whole_file import read_whole
from wire import BEGINNING, Wire

pytestmark = pytest.mark.skipif(os.name == "nt", reason="names and kinds of files are those of POSIX")


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    """A session in the folder `workspace`."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    wire = Wire(tmp_path / "log")
    folders = [{"uri": folder.as_uri(), "name": "workspace"}]
    wire.ask("initialize", {**BEGINNING, "workspaceFolders": folders})
    wire.tell("initialized", {})
    yield wire
    wire.ask("shutdown")
    wire.tell("exit", None)
    assert wire.end() == 0


def symbols(wire: Wire, uri: str) -> list[str]:
    answer = wire.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    return [symbol["name"] for symbol in answer["result"]]


@pytest.mark.parametrize(
    "uri", ["file:///dev/zero", "file:///dev/stdin", "file:///a%00.lua", "file:///tmp", "file://["]
)
def test_a_document_may_have_any_name(wire: Wire, uri: str) -> None:
    wire.open(uri, "local one = 1\n")
    report: Any = wire.ask(
        "workspace/executeCommand", {"command": "perilune.server.profile", "arguments": [{"uri": uri}]}
    )
    assert "status" in report["result"]
    other = "untitled:Untitled-1"
    wire.open(other, "local two = 2\n")
    assert symbols(wire, other) == ["two"]


def test_a_pipe_among_the_files_holds_nothing_up(wire: Wire, tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    for name in ("m.lua", ".perilune.toml", "text.lua"):
        os.mkfifo(folder / name)
    program = folder / "main.lua"
    program.write_text('local m = require "m"\n')
    (folder / "other.lua").write_text("function found() end\n")
    wire.open(program.as_uri(), program.read_text())
    place = {"textDocument": {"uri": program.as_uri()}, "position": {"line": 0, "character": 20}}
    assert "result" in wire.ask("textDocument/definition", place)
    assert [each["name"] for each in wire.ask("workspace/symbol", {"query": "found"})["result"]] == ["found"]
    wire.open((folder / "text.lua").as_uri(), "local three = 3\n")
    assert symbols(wire, (folder / "text.lua").as_uri()) == ["three"]


def test_a_name_that_is_not_utf8_is_found_and_led_to(wire: Wire, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path / "workspace") + b"/caf\xe9.lua"
    with open(name, "wb") as stream:
        stream.write(b"function found() end\n")
    (found,) = wire.ask("workspace/symbol", {"query": "found"})["result"]
    assert found["location"]["uri"].endswith("/caf%E9.lua")
    assert path_of(found["location"]["uri"]) == os.fsdecode(name)


def test_only_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", str(tmp_path), str(tmp_path / "pipe"), "a\0b", str(tmp_path / "none")):
        with pytest.raises(OSError):
            read_whole(path)
    (tmp_path / "file").write_bytes(b"12345")
    assert read_whole(str(tmp_path / "file"), 5) == b"12345"
    with pytest.raises(OSError):
        read_whole(str(tmp_path / "file"), 4)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a%20b/%C3%A9%F0%9F%8C%99.lua", "/a b/é🌙.lua"),
        ("file:///a/é.lua", "/a/é.lua"),
        ("file:///c%3A/a.lua", "/c:/a.lua"),
        ("file://localhost/a.lua", "/a.lua"),
        ("file://elsewhere/a.lua", None),
        ("file:///a%00.lua", None),
        ("file:a.lua", None),
        ("file://[", None),
        ("untitled:a.lua", None),
        ("vscode-remote://ssh/a.lua", None),
        ("http://a/b.lua", None),
        ("", None),
    ],
)
def test_the_path_of_a_uri(uri: str, path: str | None) -> None:
    assert path_of(uri) == path


@pytest.mark.parametrize("path", ["/a b/é🌙.lua", "/a#b?c%20;d.lua", os.fsdecode(b"/\xff\xe9.lua"), "/c:/a.lua"])
def test_a_path_comes_back_from_its_uri(path: str) -> None:
    assert path_of(uri_of(path)) == path


def test_the_store_removes_only_its_own(tmp_path: Path) -> None:
    elsewhere = tmp_path / "backups"
    elsewhere.mkdir()
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / ".perilune").symlink_to(elsewhere)
    kept = elsewhere / "photos.json.gz"
    kept.write_bytes(b"x" * 2000)
    os.mkfifo(elsewhere / "pipe.json.gz")
    store = Store(str(tmp_path / "workspace"), max_bytes=1000)
    assert store.write("run", "a", [1])
    assert store.read("run", "a") == [1]
    assert kept.exists()
