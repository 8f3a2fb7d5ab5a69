"""`perilune export --push`: what servers are sent, held against what their documentation asks for, and how they refuse."""

from __future__ import annotations

import base64
import contextlib
import email
import gzip
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from command_line import RunPerilune, WriteFile
from perilune.profiler.renderers import json as json_renderer
from sampled_profile import sampled_profile

PROFILE = json_renderer.render(sampled_profile())
OK_TRAILERS = b"grpc-status: 0\r\n"


@dataclass
class Receiver:
    """A server that keeps what it is sent, and answers what it is told to."""

    port: int
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    targets: list[str] = field(default_factory=list)
    received: list[tuple[Message, bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def query(self) -> dict[str, str]:
        return {name: value for name, (value,) in parse_qs(urlsplit(self.targets[-1]).query).items()}


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("no_proxy", "*")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.targets.append(self.path)
            found.received.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(found.content)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def fields(message: bytes) -> list[tuple[int, int | bytes]]:
    """The fields of a protobuf message, by number."""
    found: list[tuple[int, int | bytes]] = []
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = message[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(message):
        key = varint()
        if key & 7 == 0:
            found.append((key >> 3, varint()))
        else:
            size = varint()
            found.append((key >> 3, message[place : place + size]))
            place += size
    return found


def parts(number: int, message: bytes) -> list[bytes]:
    return [value for key, value in fields(message) if key == number and isinstance(value, bytes)]


def check_pprof(content: bytes, begun: int) -> None:
    message = gzip.decompress(content)
    texts = parts(6, message)
    assert b"fib" in texts and b"instructions" in texts
    assert [value for key, value in fields(message) if key == 9] == [begun * 10**9]


@pytest.fixture
def saved(write_file: WriteFile, tmp_path: Path) -> int:
    """The profile of sampled_profile, of a run of 1.01 s that ended in the second that is returned."""
    import os

    write_file("p.json", PROFILE)
    os.utime(tmp_path / "p.json", (1_700_000_000, 1_700_000_000.01 + 1))
    return 1_700_000_001


def test_pyroscope_gets_what_its_documentation_asks_for(perilune: RunPerilune, receiver: Receiver, saved: int) -> None:
    result = perilune("export", "p.json", "--push", receiver.address, "--label", "region=west", "--label", "host=h1")
    assert (result.status, result.output) == (0, "")
    assert result.errors == f"perilune: sent to {receiver.address}/ingest\n"
    assert urlsplit(receiver.targets[0]).path == "/ingest"
    query = receiver.query
    assert query["name"] == "main{host=h1,program=main.lua,region=west}"
    assert (query["from"], query["until"], query["spyName"]) == (str(saved - 1), str(saved), "perilune")
    assert "format" not in query  # with one the server takes the whole form for pprof's file
    headers, body = receiver.received[0]
    assert headers.get_content_type() == "multipart/form-data"
    form = email.message_from_bytes(f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body)
    files = {part.get_param("name", header="content-disposition"): part for part in form.walk() if part is not form}
    assert list(files) == ["profile", "sample_type_config"]
    content = files["profile"].get_payload(decode=True)
    assert isinstance(content, bytes)
    check_pprof(content, saved - 1)
    config = json.loads(str(files["sample_type_config"].get_payload()))
    assert list(config) == ["alloc_objects", "alloc_space", "instructions", "samples", "time"]
    for kind, settings in config.items():
        assert settings["units"] in ("samples", "objects", "bytes") and settings["aggregation"] == "sum"
        assert settings["display-name"] == kind and settings["sampled"] is False


def test_pyroscope_gets_collapsed_stacks(perilune: RunPerilune, receiver: Receiver, saved: int) -> None:
    arguments = (
        "export",
        "p.json",
        "--push",
        f"{receiver.address}/ingest",
        "--format",
        "collapsed",
        "--label",
        "host=",
    )
    assert perilune(*arguments).status == 0
    query = receiver.query
    assert query["name"] == "main.wall{program=main.lua}"
    assert (query["format"], query["units"], query["aggregationType"]) == ("folded", "samples", "sum")
    assert query["sampleRate"] == "1000000000"  # a sample is a nanosecond
    lines = [line.rpartition(" ") for line in receiver.received[0][1].decode().splitlines()]
    assert sum(int(cost) for _, _, cost in lines) == sampled_profile().totals.run_ns
    assert "main chunk (main.lua:6);fib (main.lua:2)" in {stack for stack, _, _ in lines}


def test_parca_gets_a_raw_write(perilune: RunPerilune, receiver: Receiver, saved: int) -> None:
    receiver.headers = {"Content-Type": "application/grpc-web+proto"}
    receiver.content = b"\0\0\0\0\0" + b"\x80" + len(OK_TRAILERS).to_bytes(4, "big") + OK_TRAILERS
    arguments = ("export", "p.json", "--push", receiver.address, "--service", "parca", "--label", "host=h1")
    assert perilune(*arguments).status == 0
    assert receiver.targets == ["/parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw"]
    headers, body = receiver.received[0]
    assert (headers["Content-Type"], headers["X-Grpc-Web"]) == ("application/grpc-web+proto", "1")
    assert (body[0], int.from_bytes(body[1:5], "big")) == (0, len(body) - 5)
    (series,) = parts(2, body[5:])
    (labels,) = parts(1, series)
    pairs = [(parts(1, label)[0].decode(), parts(2, label)[0].decode()) for label in parts(1, labels)]
    assert pairs == [("__name__", "perilune"), ("host", "h1"), ("job", "main"), ("program", "main.lua")]
    (sample,) = parts(2, series)
    check_pprof(parts(1, sample)[0], saved - 1)


def test_parca_tells_its_errors_behind_the_answer(perilune: RunPerilune, receiver: Receiver, saved: int) -> None:
    trailers = b"grpc-status:3\r\ngrpc-message:no%20such tenant\r\n"
    receiver.headers = {"Content-Type": "application/grpc-web+proto"}
    receiver.content = b"\x80" + len(trailers).to_bytes(4, "big") + trailers
    arguments = ("export", "p.json", "--push", f"{receiver.address}/write", "--service", "parca")
    result = perilune(*arguments)
    assert result.errors == f"perilune: {receiver.address}/write did not take the profile: no such tenant\n"
    assert result.status == 1
    receiver.headers, receiver.content = {"Content-Type": "text/html"}, b"<html>"
    assert "it does not speak gRPC-Web" in perilune(*arguments).errors


def test_other_servers_get_the_file_alone(perilune: RunPerilune, receiver: Receiver, saved: int) -> None:
    address = receiver.address.replace("http://", "http://user:p%40ss@") + "/upload?key=1"
    result = perilune("export", "p.json", "--push", address, "--service", "pprof", "--header", "X-Scope-OrgID: team")
    assert (result.status, result.errors) == (0, f"perilune: sent to {receiver.address}/upload?key=1\n")
    headers, body = receiver.received[0]
    check_pprof(body, saved - 1)
    assert (headers["Content-Type"], headers["X-Scope-OrgID"]) == ("application/octet-stream", "team")
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"user:p@ss"
    assert receiver.query["key"] == "1" and receiver.query["program"] == "main.lua"


def test_the_revision_is_that_of_the_text_that_ran(
    perilune: RunPerilune, receiver: Receiver, write_file: WriteFile, tmp_path: Path
) -> None:
    def git(*arguments: str) -> str:
        author = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *author, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def pushed() -> str:
        assert perilune("profile", "--mode", "count", "-o", "p.json", "a.lua").status == 0
        assert perilune("export", "p.json", "--push", receiver.address, "--label", "host=").status == 0
        return receiver.query["name"].removeprefix("a{program=a.lua,revision=").removesuffix("}")

    git("init", "-q")
    write_file("a.lua", "local x = 1")
    git("add", "a.lua")
    git("commit", "-qm", "1")
    first = git("rev-parse", "--short=12", "HEAD")
    assert pushed() == first
    write_file("a.lua", "local x = 2")
    assert pushed() == f"{first}-dirty"
    git("commit", "-qam", "2")
    write_file("a.lua", "local x = 1")
    assert pushed() == first


@pytest.mark.parametrize(
    ("status", "headers", "content", "message"),
    [
        (404, {}, b"", "takes no profiles (404 Not Found): is it the address of a server of the kind pyroscope?"),
        (422, {}, b"profile too\nold\n", "refused the profile (422 Unprocessable Entity): profile too old"),
        (503, {}, b"<html>", "refused the profile (503 Service Unavailable)"),
        (401, {}, b"", "lets nobody in without a name and a password (401 Unauthorized): https://USER:PASSWORD@HOST, "),
        (302, {"Location": "https://other/"}, b"", "sends one elsewhere (302 Found): give the address https://other/"),
    ],
)
def test_a_server_that_refuses(
    perilune: RunPerilune,
    receiver: Receiver,
    saved: int,
    status: int,
    headers: dict[str, str],
    content: bytes,
    message: str,
) -> None:
    receiver.status, receiver.headers, receiver.content = status, headers, content
    result = perilune("export", "p.json", "--push", receiver.address)
    assert (result.status, result.output) == (1, "")
    assert result.errors.startswith(f"perilune: {receiver.address}/ingest {message}")
    assert result.errors.count("\n") == 1
    assert len(receiver.targets) == 1


def test_a_server_that_is_not_there(perilune: RunPerilune, saved: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with contextlib.closing(socket.socket()) as taken:  # bound and not listening: nobody else gets the port meanwhile
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        result = perilune("export", "p.json", "--push", address)
    assert result.errors == f"perilune: {address}/ingest cannot be reached: Connection refused\n"
    assert result.status == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--push", "localhost:4040"], "'localhost:4040' is no address of a server: give one such as "),
        (["--push", "http://"], "'http://' is no address of a server"),
        (["--push", "http://h:port"], "'http://h:port' is no address: "),
        (["--push", "http://h", "--label", "a b=1"], "'a b=1' is not NAME=VALUE"),
        (["--push", "http://h", "--label", "a=1}"], "the value of the label a has one of { } , = "),
        (["--push", "http://h", "--label", "__name__=x"], "the label __name__ is the server's own"),
        (["--push", "http://h", "--header", "x"], "--header: 'x' is not NAME:VALUE"),
        (["--push", "http://h", "-o", "x.pb.gz"], "--push sends the profile and writes no file"),
        (["--push", "http://h", "--format", "lcov"], "--service pyroscope takes pprof or collapsed, not --format lcov"),
        (["--push", "http://h", "--service", "parca", "--format", "collapsed"], "--service parca takes pprof, not "),
    ],
)
def test_wrong_uses(perilune: RunPerilune, saved: int, arguments: list[str], message: str) -> None:
    result = perilune("export", "p.json", *arguments)
    assert (result.status, result.output) == (2, "")
    assert result.errors.startswith(f"perilune: {message}")
    assert result.errors.count("\n") == 1


def test_counts_are_no_collapsed_times(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "local x = 1")
    assert perilune("profile", "--mode", "count", "-o", "p.json", "a.lua").status == 0
    result = perilune("export", "p.json", "--push", "http://h", "--format", "collapsed")
    assert (result.status, result.errors.count("\n")) == (1, 1)
    assert "push it with --format pprof" in result.errors
