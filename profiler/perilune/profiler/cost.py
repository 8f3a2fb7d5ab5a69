"""What profiling costs: the processor time of a run beside that of the same program without a profile."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from perilune.compiler.cache import compile_cached
from perilune.profiler.instructions import source_path
from perilune.vm import Outcome, State

_BINARY = b"\x1b"
_SHORT_NS = 2_000_000_000
_PAIRS_OF_SHORT_RUNS = 3

TimedRun = tuple[Outcome, int]
"""How a run ended, and its processor time in nanoseconds."""


def cost_ratio(
    first: TimedRun, wall_ns: int, run_profiled: Callable[[], TimedRun], run_plain: Callable[[], TimedRun]
) -> float | None:
    """The processor time of a profiled run over that of a plain one; None where the program does not do the same again.

    `first` was profiled, and took `wall_ns` by the clock. A short program runs several times, the two kinds in turns, and
    the least of each counts: other processes can only add to it.
    """
    runs = [first, run_plain()]
    for _ in range(_PAIRS_OF_SHORT_RUNS - 1 if wall_ns < _SHORT_NS else 0):
        runs += run_profiled(), run_plain()
    profiled_ns, plain_ns = (min(ns for _, ns in kind) for kind in (runs[::2], runs[1::2]))
    ended = {(outcome.kind, outcome.exit_status) for outcome, _ in runs}
    return profiled_ns / plain_ns if len(ended) == 1 and plain_ns else None


def plain_run(text: bytes, chunkname: bytes, args: Sequence[str] = (), state: State | None = None) -> TimedRun:
    """Runs a program in a machine of its own, unprofiled. The arguments are those of `Session` and its `run`."""
    chunk = text
    if not text.startswith(_BINARY):
        chunk = compile_cached(text, chunkname, is_file=chunkname[:1] in (b"@", b"="))
    with state or State() as machine:
        script = os.fsencode(source_path(chunkname))
        started = time.process_time_ns()
        outcome = machine.run(chunk, chunkname, [os.fsencode(argument) for argument in args], script)
        return outcome, time.process_time_ns() - started
