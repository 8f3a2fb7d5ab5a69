"""Runs a program under the profiler in a process of its own, so that whatever it does, the server lives on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from perilune.lsp import guard
from perilune.lsp.settings import Settings
from perilune.profiler.model import Profile, ProfileFormatError

OUTPUT_LIMIT = 100_000
"""How many bytes of a program's output are kept, the last ones."""

_TICK_SECONDS = 1.0
_POLL_SECONDS = 0.02
_GRACE_SECONDS = 3.0  # for a program that was interrupted to write its profile
_READ_SIZE = 65536
_GUARD = (sys.executable, "-I", "-S", guard.__file__)
_INTERPRETER = "perilune: "  # begins the message of an error that ends a program


@dataclass(frozen=True, slots=True)
class Job:
    """A program to profile: its real path, its arguments, how it is measured, and the directory that it runs in."""

    path: str
    arguments: tuple[str, ...]
    mode: str
    directory: str


class Ending(Enum):
    """How a run ended."""

    FINISHED = "finished"  # with whatever status
    FAILED = "failed"  # ended by an error, or could not be started
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left of a run. A program that failed may have a profile of what ran until then."""

    ending: Ending
    seconds: float
    profile: Profile | None = None
    exit_status: int | None = None
    output: str = ""
    error: str = ""


async def run(job: Job, settings: Settings, cancelled: asyncio.Event, tick: Callable[[float], None]) -> Outcome:
    """Runs a job within the settings' limits. `tick` is called about every second with the seconds so far. Never raises for what the program does.

    A program that is cancelled or out of time is interrupted as by Ctrl-C, and killed if that does not end it.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="perilune-", ignore_cleanup_errors=True) as folder:
        report = Path(folder) / "profile.json"
        options = ["--mode", job.mode, "--format", "json", "-o", str(report)]
        try:
            process = await asyncio.create_subprocess_exec(
                *_GUARD,
                str(settings.memory_limit),
                *settings.command,
                "profile",
                *options,
                _spoken_name(job),
                "--",
                *job.arguments,
                cwd=job.directory,
                stdin=asyncio.subprocess.PIPE,  # closes when the server ends, and so ends the program
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as reason:  # ValueError: a zero byte in an argument
            return Outcome(Ending.FAILED, 0.0, error=f"cannot run anything in {job.directory}: {reason}")
        output, errors = Capture(), Capture()
        readers = [
            asyncio.create_task(_read(process.stdout, output)),
            asyncio.create_task(_read(process.stderr, output, errors)),
        ]
        try:
            ending = await _wait(process, started, settings.time_limit, cancelled, tick)
            # What the program started may hold the pipes open after it has ended.
            await asyncio.wait(readers, timeout=_GRACE_SECONDS)
        finally:
            _send_signal(process, "SIGKILL")
            for reader in readers:
                reader.cancel()
        profile, complaint = await asyncio.to_thread(_read_profile, report)  # a large one takes a while
        error = _error_message(errors.text())
        if ending is Ending.FINISHED and (profile is None or (process.returncode and error)):
            ending = Ending.FAILED
            error = error or complaint or _unexplained_end(process.returncode, errors.text())
        return Outcome(ending, time.monotonic() - started, profile, process.returncode, output.text(), error)


def _spoken_name(job: Job) -> str:
    """The program as one would type it in its directory, which is how its messages and its profile call it."""
    name = os.path.relpath(job.path, job.directory)
    return job.path if name.startswith((os.pardir, "-")) else name


async def _wait(
    process: asyncio.subprocess.Process,
    started: float,
    time_limit: float,
    cancelled: asyncio.Event,
    tick: Callable[[float], None],
) -> Ending:
    next_tick = _TICK_SECONDS
    while not await _has_exited(process, _POLL_SECONDS):
        elapsed = time.monotonic() - started
        if cancelled.is_set() or elapsed >= time_limit:
            _send_signal(process, "SIGINT")
            if not await _has_exited(process, _GRACE_SECONDS):
                _send_signal(process, "SIGKILL")
                await _has_exited(process, _GRACE_SECONDS)
            return Ending.CANCELLED if cancelled.is_set() else Ending.TIMED_OUT
        if elapsed >= next_tick:
            tick(elapsed)
            next_tick = elapsed + _TICK_SECONDS
    return Ending.FINISHED


async def _has_exited(process: asyncio.subprocess.Process, seconds: float) -> bool:
    """Whether the process ends within some seconds. Its `wait` would wait for all who hold its pipes as well."""
    deadline = time.monotonic() + seconds
    while process.returncode is None and time.monotonic() < deadline:
        await asyncio.sleep(_POLL_SECONDS)
    return process.returncode is not None


def _send_signal(process: asyncio.subprocess.Process, name: str) -> None:
    """Signals the process and everything that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, getattr(signal, name))


class Capture:
    """The last bytes of what a program wrote."""

    def __init__(self, limit: int = OUTPUT_LIMIT) -> None:
        self._limit = limit
        self._chunks: deque[bytes] = deque()
        self._kept = 0
        self._left_out = 0

    def add(self, chunk: bytes) -> None:
        """Appends a chunk and lets go of the oldest ones that are not needed."""
        self._chunks.append(chunk)
        self._kept += len(chunk)
        while self._kept - len(self._chunks[0]) >= self._limit:
            oldest = self._chunks.popleft()
            self._kept -= len(oldest)
            self._left_out += len(oldest)

    def text(self) -> str:
        """What was kept, after a line that says how much was not."""
        data = b"".join(self._chunks)
        left_out = self._left_out + max(0, len(data) - self._limit)
        written = data[-self._limit :].decode("utf-8", "replace")
        return f"[{left_out} bytes left out]\n{written}" if left_out else written


async def _read(stream: asyncio.StreamReader | None, *captures: Capture) -> None:
    while stream is not None and (chunk := await stream.read(_READ_SIZE)):
        for capture in captures:
            capture.add(chunk)


def _read_profile(report: Path) -> tuple[Profile | None, str]:
    try:
        return Profile.from_json(json.loads(report.read_bytes())), ""
    except OSError:
        return None, ""
    except (ValueError, RecursionError, ProfileFormatError) as error:
        return None, f"the profile cannot be read: {error}"


def _unexplained_end(status: int | None, errors: str) -> str:
    last_words = errors.strip().rpartition("\n")[2]
    ending = f"the program ended with status {status} and left no profile"
    return f"{ending}: {last_words}" if last_words else ending


def _error_message(errors: str) -> str:
    """The message that ended a program: what stands before the traceback, without the interpreter's name.

    Empty for a program that ended without one, even with a status of its own.
    """
    report, traceback, _ = errors.rpartition("\nstack traceback:")
    lines = (report if traceback else errors).strip().splitlines()
    named = [index for index, line in enumerate(lines) if line.startswith(_INTERPRETER)]
    return "\n".join(lines[named[-1] :]).removeprefix(_INTERPRETER) if named else ""
