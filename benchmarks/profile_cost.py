"""Measures what profiling costs: the processor time a program takes in each mode, beside the same run without a profile.

    python benchmarks/profile_cost.py [--runs N] [--modes off,count,...] [FILE [ARGUMENT...]]

Without a file it runs the programs beside it and some examples. Only the machine's run is timed, not the start of Python,
the compiler or the report. Runs are interleaved and the fastest of each mode counts. "unsampled" is sample mode without a
sample: what it is ready for them at. What one sample takes is told at the end; most of that is the system's, for a signal.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from pathlib import Path
from typing import Literal, cast

from measuring import geometric_mean

from perilune.compiler.cache import compile_cached
from perilune.vm import State

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
NAMES = ("fib", "sieve", "queens", "strings", "trees", "sorting", "methods", "pipeline")
PROGRAMS = [
    *([str(HERE / "programs" / f"{name}.lua")] for name in NAMES),
    [str(EXAMPLES / "nbody.lua"), "100000"],
    [str(EXAMPLES / "wordcount.lua"), *[str(EXAMPLES / "json.lua")] * 400],  # counts the words of one file often
    [str(EXAMPLES / "json.lua"), "5000"],
]
MODES = ("off", "count", "unsampled", "sample", "trace")
_NEVER_NS = 100_000_000_000
_OFTEN_NS = 200_000
_LOOP = b"local x = 0 for i = 1, 20000000 do x = (x * 3 + i) % 1000003 end"


def run_seconds(chunk: bytes, program: list[str], mode: str) -> float:
    """The processor time that the machine takes to run a program in a mode."""
    path, *arguments = program
    with State() as state:
        if mode == "unsampled":
            state.profile_start("sample", interval_ns=_NEVER_NS)
        elif mode != "off":
            state.profile_start(cast(Literal["count", "sample", "trace"], mode))
        started = time.process_time()
        outcome = state.run(chunk, b"@" + os.fsencode(path), [os.fsencode(a) for a in arguments], os.fsencode(path))
        seconds = time.process_time() - started
        if mode != "off":
            state.profile_stop()
    if outcome.kind != "ok":
        raise SystemExit((outcome.text or b"").decode(errors="replace"))
    return seconds


def measure(program: list[str], modes: list[str], runs: int) -> dict[str, float]:
    """The fastest run of each mode, with the program's output thrown away."""
    chunk = compile_cached(Path(program[0]).read_bytes(), b"@" + os.fsencode(program[0]), is_file=True)
    fastest = dict.fromkeys(modes, math.inf)
    for _ in range(runs):
        for mode in modes:
            fastest[mode] = min(fastest[mode], run_seconds(chunk, program, mode))
    return fastest


def sample_microseconds(runs: int) -> float:
    """What a sample takes from the program that it interrupts: a loop with many of them beside the same with none."""

    def loop(interval_ns: int) -> tuple[float, int]:
        with State() as state:
            state.profile_start("sample", interval_ns=interval_ns)
            started = time.process_time()
            state.execute(_LOOP)
            seconds = time.process_time() - started
            state.profile_stop()
            sampling = state.profile_data()["sampling"]
            return seconds, 0 if sampling is None else sampling["samples"]

    pairs = [(loop(_NEVER_NS), loop(_OFTEN_NS)) for _ in range(runs)]
    never, often = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    return 1e6 * (often[0] - never[0]) / max(1, often[1])


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument(
        "--modes", default=",".join(MODES), help="of %(default)s; the first is what others are compared with"
    )
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    modes = options.modes.split(",")
    programs = [options.program] if options.program else PROGRAMS
    report = os.fdopen(os.dup(1), "w")
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)

    def write(name: str, first: str, others: list[str]) -> None:
        print(f"{name[:24]:<24} {first:>10} " + " ".join(f"{other:>8}" for other in others), file=report, flush=True)

    write("program", modes[0], modes[1:])
    found: list[dict[str, float]] = []
    for program in programs:
        fastest = measure(program, modes, options.runs)
        ratios = {mode: fastest[mode] / fastest[modes[0]] for mode in modes}
        found.append(ratios)
        name = " ".join([Path(program[0]).name, *program[1:]])
        write(name, f"{1000 * fastest[modes[0]]:.1f} ms", [f"{ratios[mode]:.2f} x" for mode in modes[1:]])
    write("geometric mean", "", [f"{geometric_mean(each[mode] for each in found):.2f} x" for mode in modes[1:]])
    if "sample" in modes:
        taken = sample_microseconds(options.runs)
        print(f"a sample takes {taken:.1f} µs here: {taken / 10:.1f} % of the run at one a millisecond", file=report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
