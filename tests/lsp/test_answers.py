"""Every request is answered, whatever an editor sends: the server's wire, without a client that knows the protocol."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from perilune.lsp.session import PeriluneServer
from wire import BEGINNING, Wire

INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMETERS, PARSE_ERROR = -32600, -32601, -32602, -32700
NOT_INITIALIZED, INTERNAL_ERROR = -32002, -32603


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    opened = Wire(tmp_path / "log")
    yield opened
    opened.end()


@pytest.fixture
def session(wire: Wire, tmp_path: Path) -> Iterator[tuple[Wire, dict[str, str]]]:
    """A session with an open document, which is left as it should be; the log then holds no traceback."""
    assert "result" in wire.ask("initialize", BEGINNING)
    wire.tell("initialized", {})
    uri = (tmp_path / "a.lua").as_uri()
    wire.open(uri, "x = 1\n")
    yield wire, {"uri": uri}
    assert wire.ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}})
    assert "error" not in wire.ask("shutdown")
    wire.tell("exit", None)
    wire.end()
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("method", "parameters", "complaint"),
    [
        ("textDocument/inlayHint", {}, "range"),
        ("textDocument/hover", {"position": {"line": -1, "character": -5}}, "position"),
        ("textDocument/hover", {"position": {"line": "one", "character": 0}}, "position.line"),
        ("textDocument/hover", [1, 2], "position"),
        ("textDocument/hover", None, "params"),
        ("workspace/executeCommand", {}, "command"),
        ("workspace/executeCommand", {"command": "nope"}, "'nope' is not defined"),
        ("workspace/executeCommand", {"command": "perilune.server.profile"}, "uri"),
        ("workspace/executeCommand", {"command": "perilune.server.rerun", "arguments": [3]}, "uri"),
        ("inlayHint/resolve", {}, "label"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    session: tuple[Wire, dict[str, str]], method: str, parameters: Any, complaint: str
) -> None:
    wire, document = session
    if isinstance(parameters, dict) and method.startswith("textDocument"):
        parameters = {"textDocument": document, **parameters}
    code, message = wire.error(method, parameters)
    assert code == INVALID_PARAMETERS
    assert complaint in message


def test_what_is_not_known_is_refused(session: tuple[Wire, dict[str, str]]) -> None:
    assert session[0].error("perilune/nothing", {})[0] == METHOD_NOT_FOUND


def test_documents_and_hints_that_the_server_does_not_know_have_no_figures(
    session: tuple[Wire, dict[str, str]],
) -> None:
    wire, _ = session
    place = {"line": 7, "character": 9}
    unknown = {"textDocument": {"uri": "untitled:one"}, "position": place}
    assert wire.ask("textDocument/hover", unknown)["result"] is None
    hint = {"position": place, "label": "x", "data": {"uri": 5}}
    assert wire.ask("inlayHint/resolve", hint)["result"] == hint


def test_a_session_begins_once(session: tuple[Wire, dict[str, str]]) -> None:
    assert session[0].error("initialize", BEGINNING)[0] == INVALID_REQUEST


def test_nothing_is_answered_before_and_after_the_session(wire: Wire) -> None:
    hover = {"textDocument": {"uri": "file:///a.lua"}, "position": {"line": 0, "character": 0}}
    assert wire.error("textDocument/hover", hover)[0] == NOT_INITIALIZED
    wire.ask("initialize", BEGINNING)
    wire.ask("shutdown")
    assert wire.error("textDocument/hover", hover)[0] == INVALID_REQUEST


@pytest.mark.parametrize("content", [b"{bad}", b"\xff\xfe", b'"'])
def test_what_is_no_json_is_answered(session: tuple[Wire, dict[str, str]], content: bytes) -> None:
    wire, _ = session
    wire.write(content)
    while "id" not in (message := wire.read()) or "method" in message:
        pass
    assert (message["id"], message["error"]["code"]) == (None, PARSE_ERROR)


def test_messages_that_make_no_sense_are_passed_over(session: tuple[Wire, dict[str, str]]) -> None:
    wire, _ = session
    for content in (b"[1, 2]", b"{}", b"null", b'{"jsonrpc": "2.0"}', b'{"jsonrpc": "1.0", "id": 1, "method": "x"}'):
        wire.write(content)
    wire.tell("textDocument/didChange", {})
    wire.tell("textDocument/didChange", {"textDocument": {"uri": "file:///never", "version": 2}, "contentChanges": []})
    wire.tell("$/cancelRequest", {"id": 1000})
    wire.tell("perilune/nothing", 1)


UNWRITABLE = """
from perilune.lsp.server import main, server
values = {"recursive": [], "number": float("inf"), "object": object.__new__(type("Slotted", (), {"__slots__": ()}))}
values["recursive"].append(values["recursive"])
for name, value in values.items():
    server.command(f"perilune.server.{name}")(lambda *_, value=value: {"value": [value]})
main()
"""


@pytest.mark.parametrize("kind", ["recursive", "number", "object"])
def test_an_answer_that_cannot_be_written_is_an_error(kind: str, tmp_path: Path) -> None:
    wire = Wire(tmp_path / "log", [sys.executable, "-c", UNWRITABLE])
    wire.ask("initialize", BEGINNING)
    code, message = wire.error("workspace/executeCommand", {"command": f"perilune.server.{kind}"})
    assert (code, message.partition(":")[0]) == (INTERNAL_ERROR, "the answer cannot be written")
    assert "error" not in wire.ask("shutdown")
    wire.end()
    assert "cannot write a message" in (tmp_path / "log").read_text()


def test_a_client_that_ended_takes_the_server_along(tmp_path: Path) -> None:
    client = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    wire = Wire(tmp_path / "log")
    wire.ask("initialize", {**BEGINNING, "processId": client.pid})
    assert client.stdin is not None
    client.stdin.close()
    client.wait(20)
    assert wire.wait() == 1  # although its pipes are open


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_an_interrupt_ends_the_server(wire: Wire) -> None:
    wire.ask("initialize", BEGINNING)
    wire.send_signal(signal.SIGINT)
    assert wire.wait() == -signal.SIGINT


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000])
def test_json_that_cannot_be_read_is_answered(session: tuple[Wire, dict[str, str]], content: bytes) -> None:
    wire, _ = session
    wire.write(content)
    while "id" not in (message := wire.read()) or "method" in message:
        pass
    assert (message["id"], message["error"]["code"]) == (None, PARSE_ERROR)


def test_what_has_ended_is_forgotten() -> None:
    protocol = PeriluneServer().protocol
    message: Any = types.SetTraceNotification(types.SetTraceParams(types.TraceValue.Off))
    before = _futures()
    for _ in range(20):
        protocol.handle_message(message)
    assert _futures() == before


def _futures() -> int:
    gc.collect()
    return sum(isinstance(each, Future) for each in gc.get_objects())
