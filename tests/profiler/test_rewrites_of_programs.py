"""Rewrites of programs that nobody wrote for them: all of them compile, and what is said to do the same does the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from perilune.cli.limits import Limits
from perilune.cli.repeat import StandardInput
from perilune.cli.surroundings import Surroundings
from perilune.cli.trial_runs import Program, TrialRuns
from perilune.compiler.chunks import check_source
from perilune.compiler.source import Source
from perilune.profiler.rewrites.code import Code
from perilune.profiler.rewrites.finding import find, search
from perilune.profiler.rewrites.rewrite import KINDS, Rewrite, edited
from perilune.profiler.trials import DIFFERS, Judge, NotJudged

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted((ROOT / "tests/lua").rglob("*.lua")) + sorted((ROOT / "benchmarks/programs").glob("*.lua"))
RUN = sorted((ROOT / "tests/lua/programs").glob("*.lua")) + sorted((ROOT / "tests/lua/closures").glob("*.lua"))
_EACH = 2


def everywhere(line: int) -> bool:
    return line > 0


def test_what_rewrites_make_of_programs_compiles_and_keeps_its_comments() -> None:
    kinds: dict[str, int] = dict.fromkeys(KINDS, 0)
    for path in PROGRAMS:
        text = path.read_bytes()
        code = Code(text)
        comments = sorted(comment for _, comment in code.comments) if code.is_whole else []
        for rewrite in search(code, everywhere):
            kinds[rewrite.kind] += 1
            new = edited(text, rewrite.edits)
            problems = check_source(Source.from_bytes("?", new, is_file=True))
            # A jump into the scope of the new local variable is all that may be wrong, and `find` leaves that out.
            assert all("jumps into the scope" in problem.message for problem in problems), (path, rewrite)
            assert problems or sorted(comment for _, comment in Code(new).comments) == comments, (path, rewrite)
    assert all(kinds.values()), kinds


def output(folder: Path, text: bytes) -> tuple[int, bytes]:
    """What a program writes in a process of its own, and how it ends."""
    (folder / "program.lua").write_bytes(text)
    command = [sys.executable, "-P", "-m", "perilune", "run", "program.lua"]
    done = subprocess.run(command, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def test_what_is_said_to_write_the_same_writes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tried = 0
    for path in RUN:
        text = path.read_bytes()
        rewrites = find(text, everywhere)
        judge = judge_of(text) if rewrites else None
        if judge is None:
            continue
        same = [each for each in rewrites if judged_the_same(judge, tmp_path, text, each)]
        tried += len(rewrites)
        if same:
            before = output(tmp_path, text)
            for rewrite in same[:_EACH]:  # each takes the start of a process
                assert output(tmp_path, edited(text, rewrite.edits)) == before, (path, rewrite)
    assert tried > 30


def judge_of(text: bytes) -> Judge | None:
    """A judge of a program, None if two runs of it differ."""
    Path("program.lua").write_bytes(text)
    limits = Limits()
    limits.seconds = 20.0
    program = Program("program.lua", text, [], Surroundings([], {}, False), limits, StandardInput())
    try:
        return Judge(TrialRuns(program), 0)
    except NotJudged:
        return None


def judged_the_same(judge: Judge, folder: Path, text: bytes, rewrite: Rewrite) -> bool:
    return judge.trial({os.path.realpath(folder / "program.lua"): edited(text, rewrite.edits)}).verdict != DIFFERS
