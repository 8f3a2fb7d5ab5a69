"""No process outlives the run that it was started in, whatever it does to get away."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perilune.lsp import guard

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")

# Begins a process in a session of its own whose parents are gone, and says which it is.
ESCAPE = """
import os, sys, time
reading, writing = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(writing, b"%d\\n" % os.getpid())
        time.sleep(1000)
    os._exit(0)
os.wait()
os.write(1, os.read(reading, 100))
{then}
"""


@pytest.fixture
def guarded() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()


def start(then: str, started: list[subprocess.Popen[bytes]]) -> tuple[subprocess.Popen[bytes], int]:
    """The guard, and the process that tries to get away."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", guard.__file__, "0", "", sys.executable, "-c", ESCAPE.format(then=then)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    started.append(process)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in (b"Z", b"X")


def test_what_a_program_leaves_behind_ends_with_it(guarded: list[subprocess.Popen[bytes]]) -> None:
    process, escaped = start("sys.exit(7)", guarded)
    assert process.wait(30) == 7
    assert not is_running(escaped)


def test_the_server_takes_everything_with_it(guarded: list[subprocess.Popen[bytes]]) -> None:
    process, escaped = start("time.sleep(1000)", guarded)
    assert is_running(escaped)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) != 0
    assert not is_running(escaped)


def test_a_killed_program_leaves_nothing_behind(guarded: list[subprocess.Popen[bytes]]) -> None:
    process, escaped = start("os.kill(os.getpid(), 9)", guarded)
    assert process.wait(30) == 128 + signal.SIGKILL
    assert not is_running(escaped)
