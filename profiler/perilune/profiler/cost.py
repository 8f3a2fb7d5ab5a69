"""What profiling costs: the processor time of a run beside that of the same program without a profile."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from perilune.compiler.cache import compile_cached
from perilune.profiler.instructions import source_path
from perilune.profiler.probe import PlainRun
from perilune.profiler.session import in_this_folder
from perilune.vm import Outcome, State

_BINARY = b"\x1b"
_SHORT_NS = 2_000_000_000
_PAIRS_OF_SHORT_RUNS = 3


class TimedRun(NamedTuple):
    """How a run ended, and its nanoseconds: of the processor, and by the clock."""

    outcome: Outcome
    processor_ns: int
    wall_ns: int


class Cost(NamedTuple):
    """The processor time of a profiled run over that of a plain one, and what the plain one took."""

    ratio: float
    plain: PlainRun


def measured_cost(
    first: TimedRun, run_profiled: Callable[[], TimedRun], run_plain: Callable[[], TimedRun]
) -> Cost | None:
    """What a profile costs; None where the program does not do the same again.

    `first` was profiled. A short program runs several times, the two kinds in turns, and the least of each counts: other
    processes can only add to it.
    """
    runs = [first, run_plain()]
    for _ in range(_PAIRS_OF_SHORT_RUNS - 1 if first.wall_ns < _SHORT_NS else 0):
        runs += run_profiled(), run_plain()
    plain = runs[1::2]
    profiled_ns, plain_ns = (min(run.processor_ns for run in kind) for kind in (runs[::2], plain))
    ended = {(run.outcome.kind, run.outcome.exit_status) for run in runs}
    if len(ended) > 1 or not plain_ns:
        return None
    return Cost(profiled_ns / plain_ns, PlainRun(min(run.wall_ns for run in plain), plain_ns))


def plain_run(text: bytes, chunkname: bytes, args: Sequence[str] = (), state: State | None = None) -> TimedRun:
    """Runs a program in a machine of its own, unprofiled. The arguments are those of `Session` and its `run`."""
    chunk = text
    if not text.startswith(_BINARY):
        chunk = compile_cached(text, chunkname, is_file=chunkname[:1] in (b"@", b"="))
    with in_this_folder(), state or State(keeps_texts=False) as machine:
        script = os.fsencode(source_path(chunkname))
        started, started_by_clock = time.process_time_ns(), time.perf_counter_ns()
        outcome = machine.run(chunk, chunkname, [os.fsencode(argument) for argument in args], script)
        machine.finish()
        return TimedRun(outcome, time.process_time_ns() - started, time.perf_counter_ns() - started_by_clock)
