"""What editors other than VS Code and Neovim say of themselves, and every way to count: the same places in the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wire import BEGINNING, Wire

TEXT = """\
local s = "🌙é" local wide = s .. "🌙" print(wide, undefined)
local t = {["🌙"] = 1} function t.f(a) return a .. "🌙" .. s end --[[ 🌙 ]] print(t.f("🌙"), wide)
if wide == "🌙" then error("🌙" .. wide) end
"""
COUNTS: dict[str, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode()),
    "utf-16": lambda text: len(text.encode("utf-16-le")) // 2,
    "utf-32": len,
}
HELIX = {
    "general": {"positionEncodings": ["utf-8", "utf-32", "utf-16"]},
    "workspace": {"inlayHint": {"refreshSupport": False}, "didChangeWatchedFiles": {"dynamicRegistration": True}},
    "textDocument": {"inlayHint": {"dynamicRegistration": False}},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}
EGLOT = {
    "workspace": {"applyEdit": True, "executeCommand": {"dynamicRegistration": False}},
    "textDocument": {"hover": {"contentFormat": ["plaintext"]}, "publishDiagnostics": {"relatedInformation": False}},
    "experimental": {},
}
UTF_32 = {"general": {"positionEncodings": ["utf-32"]}}
CLIENTS = {"helix": (HELIX, "utf-8"), "eglot": (EGLOT, "utf-16"), "utf-32": (UTF_32, "utf-32")}


class Editor:
    """An editor with the text open, which finds places in it, and reads what is there."""

    def __init__(self, wire: Wire, uri: str, encoding: str) -> None:
        self.wire = wire
        self.uri = uri
        self._count = COUNTS[encoding]

    def place(self, text: str, number: int = 0) -> dict[str, int]:
        offset = -1
        for _ in range(number + 1):
            offset = TEXT.index(text, offset + 1)
        before = TEXT[:offset]
        return {"line": before.count("\n"), "character": self._count(before.rpartition("\n")[2])}

    def read(self, span: dict[str, dict[str, int]]) -> str:
        """The text of a range, which begins and ends between characters and within its line."""
        start, end = span["start"], span["end"]
        assert start["line"] == end["line"]
        line = TEXT.split("\n")[start["line"]]
        ends = [self._count(line[:length]) for length in range(len(line) + 1)]
        first, last = (ends.index(each["character"]) for each in (start, end))
        return str(line[first:last])

    def ask(self, feature: str, **parameters: Any) -> Any:
        return self.wire.ask(f"textDocument/{feature}", {"textDocument": {"uri": self.uri}, **parameters})["result"]


@pytest.fixture(params=CLIENTS)
def editor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Editor]:
    capabilities, encoding = CLIENTS[request.param]
    wire = Wire(tmp_path / "log")
    folder = tmp_path / "workspace"
    folder.mkdir()
    program = folder / "main.lua"
    program.write_text(TEXT, encoding="utf-8")
    folders = [{"uri": folder.as_uri(), "name": "workspace"}]
    began = wire.ask("initialize", {**BEGINNING, "capabilities": capabilities, "workspaceFolders": folders})
    assert began["result"]["capabilities"].get("positionEncoding", "utf-16") == encoding
    wire.tell("initialized", {})
    wire.open(program.as_uri(), TEXT)
    yield Editor(wire, program.as_uri(), encoding)
    wire.ask("shutdown")
    wire.tell("exit", None)
    assert wire.end() == 0


def test_names_are_where_the_editor_counts_them(editor: Editor) -> None:
    wide = {"position": editor.place("wide", 3)}
    assert editor.read(editor.ask("definition", **wide)[0]["range"]) == "wide"
    found = editor.ask("references", **wide, context={"includeDeclaration": True})
    assert [editor.read(each["range"]) for each in found] == ["wide"] * 5
    assert {editor.read(each["range"]) for each in editor.ask("documentHighlight", **wide)} == {"wide"}
    changes = editor.ask("rename", **wide, newName="narrow")["changes"][editor.uri]
    assert [editor.read(each["range"]) for each in changes] == ["wide"] * 5
    assert editor.read(editor.ask("hover", position=editor.place("f(a)"))["range"]) == "f"
    labels = {each["label"] for each in editor.ask("completion", position=editor.place("de == "))["items"]}
    assert {"wide", "while"} <= labels
    selected = editor.ask("selectionRange", positions=[editor.place("a ..")])[0]
    assert [editor.read(selected["range"]), editor.read(selected["parent"]["range"])] == ["a", 'a .. "🌙" .. s']


def test_tokens_and_symbols_are_where_the_editor_counts_them(editor: Editor) -> None:
    numbers = editor.ask("semanticTokens/full")["data"]
    words, line, character = [], 0, 0
    for index in range(0, len(numbers), 5):
        down, right, length = numbers[index : index + 3]
        line, character = line + down, right if down else character + right
        start, end = {"line": line, "character": character}, {"line": line, "character": character + length}
        words.append(editor.read({"start": start, "end": end}))
    assert words[:6] == ["s", "wide", "s", "print", "wide", "undefined"]
    ranges = [each.get("range") or each["location"]["range"] for each in editor.ask("documentSymbol")]
    assert [editor.read(each) for each in ranges] == [
        'local s = "🌙é"',
        'local wide = s .. "🌙"',
        'local t = {["🌙"] = 1}',
        'function t.f(a) return a .. "🌙" .. s end',
    ]


def test_a_run_shows_at_the_ends_of_lines(editor: Editor) -> None:
    report = editor.wire.execute("profile", {"uri": editor.uri, "mode": "count"})
    assert report["status"] == "finished"
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
    ends = [editor.place("\n", line) for line in range(3)]
    assert [hint["position"] for hint in editor.ask("inlayHint", range=everything)] == ends
    selected = {"start": editor.place("print"), "end": editor.place("undefined")}
    assert editor.wire.execute("summary", {"uri": editor.uri, "range": selected})["hits"] == 1
