"""Measures the collector: pauses on a heap of 100 MB, and the memory of a million requests.

    python benchmarks/collector.py [--limit MILLISECONDS]

Pauses are the longest times in which a program that holds 100 MB did not come to its next instruction, in processor time;
the memory is what the process had at its largest while it served a million requests, and after a tenth of them. Beside
lua5.4 where that is installed. Exits with status 1 if a pause exceeds the limit, or if the memory grew by more than half.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from measuring import perilune_command, usage_of

PROGRAMS = Path(__file__).parent / "programs"


def interpreters() -> dict[str, list[str]]:
    """The commands to measure, by name."""
    found = {"perilune": [*perilune_command(), "run"]}
    reference = shutil.which("lua5.4")
    if reference is not None:
        found["lua5.4"] = [reference]
    return found


def run(command: list[str], program: str, *arguments: str) -> tuple[list[str], int]:
    """The lines that a program writes, and the largest memory of its process in bytes."""
    used = usage_of([*command, str(PROGRAMS / program), *arguments], keeps_output=True)
    return used.output.decode().split(), used.peak_bytes


def main() -> int:
    """Prints the two tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--limit", type=float, default=5.0, help="longest pause in ms (default: 5)")
    options = parser.parse_args()
    failed = False
    print("longest pauses, in ms")
    for name, command in interpreters().items():
        megabytes, *pauses = run(command, "gc_pauses.lua")[0]
        print(f"  {name:<10} heap {megabytes} MB   {'  '.join(pauses)}")
        failed |= name == "perilune" and float(pauses[0]) > options.limit
    print("a million requests, in MB")
    for name, command in interpreters().items():
        _, early = run(command, "server_loop.lua", "100000")
        heaps, late = run(command, "server_loop.lua", "1000000")
        print(f"  {name:<10} process {early / 1e6:.1f}, then {late / 1e6:.1f}   heap {'  '.join(heaps[:-1])}")
        failed |= name == "perilune" and late > 1.5 * early
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
