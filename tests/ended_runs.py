"""Runs that are ended before their time, in a process of their own, and whether anything is left of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

_SCRIPT = """
import os, signal, sys, threading, time
from perilune.cli.runs.run import Run
from perilune.cli.runs.running import run_all

printed = threading.Event()

def end():
    # Not before the first result is there and the next one is waited for.
    printed.wait()
    while not (os.path.exists("pid") and "wait" in functions()):
        time.sleep(0.02)
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))

def functions():
    frame = sys._current_frames()[threading.main_thread().ident]
    while frame is not None:
        yield frame.f_code.co_name
        frame = frame.f_back

if __name__ == "__main__":
    threading.Thread(target=end, daemon=True).start()
    cluster = sys.argv[2] if sys.argv[2:] else None
    for result in run_all([Run("quick.lua"), Run("waits.lua")], jobs=2, cluster=cluster):
        print(result.run.path, result.failure, flush=True)
        printed.set()
"""


def ended_runs(folder: Path, how: str, *cluster: str) -> list[str]:
    """What is written of the runs of `quick.lua` and `waits.lua` when a signal ends them.

    It comes when the first has ended and the second, which writes a file `pid`, has begun.
    """
    (folder / "script.py").write_text(_SCRIPT)
    command = [sys.executable, "script.py", how, *cluster]
    done = subprocess.run(command, check=False, cwd=folder, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()


def wait_for_pid(path: Path) -> int:
    """The number of a process that a program writes into a file."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if path.exists() and path.read_text().endswith("\n"):
            return int(path.read_text())
        time.sleep(0.02)
    raise AssertionError("the program has not begun")


def has_ended(pid: int) -> bool:
    """Whether a process ends soon; what has ended and was not waited for has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
            os.kill(pid, 0)
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False
