"""Runs tests/lua and examples as binary chunks without Python: under a tool that finds memory errors, or for a machine
that an emulator has.

python run_chunks.py memory EVERY COMMAND
    such as: memory 20 "valgrind -q --error-exitcode=99 build/run_chunk"

python run_chunks.py same EVERY COMMAND OTHER_COMMAND [SAMPLER]
    such as: same 1 build/run_chunk "qemu-arm -L /usr/arm-linux-gnueabihf build-arm/run_chunk" signal

Takes one of n programs, chosen by their names, so that a new one does not change which others run. `memory` fails where the command ends with status 99; what a program prints is not looked at.
`same` fails where a program prints something else on the other machine than on this one, or where its instructions are
counted differently, in any mode, and where the other machine's sampler is not of that kind or takes no samples. A
program's `load` of text fails, as there is no compiler here.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zlib import crc32

from perilune.compiler.chunks import compile_chunk
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.proto import dump

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "tests" / "lua"
EXAMPLES = ROOT / "examples"
LONG_PROGRAM = EXAMPLES / "nbody.lua"
LONG_PROGRAM_ARGUMENTS = ["100000"]
EXAMPLE_ARGUMENTS = {"nbody.lua": ["100"], "json.lua": ["20"]}
MEMORY_ERROR = 99
TIME_LIMIT_SECONDS = 300
SANITIZERS = {"ASAN_OPTIONS": f"exitcode={MEMORY_ERROR}", "UBSAN_OPTIONS": f"exitcode={MEMORY_ERROR}"}

EMULATOR_MESSAGE = re.compile(rb"^wine: .*\n", re.MULTILINE)  # of its own processes; how ours ended is in the status
ADDRESS = re.compile(rb"\b0x[0-9a-f]{4,16}\b|\b[0-9A-F]{16}\b")
LEAST_SAMPLES = 10  # on a busy machine an emulated thread gets few turns
SAMPLES = re.compile(rb"sampler (\w+)\nsamples (\d+) of instructions of (\d+)\n")

# Programs that do not do the same everywhere, and why.
DIFFERENT = {
    "tests/lua/gc/operands_of_finished_expressions_are_garbage.lua": "counts turns until the collector has run"
}
DIFFERENT_ON_WINDOWS = {
    "tests/lua/lfs/a_folder_is_locked_by_one.lua": "lfs.lock_dir is not there",
    "tests/lua/lfs/attributes_tell_what_a_file_is.lua": "all may read and write, and there is no /dev/null",
    "tests/lua/lfs/files_are_locked.lua": "lfs.lock is not there",
    "tests/lua/lfs/folders_come_and_go.lua": "a file that is no folder is a bad descriptor",
    "tests/lua/lfs/links_have_targets.lua": "lfs.link is not there",
    "tests/lua/load_and_require/require_turns_dots_into_folders.lua": "folders are divided by backslashes",
    "tests/lua/load_and_require/searchpath_finds_files.lua": "folders are divided by backslashes",
}


@dataclass(frozen=True, slots=True)
class Program:
    path: Path
    arguments: list[str]
    chunk: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()


@dataclass(frozen=True, slots=True)
class Outcome:
    status: int
    output: bytes
    errors: bytes
    counts: bytes

    def difference(self, other: Outcome) -> str | None:
        """What is different, without what an address is."""
        if (self.status, self.output) != (other.status, other.output) or self.errors != other.errors:
            return f"--- here: {self.status}\n{self.shown()}\n--- there: {other.status}\n{other.shown()}"
        if self.counts != other.counts:
            mine, theirs = self.counts.splitlines(), other.counts.splitlines()
            return next(
                (f"counts here {a!r}, there {b!r}" for a, b in zip(mine, theirs, strict=False) if a != b),
                f"{len(mine)} lines of counts here, {len(theirs)} there",
            )
        return None

    def is_silent_failure(self) -> bool:
        return self.status != 0 and not self.output and not self.errors

    def shown(self) -> str:
        return (self.output[-1500:] + self.errors[-1500:]).decode(errors="replace")


def run(command: list[str], program: Program, mode: str | None) -> Outcome:
    """Runs a program in its own folder."""
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts"
        options = ["--profile", mode, "--counts", str(counts)] if mode else []
        finished = subprocess.run(
            [*command, *options, str(program.chunk), *program.arguments],
            cwd=program.path.parent,
            env={**os.environ, **SANITIZERS},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIME_LIMIT_SECONDS,
            check=False,
        )
        counted = counts.read_bytes() if counts.exists() else b""
    errors = EMULATOR_MESSAGE.sub(b"", finished.stderr)
    return Outcome(finished.returncode, ADDRESS.sub(b"0x", finished.stdout), ADDRESS.sub(b"0x", errors), counted)


def memory_problem(command: list[str], program: Program) -> str | None:
    """Runs a program with and without a profile; returns what went wrong."""
    for mode in (None, "oracle"):
        outcome = run(command, program, mode)
        if outcome.status == MEMORY_ERROR or outcome.status < 0:
            return f"{outcome.status}\n{outcome.shown()}"
    return None


def machine_problem(command: list[str], other: list[str], program: Program) -> str | None:
    """Runs a program here and there; returns what is different."""
    if program.name in DIFFERENT or (other[-1].endswith(".exe") and program.name in DIFFERENT_ON_WINDOWS):
        return None
    here = run(command, program, "count")
    for mode in ("count", "oracle"):
        there = run(other, program, mode)
        if there.is_silent_failure() and not here.is_silent_failure():
            there = run(other, program, mode)  # Wine on a busy machine does not always start what it is to run
        difference = here.difference(there)
        if difference:
            return f"{mode}: {difference}"
    return None


def sampler_problem(other: list[str], program: Program, sampler: str) -> str | None:
    """What is wrong with the samples of a program that takes long."""
    match = SAMPLES.search(run(other, program, "sample").counts)
    if match is None:
        return "no samples"
    is_right = match[1].decode() == sampler and LEAST_SAMPLES <= int(match[2]) <= int(match[3])
    return None if is_right else f"not as it should be: {match[0]!r}"


def compiled(path: Path, arguments: list[str], folder: Path) -> Iterator[Program]:
    """The program with its chunk in the folder; nothing if it is wrong."""
    try:
        chunk = dump(compile_chunk(path.read_bytes(), b"@" + path.name.encode(), is_file=True))
    except LuaSyntaxError:
        return
    chunk_path = folder / f"{path.relative_to(ROOT)}c".replace("/", "_")
    chunk_path.write_bytes(chunk)
    yield Program(path, arguments, chunk_path)


def command_of(text: str) -> list[str]:
    """The words of a command, whose last is a path."""
    *tool, path = shlex.split(text)
    return [*tool, str(Path(path).resolve(strict=True))]


def main() -> int:
    what, every, *commands = sys.argv[1:]
    sampler = commands[2] if len(commands) > 2 else None
    paths = sorted(path for path in PROGRAMS.rglob("*.lua") if "modules" not in path.parts)
    chosen = [path for path in paths if crc32(path.relative_to(PROGRAMS).as_posix().encode()) % int(every) == 0]
    paths = [*sorted(EXAMPLES.glob("*.lua")), *chosen]
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = Path(name)
        programs = [
            program for path in paths for program in compiled(path, EXAMPLE_ARGUMENTS.get(path.name, []), folder)
        ]
        if what == "memory":
            look = partial(memory_problem, command_of(commands[0]))
        else:
            look = partial(machine_problem, command_of(commands[0]), command_of(commands[1]))
        found = zip(programs, pool.map(look, programs), strict=True)
        problems = [f"{program.name}: {problem}" for program, problem in found if problem]
        if sampler is not None:
            for program in compiled(LONG_PROGRAM, LONG_PROGRAM_ARGUMENTS, folder):
                problem = sampler_problem(command_of(commands[1]), program, sampler)
                problems += [f"sampler: {problem}"] if problem else []
    for problem in problems:
        print(problem)
    print(f"{len(programs)} programs, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
