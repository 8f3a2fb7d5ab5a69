"""How time and memory grow: a line of source in programs of 1,000 lines to 1,000,000, and an instruction in runs of 10⁶ to 10¹⁰.

What an empty program takes is subtracted. Of the memory of a process only what exceeds that of the process that measures
is seen, so that small programs show none.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from engines import BASELINE, Engine
from generated_source import program_of_functions
from measuring import Usage, perilune_command, usage_of

LINES = (1_000, 10_000, 100_000, 1_000_000)
INSTRUCTIONS = (10**6, 10**7, 10**8, 10**9, 10**10)
TURNS = Path(__file__).parent / "programs" / "turns.lua"
_LOADER = "assert(loadfile(arg[1]))\n"
_COUNTED_TURNS = 1000
_RUNS = 3


class Step(NamedTuple):
    """What one size takes more than an empty program: as a whole, and for one of its lines or instructions."""

    size: int
    seconds: float
    seconds_each: float
    peak_bytes: int
    bytes_each: float


def _step(size: int, spent: Usage, empty: Usage) -> Step:
    seconds = max(0.0, spent.processor_seconds - empty.processor_seconds)
    peak = max(0, spent.peak_bytes - empty.peak_bytes)
    return Step(size, seconds, seconds / size, peak, peak / size)


def _least(command: Sequence[str], runs: int) -> Usage:
    return min((usage_of(command) for _ in range(runs)), key=lambda each: each.processor_seconds)


def lines(engines: Sequence[Engine], sizes: Sequence[int], runs: int = _RUNS) -> Iterator[tuple[str, Step]]:
    """What it takes to load a source of so many lines: by the baseline, and by perilune, compiled and from its cache."""
    loads = [(engine.name, engine.command) for engine in engines if engine.name == BASELINE]
    perilune = [*perilune_command(), "run"]
    loads += [("compiled", perilune), ("cached", perilune)]
    with tempfile.TemporaryDirectory() as folder:
        loader, source, nothing = (Path(folder) / name for name in ("loader.lua", "source.lua", "nothing.lua"))
        loader.write_text(_LOADER)
        nothing.write_text("")
        empty = {name: _least([*command, str(loader), str(nothing)], runs) for name, command in loads}
        for size in sizes:
            text = program_of_functions(size)
            often = runs if size < LINES[-1] else 1
            for name, command in loads:
                spent = []
                for _ in range(often):
                    if name == "compiled":  # which no cache has
                        text = f"-- {time.time_ns()}\n" + text.partition("\n")[2]
                    source.write_text(text)
                    spent.append(usage_of([*command, str(loader), str(source)]))
                yield name, _step(size, min(spent, key=lambda each: each.processor_seconds), empty[name])


def instructions(engines: Sequence[Engine], sizes: Sequence[int], runs: int = _RUNS) -> Iterator[tuple[str, Step]]:
    """What it takes to execute about so many of our instructions, by engine."""
    a_turn = _instructions_of(2 * _COUNTED_TURNS) - _instructions_of(_COUNTED_TURNS)
    empty = {engine.name: _least([*engine.command, str(TURNS), "0"], runs) for engine in engines}
    for size in sizes:
        turns = size * _COUNTED_TURNS // a_turn
        for engine in engines:
            often = runs if size < 10**9 else 1
            spent = _least([*engine.command, str(TURNS), str(turns)], often)
            yield engine.name, _step(size, spent, empty[engine.name])


def _instructions_of(turns: int) -> int:
    """The exact count of a run."""
    with tempfile.TemporaryDirectory() as folder:
        written = os.path.join(folder, "counts.json")
        usage_of([*perilune_command(), "profile", "--mode", "count", "-o", written, str(TURNS), str(turns)])
        return int(json.loads(Path(written).read_bytes())["totals"]["instructions"])
