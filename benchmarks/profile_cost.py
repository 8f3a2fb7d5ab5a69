"""Measures what profiling costs: the time a program runs in each mode, beside the same run without a profile.

    python benchmarks/profile_cost.py [--runs N] [FILE [ARGUMENT...]]

Without a file it runs the examples. Only the machine's run is timed, not the start of Python, the compiler or the
report. Runs are interleaved and the fastest of each mode counts.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from pathlib import Path

from perilune.compiler.cache import compile_cached
from perilune.vm import State

EXAMPLES = Path(__file__).parent.parent / "examples"
PROGRAMS = [
    [str(EXAMPLES / "nbody.lua"), "100000"],
    [str(EXAMPLES / "wordcount.lua"), *[str(EXAMPLES / "json.lua")] * 400],  # counts the words of one file often
    [str(EXAMPLES / "json.lua"), "5000"],
]
MODES = ("off", "count", "trace")


def run_seconds(chunk: bytes, program: list[str], mode: str) -> float:
    """How long the machine runs a program in a mode."""
    path, *arguments = program
    with State() as state:
        if mode != "off":
            state.profile_start("trace" if mode == "trace" else "count")
        started = time.perf_counter()
        outcome = state.run(chunk, b"@" + os.fsencode(path), [os.fsencode(a) for a in arguments], os.fsencode(path))
        seconds = time.perf_counter() - started
        if mode != "off":
            state.profile_stop()
    if outcome.kind != "ok":
        raise SystemExit((outcome.text or b"").decode(errors="replace"))
    return seconds


def measure(program: list[str], runs: int) -> dict[str, float]:
    """The fastest run of each mode, with the program's output thrown away."""
    chunk = compile_cached(Path(program[0]).read_bytes(), b"@" + os.fsencode(program[0]), is_file=True)
    fastest = dict.fromkeys(MODES, math.inf)
    for _ in range(runs):
        for mode in MODES:
            fastest[mode] = min(fastest[mode], run_seconds(chunk, program, mode))
    return fastest


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    programs = [options.program] if options.program else PROGRAMS
    report = os.fdopen(os.dup(1), "w")
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    print(f"{'program':<28} {'off':>10} {'count':>8} {'trace':>8}", file=report)
    logs = dict.fromkeys(MODES, 0.0)
    for program in programs:
        fastest = measure(program, options.runs)
        ratios = {mode: fastest[mode] / fastest["off"] for mode in MODES}
        for mode in MODES:
            logs[mode] += math.log(ratios[mode])
        name = " ".join([Path(program[0]).name, *program[1:]])
        print(
            f"{name[:28]:<28} {1000 * fastest['off']:7.1f} ms {ratios['count']:6.2f} x {ratios['trace']:6.2f} x",
            file=report,
            flush=True,
        )
    means = {mode: math.exp(logs[mode] / len(programs)) for mode in MODES}
    print(f"{'geometric mean':<28} {'':>10} {means['count']:6.2f} x {means['trace']:6.2f} x", file=report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
