"""The benchmarks run, on programs that are nothing: what they measure is no test's business."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from c_modules import needs_compiler

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def run(*words: str, code: str | None = None) -> subprocess.CompletedProcess[str]:
    """A benchmark, or code beside them."""
    command = (
        [sys.executable, "-c", code] if code is not None else [sys.executable, str(BENCHMARKS / words[0]), *words[1:]]
    )
    return subprocess.run(command, cwd=BENCHMARKS, capture_output=True, text=True, check=False)


def measured(folder: Path, *words: str) -> dict[str, Any]:
    """What speed.py writes of the programs of a folder, each run once."""
    where = folder / "figures.json"
    result = run(
        "speed.py", "--runs", "1", "--parts", "ratios", "--programs", str(folder), "--json", str(where), *words
    )
    assert result.returncode == 0, result.stderr
    assert "geometric mean" in result.stdout
    found: dict[str, Any] = json.loads(where.read_text())
    return found


def test_speed_runs_a_folder_of_programs_with_their_arguments(tmp_path: Path) -> None:
    (tmp_path / "told.lua").write_text("assert(arg[1] == 'one' and arg[2] == 'two words' and not arg[3])")
    (tmp_path / "other.lua").write_text("assert(not arg[1])")
    found = measured(tmp_path, "--engines", "run,count", "--arguments", "told one 'two words'")
    ratios = found["ratios"]
    assert set(ratios["programs"]) == {"told", "other"}
    assert set(ratios["programs"]["told"]) == {"run", "count"}
    assert ratios["programs"]["told"]["run"]["ratio"] == 1.0
    assert set(ratios["geometric_means"]) == {"run", "count"}
    assert ratios["comparisons"]["count beside run"]["programs"] == 2
    assert "failures" in ratios and not ratios["failures"]


def test_speed_runs_the_programs_that_are_named_and_tells_of_one_that_fails(tmp_path: Path) -> None:
    (tmp_path / "fails.lua").write_text("error('it is broken')")
    (tmp_path / "left_out.lua").write_text("")
    ratios = measured(tmp_path, "--engines", "run", "fail*")["ratios"]
    assert ratios["programs"] == {"fails": {}}
    assert "it is broken" in ratios["failures"]["fails"]["run"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "no program nothing"),
        (["--parts", "other"], "no part other: there are ratios, lines, instructions"),
        (["--engines", "other"], "no engine other"),
        (["--lua-benchmarks", "programs"], "no checkout of Lua-Benchmarks: ack.lua is not there"),
        (["--programs", "."], "no Lua files"),
        (["--arguments", "a 1"], "--arguments is for the programs of --programs"),
        (["--puc-source", "programs"], "lua.c is not there"),
    ],
)
def test_speed_says_what_is_missing(words: list[str], message: str) -> None:
    result = run("speed.py", *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_growth_is_of_lines_and_of_instructions() -> None:
    code = """
from engines import installed_engines
from size_growth import instructions, lines
engines = [engine for engine in installed_engines()[0] if engine.name == "run"]
for name, step in [*lines(engines, [100], 1), *instructions(engines, [10000], 1)]:
    print(name, step.size)
"""
    result = run(code=code)
    assert result.stdout.split("\n") == ["compiled 100", "cached 100", "run 10000", ""], result.stderr


def test_startup_shows_the_commands_that_are_named() -> None:
    result = run("startup.py", "--runs", "1", "--version")
    assert result.returncode == 2  # an option of its own it is not
    result = run("startup.py", "--runs", "1", "--", "--version")
    assert result.returncode == 0, result.stderr
    assert [line.split("  ")[0] for line in result.stdout.splitlines() if line.startswith("perilune")] == [
        "perilune --version"
    ]


@needs_compiler
def test_c_calls_measures_the_kinds_that_are_named() -> None:
    result = run("c_calls.py", "--calls", "100", "--rounds", "1", "--limit", "1000", "lua_call", "luaL_Buffer, short")
    assert result.returncode == 0, result.stderr
    assert [line[:26].strip() for line in result.stdout.splitlines()[-2:]] == ["lua_call", "luaL_Buffer, short"]


@needs_compiler
def test_c_calls_knows_its_kinds() -> None:
    result = run("c_calls.py", "lua_cal")
    assert (result.returncode, result.stdout) == (2, "")
    assert "unknown kind: lua_cal" in result.stderr
