"""Writes the bytecode of tests/lua as inputs of fuzz_chunk.

python make_corpus.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from perilune.compiler.chunks import compile_chunk
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.opcodes import VERSION
from perilune.compiler.proto import SIGNATURE, dump

PROGRAMS = Path(__file__).parents[1] / "lua"
HOWS = 16  # what the low bits of the first byte choose
LONGEST = 4096


def main() -> int:
    """Writes one input a program and way of running it."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(sorted(PROGRAMS.rglob("*.lua"))):
        try:
            chunk = dump(compile_chunk(path.read_bytes(), b"@" + path.name.encode(), is_file=True))
        except LuaSyntaxError:
            continue
        if len(chunk) <= LONGEST:
            body = chunk[len(SIGNATURE) + len(VERSION) :]
            (folder / f"{number:04}").write_bytes(bytes([number % HOWS]) + body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
