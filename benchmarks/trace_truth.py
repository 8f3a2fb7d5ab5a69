"""Measures how near trace mode's times come to the run without a profile.

    python benchmarks/trace_truth.py [--runs N] [FILE [ARGUMENT...]]

Without a file it runs short loops of one kind of instruction each, and some examples. Prints the time of each program
without a profile, what a stamped run took, what is left of that without the probes, as a ratio to the truth, whether the
range that the report gives holds the truth, and the ratio where times are scaled to a measured run, which is a check of
the scaling. Runs are interleaved, and the fastest of each kind counts; on a busy machine give it a quiet moment, because
what other processes take counts for the traced run.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from perilune.compiler.cache import compile_cached
from perilune.profiler.cost import plain_run
from perilune.profiler.model import Profile
from perilune.profiler.probe import PlainRun
from perilune.profiler.session import Session

EXAMPLES = Path(__file__).parent.parent / "examples"
LOOPS = {
    "arithmetic": "local x, y = 1, 2 for i = 1, 150000 do x = (x * 3 + 1) % 1000003 y = (y + x * 7) % 999983 end",
    "cheapest": "local x = 0 for i = 1, 400000 do x = x + i x = x - 1 end",
    "branches": "local i, s = 0, 0 while i < 400000 do i = i + 1 if i % 2 == 0 then s = s + 1 end end",
    "calls": "local function f(a) return a end local s = 0 for i = 1, 200000 do s = s + f(i) end",
    "library": "local b, f, s = string.byte, math.floor, 0 for i = 1, 80000 do s = s + b('hello world', i % 10 + 1) + f(i / 3) end",
    "tables": "local t, s = {}, 0 for i = 1, 1000 do t[i] = i end for r = 1, 150 do for i = 1, 1000 do s = s + t[i] end end",
    "allocation": "local t for i = 1, 80000 do t = {i, i + 1} end",
    "strings": "local s = '' for i = 1, 2000 do s = s .. '0123456789' end",
}
PROGRAMS = [[str(EXAMPLES / "nbody.lua"), "2000"], [str(EXAMPLES / "json.lua"), "100"]]


def measure(program: list[str], runs: int) -> tuple[int, Profile, Profile]:
    """The nanoseconds without a profile, the fastest traced profile, and the same one scaled to that time."""
    path, *arguments = program
    text, name = Path(path).read_bytes(), b"@" + os.fsencode(path)
    compile_cached(text, name, is_file=True)
    plain: PlainRun | None = None
    fastest: tuple[Profile, Session] | None = None
    for _ in range(runs):
        run = plain_run(text, name, arguments)
        run.outcome.check()
        if plain is None or run.wall_ns < plain.wall_ns:
            plain = PlainRun(run.wall_ns, run.processor_ns)
        session = Session("trace")
        _, profile = session.run(text, name, arguments)
        if fastest is None or (profile.totals.raw_ns or 0) < (fastest[0].totals.raw_ns or 0):
            fastest = profile, session
    assert fastest is not None and plain is not None
    profile, session = fastest
    return plain.wall_ns, profile, session.scaled(profile, plain)


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    report = os.fdopen(os.dup(1), "w")
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    print(f"{'program':<16} {'plain':>9} {'stamped':>9} {'corrected':>10}   in range   scaled", file=report)
    with tempfile.TemporaryDirectory() as folder:
        programs = [options.program] if options.program else list(PROGRAMS)
        for name, text in () if options.program else reversed(LOOPS.items()):
            path = Path(folder) / name
            path.write_text(text)
            programs.insert(0, [str(path)])
        for program in programs:
            plain_ns, profile, scaled = measure(program, options.runs)
            totals = profile.totals
            low, high = totals.run_low_ns or 0, totals.run_high_ns or 0
            print(
                f"{Path(program[0]).name:<16} {plain_ns / 1e6:>6.2f} ms {(totals.raw_ns or 0) / plain_ns:>7.2f} x "
                f"{(totals.run_ns or 0) / plain_ns:>8.2f} x   {'yes' if low <= plain_ns <= high else 'no':<8} "
                f"{(scaled.totals.run_ns or 0) / plain_ns:>6.2f} x",
                file=report,
                flush=True,
            )
            time.sleep(0.05)  # lets others run
    return 0


if __name__ == "__main__":
    sys.exit(main())
