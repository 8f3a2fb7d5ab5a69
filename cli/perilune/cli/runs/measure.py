"""One run, made in this process, which is nobody else's: it takes its directory, environment and standard streams."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from perilune.cli.errors import CommandError
from perilune.cli.program import exit_status, program_chunk_name, read_executable
from perilune.cli.runs.run import Run, RunResult
from perilune.cli.surroundings import Surroundings
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.profiler.renderers import json
from perilune.profiler.session import Session
from perilune.vm import LuaError

_NO_MEMORY = "not enough memory to profile it"


def measure(run: Run, environment: Mapping[str, str]) -> RunResult:
    """Runs a program and profiles it. What it writes is not kept. Never raises for what the program does."""
    started = time.monotonic()
    try:
        _move_into(run, environment)
        text, assembly = read_executable(run.path)
        state = Surroundings([], {}, False).prepare(run.limits.new_state(run.path))
        session = Session(run.mode, state=state)
        outcome, profile = session.run(text, program_chunk_name(run.path), run.arguments, assembly)
        content = json.render(profile).encode()
    except CommandError as error:
        return RunResult(run, failure=str(error), exit_status=error.status)
    except (LuaSyntaxError, LuaError) as error:
        status = exit_status(error.outcome) if isinstance(error, LuaError) else 1
        return RunResult(run, failure=str(error), exit_status=status)
    except MemoryError:
        return RunResult(run, failure=_NO_MEMORY)
    return RunResult(run, content, profile.failure, exit_status(outcome), time.monotonic() - started)


def end_with(wait_for_owner: Callable[[], object]) -> None:
    """From now on this process and all that it starts end when the call, made in another thread, returns."""
    if hasattr(os, "setsid"):
        os.setsid()

    def work() -> None:
        wait_for_owner()
        if sys.platform == "win32":
            os._exit(1)
        else:
            os.killpg(0, signal.SIGKILL)

    threading.Thread(target=work, daemon=True).start()


def kill_with_children(pid: int, kill: Callable[[], object]) -> None:
    """Ends a process in which `end_with` was called, with all that it started; `kill` ends the process alone."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    kill()  # it may not have come to a group of its own yet


def _move_into(run: Run, environment: Mapping[str, str]) -> None:
    try:
        os.chdir(run.directory)
    except OSError as error:
        raise CommandError(f"cannot run anything in {run.directory}: {error.strerror}") from error
    os.environ.clear()
    os.environ.update(environment)
    with tempfile.TemporaryFile() as given, open(os.devnull, "wb") as nothing:
        given.write(run.input or b"")
        given.seek(0)
        os.dup2(given.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
