"""The server behind `perilune host`, asked over its socket as a program does; and the bytes that it reads."""

from __future__ import annotations

import io
import socket
import struct
import sys

import pytest

from perilune.vm.host_server import HostServer
from perilune.vm.raw_bytes import RawBytesError, read_raw

needs_sockets = pytest.mark.skipif(sys.platform != "linux", reason="sockets without files are Linux's")


def number(n: int) -> bytes:
    return struct.pack("=Q", n)


def test_values_are_read_as_they_were_told() -> None:
    told = b"m" + b"t" + number(1) + b"a" + b"l" + b"u" + number(7) + b"n" + b"e"
    told += b"t" + number(1) + b"b" + b"r" + b"i" + struct.pack("=q", -2) + b"d" + struct.pack("=d", 0.5)
    told += b"b" + number(2) + b"\xff\0" + b"e" + b"e"
    assert read_raw(io.BytesIO(told)) == {"a": [7, None], "b": (-2, 0.5, b"\xff\0")}


@pytest.mark.parametrize("told", [b"", b"e", b"x", b"u123", b"l", b"t" + number(9) + b"short", b"l" * 1000])
def test_what_is_not_whole_is_refused(told: bytes) -> None:
    with pytest.raises(RawBytesError):
        read_raw(io.BytesIO(told))


def ask(server: HostServer, request: bytes, token: bytes | None = None) -> bytes:
    name, true_token, _, _ = server.address.split()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("\0" + name)
        connection.sendall((true_token.encode() if token is None else token) + request)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            return answer.read()


def compilation(text: bytes) -> bytes:
    parts = (b"=a", b"/", text)
    return b"C" + number(0) + b"".join(number(len(part)) + part for part in parts)


@needs_sockets
def test_texts_are_compiled_or_refused() -> None:
    with HostServer("count") as server:
        chunk = ask(server, compilation(b"return 1"))
        refusal = ask(server, compilation(b"return +"))
        assert ask(server, compilation(b"return 1"), b"x" * 32) == b""
    assert chunk[:1] == b"K"
    assert chunk[13:].startswith(b"\x1bPerilune")
    assert refusal[:1] == b"E"
    assert refusal[13:] == b"a:1: unexpected symbol near '+'"
    assert [text.content for text in server.texts] == [b"return 1"]


@needs_sockets
def test_figures_do_not_go_when_later_there_are_none() -> None:
    def told(is_whole: int, raw: bytes) -> bytes:
        def field(name: bytes, value: bytes) -> bytes:
            return b"t" + number(len(name)) + name + value

        fields = [
            field(name, b"u" + number(n)) for name, n in ((b"process", 5), (b"number", 1), (b"is_whole", is_whole))
        ]
        return b"Pm" + b"".join(fields) + field(b"program", b"t" + number(1) + b"p") + field(b"raw", raw) + b"e"

    with HostServer("count") as server:
        assert ask(server, told(0, b"n")) == b"!"
        assert ask(server, told(1, b"me")) == b"!"
        assert ask(server, told(0, b"n")) == b"!"
        assert ask(server, b"Pm") == b""
    (state,) = server.states
    assert (state.process, state.program, state.is_whole) == (5, "p", True)
    assert state.raw is not None
