"""A long session of random edits and requests, some malformed, some cancelled, with runs in between.

Every request is answered, every version that is waited for is checked, and what the server then says is what a fresh one
says of the same text.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SERVER = [sys.executable, "-m", "perilune", "lsp"]
PROGRAM = """local M = {}

local function twice(x)
  return x * 2
end

function M.sum(n)
  local total = 0
  for i = 1, n do
    total = total + twice(i)
  end
  return total
end

local function copy(t)
  local r = {}
  for i = 1, #t do r[i] = t[i] end
  return r
end

print(M.sum(200), #copy({ 1, 2, 3 }))
return M
"""
TYPED = (
    "x",
    " ",
    "\n",
    "end",
    "(",
    ")",
    '"',
    "--",
    "[[",
    "local y = 1\n",
    "function f()\nend\n",
    "é",
    "😀",
    "\r\n",
    "=",
)
MALFORMED: tuple[tuple[str, Any], ...] = (
    ("textDocument/inlayHint", {}),
    ("textDocument/hover", {"textDocument": {"uri": 1}, "position": {"line": -1, "character": "x"}}),
    ("workspace/executeCommand", {}),
    ("workspace/executeCommand", {"command": "perilune.server.profile", "arguments": [{"uri": 5}]}),
    ("no/such/method", None),
)
INVALID = (-32600, -32601, -32602, -32800)


class Client:
    """A session, spoken to in JSON."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._last = 0
        self.answers: dict[int, dict[str, Any]] = {}
        self.problems: dict[str, tuple[int | None, list[Any]]] = {}
        root = {"processId": None, "rootUri": folder.as_uri(), "workspaceFolders": [_folder(folder)]}
        options = {"profile": {"mode": "count"}, "hints": {"threshold": 0}}
        self.ask("initialize", {**root, "capabilities": {}, "initializationOptions": options})
        self.tell("initialized", {})

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _read(self) -> None:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server has ended"
        message = json.loads(self.process.stdout.read(length))
        if "method" in message and "id" in message:
            self._write({"id": message["id"], "result": None})
        elif message.get("method") == "textDocument/publishDiagnostics":
            found = message["params"]
            before, _ = self.problems.get(found["uri"], (None, []))
            version = found.get("version")
            assert before is None or version is None or version >= before, (
                "what was said of an older version came later"
            )
            self.problems[found["uri"]] = version, found["diagnostics"]
        elif "method" not in message:
            assert message["id"] not in self.answers, "one request, two answers"
            self.answers[message["id"]] = message

    def tell(self, method: str, params: Any) -> None:
        self._write({"method": method, "params": params})

    def begin(self, method: str, params: Any) -> int:
        self._last += 1
        self._write({"id": self._last, "method": method, "params": params})
        return self._last

    def answer(self, request: int) -> dict[str, Any]:
        while request not in self.answers:
            self._read()
        return self.answers[request]

    def ask(self, method: str, params: Any) -> Any:
        answer = self.answer(self.begin(method, params))
        assert "error" not in answer, (method, answer)
        return answer["result"]

    def open(self, uri: str, text: str) -> None:
        document = {"uri": uri, "languageId": "lua", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})

    def change(self, uri: str, version: int, text: str) -> None:
        changes = [{"text": text}]
        self.tell(
            "textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}
        )

    def checked(self, uri: str, version: int) -> list[Any]:
        while self.problems.get(uri, (None, []))[0] != version:
            self._read()
        return self.problems[uri][1]

    def close(self) -> None:
        self.ask("shutdown", None)
        self.tell("exit", None)
        assert self.process.wait(30) == 0


def _folder(path: Path) -> dict[str, str]:
    return {"uri": path.as_uri(), "name": "soak"}


def everything(client: Client, uri: str, text: str) -> dict[str, Any]:
    """What a server says of a document."""
    document = {"textDocument": {"uri": uri}}
    end = {"line": text.count("\n") + 5, "character": 0}
    whole = {"range": {"start": {"line": 0, "character": 0}, "end": end}}
    found = {
        "hints": client.ask("textDocument/inlayHint", {**document, **whole}),
        "lenses": client.ask("textDocument/codeLens", document),
        "symbols": client.ask("textDocument/documentSymbol", document),
        "tokens": client.ask("textDocument/semanticTokens/full", document),
        "folds": client.ask("textDocument/foldingRange", document),
    }
    for line in range(0, text.count("\n"), 5):
        where = {**document, "position": {"line": line, "character": 3}}
        found[f"hover {line}"] = client.ask("textDocument/hover", where)
        found[f"definition {line}"] = client.ask("textDocument/definition", where)
        found[f"completion {line}"] = client.ask("textDocument/completion", where)
    return found


def edited(generator: random.Random, text: str) -> str:
    """The text after an edit; often enough the program as it was, so that not all is lost in a broken one."""
    lines = text.splitlines(keepends=True)
    match generator.randrange(8):
        case 0:
            return PROGRAM
        case 1 if lines:
            del lines[generator.randrange(len(lines))]
            return "".join(lines)
        case 2 if lines:
            lines.insert(generator.randrange(len(lines)), generator.choice(lines))
            return "".join(lines)
        case 3 if lines:
            generator.shuffle(lines)
            return "".join(lines)
        case _:
            place = generator.randrange(len(text) + 1)
            return text[:place] + generator.choice(TYPED) + text[place + generator.choice((0, 0, 1, 5)) :]


def soak(folder: Path, steps: int, runs: int, comparisons: int) -> None:
    generator = random.Random(steps)
    path = folder / "main.lua"
    path.write_text(PROGRAM, encoding="utf-8")
    uri, text, version = path.as_uri(), PROGRAM, 1
    client = Client(folder)
    client.open(uri, text)
    asked: dict[int, str] = {}
    shown = 0
    run = {"command": "perilune.server.profile", "arguments": [{"uri": uri}]}
    assert client.ask("workspace/executeCommand", run)["status"] == "finished"
    for step in range(1, steps + 1):
        document = {"textDocument": {"uri": uri}}
        place = {"line": generator.randrange(40), "character": generator.randrange(20)}
        match generator.randrange(10):
            case 0:
                method, params = generator.choice(MALFORMED)
                asked[client.begin(method, params)] = "malformed"
            case 1:
                method = generator.choice(("textDocument/completion", "textDocument/hover", "textDocument/definition"))
                asked[client.begin(method, {**document, "position": place})] = "well"
            case 2:
                asked[client.begin("textDocument/inlayHint", {**document, "range": {"start": place, "end": place}})] = (
                    ""
                )
            case 3:
                request = client.begin("textDocument/documentSymbol", document)
                client.tell("$/cancelRequest", {"id": request})
                asked[request] = "cancelled"
            case _:
                version += 1
                text = edited(generator, text)
                client.change(uri, version, text)
        if step % (steps // runs) == 0:
            version += 1
            text = PROGRAM
            client.change(uri, version, text)
            assert client.ask("workspace/executeCommand", run)["status"] == "finished"
        if step % (steps // comparisons) == 0:
            said = client.checked(uri, version)
            known = everything(client, uri, text)
            shown += len(known["hints"])
            fresh = Client(folder)
            fresh.open(uri, text)
            assert fresh.checked(uri, 1) == said, text
            other = everything(fresh, uri, text)
            fresh.close()
            for what, answer in other.items():
                if not what.startswith("completion"):
                    assert known[what] == answer, (what, text)
    for request, kind in asked.items():
        answer = client.answer(request)
        if kind == "malformed":
            assert answer["error"]["code"] in INVALID, answer
        elif "error" in answer:
            assert kind == "cancelled" and answer["error"]["code"] == -32800, answer
    client.checked(uri, version)
    client.close()
    assert shown, "figures were compared too"


def test_a_short_session_loses_nothing(tmp_path: Path) -> None:
    soak(tmp_path, steps=300, runs=3, comparisons=6)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_long_session_loses_nothing(tmp_path: Path) -> None:
    soak(tmp_path, steps=10_000, runs=20, comparisons=100)
