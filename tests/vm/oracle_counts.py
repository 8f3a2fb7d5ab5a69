"""Runs programs counting every instruction naively, and compares with the counts that are derived.

python oracle_counts.py FILE...     prints a JSON object: program -> what differs, an empty list if nothing
"""

from __future__ import annotations

import json
import os
import sys
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import oracle
from lua_expectations import parse_expectation
from perilune.vm import State

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile

MEMORY_LIMIT = 1 << 30


def profiled(path: Path, mode: Literal["count", "sample", "oracle"]) -> RawProfile:
    source = path.read_bytes()
    is_module_program = source.startswith(b"-- needs: ")  # of tests/modules: what it prints is nobody's business here
    arguments = [] if is_module_program else parse_expectation(source.decode(errors="surrogateescape")).arguments
    os.chdir(path.parent)
    with State() as state:
        state.set_memory_limit(MEMORY_LIMIT)
        state.profile_start(mode)
        name = path.name.encode()
        text = b"--" + source if source.startswith(b"#") else source
        state.run(text, b"@" + name, [argument.encode() for argument in arguments], name)
        state.profile_stop()
        return state.profile_data()


def differences(path: Path) -> list[str]:
    raw = profiled(path, "oracle")
    found = [difference for function in raw["functions"] for difference in oracle.differences(function)]
    allocated = sum(sum(array("Q", function["allocated_bytes"])) for function in raw["functions"])
    if allocated + raw["outside_bytes"] != raw["allocated_bytes"]:
        found.append(f"bytes of functions {allocated} and outside {raw['outside_bytes']}: not {raw['allocated_bytes']}")
    if raw["started_bytes"] + raw["allocated_bytes"] - raw["released_bytes"] != raw["current_bytes"]:
        found.append("bytes allocated and released are not what is held")
    for mode in ("count", "sample"):  # their loops leave out most comparisons with the peak, the oracle's does not
        other = profiled(path, mode)
        if instructions(other) == instructions(raw) and other["peak_depth"] != raw["peak_depth"]:
            found.append(f"peak of the stack in {mode} mode {other['peak_depth']}, compared always {raw['peak_depth']}")
    return found


def instructions(raw: RawProfile) -> list[bytes]:
    """Equal where two runs of a program did the same."""
    return [function["counts"] for function in raw["functions"]]


def main() -> None:
    """Keeps the programs' output apart from the answer."""
    answer = os.fdopen(os.dup(1), "w")
    devnull = os.open(os.devnull, os.O_RDWR)
    os.dup2(devnull, 0)
    os.dup2(devnull, 1)
    paths = [Path(argument).resolve() for argument in sys.argv[1:]]
    json.dump({str(path): differences(path) for path in paths}, answer)
    answer.close()


if __name__ == "__main__":
    main()
