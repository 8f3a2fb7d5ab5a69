"""What a program does and what is counted of it follow from the program alone: not from addresses, not from the environment.

`PERILUNE_LAYOUT_STEP=1` looks at all programs of tests/lua instead of every 29th, which takes minutes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
STEP = int(os.environ.get("PERILUNE_LAYOUT_STEP") or 29)
TIME_LIMIT_SECONDS = 280 if STEP > 10 else 3000
# What a program asks the system for is input: the time, random numbers, names of files.
INPUT = re.compile(r"clock|os\.time|os\.date|tmpname|math\.random|popen|os\.getenv|lfs|/proc")

IDENTITIES = """\
local keys, seen = {}, {}
for i = 1, 40 do
  keys[i] = ({function() return {} end, function() return function() return i end end, function()
    return coroutine.create(print)
  end, function() return debug.upvalueid(function() return i end, 1) end})[i % 4 + 1]()
end
for i = 1, 40, 3 do seen[keys[i]] = i end
for i = 1, 40 do seen[keys[i]] = i end
for i = 1, 40, 5 do seen[keys[i]] = nil end
seen[io.stdout], seen[print], seen[("long"):rep(20)], seen.short = 1, 2, 3, 4
for key, value in pairs(seen) do print(key, value, string.format("%p", key)) end
table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
for _, key in ipairs(keys) do io.write(tostring(key), " ") end
print(tostring(io.stderr), string.format("%p", ("x"):rep(1000)) ~= string.format("%p", ("x"):rep(1000)))
local worst = {}
for i = 1, 3000 do worst[i] = i * 7919 % 3 == 0 and 1 or i % 50 end
local compared = 0
table.sort(worst, function(a, b) compared = compared + 1 return a < b end)
print(compared)
"""


def programs() -> list[Path]:
    paths = sorted(path for path in (TESTS / "lua").rglob("*.lua") if "modules" not in path.parts)
    return [path for path in paths if not INPUT.search(path.read_text(errors="replace"))][::STEP]


def profiled(folder: Path, layout: list[str], padding: int, environment: dict[str, str], paths: list[Path]) -> Path:
    folder.mkdir()
    command = [*layout, sys.executable, str(Path(__file__).with_name("profile_programs.py")), str(folder), str(padding)]
    subprocess.run(
        [*command, *map(str, paths)],
        env={**os.environ, "PYTHONPATH": str(TESTS), **environment},
        timeout=TIME_LIMIT_SECONDS,
        check=True,
    )
    return folder


@pytest.mark.timeout(2 * TIME_LIMIT_SECONDS)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_counts_and_output_do_not_depend_on_addresses_or_the_environment(tmp_path: Path) -> None:
    paths = programs()
    identities = tmp_path / "identities.lua"
    identities.write_text("".join(f"{line} -- expect: any\n" for line in IDENTITIES.splitlines()))
    paths.append(identities)
    fixed = ["setarch", "-R"] if shutil.which("setarch") else []
    one = profiled(tmp_path / "one", fixed, 0, {}, paths)
    elsewhere = {"A_VARIABLE": "x" * 3001, "MALLOC_PERTURB_": "85", "MALLOC_TOP_PAD_": "100003"}
    other = profiled(tmp_path / "other", [], 5001, elsewhere, paths)
    differing = [
        f"{paths[int(file.stem)]}: {file.suffix}"
        for file in sorted(one.iterdir())
        if file.read_bytes() != (other / file.name).read_bytes()
    ]
    assert differing == []
    assert (one / f"{len(paths) - 1}.status").read_text() == "0"
