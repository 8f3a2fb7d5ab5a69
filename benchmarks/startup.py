"""Measures how long `perilune run` takes to do nothing, beside `python -c pass`: mean user time of interleaved runs.

    python benchmarks/startup.py [--runs N] [--limit RATIO]

Exits with status 1 if the ratio exceeds the limit. Modules count as compiled, as they are where `pip install` puts them:
PYTHONDONTWRITEBYTECODE is taken out of the environment.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def user_seconds(command: list[str]) -> float:
    """The user time that a command takes in its own process."""
    process = os.posix_spawn(command[0], command, ENVIRONMENT)
    _, status, usage = os.wait4(process, 0)
    if status != 0:
        raise SystemExit(f"{' '.join(command)} failed")
    return usage.ru_utime


def perilune_command() -> list[str]:
    """The installed script beside the interpreter, as a user would run it."""
    script = Path(sys.executable).with_name("perilune")
    return [str(script)] if script.exists() else [sys.executable, "-m", "perilune"]


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--limit", type=float, default=3.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.lua"
        empty.write_text("")
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "perilune run empty.lua": [*perilune_command(), "run", str(empty)],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(options.runs + 2):
            for name, command in commands.items():
                times[name].append(user_seconds(command))
    # The kernel may count user time in ticks of some milliseconds: only the mean of many runs means something.
    means = {name: sum(values[2:]) / options.runs for name, values in times.items()}
    base = means["python -c pass"]
    for name, seconds in means.items():
        print(f"{name:<24} {1000 * seconds:6.1f} ms   {seconds / base:5.2f} x")
    ratio = means["perilune run empty.lua"] / base
    print(f"limit {options.limit:g} x: {'kept' if ratio <= options.limit else 'exceeded'}")
    return 0 if ratio <= options.limit else 1


if __name__ == "__main__":
    sys.exit(main())
