"""`perilune check-budget`: programs within their budgets, beyond them, and budgets that are wrong."""

from __future__ import annotations

import json

import pytest

from command_line import RunPerilune, WriteFile

PROGRAM = """\
---@budget instructions <= 10_000, peak_bytes <= 1MB

---@budget calls <= CALLS
local function double(x)
  return x * 2
end
---@budget allocated_bytes <= 0
local function unused() return {} end
local sum = 0
for i = 1, tonumber((...) or 100) do
  sum = sum + double(i)
end
print(sum)
"""


def test_budgets_that_are_kept(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM.replace("CALLS", "100"))
    result = perilune("check-budget", "a.lua")
    assert (result.status, result.output) == (0, "all 4 budgets kept; never ran: unused (a.lua:8)\n")
    assert result.errors == "10100\n"  # the program's own output


def test_one_call_too_many(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM.replace("CALLS", "100"))
    result = perilune("check-budget", "a.lua", "--", "101")
    assert result.status == 3
    lines = result.output.splitlines()
    assert lines[0] == "Over budget: 1 of 4 budgets"
    assert lines[2].split() == ["100", "101", "1", "1.0%", "calls", "double", "(a.lua:4)"]


def test_json(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM.replace("CALLS", "1"))
    result = perilune("check-budget", "--format", "json", "a.lua")
    assert result.status == 3
    value = json.loads(result.output)
    assert (value["format"], value["version"], value["failed"], value["errors"]) == ("perilune-budgets", 1, [], [])
    assert value["budgets"][2] == {
        "path": "a.lua",
        "function": "double",
        "line": 4,
        "figure": "calls",
        "limit": 1,
        "measured": 100,
        "over": 99,
        "ran": True,
        "origin": "a.lua:3:1",
    }


def test_the_result_is_always_the_same(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM.replace("CALLS", "1"))
    first = perilune("check-budget", "--format", "json", "a.lua")
    assert [perilune("check-budget", "--format", "json", "a.lua") for _ in range(2)] == [first, first]


def test_modules_have_budgets_of_their_own(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("m.lua", "---@budget instructions <= 4, calls <= 2\n\nlocal M = {}\nfunction M.f() end\nreturn M")
    write_file("a.lua", "local m = require 'm'\nm.f() m.f()")
    result = perilune("check-budget", "a.lua")
    assert result.status == 3
    assert [line.split()[-2:] for line in result.output.splitlines()[2:]] == [
        ["instructions", "./m.lua"],
        ["calls", "./m.lua"],
    ]
    assert perilune("check-budget", "m.lua").status == 0


def test_a_budget_file_is_read_from_this_folder_or_where_it_is_said(
    perilune: RunPerilune, write_file: WriteFile
) -> None:
    write_file("a.lua", "local function f() end f() f()")
    write_file("perilune-budget.toml", '[functions."a.lua:f"]\ncalls = 2\n')
    assert perilune("check-budget", "a.lua").output == "1 budget kept\n"
    write_file("other.toml", '[functions."a.lua:f"]\ncalls = 1\n')
    result = perilune("check-budget", "a.lua", "--budget-file", "other.toml")
    assert (result.status, result.output.splitlines()[2].split()[:4]) == (3, ["1", "2", "1", "100.0%"])


def test_entries_of_files_that_did_not_run(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "local x = 1")
    write_file("b.lua", "local x = 1")
    write_file("perilune-budget.toml", '[files."a.lua"]\ncalls = 1\n[files."b.lua"]\ncalls = 1\ninstructions = 9\n')
    result = perilune("check-budget", "a.lua")
    assert (result.status, result.output) == (0, "1 budget kept\n")
    assert (
        result.errors == 'perilune: perilune-budget.toml: files."b.lua" was not checked: the file did not take part\n'
    )
    assert perilune("check-budget", "a.lua", "b.lua").output == "all 3 budgets kept\n"
    write_file("perilune-budget.toml", '[files."c.lua"]\ncalls = 1\n[functions."a.lua:g"]\ncalls = 1\n')
    result = perilune("check-budget", "a.lua")
    assert (result.status, result.output) == (1, "")
    assert result.errors.splitlines() == [
        'perilune: perilune-budget.toml: functions."a.lua:g": a.lua has no function called g',
        'perilune: perilune-budget.toml: files."c.lua": there is no such file',
    ]


def test_saved_profiles(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM.replace("CALLS", "99"))
    perilune("profile", "--mode", "trace", "--format", "json", "-o", "p.json", "a.lua")
    result = perilune("check-budget", "p.json")
    assert (result.status, result.errors) == (3, "")
    assert "double (a.lua:4)" in result.output
    write_file("a.lua", "changed")
    result = perilune("check-budget", "p.json")
    assert (result.status, result.output) == (1, "")
    assert "a.lua has changed since it was profiled, or is gone: its comments were not read\n" in result.errors
    assert "no budgets in p.json" in result.errors


@pytest.mark.parametrize(("code", "status"), [("error('no')", 1), ("os.exit(7)", 7)])
def test_a_program_that_fails(perilune: RunPerilune, write_file: WriteFile, code: str, status: int) -> None:
    write_file("a.lua", f"---@budget calls <= 0\n\n{code}")
    write_file("b.lua", "---@budget calls <= 0\n\nlocal x")
    result = perilune("check-budget", "a.lua", "b.lua")
    assert result.status == 1
    assert f"perilune: a.lua ended with status {status}: its budgets were not checked\n" in result.errors
    assert "b.lua" in result.output


@pytest.mark.parametrize(
    ("source", "status", "message"),
    [
        ("---@budget calls < 1\nlocal x", 1, "perilune: a.lua:1:18: expected '<=', found '<'\n"),
        ("x =", 1, "perilune: a.lua:1: unexpected symbol near <eof>\n"),
        ("local x", 1, "perilune: no budgets in a.lua (see perilune check-budget --help)\n"),
    ],
)
def test_what_is_wrong_in_a_program(
    perilune: RunPerilune, write_file: WriteFile, source: str, status: int, message: str
) -> None:
    write_file("a.lua", source)
    result = perilune("check-budget", "a.lua")
    assert (result.status, result.output, result.errors) == (status, "", message)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([], 2, "the following arguments are required: FILE"),
        (["none.lua"], 1, "perilune: cannot open none.lua: No such file or directory\n"),
        (["a.lua", "--budget-file", "none.toml"], 1, "perilune: cannot open none.toml: No such file or directory\n"),
        (["a.lua", "--budget-file", "bad.toml"], 1, "perilune: bad.toml: Invalid statement (at line 1, column 1)\n"),
    ],
)
def test_wrong_uses(
    perilune: RunPerilune, write_file: WriteFile, arguments: list[str], status: int, message: str
) -> None:
    write_file("a.lua", "local x")
    write_file("bad.toml", "=")
    result = perilune("check-budget", *arguments)
    assert result.status == status
    assert message in result.errors
