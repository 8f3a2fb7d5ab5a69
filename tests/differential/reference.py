"""Runs programs under Perilune and under the reference implementation, many in one process, and compares what they did."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

DRIVER = Path(__file__).parent / "driver.lua"
REFERENCE = os.environ.get("PERILUNE_REFERENCE", "lua5.4")
TIME_LIMIT_SECONDS = 120

# What no program can rely on, and what PUC Lua 5.4.8 says otherwise than the 5.4.4 that systems install.
_NORMALISED = [
    (re.compile(rb"(?i)(table|function|thread|userdata): 0x[0-9a-f]+"), rb"\1: ADDRESS"),
    # How deep recursion may go.
    (re.compile(rb".*stack overflow.*", re.DOTALL), b"stack overflow"),
    # 5.4.4 counts the table as the position's argument.
    (re.compile(rb"bad argument #1 to '([\w.]*remove)' \(position"), rb"bad argument #2 to '\1' (position"),
]


@dataclass(frozen=True, slots=True)
class Difference:
    """A program and what the two made of it."""

    program: bytes
    reference: bytes
    perilune: bytes

    def __str__(self) -> str:
        return "\n".join(
            [
                "--- program",
                self.program.decode("latin-1"),
                f"--- {REFERENCE}",
                self.reference.decode("latin-1"),
                "--- perilune",
                self.perilune.decode("latin-1"),
            ]
        )


def differences(programs: list[bytes]) -> list[Difference]:
    """The programs that do not do the same under both. Programs that would run too long are left out."""
    outputs = run_programs([REFERENCE], programs, "limited")
    expected = {program: output for program, output in zip(programs, outputs, strict=True) if output != b"too long"}
    found = run_programs([sys.executable, "-m", "perilune", "run"], list(expected))
    return [
        Difference(program, output, ours)
        for (program, output), ours in zip(expected.items(), found, strict=True)
        if output != ours
    ]


def run_programs(command: list[str], programs: list[bytes], *options: str) -> list[bytes]:
    """What each program wrote. A crash is what the one that was running wrote; those behind it get a process anew."""
    with tempfile.NamedTemporaryFile(suffix=".programs") as file:
        file.write(b"".join(b"%d\n%s\n" % (len(program), program) for program in programs))
        file.flush()
        finished = subprocess.run(
            [*command, str(DRIVER), file.name, *options], capture_output=True, timeout=TIME_LIMIT_SECONDS, check=False
        )
    outputs = _split(finished.stdout)
    if finished.returncode != 0:
        crash = b"exit status %d: %s" % (finished.returncode, finished.stderr[-2000:])
        del outputs[len(programs) - 1 :]
        rest = programs[len(outputs) + 1 :]
        return [*outputs, crash, *(run_programs(command, rest, *options) if rest else [])]
    return outputs


def _split(written: bytes) -> list[bytes]:
    lines = written.split(b"\n")
    outputs = []
    index = 0
    while index < len(lines) - 1:
        count = int(lines[index])
        outputs.append(_normalised(b"\n".join(lines[index + 1 : index + 1 + count])))
        index += 1 + max(count, 1)
    return outputs


def _normalised(output: bytes) -> bytes:
    for pattern, replacement in _NORMALISED:
        output = pattern.sub(replacement, output)
    return output
