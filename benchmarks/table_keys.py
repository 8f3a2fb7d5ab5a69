"""Compares tables with keys of every kind with those of lua5.4: filling, reading, traversing and emptying.

    python benchmarks/table_keys.py [--keys N] [--limit RATIO] [--growth] [KIND ...]

Runs the two in turns and takes the least processor time of each. Exits with status 1 if a kind takes more than `--limit`
times what it takes in lua5.4. With `--growth`, shows nanoseconds a key in tables of a thousand to a million keys instead.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent / "programs" / "table_keys.lua"
KINDS = (
    "dense integers",
    "dense from the end",
    "sparse integers",
    "ascending with gaps",
    "negative integers",
    "stride 16",
    "stride 4096",
    "high bits only",
    "integers as floats",
    "powers of two",
    "fractions",
    "small fractions",
    "booleans",
    "tables",
    "every eighth table",
    "functions",
    "light userdata",
    "short strings",
    "identifiers",
    "long strings",
    "sliding queue",
    "queue of fractions",
    "mixed removals",
    "stack",
)
ROUNDS = 5
GROWTH = (1_000, 10_000, 100_000, 1_000_000)


def milliseconds(command: list[str], kind: str, keys: int) -> float:
    return float(subprocess.run([*command, str(PROGRAM), kind, str(keys)], stdout=subprocess.PIPE, check=True).stdout)


def least(commands: list[list[str]], kind: str, keys: int) -> list[float]:
    """Of each command, in milliseconds."""
    rounds = [[milliseconds(command, kind, keys) for command in commands] for _ in range(ROUNDS)]
    return [min(times) for times in zip(*rounds, strict=True)]


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)} (default: all)")
    parser.add_argument("--keys", type=int, default=100_000, help="keys in a table (default: 100000)")
    parser.add_argument("--limit", type=float, default=1.2, help="largest ratio to lua5.4 (default: 1.2)")
    parser.add_argument("--growth", action="store_true", help="show how the time of a key grows with the table")
    options = parser.parse_args()
    perilune = [sys.executable, "-m", "perilune", "run"]
    kinds = options.kinds or KINDS
    if options.growth:
        print(f"{'ns a key':<22}" + "".join(f"{keys:>12,}" for keys in GROWTH))
        for kind in kinds:
            times = [least([perilune], kind, keys)[0] * 1e6 / keys for keys in GROWTH]
            print(f"{kind:<22}" + "".join(f"{time:>12.0f}" for time in times))
        return 0
    reference = shutil.which("lua5.4")
    if reference is None:
        print("no lua5.4 to compare with")
        return 1
    print(f"{'ms':<22}{'lua5.4':>10}{'perilune':>10}{'ratio':>8}")
    failed = False
    for kind in kinds:
        theirs, ours = least([[reference], perilune], kind, options.keys)
        failed |= ours > options.limit * theirs
        print(f"{kind:<22}{theirs:>10.2f}{ours:>10.2f}{ours / theirs:>8.2f}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
