"""`perilune compare`: programs and saved profiles side by side, limits for CI, and what cannot be compared."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from command_line import RunPerilune, WriteFile

PROGRAM = """\
local function double(x)
  return x * 2
end
local sum = 0
for i = 1, tonumber((...) or 100) do
  sum = sum + double(i)
end
print(sum)
"""
SLOWER = PROGRAM.replace("return x * 2", "return x * 2 + 0")
EXAMPLES = Path(__file__).parents[2] / "examples"


def profiled(perilune: RunPerilune, name: str, path: str, *options: str) -> None:
    assert perilune("profile", *options, "--format", "json", "-o", name, path).status == 0


def test_two_programs(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    write_file("b.lua", SLOWER)
    result = perilune("compare", "a.lua", "b.lua")
    assert (result.status, result.errors) == (0, "")
    lines = result.output.splitlines()
    assert lines[:3] == [
        "Comparison of A and B by instructions",
        "  A  a.lua  (count mode)",
        "  B  b.lua  (count mode)",
    ]
    functions = lines.index("Functions")
    assert lines[functions + 2].split() == ["x1.5", "+100", "200", "300", "1", "double"]
    assert lines[lines.index("Lines") + 2].split(maxsplit=5) == ["x1.5", "+100", "200", "300", "2", "return x * 2 + 0"]
    assert lines[-1] == "Note: both programs wrote the same output."
    assert max(map(len, lines)) <= 80


def test_both_programs_get_the_arguments(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    write_file("b.lua", SLOWER)
    result = perilune("compare", "--format", "json", "a.lua", "b.lua", "--", "7")
    value = json.loads(result.output)
    assert (value["format"], value["version"], value["metric"], value["exceeded"]) == (
        "perilune-comparison",
        1,
        "count",
        [],
    )
    assert value["totals"]["instructions"]["difference"] == 7
    assert value["a"]["program"]["args"] == ["7"]
    assert [row["a"] for row in value["lines"]] == [{"path": "a.lua", "line": 2}]


def test_saved_profiles_and_a_source_that_has_changed(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("a.lua", PROGRAM)
    profiled(perilune, "old.json", "a.lua", "--mode", "count")
    write_file("a.lua", "-- edited\n" + SLOWER)
    profiled(perilune, "new.json", "a.lua", "--mode", "count")
    lost = perilune("compare", "old.json", "new.json").output
    assert "a.lua is not the same in A and B, and its text of A was not found" in " ".join(lost.split())
    assert "1→2  double" in lost
    assert "2→3  return x * 2 + 0" in lost
    (tmp_path / "before").mkdir()
    write_file("before/a.lua", PROGRAM)
    found = perilune("compare", "old.json", "new.json", "--sources", "before").output
    assert "Note" not in found
    assert "2→3  return x * 2 + 0" in found
    assert perilune("compare", "old.json", "a.lua", "--sources", "before").output == found


def test_a_change_of_one_instruction_shows_and_fails(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "for i = 1, 100000 do end")
    write_file("b.lua", "for i = 1, 100001 do end")
    result = perilune("compare", "a.lua", "b.lua", "--fail-above", "0%")
    assert result.status == 3
    assert "+0.001%          +1  100,005  100,006  instructions" in result.output
    message = "instructions grew by 0.001%, from 100,005 to 100,006: more than 0%"
    assert result.errors == f"perilune: {message}\n"
    assert perilune("compare", "a.lua", "b.lua", "--fail-above", "1.01").status == 0
    assert perilune("compare", "b.lua", "a.lua", "--fail-above", "0%").status == 0


def test_limits_of_functions(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    write_file("b.lua", SLOWER)
    result = perilune("compare", "a.lua", "b.lua", "--fail-above", "x2", "--fail-above-function", "10%")
    assert result.status == 3
    assert result.errors == "perilune: instructions of double (b.lua:1) grew by 50.0%, from 200 to 300: more than 10%\n"
    memory = perilune("compare", "a.lua", "b.lua", "--metric", "memory", "--fail-above-function", "0%")
    assert (memory.status, memory.errors) == (0, "")


def test_times_of_one_program_are_within_noise(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    result = perilune("compare", "--mode", "trace", "a.lua", "a.lua", "--fail-above", "0%")
    assert result.status == 0
    assert result.output.startswith("Comparison of A and B by time\n")
    assert "within noise" in result.output
    assert "Times are estimates" in result.output


def test_programs_are_sampled_if_their_times_are_asked_for(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    lines = perilune("compare", "--metric", "time", "a.lua", "a.lua").output.splitlines()
    assert lines[:2] == ["Comparison of A and B by time", "  A  a.lua  (sample mode)"]


def test_profiles_of_different_modes(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    profiled(perilune, "count.json", "a.lua", "--mode", "count")
    profiled(perilune, "trace.json", "a.lua", "--mode", "trace")
    result = perilune("compare", "count.json", "trace.json")
    assert result.status == 0
    assert "A was profiled in count mode and B in trace mode: A has no times" in " ".join(result.output.split())
    result = perilune("compare", "count.json", "trace.json", "--metric", "time")
    assert result.status == 1
    assert result.errors == (
        "perilune: --metric time needs times, which count mode does not take: use another --mode for count.json\n"
    )
    assert "(trace mode)" in perilune("compare", "trace.json", "a.lua").output.splitlines()[2]


def test_programs_that_do_not_write_the_same(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print(1) print(2)")
    write_file("b.lua", "print(1) print(3)")
    output = " ".join(perilune("compare", "a.lua", "b.lua").output.split())
    assert "did not write the same: the first difference is in line 2" in output
    assert "A and B by instructions" in output


def test_assembly_examples(perilune: RunPerilune) -> None:
    result = perilune(
        "compare", str(EXAMPLES / "fibonacci_loop.pasm"), str(EXAMPLES / "fibonacci_straight.pasm"), "--format", "json"
    )
    totals = json.loads(result.output)["totals"]
    assert {name: (totals[name]["a"], totals[name]["b"]) for name in ("instructions", "peak_depth")} == {
        "instructions": (188, 44),
        "peak_depth": (8, 26),
    }


def test_standard_input(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "local x = 1\nlocal y = 2")
    result = perilune("compare", "a.lua", "-", standard_input="local x = 1\nlocal z\nlocal y = 2")
    assert "→2  local z\n" in result.output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not JSON: Expecting value: line 1 column 1 (char 0)"),
        ('{"a": 1,\n "b" 2}', "not JSON: Expecting ':' delimiter: line 2 column 6 (char 14)"),
        ("{}", "not a Perilune profile: \"format\" is None, not 'perilune-profile'"),
        ('{"format": "perilune-profile", "version": 7}', "profile version 7 is not supported, only version 1"),
        ('{"format": "perilune-profile", "version": 1, "mode": "count"}', "program: expected an object"),
    ],
)
def test_what_is_no_profile(perilune: RunPerilune, write_file: WriteFile, content: str, message: str) -> None:
    write_file("a.lua", PROGRAM)
    write_file("p.json", content)
    result = perilune("compare", "a.lua", "p.json")
    assert (result.status, result.output) == (1, "")
    assert result.errors == f"perilune: p.json cannot be read as a profile: {message}\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("error('no', 0)", "perilune: no\nstack traceback:"),
        ("x =", "perilune: b.lua:1: unexpected symbol near <eof>\n"),
        ("os.exit(7)", "perilune: b.lua ended with status 7: nothing was compared\n"),
    ],
)
def test_programs_that_fail(perilune: RunPerilune, write_file: WriteFile, code: str, message: str) -> None:
    write_file("a.lua", "print(1)")
    write_file("b.lua", code)
    result = perilune("compare", "a.lua", "b.lua")
    assert (result.status, result.output) == (1, "")
    assert result.errors.startswith(message)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["a.lua"], 2, "the following arguments are required: B"),
        (["-", "-"], 2, "only one of A and B can be standard input"),
        (["p.json", "p.json", "--", "1"], 2, "arguments are for programs: A and B are saved profiles"),
        (["p.json", "p.json", "--mode", "count"], 2, "--mode is for programs: A and B are saved profiles"),
        (["a.lua", "a.lua", "--fail-above", "0.5"], 2, "'0.5' is a ratio below 1: for a growth write 50%"),
        (["a.lua", "none.lua"], 1, "perilune: cannot open none.lua: No such file or directory\n"),
        (["a.lua", "a.lua", "-o", "none/x"], 1, "perilune: cannot write none/x: No such file or directory\n"),
    ],
)
def test_wrong_uses(
    perilune: RunPerilune, write_file: WriteFile, arguments: list[str], status: int, message: str
) -> None:
    write_file("a.lua", PROGRAM)
    profiled(perilune, "p.json", "a.lua")
    result = perilune("compare", *arguments)
    assert result.status == status
    assert message in result.errors


def test_the_report_can_go_to_a_file(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("a.lua", PROGRAM)
    report = perilune("compare", "a.lua", "a.lua").output
    assert perilune("compare", "a.lua", "a.lua", "-o", "c.txt").output == ""
    assert (tmp_path / "c.txt").read_text() == report


def git(folder: Path, *arguments: str) -> None:
    names = ("-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


def test_a_program_against_a_revision(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    write_file("lib/m.lua", "return function(x) return x * 2 + 0 end\n")
    write_file(
        "a.lua", "local f = require('lib.m')\nfor i = 1, tonumber((...)) do f(i) end\nassert(io.open(select(2, ...)))\n"
    )
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    write_file("lib/m.lua", "return function(x) return x * 2 end\n")
    write_file("data.txt", "not in the revision")
    result = perilune("compare", "--against-revision", "HEAD", "--format", "json", "a.lua", "--", "10", "data.txt")
    assert (result.status, result.errors) == (0, "")
    value = json.loads(result.output)
    assert value["totals"]["instructions"]["difference"] == -10
    changed = [row["b"] for row in value["lines"] if row["instructions"]["verdict"] != "same"]
    assert changed == [{"path": "./lib/m.lua", "line": 1}]
    assert value["notes"][0].startswith("A is a.lua of HEAD (")
    assert not any("arguments" in note for note in value["notes"])
    failing = perilune("compare", "--against-revision", "HEAD", "--fail-above", "0%", "a.lua", "--", "10", "data.txt")
    assert failing.status == 0
    assert "A is a.lua of HEAD" in failing.output


def test_a_revision_that_cannot_be_had(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("a.lua", PROGRAM)
    assert "a.lua is in no git repository" in perilune("compare", "--against-revision", "HEAD", "a.lua").errors
    git(tmp_path, "init", "-q")
    assert "git knows no revision 'v1' here" in perilune("compare", "--against-revision", "v1", "a.lua").errors
    write_file("b.lua", "error('then')\n")
    git(tmp_path, "add", "b.lua")
    git(tmp_path, "commit", "-qm", "first")
    assert "HEAD has no file a.lua" in perilune("compare", "--against-revision", "HEAD", "a.lua").errors
    write_file("b.lua", "print('now')\n")
    failed = perilune("compare", "--against-revision", "HEAD", "b.lua")
    assert (failed.status, "b.lua ended with status 1: nothing was compared" in failed.errors) == (1, True)
    for wrong in (("--against-revision", "HEAD", "a.lua", "b.lua"), ("a.lua",), ("--against-revision", "HEAD", "-")):
        assert perilune("compare", *wrong).status == 2
