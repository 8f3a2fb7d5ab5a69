"""Measures how long the profile of a large run takes to be made and written, and how large it is as JSON.

    python benchmarks/profile_writing.py [--lines N] [--instructions N] [--mode MODE]

The program has N lines, dense ones, each of which runs. Exits with status 1 if making and writing the profile takes a
second of processor time or more, or 5 MB or more.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import TypeVar, get_args

from generated_source import LINES_A_FUNCTION, functions

from perilune.profiler.attribution import attribute
from perilune.profiler.loaded_files import LoadedFiles
from perilune.profiler.model import Program
from perilune.profiler.renderers.json import render
from perilune.profiler.session import Mode, Session

SECONDS_LIMIT, BYTES_LIMIT = 1.0, 5_000_000
INSTRUCTIONS_A_CALL = 40
INSTRUCTIONS_A_TURN = 4

_Result = TypeVar("_Result")


def program(lines: int, instructions: int) -> str:
    """A program of so many lines that executes about so many instructions."""
    count = (lines - 3) // LINES_A_FUNCTION
    turns = max(0, instructions - 50 * count * INSTRUCTIONS_A_CALL) // INSTRUCTIONS_A_TURN
    return (
        f"t, sum = {{}}, 0\n{functions(count)}for i = 1, 50 do for k = 1, {count} do _ENV['f' .. k](i, k) end end\n"
        f"local s = 0 for i = 1, {turns} do s = s + i % 7 end\n"
    )


def timed(what: str, action: Callable[[], _Result]) -> tuple[_Result, float]:
    """The result of an action and its seconds of processor time, which are printed."""
    started = time.process_time()
    result = action()
    seconds = time.process_time() - started
    print(f"{what:<28} {seconds:7.3f} s")
    return result, seconds


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--instructions", type=int, default=10**9)
    parser.add_argument("--mode", choices=get_args(Mode), default=get_args(Mode)[0])
    options = parser.parse_args()
    text = program(options.lines, options.instructions).encode()
    session = Session(options.mode)
    (outcome, profile), _ = timed("compile, run, attribute", lambda: session.run(text, b"=large"))
    outcome.check()
    raw = session.raw
    assert raw is not None
    profile, attributing = timed("attribute", lambda: attribute(raw, options.mode, Program("large"), LoadedFiles()))
    content, writing = timed("write", lambda: render(profile))
    print(
        f"{profile.totals.instructions:,} instructions, {len(profile.files[0].lines):,} lines, {len(content):,} bytes"
    )
    kept = attributing + writing < SECONDS_LIMIT and len(content) < BYTES_LIMIT
    print(f"limits {SECONDS_LIMIT:g} s, {BYTES_LIMIT:,} bytes: {'kept' if kept else 'exceeded'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
