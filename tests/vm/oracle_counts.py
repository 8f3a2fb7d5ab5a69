"""Runs programs counting every instruction naively, and compares with the counts that are derived.

python oracle_counts.py FILE...     prints a JSON object: program -> what differs, an empty list if nothing
"""

from __future__ import annotations

import json
import os
import sys
from array import array
from pathlib import Path

import oracle
from lua_expectations import parse_expectation
from perilune.vm import State

MEMORY_LIMIT = 1 << 30


def differences(path: Path) -> list[str]:
    source = path.read_bytes()
    expectation = parse_expectation(source.decode(errors="surrogateescape"))
    os.chdir(path.parent)
    with State() as state:
        state.set_memory_limit(MEMORY_LIMIT)
        state.profile_start("oracle")
        name = path.name.encode()
        text = b"--" + source if source.startswith(b"#") else source
        state.run(text, b"@" + name, [argument.encode() for argument in expectation.arguments], name)
        state.profile_stop()
        raw = state.profile_data()
    found = [difference for function in raw["functions"] for difference in oracle.differences(function)]
    allocated = sum(sum(array("Q", function["allocated_bytes"])) for function in raw["functions"])
    if allocated + raw["outside_bytes"] != raw["allocated_bytes"]:
        found.append(f"bytes of functions {allocated} and outside {raw['outside_bytes']}: not {raw['allocated_bytes']}")
    if raw["started_bytes"] + raw["allocated_bytes"] - raw["released_bytes"] != raw["current_bytes"]:
        found.append("bytes allocated and released are not what is held")
    return found


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
