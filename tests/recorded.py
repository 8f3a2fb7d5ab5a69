"""What the tests of `perilune record` share: running it, and reading what a program's functions and lines took."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from perilune.profiler.model import Profile
from perilune.profiler.renderers.json import parse

SECONDS = 60

SHARES = """
local function three(n)
  local s = 0
  for i = 1, n do s = s + i % 7 end
  return s
end
local function one(n)
  local s = 0
  for i = 1, n do s = s + i % 7 end
  return s
end
local seed = 1
local function both(seconds)
  local begin = os.clock()
  repeat
    seed = seed * 16807 % 2147483647
    local n = 10000 + seed % 20000
    three(3 * n)
    one(n)
  until os.clock() - begin > seconds
end
"""
"""Lua of every version in which `three` takes three quarters of the time and `one` a quarter, whatever the machine. Its steps
differ in length, so that they are never in step with a clock."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a recorded command ended, what it and the recorder wrote, and the profile, None where there is none."""

    status: int
    output: str
    errors: str
    profile: Profile | None

    def function(self, name: str) -> tuple[float, float]:
        """The share of the run that a function took itself, and its error."""
        assert self.profile is not None, self.errors
        rows = [row for file in self.profile.files for row in file.functions if row.name == name]
        return sum(row.share for row in rows), max((row.error or 0.0 for row in rows), default=0.0)

    def builtin(self, name: str) -> float:
        """The share of the run that a C function, or a state of LuaJIT, took."""
        assert self.profile is not None, self.errors
        return sum(row.share or 0.0 for row in self.profile.builtins if row.name == name)

    def has_shares(self) -> None:
        """Checks that `three` took three quarters of what both took, within its error and as much again."""
        (three, error), (one, _) = self.function("three"), self.function("one")
        assert three + one > 0.5, (three, one)
        assert abs(three / (three + one) - 0.75) <= error / (three + one) + 0.06, (three, one, error)


def program(name: str) -> str:
    """The path of a program; the test is skipped without it."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/games")
    if found is None:
        pytest.skip(f"no {name}")
    return found


def record(folder: Path, command: Sequence[str], *options: str, environment: dict[str, str] | None = None) -> Recorded:
    """Records a command that runs in a folder."""
    saved = folder / "recorded.json"
    saved.unlink(missing_ok=True)
    run = subprocess.run(
        [sys.executable, "-m", "perilune", "record", "-o", str(saved), *options, "--", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    profile = parse(saved.read_bytes()) if saved.exists() else None
    return Recorded(run.returncode, run.stdout, run.stderr, profile)
