"""No step of the compiler is quadratic: the lines of Python that it runs grow with the program, for every construct."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from perilune import compiler

FACTOR = 4
SIZE = 60
MOST = 1.15 * FACTOR  # a step that is done for every pair shows as nearly FACTOR squared

_COMPILER = str(Path(compiler.__file__).parent)
_PATH = Path(__file__).parents[2] / "benchmarks/compiler_growth.py"
_SPEC = importlib.util.spec_from_file_location("compiler_growth", _PATH)
assert _SPEC is not None and _SPEC.loader is not None
growth = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(growth)


def lines_run(text: str) -> int:
    """How many lines of the compiler's own run to compile a text, or to find what is wrong with it: always the same."""
    count = 0

    def trace_line(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace_line

    def trace_call(frame: FrameType, event: str, argument: object) -> Any:
        return trace_line if frame.f_code.co_filename.startswith(_COMPILER) else None

    before = sys.gettrace()
    sys.settrace(trace_call)
    try:
        growth.seconds(text)
    finally:
        sys.settrace(before)
    return count


def excess() -> dict[str, float]:
    """The kinds whose work grows faster than the program does, and how much faster."""
    for text in ("x = 1", "x = = 1"):  # loads what is needed
        growth.seconds(text)
    found = {}
    for kind, make in growth.KINDS.items():
        # What is done once for a program does not count.
        nothing = lines_run(make(1))
        once, more = (lines_run(make(1 + size)) - nothing for size in (SIZE, FACTOR * SIZE))
        if more > MOST * max(once, SIZE):
            found[kind] = more / max(once, SIZE)
    return found


def test_the_work_grows_with_the_program() -> None:
    # In a process of its own, because a trace function sees whatever else this one has begun.
    ended = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True)
    assert ended.stdout == "{}\n"


if __name__ == "__main__":
    print(excess())
