"""Profiles programs in count mode, each in a process of its own: python profile_programs.py FOLDER PADDING PROGRAM...

Writes the profile, what the program wrote and its exit status to FOLDER. PADDING is a number of blocks that are taken
from the memory before, so that everything lies elsewhere. Processes are forked: starting Python takes longer than most
programs run.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from lua_expectations import parse_expectation
from perilune.cli.main import main

TIME_LIMIT_SECONDS = 60


def profile(path: Path, output: Path) -> int:
    """Runs in a process of its own."""
    expectation = parse_expectation(path.read_bytes().decode(errors="surrogateescape"))
    os.chdir(path.parent)
    signal.alarm(TIME_LIMIT_SECONDS)
    read, write = os.pipe()
    os.write(write, expectation.standard_input.encode())
    os.close(write)
    os.dup2(read, 0)
    for descriptor, suffix in ((1, ".out"), (2, ".err")):
        os.dup2(os.open(output.with_suffix(suffix), os.O_WRONLY | os.O_CREAT), descriptor)
    options = ["--mode", "count", "--format", "json", "-o", str(output.with_suffix(".json"))]
    status = main(["profile", *options, path.name, *expectation.arguments])
    sys.stdout.flush()
    return status


def profile_all(folder: Path, padding: int, paths: list[Path]) -> None:
    blocks = [bytearray(1000 + 37 * i % 9000) for i in range(padding)]
    del blocks[::2]
    for number, path in enumerate(paths):
        output = folder / str(number)
        child = os.fork()
        if child == 0:
            status = 255
            try:
                status = profile(path, output)
            finally:
                os._exit(status)
        _, ended = os.waitpid(child, 0)
        output.with_suffix(".status").write_text(str(os.waitstatus_to_exitcode(ended)))


if __name__ == "__main__":
    profile_all(Path(sys.argv[1]), int(sys.argv[2]), [Path(path) for path in sys.argv[3:]])
