"""Runs a program under the profiler in a process of its own, so that whatever it does, the server lives on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from perilune.lsp import guard
from perilune.lsp.job import Job
from perilune.lsp.live_output import Capture
from perilune.lsp.settings import AUTO, Settings
from perilune.profiler.model import Profile, ProfileFormatError
from perilune.profiler.scratch import scratch_folder

_TICK_SECONDS = 1.0
_POLL_SECONDS = 0.02
_GRACE_SECONDS = 3.0  # for a program that was interrupted to write its profile
_INSISTENCE = ("SIGINT", "SIGUSR1")  # a program can catch the first, and only a broken one the second
_READ_SIZE = 65536
_GUARD = (sys.executable, "-I", "-S", guard.__file__)
_INTERPRETER = "perilune: "  # begins the message of an error that ends a program


@dataclass(frozen=True, slots=True)
class Tick:
    """How far a run is: for how many seconds, how many runs of it there were, and the error of the leading lines in points."""

    seconds: float
    runs: int = 1
    error: float | None = None


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
    traceback: str = ""


async def run(
    job: Job,
    settings: Settings,
    cancelled: asyncio.Event,
    tick: Callable[[Tick], None],
    *,
    heard: Callable[[bytes], None] | None = None,
    texts: Mapping[str, bytes] | None = None,
) -> Outcome:
    """Runs a job within its limits and the settings'. Never raises for what the program does.

    `tick` is called about every second, `heard` with what the program writes, as it comes. `texts` stand in for files, by
    real path. A program that is cancelled or out of time is interrupted as by Ctrl-C, and killed if that does not end it;
    if it has run to its end before and was only repeated, it has finished.
    """
    with scratch_folder() as folder:
        report, runs = Path(folder) / "profile.json", Path(folder) / "runs"
        options = [*_options(job, settings, report, runs), *options_around(job, copies(texts or {}, Path(folder)))]
        done = await execute(
            job,
            settings,
            ["profile", *options, "--flush", spoken_name(job), "--", *job.arguments],
            job.time_limit or settings.time_limit,
            cancelled,
            lambda seconds: tick(_read_tick(seconds, runs)),
            heard,
        )
        if done.reason is not None:
            return Outcome(Ending.FAILED, 0.0, error=done.reason)
        ending = done.ending
        profile, complaint = await asyncio.to_thread(_read_profile, report)  # a large one takes a while
        error, traceback = split_error(done.errors)
        if ending in (Ending.CANCELLED, Ending.TIMED_OUT) and profile is not None and _was_repeated(profile):
            ending = Ending.FINISHED
        if ending is Ending.FINISHED and (profile is None or (done.status and error)):
            ending = Ending.FAILED
            error = error or complaint or _unexplained_end(done.status, done.errors)
        return Outcome(ending, done.seconds, profile, done.status, done.output, error, traceback)


@dataclass(frozen=True, slots=True)
class Execution:
    """How a command of Perilune ended, and what was written meanwhile; `reason` says why it could not be started."""

    ending: Ending
    seconds: float
    status: int | None = None
    output: str = ""
    errors: str = ""
    reason: str | None = None


async def execute(
    job: Job,
    settings: Settings,
    words: Sequence[str],
    time_limit: float,
    cancelled: asyncio.Event,
    tick: Callable[[float], None],
    heard: Callable[[bytes], None] | None = None,
) -> Execution:
    """Runs a command of Perilune as a job is run: in its directory, with its input, environment and limit of memory."""
    if cancelled.is_set():
        return Execution(Ending.CANCELLED, 0.0)
    started = time.monotonic()
    try:
        process = await asyncio.create_subprocess_exec(
            *_GUARD,
            str(settings.memory_limit if job.memory_limit is None else job.memory_limit),
            job.input or "",
            *settings.command,
            *words,
            cwd=job.directory,
            env=_environment(job),
            stdin=asyncio.subprocess.PIPE,  # closes when the server ends, and so ends the program
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as reason:  # ValueError: a zero byte in an argument
        return Execution(Ending.FAILED, 0.0, reason=f"cannot run anything in {job.directory}: {reason}")
    output, errors = Capture(), Capture()
    takers = [output.add, heard] if heard is not None else [output.add]
    readers = [
        asyncio.create_task(_read(process.stdout, *takers)),
        asyncio.create_task(_read(process.stderr, *takers, errors.add)),
    ]
    try:
        ending = await _wait(process, started, time_limit, cancelled, tick)
        # What the program started may hold the pipes open after it has ended.
        await asyncio.wait(readers, timeout=_GRACE_SECONDS)
    finally:
        await _kill(process)
        for reader in readers:
            reader.cancel()
    return Execution(ending, time.monotonic() - started, process.returncode, output.text(), errors.text())


def _options(job: Job, settings: Settings, report: Path, runs: Path) -> list[str]:
    options = ["--mode", job.mode, "--format", "json", "-o", str(report)]
    repeat = job.repeat or settings.repeat
    # What counts alone is exact in one run; to time each instruction several times takes long.
    if job.repeat is not None or repeat != AUTO or job.mode == "sample":
        precision = job.precision or settings.precision
        options += ["--repeat", repeat, "--precision", f"{precision:g}", "--progress", str(runs)]
    return options


def options_around(job: Job, texts: Mapping[str, Path]) -> list[str]:
    """The options of a command that say what is around a job's program; `texts` are files in place of others."""
    options = []
    for path in job.preload:
        options += ["--preload", path]
    for path, copy in texts.items():
        options += ["--text", f"{path}={copy}"]
    if job.sandbox is not None:
        options += ["--sandbox-root", job.sandbox]
    return options


def copies(texts: Mapping[str, bytes], folder: Path) -> dict[str, Path]:
    """Files with the texts that stand in for others."""
    found = {}
    for number, (path, text) in enumerate(texts.items(), 1):
        found[path] = folder / f"{number}.text"
        found[path].write_bytes(text)
    return found


def _read_tick(seconds: float, runs: Path) -> Tick:
    try:
        words = runs.read_text("ascii").split()
        return Tick(seconds, int(words[0]), float(words[1]) if words[1:] else None)
    except (OSError, ValueError, IndexError):  # there is one run yet, or it is being written
        return Tick(seconds)


def _was_repeated(profile: Profile) -> bool:
    """Whether a profile that was cut short is of runs that were not."""
    outcome, repeats = profile.outcome, profile.totals.repeats
    return repeats is not None and outcome is not None and outcome.kind in ("ok", "exit")


def _environment(job: Job) -> dict[str, str]:
    environment = {**os.environ, **dict(job.environment)}
    if job.lua_path is not None:
        environment["LUA_PATH"] = environment["LUA_PATH_5_4"] = job.lua_path
    return environment


def spoken_name(job: Job) -> str:
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
            for name in _INSISTENCE:
                _send_signal(process, name)
                if await _has_exited(process, _GRACE_SECONDS):
                    break
            else:
                await _kill(process)
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


async def _kill(process: asyncio.subprocess.Process) -> None:
    """Ends the process and everything that it started, also what the guard alone can find."""
    if process.stdin is not None:
        process.stdin.close()
    await _has_exited(process, _GRACE_SECONDS)
    _send_signal(process, "SIGKILL")


def _send_signal(process: asyncio.subprocess.Process, name: str) -> None:
    """Signals the process and everything that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":  # which has no other way
            process.kill()
        else:
            os.killpg(process.pid, getattr(signal, name))


async def _read(stream: asyncio.StreamReader | None, *takers: Callable[[bytes], None]) -> None:
    while stream is not None and (chunk := await stream.read(_READ_SIZE)):
        for take in takers:
            take(chunk)


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


def split_error(errors: str) -> tuple[str, str]:
    """The message that ended a program, without the interpreter's name, and its traceback.

    Both are empty for a program that ended without one, even with a status of its own.
    """
    report, heading, traceback = errors.rpartition("\nstack traceback:\n")
    lines = (report if heading else errors).strip().splitlines()
    named = [index for index, line in enumerate(lines) if line.startswith(_INTERPRETER)]
    if not named:
        return "", ""
    return "\n".join(lines[named[-1] :]).removeprefix(_INTERPRETER), traceback
