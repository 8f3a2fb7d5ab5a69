"""How long programs take in several engines, as ratios to the first: runs in turns, start-up subtracted, with their spread."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from engines import Engine
from measuring import CommandFailed, Usage, geometric_mean, usage_of
from program_sets import Program

from perilune.compiler.cache import compile_cached
from perilune.compiler.diagnostics import LuaSyntaxError

CLOCKS = ("processor", "user")
_STARTS = 7
_SHORTEST = 1e-4  # seconds: what is left of a program that does nothing may be below nothing


class Ratio(NamedTuple):
    """The fastest run of an engine beside the fastest of the first, and the range of this in single rounds."""

    seconds: float
    ratio: float
    lowest: float
    highest: float


class Row(NamedTuple):
    """A program's ratios by engine; why there is none, by engine, where it does not run."""

    program: str
    ratios: dict[str, Ratio]
    failures: dict[str, str]


def seconds_of(usage: Usage, clock: str) -> float:
    return usage.user_seconds if clock == "user" else usage.processor_seconds


def start_seconds(engines: Sequence[Engine], clock: str) -> dict[str, float]:
    """What each engine takes for an empty program: the mean, since single runs are shorter than the system's ticks."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.lua"
        empty.write_text("")
        times: dict[str, list[float]] = {engine.name: [] for engine in engines}
        for _ in range(_STARTS + 1):
            for engine in engines:
                times[engine.name].append(seconds_of(usage_of([*engine.command, str(empty)]), clock))
    return {name: sum(found[1:]) / _STARTS for name, found in times.items()}  # without the first, which fills caches


def measure(
    programs: Sequence[Program], engines: Sequence[Engine], starts: dict[str, float], runs: int, clock: str
) -> Iterator[Row]:
    """A row for each program; the compiler's work is not in it, which has benchmarks of its own."""
    for program in programs:
        _compile(program)
        rounds: list[dict[str, float]] = []
        failures: dict[str, str] = {}
        for _ in range(runs):
            rounds.append({})
            for engine in engines:
                if engine.name in failures:
                    continue
                try:
                    usage = usage_of([*engine.command, *program.words], standard_input=program.standard_input)
                except CommandFailed as error:
                    failures[engine.name] = str(error)
                    continue
                rounds[-1][engine.name] = max(_SHORTEST, seconds_of(usage, clock) - starts[engine.name])
        yield Row(program.name, _ratios(engines, rounds, failures), failures)


def _compile(program: Program) -> None:
    """Puts its files into the cache, as programs and as what dofile loads."""
    for path in (Path(word) for word in program.words if word.endswith(".lua")):
        for is_file in (True, False):
            with suppress(LuaSyntaxError, OSError):
                compile_cached(path.read_bytes(), b"@" + os.fsencode(path), is_file=is_file)


def _ratios(engines: Sequence[Engine], rounds: list[dict[str, float]], failures: dict[str, str]) -> dict[str, Ratio]:
    first = engines[0].name
    found = {}
    for engine in engines:
        if engine.name in failures:
            continue
        fastest = min(each[engine.name] for each in rounds)
        ratio, single = math.nan, [math.nan]
        if first not in failures:
            ratio = fastest / min(each[first] for each in rounds)
            single = [each[engine.name] / each[first] for each in rounds]
        found[engine.name] = Ratio(fastest, ratio, min(single), max(single))
    return found


def means(rows: Sequence[Row], engines: Sequence[Engine]) -> dict[str, float]:
    """The geometric mean of each engine's ratios, over the programs that it runs."""
    return {
        engine.name: geometric_mean(
            row.ratios[engine.name].ratio
            for row in rows
            if engine.name in row.ratios and not math.isnan(row.ratios[engine.name].ratio)
        )
        for engine in engines
    }
