"""What the benchmarks measure with: processes and the processor time and memory that they take, runs in turns, means.

Modules count as compiled, as they are where `pip install` puts them: PYTHONDONTWRITEBYTECODE is taken out of the
environment of what is measured.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_LONGEST_REASON = 200

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class CommandFailed(Exception):
    """A command that cannot be started, or that did not end well; the text says which."""


class Usage(NamedTuple):
    """What a process took, with the children that it waited for.

    The system may tell user time from its own in ticks of some milliseconds; their sum is exact. The peak is at least that
    of the process that measures, which the system counts until the command has taken its place.
    """

    user_seconds: float
    system_seconds: float
    peak_bytes: int
    output: bytes

    @property
    def processor_seconds(self) -> float:
        """User time and the system's for it."""
        return self.user_seconds + self.system_seconds


def usage_of(
    command: Sequence[str],
    *,
    standard_input: Path | None = None,
    environment: Mapping[str, str] = ENVIRONMENT,
    folder: Path | None = None,
    keeps_output: bool = False,
) -> Usage:
    """What a command takes, run in that folder; what it writes is thrown away unless it is kept. Raises CommandFailed."""
    with (
        open(standard_input or os.devnull, "rb") as reading,
        open(os.devnull, "wb") as nowhere,
        tempfile.TemporaryFile() as errors,
    ):
        writing = subprocess.PIPE if keeps_output else nowhere
        try:
            process = subprocess.Popen(
                command, stdin=reading, stdout=writing, stderr=errors, env=dict(environment), cwd=folder
            )
        except OSError as error:
            raise CommandFailed(f"{command[0]}: {error.strerror}") from error
        with process:
            output = process.stdout.read() if process.stdout is not None else b""
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            reason = errors.read().decode(errors="replace").strip().partition("\n")[0]
            raise CommandFailed(reason[:_LONGEST_REASON] or f"{command[0]}: status {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Usage(used.ru_utime, used.ru_stime, used.ru_maxrss * unit, output)


def perilune_command() -> list[str]:
    """The installed script beside the interpreter, as a user would run it."""
    script = Path(sys.executable).with_name("perilune")
    return [str(script)] if script.exists() else [sys.executable, "-m", "perilune"]


def geometric_mean(ratios: Iterable[float]) -> float:
    """Of positive numbers; not a number if there are none."""
    logs = [math.log(ratio) for ratio in ratios]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan
