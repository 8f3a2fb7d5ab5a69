"""Runs all programs of tests/lua as binary chunks without Python, under a tool that ends with status 99 on memory errors.

python run_chunks.py EVERY RUN_CHUNK [TOOL...]     such as: run_chunks.py 1 build/run_chunk valgrind --error-exitcode=99

Takes every n-th program. What a program prints is not looked at: there is no compiler here for its `load`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from perilune.compiler.chunks import compile_chunk
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.proto import dump

PROGRAMS = Path(__file__).parents[1] / "lua"
MEMORY_ERROR = 99
TIME_LIMIT_SECONDS = 300
SANITIZERS = {"ASAN_OPTIONS": f"exitcode={MEMORY_ERROR}", "UBSAN_OPTIONS": f"exitcode={MEMORY_ERROR}"}


def run(path: Path, command: list[str], folder: Path) -> str | None:
    """Runs a program with and without a profile; returns what went wrong."""
    try:
        chunk = dump(compile_chunk(path.read_bytes(), b"@" + path.name.encode(), is_file=True))
    except LuaSyntaxError:
        return None
    chunk_path = folder / f"{path.relative_to(PROGRAMS)}c".replace("/", "_")
    chunk_path.write_bytes(chunk)
    for options in ([], ["--profile"]):
        finished = subprocess.run(
            [*command, *options, str(chunk_path)],
            cwd=path.parent,
            env={**os.environ, **SANITIZERS},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIME_LIMIT_SECONDS,
            check=False,
        )
        if finished.returncode == MEMORY_ERROR or finished.returncode < 0:
            return f"{path}: {finished.returncode}\n{finished.stderr.decode(errors='replace')[:4000]}"
    return None


def main() -> int:
    every, runner, *tool = sys.argv[1:]
    paths = sorted(path for path in PROGRAMS.rglob("*.lua") if "modules" not in path.parts)[:: int(every)]
    command = [*tool, str(Path(runner).resolve(strict=True))]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [problem for problem in pool.map(lambda path: run(path, command, Path(folder)), paths) if problem]
    for problem in problems:
        print(problem)
    print(f"{len(paths)} programs, {len(problems)} with memory errors")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
