"""`perilune bisect`: the first revision above a limit is found by few runs, and what cannot be judged is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from command_line import RunPerilune, WriteFile
from git_history import Files, git, make_history

PROGRAM = """\
local m = require "m"
local function parse(n)
  local t = {}
  for i = 1, n do t[i] = i end
  return t
end
local sum = #parse(100) + m.work()
"""
SLOWER = PROGRAM.replace("t[i] = i end", "t[#t + 1] = i end")
MODULE = "return { work = function() return 1 end }\n"
PARSE = ("--metric", "instructions:function:parse", "--above", "5%")


def edited(number: int, text: str = PROGRAM) -> str:
    return f"{text}-- {number}\n"


def history(folder: Path, count: int, first: int) -> list[str]:
    """`count` commits that all edit the program, of which that with the number `first` made it slower."""
    commits: list[Files] = [
        {"a.lua": edited(number, SLOWER if number >= first else PROGRAM)} for number in range(1, count + 1)
    ]
    commits[0]["m.lua"] = MODULE
    return make_history(folder, commits)


def found(perilune: RunPerilune, *arguments: str) -> dict[str, Any]:
    result = perilune("bisect", "--format", "json", *arguments)
    assert (result.status, result.errors) == (0, "")
    value: dict[str, Any] = json.loads(result.output)
    return value


def test_200_revisions_need_nine_runs(perilune: RunPerilune, tmp_path: Path) -> None:
    commits = history(tmp_path, 200, 137)
    value = found(perilune, *PARSE, "a.lua")
    assert (value["first"]["commit"], value["before"]["commit"]) == (commits[136], commits[135])
    assert value["runs"] <= 9 and value["stored"] == 0
    assert (value["good"]["commit"], value["good"]["figure"]) == (commits[0], value["before"]["figure"])
    again = found(perilune, *PARSE, "a.lua")
    assert (again["runs"], again["stored"]) == (0, value["runs"])
    assert again["first"] == value["first"]
    assert git(tmp_path, "status", "--porcelain", "--untracked-files=no") == ""
    assert git(tmp_path, "rev-parse", "HEAD") == commits[-1]


def test_the_report(perilune: RunPerilune, tmp_path: Path) -> None:
    commits = history(tmp_path, 9, 6)
    result = perilune("bisect", *PARSE, "a.lua")
    assert (result.status, result.errors) == (0, "")
    lines = result.output.splitlines()
    assert lines[0] == f"{commits[5][:12]} is the first with over 5% more instructions of parse"
    assert lines[1:3] == [f"  {commits[5][:12]}  A, 2023-11-14", "  6"]
    assert "  -  for i = 1, n do t[i] = i end" in lines
    assert "  +  for i = 1, n do t[#t + 1] = i end" in lines
    figures = lines.index("Figures")
    assert lines[figures + 3].split() == ["before", "206", "same", commits[4][:12], "5"]
    assert lines[figures + 4].split() == ["first", "above", "406", "+97.1%", commits[5][:12], "6"]
    functions = lines.index("Functions")
    assert lines[functions + 2].split() == ["x2.0", "+200", "206", "406", "a.lua:2", "parse"]
    assert lines[-1] == "Note: 4 runs for 9 revisions, by first parents."
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("metric", ["instructions", "instructions:line:4", "instructions:line:for i = 1, n do"])
def test_metrics(perilune: RunPerilune, tmp_path: Path, metric: str) -> None:
    commits = history(tmp_path, 9, 3)
    assert found(perilune, "--metric", metric, "--above", "300", "a.lua")["first"]["commit"] == commits[2]


def test_good_and_bad_and_arguments(perilune: RunPerilune, tmp_path: Path, write_file: WriteFile) -> None:
    text = "local t = {}\nfor i = 1, tonumber((...)) do t[i] = i end\n"
    commits = make_history(tmp_path, [{"a.lua": edited(number, text * (1 + number // 6))} for number in range(1, 13)])
    value = found(
        perilune, "--metric", "peak", "--above", "1%", "--good", "HEAD~10", "--bad", "HEAD~2", "a.lua", "1000"
    )
    assert value["first"]["commit"] == commits[5]
    assert (value["good"]["commit"], value["revisions"]) == (commits[1], 9)
    assert value["comparison"]["b"]["program"]["args"] == ["1000"]


def test_a_program_in_a_folder_below_finds_its_modules(
    perilune: RunPerilune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "return { work = function() local n = 0 for i = 1, %d do n = n + i end return n end }\n"
    commits = make_history(
        tmp_path,
        [{"src/a.lua": "require('m').work()\n", "src/m.lua": module % 5}, {"x": "1"}, {"src/m.lua": module % 9}],
    )
    monkeypatch.chdir(tmp_path / "src")
    result = perilune("bisect", "--metric", "instructions:function:work", "--above", "0%", "a.lua")
    assert result.output.startswith(commits[2][:12])
    assert "diff --git a/src/m.lua b/src/m.lua" in result.output


def test_what_cannot_run_is_skipped_and_said(perilune: RunPerilune, tmp_path: Path) -> None:
    commits: list[Files] = [{"a.lua": edited(number, SLOWER if number >= 7 else PROGRAM)} for number in range(1, 13)]
    commits[0]["m.lua"] = MODULE
    commits[4] = {"a.lua": "local = 1\n"}  # no chunk
    commits[5] = {"a.lua": "error 'broken'\n"}
    commits[8] = {"a.lua": None}
    names = make_history(tmp_path, commits)
    value = found(perilune, *PARSE, "a.lua")
    assert (value["before"]["commit"], value["first"]["commit"]) == (names[3], names[6])
    reasons = {row["commit"]: row["reason"] for row in value["skipped"] if row["may_be_it"]}
    assert reasons[names[4]].startswith("a.lua:1: ")
    assert reasons[names[5]] == "it ended with an error: a.lua:1: broken"
    result = perilune("bisect", *PARSE, "a.lua")
    assert result.output.startswith("one of 3 revisions is the first with over 5% more instructions of parse\n")
    assert f"{names[4][:12]} (a.lua:1: " in " ".join(result.output.split())
    told = perilune("bisect", "--progress", *PARSE, "a.lua").errors
    assert f"perilune: {names[5][:12]} is skipped: it ended with an error: a.lua:1: broken\n" in told
    gone = perilune("bisect", *PARSE, "--bad", names[8], "--good", names[7], "a.lua")
    assert gone.errors.endswith("could not be judged: it has no file a.lua\n")


def test_without_a_good_revision_the_first_that_runs_is_it(perilune: RunPerilune, tmp_path: Path) -> None:
    commits: list[Files] = [
        {"x": "1"},
        {"a.lua": "error 'not yet'"},
        {"a.lua": PROGRAM, "m.lua": MODULE},
        {"a.lua": SLOWER},
    ]
    names = make_history(tmp_path, commits)
    value = found(perilune, *PARSE, "a.lua")
    assert (value["good"]["commit"], value["first"]["commit"]) == (names[2], names[3])


def test_the_first_parent_of_a_merge_is_followed(perilune: RunPerilune, tmp_path: Path) -> None:
    history(tmp_path, 3, 9)
    git(tmp_path, "checkout", "-qb", "side", "HEAD~1")
    (tmp_path / "a.lua").write_text(SLOWER)
    git(tmp_path, "commit", "-qam", "on a side")
    git(tmp_path, "checkout", "-q", "main")
    git(tmp_path, "merge", "-q", "-X", "theirs", "--no-edit", "side")
    value = found(perilune, *PARSE, "a.lua")
    assert value["first"]["commit"] == git(tmp_path, "rev-parse", "HEAD")
    assert value["revisions"] == 4
    assert value["notes"][0].startswith("it is a merge: to look inside of it, --good ")


def test_a_program_that_is_not_deterministic(perilune: RunPerilune, tmp_path: Path) -> None:
    text = "local n = math.random(1, 1 << 40)\nlocal m = 1\nwhile n > 1 do n = n / 1.01 m = m + 1 end\n"
    make_history(tmp_path, [{"a.lua": edited(number, text)} for number in range(1, 4)])
    result = perilune("bisect", "--above", "5%", "a.lua")
    assert (result.status, result.output) == (1, "")
    assert result.errors.startswith("perilune: the program is not deterministic, so that nothing can be found: ")
    assert "by random numbers (math.random): line 3\n" in result.errors
    fixed = perilune("bisect", "--metric", "instructions:line:2", "--above", "5%", "a.lua")
    assert "no revision of 3 exceeds 5%" in fixed.errors  # what is looked for is the same each time


def test_changes_that_are_not_committed_are_left_out(
    perilune: RunPerilune, tmp_path: Path, write_file: WriteFile
) -> None:
    commits = history(tmp_path, 5, 4)
    write_file("a.lua", "error 'edited'")
    result = perilune("bisect", *PARSE, "a.lua")
    assert result.status == 0 and result.output.startswith(commits[3][:12])
    assert result.errors == "perilune: changes that are not committed are left out, only revisions are run: a.lua\n"
    assert (tmp_path / "a.lua").read_text() == "error 'edited'"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--above", "x9"], 1, "no revision of 4 exceeds x9: instructions are "),
        (["--above", "1"], 1, "is above 1 already: instructions "),
        (["--above", "5%", "--good", "nowhere"], 1, "git knows no revision 'nowhere' here"),
        (["--above", "5%", "--bad", "nowhere"], 1, "git knows no revision 'nowhere' here"),
        (["--above", "5%", "--good", "HEAD", "--bad", "HEAD~1"], 1, "HEAD is no ancestor of HEAD~1"),
        (["--above", "5%", "--good", "HEAD"], 1, "there is one revision only"),
        (["--above", "5%", "--metric", "instructions:function:pars"], 1, "did you mean parse?"),
        (["--above", "9", "--metric", "instructions:function:pars"], 1, "(nothing of it runs there)"),
        (["--above", "5%", "--metric", "instructions:line:99"], 2, "a.lua has no line 99 in HEAD"),
        (["--above", "much"], 2, "'much' is neither a growth, such as 5%, nor an amount"),
        (["--above", "5%", "--metric", "time"], 2, "'time' is no metric"),
    ],
)
def test_wrong_uses(perilune: RunPerilune, tmp_path: Path, arguments: list[str], status: int, message: str) -> None:
    history(tmp_path, 4, 3)
    result = perilune("bisect", *arguments, "a.lua")
    assert (result.status, result.output) == (status, "")
    assert message in result.errors
    assert result.errors.count("\n") == 1


def test_no_repository_and_no_file(
    perilune: RunPerilune, tmp_path: Path, write_file: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    write_file("a.lua", PROGRAM)
    result = perilune("bisect", "--above", "5%", "a.lua")
    assert (result.status, result.errors) == (1, "perilune: a.lua is in no git repository\n")
    history(tmp_path, 2, 9)
    result = perilune("bisect", "--above", "5%", "b.lua")
    assert (result.status, result.errors) == (1, "perilune: no revision up to HEAD has b.lua\n")
