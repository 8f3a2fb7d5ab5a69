"""A run with the files that it needs, so that another machine can make it; and the making of one there."""

from __future__ import annotations

import os
import pickle
import re
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from perilune.cli.runs.identity import code_identity
from perilune.cli.runs.loaded import candidates
from perilune.cli.runs.measure import kill_with_children
from perilune.cli.runs.run import Run, RunResult
from perilune.profiler.scratch import scratch_folder

GRACE_SECONDS = 15.0
"""How much longer than its limit of time a program's process may live: it has to begin, and a profile to write."""

_ENVIRONMENT = ("LUA_PATH", "LUA_PATH_5_4", "LUA_CPATH", "LUA_CPATH_5_4", "LUA_INIT", "LUA_INIT_5_4")
_LARGEST = 64 << 20
_WATCH_SECONDS = 0.2
_SIZE = struct.Struct("<Q")
_COMMENT = re.compile(rb"--(?!\[=*\[)[^\r\n]*")
_LOADING = re.compile(rb"\b(?:require|dofile|loadfile)\b")
_LITERAL = rb"""[ \t]*\(?[ \t]*(?:"([^"\\\n]+)"|'([^'\\\n]+)')(?![ \t]*\.\.)"""
_FILE = re.compile(rb"\b(?:dofile|loadfile)" + _LITERAL)
_MODULE = re.compile(rb"\brequire" + _LITERAL)


class CannotSend(Exception):
    """A run cannot be made elsewhere; the message says why."""


@dataclass(frozen=True)
class Parcel:
    """A run, the content of its files by their paths seen from `folder`, and who sent it.

    The run's directory is that folder's part that stands for the one it was to run in.
    """

    run: Run
    files: dict[str, bytes]
    environment: dict[str, str]
    identity: str


def parcel_of(run: Run) -> Parcel:
    """A run with all that it may load. Raises CannotSend.

    These are the program and what it requires or loads by literal names, and so on; where a file computes such a name,
    all Lua files in the run's directory and below go too.
    """
    environment = run.environment()
    if os.path.isabs(run.path):
        raise CannotSend(f"{run.path} is not below the folder that it runs in")
    paths = _needed(run)
    root = os.path.commonpath([os.path.abspath(run.directory), *paths])
    files = {os.path.relpath(path, root): content for path, content in paths.items()}
    if sum(map(len, files.values())) > _LARGEST:
        raise CannotSend(f"its files are larger than {_LARGEST >> 20} MiB together")
    return Parcel(
        replace(run, directory=os.path.relpath(os.path.abspath(run.directory), root)),
        files,
        {name: environment[name] for name in (*_ENVIRONMENT, *dict(run.variables)) if name in environment},
        code_identity(),
    )


def make(parcel: Parcel, is_wanted: Callable[[], bool] = lambda: True) -> RunResult:
    """Makes the run, in a process and a folder of its own that are gone afterwards, or when it is not wanted any more.

    The program sees this machine's environment, but for what says where its modules are, which is the sender's.
    """
    if parcel.identity != code_identity():
        return RunResult(
            parcel.run, failure=f"a worker has Perilune {code_identity()}, and this is Perilune {parcel.identity}"
        )
    with scratch_folder() as folder:
        directory = os.path.normpath(os.path.join(folder, parcel.run.directory))
        os.makedirs(directory, exist_ok=True)
        for path, content in parcel.files.items():
            place = os.path.join(folder, path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "wb") as file:
                file.write(content)
        own = {name: value for name, value in os.environ.items() if name not in _ENVIRONMENT}
        environment = {**own, **parcel.environment}
        result = _make_alone(replace(parcel.run, directory=directory), environment, is_wanted)
    return replace(result, run=parcel.run)


def _make_alone(run: Run, environment: dict[str, str], is_wanted: Callable[[], bool]) -> RunResult:
    """The run in a process that ends with this one: not by multiprocessing, which a cluster's workers may not use."""
    task = pickle.dumps((run, environment))
    command = [sys.executable, "-m", "perilune.cli.runs.alone"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None and process.stdout is not None
        limit = run.limits.seconds
        deadline = None if limit is None else time.monotonic() + limit + GRACE_SECONDS
        has_ended, is_late = threading.Event(), threading.Event()

        def watch() -> None:
            while not has_ended.wait(_WATCH_SECONDS):
                if deadline is not None and time.monotonic() > deadline:
                    is_late.set()
                if is_late.is_set() or not is_wanted():
                    kill_with_children(process.pid, process.kill)
                    return

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            with suppress(BrokenPipeError):
                process.stdin.write(_SIZE.pack(len(task)) + task)
                process.stdin.flush()
            content = process.stdout.read()
        finally:
            has_ended.set()
            watcher.join()
            kill_with_children(process.pid, process.kill)
            with suppress(BrokenPipeError):
                process.stdin.close()
        status = process.wait()
    if content:
        result: RunResult = pickle.loads(content)
        return result
    return RunResult(
        run, failure=f"it did not end within {limit:g} seconds" if is_late.is_set() else crash_text(status)
    )


def read_task(descriptor: int) -> tuple[Run, dict[str, str]]:
    """What `_make_alone` wrote."""
    (size,) = _SIZE.unpack(_read(descriptor, _SIZE.size))
    task: tuple[Run, dict[str, str]] = pickle.loads(_read(descriptor, size))
    return task


def crash_text(status: int | None) -> str:
    """Why a process left no result, by its status as Python has it."""
    if status is not None and status < 0:
        return f"its process crashed: {signal.strsignal(-status) or f'signal {-status}'}"
    return f"its process ended with status {status} and left no profile"


def _read(descriptor: int, size: int) -> bytes:
    content = b""
    while len(content) < size and (more := os.read(descriptor, size - len(content))):
        content += more
    return content


def _needed(run: Run) -> dict[str, bytes]:
    """The content of the files that a run may load, by their absolute paths."""
    found: dict[str, bytes] = {}
    waiting = [os.path.abspath(run.file)]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        content = _content(path)
        if content is None:
            continue
        found[path] = content
        code = _COMMENT.sub(b"", content)
        named = [os.fsdecode(double or single) for double, single in _FILE.findall(code)]
        for name in (*named, *candidates(run, content)):
            if os.path.isabs(name) and os.path.isfile(name):
                raise CannotSend(f"it loads {name} by a path that another machine need not have")
            waiting.append(os.path.abspath(os.path.join(run.directory, name)))
        if len(_LOADING.findall(code)) > len(named) + len(_MODULE.findall(code)):
            waiting += _lua_files_below(run.directory)
    return found


def _lua_files_below(folder: str) -> Iterator[str]:
    for parent, inner, names in os.walk(os.path.abspath(folder)):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield from (os.path.join(parent, name) for name in sorted(names) if name.endswith(".lua"))


def _content(path: str) -> bytes | None:
    try:
        if os.path.isfile(path):
            with open(path, "rb") as file:
                return file.read(_LARGEST + 1)
    except OSError:
        pass
    return None
