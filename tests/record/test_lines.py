"""The lines of PUC Lua that a recording names: those that the timer interrupted, and not those at which the hook ran."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from perilune.profiler.model import Profile
from perilune.profiler.renderers.json import parse
from recorded import program, record

LINES = """
local function work(n)
  local a, b = 1.5, 1.5
  for i = 1, n do
    a = a * i + a * i + a * i + a * i + a * i + a * i + a * i + a * i + a * i + a * i + a * i + a * i
    a = 1.5
    b = b * i + b * i + b * i + b * i
    b = 1.5
  end
end
local seed, begin = 1, os.clock()
repeat
  seed = seed * 16807 % 2147483647
  work(1000 + seed % 2000)
until os.clock() - begin > 1
"""
MUCH, LITTLE = 5, 7
"""Lines of one loop, the first of which does three times as much, in steps that depend on each other."""

PUC = (*(pytest.param(f"lua5.{minor}", marks=pytest.mark.hosts) for minor in (1, 2, 3)), "lua5.4")
DIFFERENCE = 0.06
"""What processors make of an operation more or less, beside the error of the samples."""


LEAST_SAMPLES = 50
"""Of a second of processor time, where the system's clock strikes a hundred times in it."""


def share_of_much(profile: Profile) -> tuple[float, float]:
    """The part that one line has of what both have, and its error."""
    rows = {row.line: row for file in profile.files for row in file.lines}
    both = rows[MUCH].share + rows[LITTLE].share
    assert both > 0.3, both
    return rows[MUCH].share / both, (rows[MUCH].error or 0.0) / both


@pytest.mark.parametrize("interpreter", PUC)
def test_lines_of_one_loop_have_their_shares(tmp_path: Path, interpreter: str) -> None:
    (tmp_path / "program.lua").write_text(LINES)
    recorded = record(tmp_path, [program(interpreter), "program.lua"])
    assert recorded.profile is not None, recorded.errors
    share, error = share_of_much(recorded.profile)
    assert abs(share - 0.75) <= error + DIFFERENCE, (share, error)


def test_a_recording_agrees_with_a_profile_of_the_same_program(tmp_path: Path) -> None:
    """Within both errors, and what the two machines differ by: one spends more on an operation, the other on a loop."""
    (tmp_path / "program.lua").write_text(LINES)
    recorded = record(tmp_path, [program("lua5.4"), "program.lua"])
    subprocess.run(
        [sys.executable, "-m", "perilune", "profile", "-o", "profiled.json", "program.lua"],
        cwd=tmp_path,
        env={**os.environ, "PERILUNE_CACHE_DIR": str(tmp_path / "cache")},
        check=True,
        timeout=60,
    )
    assert recorded.profile is not None, recorded.errors
    there, error_there = share_of_much(recorded.profile)
    here, error_here = share_of_much(parse((tmp_path / "profiled.json").read_bytes()))
    assert abs(there - here) <= error_there + error_here + DIFFERENCE, (there, here)


def test_a_host_that_closes_files_it_does_not_know_is_sampled_on(tmp_path: Path) -> None:
    """As daemons do, which close the counter that asks for samples; a timer has them taken from then on."""
    (tmp_path / "closer.c").write_text(
        "#include <unistd.h>\nint luaopen_closer(void *L) { for (int i = 3; i < 1024; i++) close(i); return L == 0; }\n"
    )
    subprocess.run([program("gcc"), "-shared", "-fPIC", "closer.c", "-o", "closer.so"], cwd=tmp_path, check=True)
    (tmp_path / "program.lua").write_text("package.cpath = './?.so'\nrequire 'closer'\n" + LINES)
    recorded = record(tmp_path, [program("lua5.4"), "program.lua"])
    assert recorded.profile is not None, recorded.errors
    assert (recorded.profile.totals.samples or 0) >= LEAST_SAMPLES
