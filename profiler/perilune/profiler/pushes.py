"""Profiles as the requests by which servers of continuous profiles take them: Pyroscope, Parca, and whatever takes pprof.

Pure: what is built here is sent elsewhere. Pyroscope's is the request of its ingest address ("Server HTTP API" of its
documentation). Parca's is `ProfileStoreService.WriteRaw` of its `profilestore.proto`, as gRPC-Web, which its one port
takes over plain HTTP. The third is a POST of pprof's file and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from perilune.profiler.exporters import ProfileExportError, collapsed, pprof
from perilune.profiler.exporters.protobuf import Message
from perilune.profiler.model import Profile
from perilune.profiler.sources import Sources

PushFormat = Literal["pprof", "collapsed"]

SPY = "perilune"
"""What servers are told that made the profile."""

_PYROSCOPE_PATH = "/ingest"
_PARCA_PATH = "/parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw"
_NS = 1_000_000_000
_UNITS = {"bytes": "bytes", "count": "samples"}  # of those that Pyroscope knows; others are shown as samples too
_OBJECTS = ("alloc_objects",)
_TRAILERS = 0x80
_FRAME_HEAD = 5  # a byte of flags, four of the length

_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_RESERVED_VALUE = re.compile(r"[{}=,\x00-\x1f\x7f]")
_NOT_OF_A_NAME = re.compile(r"[^A-Za-z0-9_/-]+")


class PushError(ValueError):
    """What is to be pushed, or the place that it is to go to, is none; the message says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """A POST that is ready to be sent."""

    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a server keeps a profile under: application, labels, and when the run began and ended, in UNIX seconds."""

    application: str
    begun: float
    ended: float
    labels: dict[str, str] = field(default_factory=dict)


Answer = Callable[[Mapping[str, str], bytes], "str | None"]
"""What is wrong with a server's answer that is none of HTTP's errors, from its headers and content; None if nothing is."""


@dataclass(frozen=True, slots=True)
class Service:
    """A kind of server. `path` is where it takes profiles, and is added to an address that has no path."""

    name: str
    path: str
    formats: tuple[PushFormat, ...]
    request: Callable[[str, Profile, Sources, Stamp, PushFormat], Request]
    complaint: Answer = lambda headers, content: None


def application_name(program: str) -> str:
    """The name that a program's profiles go under: that of its file, without its ending.

    Servers read what stands behind a dot as the kind of profile, so that there is none.
    """
    stem = os.path.splitext(os.path.basename(program))[0]
    return _NOT_OF_A_NAME.sub("_", stem).strip("_") or "lua"


def parse_label(text: str) -> tuple[str, str]:
    """The name and the value of `name=value`. Raises PushError."""
    name, equals, value = text.partition("=")
    if not equals or not _LABEL_NAME.fullmatch(name):
        raise PushError(f"'{text}' is not NAME=VALUE with a name of letters, digits and _")
    if name.startswith("__"):
        raise PushError(f"the label {name} is the server's own")
    if _RESERVED_VALUE.search(value):
        raise PushError(f"the value of the label {name} has one of {{ }} , = or a control character in it")
    return name, value


def label_value(text: str) -> str:
    """A text in which nothing ends a label's value."""
    return _RESERVED_VALUE.sub("_", text)


def addressed(address: str, path: str) -> tuple[str, str | None]:
    """The URL that an address means, and the `user:password` in it. Raises PushError for what is no address."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise PushError(f"'{address}' is no address: {error}") from error
    if parts.scheme not in ("http", "https") or not host:
        raise PushError(f"'{address}' is no address of a server: give one such as http://localhost:4040")
    place = f"[{host}]" if ":" in host else host
    place += f":{port}" if port is not None else ""
    user = None if parts.username is None else f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    where = parts.path if parts.path.strip("/") else path
    return urlunsplit((parts.scheme, place, where, parts.query, "")), user


def _pyroscope(url: str, profile: Profile, sources: Sources, stamp: Stamp, form: PushFormat) -> Request:
    """Name and labels, `from` and `until` stand in the query. pprof's file goes as a form, beside what its types mean.

    A form has no `format`, which would have the server take it for the file itself.
    """
    labels = {name: stamp.labels[name] for name in sorted(stamp.labels)}
    suffix = ""
    more: dict[str, str] = {}
    if form == "collapsed":
        if profile.totals.run_ns is None:
            raise ProfileExportError(
                "Pyroscope takes times in collapsed form, and a profile of count mode has none: push it with --format pprof"
            )
        # The kind of profile stands behind the name's last dot; as many samples a second as it has nanoseconds.
        suffix = ".cpu" if profile.clock == "cpu" else ".wall"
        more = {"format": "folded", "units": "samples", "aggregationType": "sum", "sampleRate": str(_NS)}
    name = f"{stamp.application}{suffix}{{{','.join(f'{key}={value}' for key, value in labels.items())}}}"
    query = {"name": name, "from": str(int(stamp.begun)), "until": str(int(stamp.ended)), "spyName": SPY, **more}
    if form == "collapsed":
        return Request(_with_query(url, query), {"Content-Type": "text/plain"}, collapsed.export(profile, sources))
    content_type, body = _form(
        {
            "profile": ("profile.pprof", _pprof(profile, sources, stamp)),
            "sample_type_config": ("sample_type_config.json", json.dumps(_sample_types(profile)).encode()),
        }
    )
    return Request(_with_query(url, query), {"Content-Type": content_type}, body)


def _sample_types(profile: Profile) -> dict[str, dict[str, str | bool]]:
    return {
        kind: {
            "units": "objects" if kind in _OBJECTS else _UNITS.get(unit, "samples"),
            "aggregation": "sum",
            "display-name": kind,
            "sampled": False,
        }
        for kind, unit in pprof.sample_types(profile)
    }


def _form(files: dict[str, tuple[str, bytes]]) -> tuple[str, bytes]:
    """The type and the content of a form (multipart/form-data) of files."""
    boundary = "perilune-" + hashlib.sha256(b"".join(content for _, content in files.values())).hexdigest()
    body = b""
    for name, (file_name, content) in files.items():
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body += head.encode() + content + b"\r\n"
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def _with_query(url: str, query: dict[str, str]) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *query.items()])))


def _pprof(profile: Profile, sources: Sources, stamp: Stamp) -> bytes:
    return pprof.export(profile, sources, round(stamp.begun * _NS))


def _parca(url: str, profile: Profile, sources: Sources, stamp: Stamp, form: PushFormat) -> Request:
    labels = Message()
    for name, value in sorted({"__name__": SPY, "job": stamp.application, **stamp.labels}.items()):
        labels.message(1, Message().bytes(1, name.encode()).bytes(2, value.encode()))
    sample = Message().bytes(1, _pprof(profile, sources, stamp))
    series = Message().message(1, labels).message(2, sample)
    message = bytes(Message().message(2, series).integer(3, 1).content)
    headers = {"Content-Type": "application/grpc-web+proto", "Accept": "application/grpc-web+proto", "X-Grpc-Web": "1"}
    return Request(url, headers, b"\0" + len(message).to_bytes(4, "big") + message)


def _parca_complaint(headers: Mapping[str, str], content: bytes) -> str | None:
    """gRPC tells its errors behind the answer or in its head, and HTTP's status is 200 all the same."""
    trailers = {name.lower(): value for name, value in headers.items()}
    if not trailers.get("content-type", "").startswith("application/grpc-web"):
        return "it does not speak gRPC-Web: is this the address of Parca?"
    while len(content) >= _FRAME_HEAD:
        size = _FRAME_HEAD + int.from_bytes(content[1:_FRAME_HEAD], "big")
        if content[0] & _TRAILERS:
            lines = content[_FRAME_HEAD:size].decode("utf-8", "replace").splitlines()
            trailers.update(
                (name.strip().lower(), value.strip()) for name, _, value in (s.partition(":") for s in lines)
            )
        content = content[size:]
    status = trailers.get("grpc-status", "0")
    return None if status == "0" else unquote(trailers.get("grpc-message") or f"gRPC status {status}")


def _plain(url: str, profile: Profile, sources: Sources, stamp: Stamp, form: PushFormat) -> Request:
    """The file alone. Labels and times stand in the query, for those who want them."""
    query = {"name": stamp.application, "from": str(int(stamp.begun)), "until": str(int(stamp.ended)), **stamp.labels}
    headers = {"Content-Type": "application/octet-stream"}
    return Request(_with_query(url, query), headers, _pprof(profile, sources, stamp))


SERVICES = {
    service.name: service
    for service in (
        Service("pyroscope", _PYROSCOPE_PATH, ("pprof", "collapsed"), _pyroscope),
        Service("parca", _PARCA_PATH, ("pprof",), _parca, _parca_complaint),
        Service("pprof", "/", ("pprof",), _plain),
    )
}
"""Every kind of server by its name."""
