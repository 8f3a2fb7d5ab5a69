"""`perilune suite`: which programs it runs, what it says of them all, and what fails it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from command_line import RunPerilune, WriteFile
from perilune.cli.main import USAGE
from perilune.cli.runs.run import INTERRUPTED, Run, RunResult
from perilune.cli.runs.running import run_all
from perilune.profiler.renderers import json as json_renderer
from perilune.profiler.suites import Suite

MODULE = "local m = {}\nfunction m.double(x)\n  return x * 2\nend\nreturn m\n"
ONE = '---@profile args="20"\nlocal m = require "lib.m"\nfor i = 1, tonumber(...) do m.double(i) end\n'
TWO = 'local m = require "lib.m"\nfor i = 1, 60 do m.double(i) end\n'


@pytest.fixture
def suite(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> RunPerilune:
    """The command in a folder with a suite `bench` of two programs and a module."""
    (tmp_path / "bench" / "lib").mkdir(parents=True)
    write_file("bench/lib/m.lua", MODULE)
    write_file("bench/one.lua", ONE)
    write_file("bench/two.lua", TWO)
    write_file("bench/.hidden.lua", "error('hidden')")
    return perilune


def saved(suite: RunPerilune, *arguments: str) -> Suite:
    result = suite("suite", *arguments, "--format", "json")
    return Suite.parse(result.output)


def test_a_folder_is_its_programs_without_their_modules(suite: RunPerilune) -> None:
    found = saved(suite, "bench")
    assert [program.name for program in found.programs] == ["bench/one.lua 20", "bench/two.lua"]
    assert [program.failure for program in found.programs] == [None, None]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["bench/t*.lua"], ["bench/two.lua"]),
        (["bench/two.lua", "bench"], ["bench/two.lua", "bench/one.lua 20"]),
        (["bench/two.lua", "--", "7"], ["bench/two.lua 7"]),
        (["bench/one.lua", "--", "7"], ["bench/one.lua 7"]),
    ],
)
def test_programs_are_chosen_by_pattern_and_arguments(suite: RunPerilune, words: list[str], names: list[str]) -> None:
    split = words.index("--") if "--" in words else len(words)
    result = suite("suite", *words[:split], "--format", "json", *words[split:])
    assert [program.name for program in Suite.parse(result.output).programs] == names


def test_the_profile_of_all_is_the_sum_of_each(suite: RunPerilune, tmp_path: Path) -> None:
    found = saved(suite, "bench", "--profile", "all.json")
    profile = found.profile
    assert profile == json_renderer.parse((tmp_path / "all.json").read_bytes())
    assert profile.totals.instructions == sum(program.instructions or 0 for program in found.programs)
    lines = [line for file in profile.files for line in file.lines]
    assert profile.totals.instructions == sum(line.instructions for line in lines)
    assert profile.totals.instructions == sum(row.count for row in profile.opcodes)
    assert profile.totals.instructions == sum(row.instructions for file in profile.files for row in file.functions)
    assert profile.totals.memory.peak_bytes == max(program.peak_bytes or 0 for program in found.programs)
    module = profile.file("bench/lib/m.lua")
    assert module is not None
    assert {line.line: line.hits for line in module.lines}[3] == 80
    assert {row.name: row.calls for row in module.functions}["m.double"] == 80
    assert sum(line.share for line in lines) == pytest.approx(1, abs=1e-4)


def test_a_line_knows_the_programs_that_run_it(suite: RunPerilune) -> None:
    found = saved(suite, "bench")
    (use,) = (use for use in found.uses if (use.path, use.line) == ("bench/lib/m.lua", 3))
    assert [found.programs[index].path for index in use.programs] == ["bench/two.lua", "bench/one.lua"]
    assert use.instructions[0] == 3 * use.instructions[1]
    assert "  bench/two.lua 75%, bench/one" in suite("suite", "bench").output


def test_the_same_suite_gives_the_same_bytes_and_runs_nothing_twice(suite: RunPerilune) -> None:
    first = suite("suite", "bench", "--format", "json", "--jobs", "1")
    assert "from the store" not in suite("suite", "bench", "--no-store").output
    assert "2 from the store" in suite("suite", "bench").output
    assert suite("suite", "bench", "--format", "json").output == first.output


def test_programs_in_several_folders_with_modules_of_one_name(suite: RunPerilune, write_file: WriteFile) -> None:
    for name in "ab":
        os.makedirs(f"more/{name}")
        write_file(f"more/{name}/part.lua", f"return '{name}'")
        write_file(f"more/{name}/main.lua", f"assert(require 'part' == '{name}')")
    found = saved(suite, "more")
    assert [program.failure for program in found.programs] == [None, None]
    assert {file.path for file in found.profile.files} == {
        f"more/{folder}/{name}.lua" for folder in "ab" for name in ("main", "part")
    }


def test_what_fails_is_told_everywhere(suite: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("bench/broken.lua", "\nerror('100% <no>')")
    write_file("bench/wrong.lua", "local = 1")
    result = suite("suite", "bench", "--github", "--junit", "j.xml", "--markdown", "s.md")
    assert result.status == 1
    assert "2 ended well, 2 failed" in result.output
    title = "title=Perilune%3A program failed"
    assert (
        f"::error file=bench/broken.lua,line=2,{title}::with an error: bench/broken.lua:2: 100%25 <no>" in result.output
    )
    assert f"::error file=bench/wrong.lua,line=1,{title}::" in result.output
    root = ET.parse(tmp_path / "j.xml").getroot()
    assert {name: root.get(name) for name in ("tests", "errors", "failures")} == {
        "tests": "4",
        "errors": "2",
        "failures": "0",
    }
    errors = {case.get("file"): case.find("error") for case in root.iter("testcase")}
    assert [path for path, error in errors.items() if error is not None] == ["bench/broken.lua", "bench/wrong.lua"]
    summary = (tmp_path / "s.md").read_text()
    assert "| **failed** | `bench/broken.lua` | `with an error: bench/broken.lua:2: 100% <no>` |" in summary


def test_budgets_are_held_for_each_program(suite: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("bench/lib/m.lua", MODULE.replace("function", "---@budget calls <= 30\nfunction", 1))
    write_file("perilune-budget.toml", '[files."bench/one.lua"]\ninstructions = 10\n')
    result = suite("suite", "bench", "--junit", "j.xml", "--github")
    assert result.status == 3
    assert "calls 60 of 30 (+100.0%): m.double (bench/lib/m.lua:3)" in result.output
    assert "file=bench/lib/m.lua,line=3,title=Perilune%3A over budget::calls 60" in result.output
    failures = [
        case.get("file") for case in ET.parse(tmp_path / "j.xml").iter("testcase") if case.find("failure") is not None
    ]
    assert failures == ["bench/one.lua", "bench/two.lua"]


def test_a_wrong_budget_fails(suite: RunPerilune, write_file: WriteFile) -> None:
    write_file("bench/two.lua", "---@budget instructions < 3\n" + TWO)
    result = suite("suite", "bench")
    assert (result.status, "expected '<='" in result.errors) == (1, True)


def test_growth_beyond_a_limit_fails(suite: RunPerilune, write_file: WriteFile) -> None:
    assert suite("suite", "bench", "-o", "before.json").status == 0
    write_file("bench/two.lua", TWO.replace("60", "66"))
    compared = suite("suite", "bench", "--against", "before.json")
    assert compared.status == 0
    assert "Comparison of A and B by instructions" in compared.output
    assert suite("suite", "bench", "--against", "before.json", "--fail-above", "20%").status == 0
    result = suite("suite", "bench", "--against", "before.json", "--fail-above", "5%", "--github")
    assert result.status == 3
    assert "file=bench/two.lua,line=1,title=Perilune%3A costs more::instructions +" in result.output
    assert result.output.count("::error") == 1


@pytest.mark.parametrize(
    ("words", "status", "complaint"),
    [
        (["none"], 1, "no program fits 'none'"),
        (["bench", "--fail-above", "2%"], 2, "--fail-above needs --against"),
        (["bench", "--against", "bench/one.lua"], 1, "bench/one.lua cannot be read as a suite: not JSON"),
        (["bench", "--jobs", "0"], 2, "'0' is not a number of runs at a time"),
        (["bench", "--store", "bench"], 1, "the store bench cannot be opened"),
    ],
)
def test_wrong_use_has_a_clear_answer(suite: RunPerilune, words: list[str], status: int, complaint: str) -> None:
    result = suite("suite", *words)
    assert (result.status, complaint in result.errors) == (status, True)


def test_the_store_is_shown_exported_and_cleared(suite: RunPerilune, tmp_path: Path) -> None:
    assert "nothing has been kept yet" in suite("store", "ls").errors
    suite("suite", "bench")
    listed = json.loads(suite("store", "ls", "--format", "json").output)
    assert [(entry["program"], entry["arguments"]) for entry in sorted(listed, key=lambda entry: entry["program"])] == [
        ("one.lua", ["20"]),
        ("two.lua", []),
    ]
    assert "2 results, " in suite("store", "ls", "--top", "1").output
    assert suite("store", "export", "two*", "-o", "out").output == "1 profile written into out\n"
    (exported,) = (tmp_path / "out").iterdir()
    assert json_renderer.parse(exported.read_bytes()).program.path == "two.lua"
    assert suite("store", "gc", "--unused-days", "0").output == "2 results forgotten; 0 left, 0 B\n"
    assert (
        suite("store", "gc", "--max-size", "many").errors
        == "perilune: --max-size: 'many' is not a size like 500K, 64M or 2G\n"
    )


ROOT = Path(__file__).parents[2]


def test_the_action_runs_a_suite(suite: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    """The step's own script, in a shell, with what a runner gives it."""
    script = (ROOT / "action.yml").read_text().rpartition("      run: |\n")[2]
    write_file("bench/two.lua", "---@budget instructions <= 10\n" + TWO)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PROGRAMS": "bench/o*.lua\n\nbench/two.lua\n",
        "AGAINST": "",
        "FAIL_ABOVE": "",
        "JUNIT": "j.xml",
        "OUTPUT": "suite.json",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        check=False,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("::error file=bench/two.lua")
    assert "| **budget** |" in (tmp_path / "summary").read_text()
    assert len(Suite.parse((tmp_path / "suite.json").read_bytes()).programs) == 2
    assert (tmp_path / "j.xml").exists()


def test_ctrl_c_reports_what_is_done(suite: RunPerilune, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(runs: Sequence[Run], **others: object) -> Iterator[RunResult]:
        yield from run_all(runs[:1])
        yield RunResult(runs[1], failure=INTERRUPTED)
        raise KeyboardInterrupt

    monkeypatch.setattr("perilune.cli.suite.run_all", interrupted)
    result = suite("suite", "bench", "bench/lib/m.lua")
    assert (result.status, result.errors) == (130, "perilune: interrupted: 1 of 3 programs were run\n")
    assert "bench bench/lib/m.lua  1 program: 1 ended well; " in result.output


def test_hooks_run_commands_that_there_are() -> None:
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text()
    entries = [line.removeprefix("  entry: ") for line in hooks.splitlines() if line.startswith("  entry: ")]
    assert entries
    for entry in entries:
        name, command = entry.split()
        assert (name, f"perilune {command} " in USAGE) == ("perilune", True)
