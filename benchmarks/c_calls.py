"""Compares calls between Lua and C with those of lua5.4: of a module's functions, and from C back into Lua.

    python benchmarks/c_calls.py [--calls N] [--limit RATIO] [KIND ...]

Compiles one C module against the project's own headers, which both load. Runs the two in turns and takes the least
processor time of each. Exits with status 1 if a kind takes more than `--limit` times what it takes in lua5.4.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEADERS = ROOT / "vm/core/capi/include"
PROGRAMS = Path(__file__).parent / "programs"
KINDS = (
    "no argument",
    "one argument",
    "two arguments",
    "three arguments",
    "lua_call",
    "lua_pcall",
    "lua_pcall of an error",
    "luaL_Buffer, short",
    "luaL_Buffer, long",
    "userdata: methods",
    "userdata: __index in C",
    "userdata: __index in Lua",
    "new userdata",
    "table.sort, comparator",
    "string.gsub, function",
)


def compile_module(compiler: str, folder: str) -> None:
    """The module of `programs/c_calls.c`, in a folder."""
    source, library = PROGRAMS / "c_calls.c", Path(folder) / "c_calls.so"
    options = ["-O2", "-shared", "-fPIC", "-I", str(HEADERS)]
    subprocess.run([compiler, *options, str(source), "-o", str(library)], check=True)


def milliseconds(command: list[str], folder: str, kind: str, calls: int) -> float:
    """What the calls of one kind take in a process of their own."""
    program = [str(PROGRAMS / "c_calls.lua"), folder, kind, str(calls)]
    return float(subprocess.run([*command, *program], stdout=subprocess.PIPE, check=True).stdout)


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {'; '.join(KINDS)} (default: all)")
    parser.add_argument("--calls", type=int, default=1_000_000, help="calls of each kind (default: 1000000)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each, of which the fastest counts (default: 5)")
    parser.add_argument("--limit", type=float, default=1.1, help="largest ratio to lua5.4 (default: 1.1)")
    options = parser.parse_args()
    if unknown := set(options.kinds) - set(KINDS):
        parser.error(f"unknown kind: {', '.join(sorted(unknown))}")
    reference = shutil.which("lua5.4")
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if sys.platform == "win32" or compiler is None:
        print("skipped: no C compiler, or no C modules on this system")
        return 0
    perilune = [sys.executable, "-m", "perilune", "run"]
    if reference is None:
        print("no lua5.4 to compare with: times alone")
    print(
        f"{'ms':<26}"
        + (f"{'lua5.4':>10}" if reference else "")
        + f"{'perilune':>10}"
        + ("   ratio" if reference else "")
    )
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        compile_module(compiler, folder)
        for kind in options.kinds or KINDS:
            commands = [[reference], perilune] if reference else [perilune]
            rounds = [[milliseconds(c, folder, kind, options.calls) for c in commands] for _ in range(options.rounds)]
            times = [min(column) for column in zip(*rounds, strict=True)]
            ratio = f"{times[1] / times[0]:>8.2f}" if reference else ""
            print(f"{kind:<26}" + "".join(f"{time:>10.1f}" for time in times) + ratio, flush=True)
            failed |= len(times) > 1 and times[1] > options.limit * times[0]
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
