"""Sends a profile to a server of continuous profiles, and says what came of it."""

from __future__ import annotations

import argparse
import base64
import os
import socket
import time
from collections.abc import Sequence
from urllib.error import HTTPError, URLError

from perilune.cli.errors import CommandError
from perilune.profiler.exporters import ProfileExportError
from perilune.profiler.model import Profile
from perilune.profiler.pushes import (
    SERVICES,
    SPY,
    PushError,
    PushFormat,
    Request,
    Service,
    Stamp,
    addressed,
    application_name,
    label_value,
    parse_label,
)
from perilune.profiler.revisions import revision_of
from perilune.profiler.sources import Sources

_WRONG_USE = 2
_TIMEOUT_SECONDS = 30
_LEAST_SECONDS = 1
_LONGEST_ANSWER = 1 << 20
_LONGEST_REASON = 200
_NS = 1_000_000_000
_FORMATS: dict[str, PushFormat] = {"pprof": "pprof", "collapsed": "collapsed"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that `push` obeys."""
    group = parser.add_argument_group("to a server")
    group.add_argument(
        "--push",
        metavar="URL",
        help="send it to a server of continuous profiles, such as http://localhost:4040; user:password@ may stand before "
        "the host",
    )
    group.add_argument(
        "--service",
        choices=tuple(SERVICES),
        default="pyroscope",
        help="what the server is: Pyroscope, Parca, or one that takes pprof's file as it is (default: pyroscope)",
    )
    group.add_argument(
        "--application", metavar="NAME", help="what it is kept under (default: the program's name without its ending)"
    )
    group.add_argument(
        "--label",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a label more, or another value of program, revision and host, which are there anyway; without a value it is "
        "left out",
    )
    group.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME:VALUE",
        help="a header of the request, such as X-Scope-OrgID:team",
    )
    group.add_argument(
        "--now",
        action="store_true",
        help="say that the run ended now, for servers that refuse old profiles (default: when the profile was saved)",
    )


def push(profile: Profile, sources: Sources, options: argparse.Namespace) -> str:
    """Sends the profile as the options of `add_options` and `--format` say. Returns where it went.

    Ends the command where the server cannot be reached, refuses it, or is none.
    """
    service = SERVICES[options.service]
    form = _FORMATS.get(options.format or "pprof")
    if form is None or form not in service.formats:
        raise CommandError(
            f"--service {service.name} takes {' or '.join(service.formats)}, not --format {options.format}", _WRONG_USE
        )
    try:
        url, user = addressed(options.push, service.path)
        labels = _labels(profile, options)
        headers = _headers(options.header, user)
    except PushError as error:
        raise CommandError(f"{error}", _WRONG_USE) from error
    application = options.application or application_name(profile.program.path)
    ended = time.time() if options.now else _saved_at(options.profile)
    seconds = max(_LEAST_SECONDS, (profile.totals.wall_ns or 0) / _NS)
    stamp = Stamp(application, ended - seconds, ended, labels)
    try:
        request = service.request(url, profile, sources, stamp, form)
    except ProfileExportError as error:
        raise CommandError(f"{options.profile}: {error}") from error
    _send(Request(request.url, {**request.headers, **headers}, request.body), url, service)
    return url


def _labels(profile: Profile, options: argparse.Namespace) -> dict[str, str]:
    path = profile.program.path
    folder = os.path.dirname(options.profile)
    file = next((each for each in (path, os.path.join(folder, path)) if os.path.isfile(each)), path)
    known = {
        "program": label_value(path),
        "revision": revision_of(file, profile.program.sha256) or "",
        "host": label_value(socket.gethostname()),
    }
    return {name: value for name, value in {**known, **dict(map(parse_label, options.label))}.items() if value}


def _headers(given: Sequence[str], user: str | None) -> dict[str, str]:
    headers = {"User-Agent": SPY}
    if user is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
    for text in given:
        name, colon, value = text.partition(":")
        if not colon or not name.strip() or "\n" in text or "\r" in text:
            raise PushError(f"--header: '{text}' is not NAME:VALUE")
        headers[name.strip()] = value.strip()
    return headers


def _saved_at(path: str) -> float:
    """When a profile was saved, in UNIX seconds: what comes from a pipe, just now."""
    try:
        return os.stat(path).st_mtime
    except OSError:
        return time.time()


def _send(request: Request, url: str, service: Service) -> None:
    from http.client import HTTPException
    from urllib.request import HTTPRedirectHandler, build_opener
    from urllib.request import Request as HTTPRequest

    class Stay(HTTPRedirectHandler):
        """Follows nowhere: what is sent on would be a GET without the profile."""

        def redirect_request(self, *arguments: object) -> None:
            return None

    message = HTTPRequest(request.url, request.body, request.headers, method="POST")
    try:
        with build_opener(Stay).open(message, timeout=_TIMEOUT_SECONDS) as answer:
            content = answer.read(_LONGEST_ANSWER)
            complaint = service.complaint(dict(answer.headers), content)
    except HTTPError as error:
        with error:
            raise CommandError(_refusal(error, url, service)) from error
    except (TimeoutError, URLError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        if isinstance(reason, TimeoutError):
            raise CommandError(f"{url} has not answered for {_TIMEOUT_SECONDS} seconds") from error
        text = (reason.strerror or str(reason)) if isinstance(reason, OSError) else str(reason)
        raise CommandError(f"{url} cannot be reached: {text}") from error
    except (HTTPException, OSError, ValueError) as error:
        what = str(error) or type(error).__name__
        raise CommandError(f"{url} gave no answer that is one of HTTP: {_one_line(what)}") from error
    if complaint is not None:
        raise CommandError(f"{url} did not take the profile: {_one_line(complaint)}")


def _refusal(error: HTTPError, url: str, service: Service) -> str:
    """What an answer with an error's status says, and what would help."""
    status = f"{error.code} {error.reason}".strip()
    if 300 <= error.code < 400:
        return f"{url} sends one elsewhere ({status}): give the address {error.headers.get('Location', '')}"
    reason = _one_line(error.read(_LONGEST_ANSWER).decode("utf-8", "replace"))
    said = f": {reason}" if reason and not reason.startswith("<") else ""
    if error.code in (401, 403):
        return f"{url} lets nobody in without a name and a password ({status}): https://USER:PASSWORD@HOST, or --header"
    if error.code in (404, 405, 501):
        return f"{url} takes no profiles ({status}): is it the address of a server of the kind {service.name}?"
    return f"{url} refused the profile ({status}){said}"


def _one_line(text: str) -> str:
    from perilune.profiler.renderers.figures import printable

    return printable(" ".join(text.split())[:_LONGEST_REASON])
