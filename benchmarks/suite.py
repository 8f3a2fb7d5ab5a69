"""What a suite costs beside the runs of its programs, and how long a store of 10,000 results takes to answer.

    python benchmarks/suite.py [--programs 500] [--results 10000]

Everything runs on one processor, the two kinds of runs in turns, so that other work on the machine counts for both.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from perilune.cli.runs.run import Run
from perilune.cli.runs.running import run_all
from perilune.cli.runs.store import Store

_PARTS = 5
_PROGRAM = """\
local m = require "m"
local t = {{}}
for i = 1, {size} do t[i] = m.double(i) end
print(#t, {size})
"""
_MODULE = "local m = {}\nfunction m.double(x) return x * 2 end\nreturn m\n"
_QUERIES = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=500)
    parser.add_argument("--results", type=int, default=10_000)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])
    with tempfile.TemporaryDirectory() as folder:
        measure_suite(Path(folder), options.programs)
        measure_store(Path(folder), options.results)


def measure_suite(folder: Path, count: int) -> None:
    """`perilune suite` beside `perilune profile --mode count` for each of its programs."""
    (folder / "m.lua").write_text(_MODULE)
    names = [f"program{number:04}.lua" for number in range(count)]
    for number, name in enumerate(names):
        (folder / name).write_text(_PROGRAM.format(size=200 + number))
    command = [str(Path(sys.executable).with_name("perilune"))]
    alone = suite = 0.0
    for part in range(_PARTS):
        some = names[part::_PARTS]
        alone += seconds(
            lambda some=some: [run([*command, "profile", "--mode", "count", name], folder) for name in some]
        )
        suite += seconds(lambda some=some: run([*command, "suite", "--jobs", "1", "--no-store", *some], folder))
    print(
        f"{count} programs, each by perilune profile: {alone:.1f} s; as a suite: {suite:.1f} s, {suite / alone:.2f} of it"
    )
    kept = ["suite", "--jobs", "1", "--store", "store.sqlite", *names]
    run([*command, *kept], folder)
    again = seconds(lambda: run([*command, *kept], folder))
    print(f"again, all from the store: {again:.1f} s")


def measure_store(folder: Path, count: int) -> None:
    """Questions to a store, each the slowest of several."""
    (result,) = run_all([Run("program0000.lua", directory=str(folder))])
    with Store(str(folder / "many.sqlite")) as store:
        filling = seconds(
            lambda: [store.put(replace(result, run=replace(result.run, arguments=(str(n),)))) for n in range(count)]
        )
        print(f"{count} results: {1000 * filling / count:.2f} ms to put one; the slowest of {_QUERIES} questions:")
        found = replace(result.run, arguments=(str(count // 2),))
        questions: dict[str, Callable[[], object]] = {
            "get one that is there": lambda: store.get(found),
            "get one that is not": lambda: store.get(replace(found, arguments=("none",))),
            "list 20 of them": lambda: store.entries(limit=20),
            "list all": lambda: store.entries(),
            "list by a pattern": lambda: store.entries("*0000*"),
            "list by a pattern that nothing fits": lambda: store.entries("none*"),
            "totals": lambda: store.totals(),
            "read a profile": lambda: store.content(count // 2),
        }
        for name, ask in questions.items():
            slowest = max(seconds(ask) for _ in range(_QUERIES))
            print(f"  {name}: {1000 * slowest:.1f} ms")


def run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
