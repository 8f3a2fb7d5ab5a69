"""What the tests of exports share: profiles of each mode, the sums that must come back, and the formats' own readers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from perilune.profiler.exporters import EXPORTERS
from perilune.profiler.model import CallNode, Profile, times_elsewhere
from perilune.profiler.session import Mode, profile_file
from perilune.profiler.sources import Sources, read_sources
from sampled_profile import SOURCES

READERS = Path(__file__).parent / "exports" / "readers"

Place = tuple[str, int]
"""A path and a line."""

PROGRAM = """\
local function make(n) local t = {} for i = 1, n do t[i] = {i} end return t end
local function sum(list, pick)
  local total = 0
  for _, item in ipairs(list) do
    total = total + pick(item)
  end
  return total end
local Account = {}
function Account:get() return self[1] end
function Account:set(value) self[1] = value end
local anonymous = { function() return 1 end, function() return 2 end }
for round = 1, tonumber((...)) do
  sum(make(50), function(item)
    return item[1] end)
  if round > 100 then
    print("never")
  end
end
Account.get({1}) Account.set({}, anonymous[1]() + anonymous[2]())
load("local x = 0 for i = 1, 10 do x = x + i end")()
table.sort({3, 2, 1}, function(a, b)
  return a < b
end)
print(string.format("%d", 5))
"""


def real_profile(mode: Mode, folder: Path) -> Profile:
    """A profile of a run, whose program shares lines between functions and makes chunks that are no files."""
    path = folder / "program.lua"
    path.write_text(PROGRAM)
    rounds = 20_000 if mode == "sample" else 20  # of which a sampler must see some
    outcome, profile = profile_file(str(path), [str(rounds)], mode)
    assert outcome.text is None
    return profile


def exported(profile: Profile, name: str, folder: Path, sources: Sources | None = None) -> Path:
    """The profile in a format, written to a file."""
    if sources is None:
        sources = SOURCES if profile.program.path in SOURCES else read_sources(profile)
    path = folder / f"{'callgrind.' if name == 'callgrind' else ''}profile{EXPORTERS[name].suffix}"
    path.write_bytes(EXPORTERS[name].export(profile, sources))
    return path


def needed(program: str) -> str:
    """The path of a program; without it the test is skipped."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def run(*command: str, env: Mapping[str, str] | None = None, folder: Path | None = None) -> str:
    """What a reader writes to standard output. It must succeed and have nothing to complain about."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **(env or {})},
        cwd=folder,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), f"{done.args}: {done.returncode}, {done.stderr}"
    return done.stdout


def installed_node() -> str:
    """Node, where the packages in the readers' folder are installed too; without them the test is skipped."""
    node = needed("node")
    if not (READERS / "node_modules").is_dir():
        pytest.skip("the readers are not installed: npm ci --prefix tests/exports/readers")
    return node


def run_node(script: str, path: Path) -> str:
    """As `run`, for a script in the readers' folder."""
    return run(installed_node(), str(READERS / script), str(path))


def speedscope(path: Path) -> list[dict[str, Any]]:
    """The profiles that speedscope's importer finds in a file: name, unit, total, and the weights of every frame."""
    found: dict[str, Any] = json.loads(run_node("speedscope.cjs", path))
    profiles: list[dict[str, Any]] = found["profiles"]
    return profiles


def line_sums(profile: Profile, field: str) -> Counter[Place]:
    """What the profile says about every line that has any of it."""
    return Counter(
        {
            (file.path, row.line): amount
            for file in profile.files
            for row in file.lines
            if (amount := getattr(row, field))
        }
    )


def function_sums(profile: Profile, field: str) -> Counter[tuple[str, str]]:
    """What the profile says about every function, by path and name."""
    sums: Counter[tuple[str, str]] = Counter()
    for file in profile.files:
        for row in file.functions:
            sums[file.path, row.name] += getattr(row, field) or 0
    return +sums


def own_times(profile: Profile) -> Counter[tuple[str, int | str]]:
    """Nanoseconds spent in each line itself, by path and line, and outside of lines by "" and the name of what ran.

    Builtins are parts of the lines that call them, except in a call tree.
    """
    times: Counter[tuple[str, int | str]] = Counter()
    if profile.call_tree is None:
        times.update(line_sums(profile, "self_ns"))
        times.update({("", name): ns for name, ns in times_elsewhere(profile.totals)})
    else:
        _add_times(profile.call_tree, times)
    return +times


def _add_times(node: CallNode, times: Counter[tuple[str, int | str]]) -> None:
    times[(node.path, node.line) if node.path is not None else ("", node.function)] += node.self_ns
    for child in node.children:
        _add_times(child, times)
