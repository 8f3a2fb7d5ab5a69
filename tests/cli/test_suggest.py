"""`perilune suggest`: what it tries, what it says of it, and what it writes. Instructions decide here; times are the machine's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from command_line import Result, RunPerilune, WriteFile

PROGRAM = """\
local function build(n)
  local s = ""
  for i = 1, n do
    s = s .. i
    s = s .. ","
  end
  return s
end
local list = {}
for i = 1, 300 do
  list[i] = 300 - i
  table.sort(list, function(a, b) return a < b end)
end
local config = { step = 2 }
local sum = 0
for i = 1, 20000 do
  sum = sum + config.step * config.step
end
print(#build(500), sum, list[1])
"""
COUNTS = ("--all", "--seconds", "0", "--top", "0")


def suggestions(result: Result) -> dict[tuple[int, str], dict[str, Any]]:
    assert (result.status, result.errors) == (0, "")
    return {(each["line"], each["kind"]): each for each in json.loads(result.output)["suggestions"]}


def test_what_gains_is_shown_with_its_effect(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    result = perilune("suggest", *COUNTS, "--kind", "local", "--line-range", "17", "a.lua")
    assert (result.status, result.errors) == (0, "")
    lines = result.output.splitlines()
    assert lines[0] == "Tried 1 rewrite: 1 gains."
    assert lines[2].startswith("a.lua:17  local  (")
    assert lines[3:7] == [
        "  read `config.step` once, before the loop",
        "    + local step = config.step",
        "    -   sum = sum + config.step * config.step",
        "    +   sum = sum + step * step",
    ]
    assert lines[7].startswith("  same output, \N{MINUS SIGN}") and lines[7].endswith(" % instructions")


def test_every_kind_is_tried(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    found = suggestions(perilune("suggest", *COUNTS, "--json", "a.lua"))
    assert {(4, "concat"), (12, "move-out"), (17, "local")} <= found.keys()
    before, after = found[17, "local"]["instructions"]
    assert after < 0.99 * before and found[17, "local"]["verdict"] == "gains"
    assert found[12, "move-out"]["message"].startswith("nothing gained: same output")
    assert all(each["verdict"] in ("gains", "nothing gained") for each in found.values())


def test_a_rewrite_that_changes_the_output_is_told_and_not_applied(
    perilune: RunPerilune, write_file: WriteFile
) -> None:
    program = (
        "local log = setmetatable({}, {__index = function(_, key) print('read ' .. key) return 2 end})\n"
        "local sum = 0\nfor i = 1, 3 do\n  sum = sum + log.step\nend\nprint(sum)\n"
    )
    write_file("a.lua", program)
    result = perilune("suggest", *COUNTS, "--apply", "--kind", "local", "--line-range", "4", "a.lua")
    assert "not the same: its output differs in line 2: 'read step' becomes '6'" in result.output
    assert result.status == 0 and "Wrote" not in result.output
    assert Path("a.lua").read_text() == program


def test_what_gains_is_written_where_that_is_asked_for(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", PROGRAM)
    before = perilune("run", "a.lua").output
    result = perilune("suggest", *COUNTS, "--apply", "--kind", "local", "--kind", "concat", "a.lua")
    assert result.status == 0 and result.output.splitlines()[-1] == "Wrote a.lua."
    text = Path("a.lua").read_text()
    assert "local step = config.step\nfor i = 1, 20000 do\n  sum = sum + step * step\n" in text
    assert perilune("run", "a.lua").output == before
    assert [path.name for path in Path().iterdir() if path.name.startswith(".perilune")] == []


def test_the_lines_of_modules_are_tried_too(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file(
        "m.lua",
        "local M = {n = 1}\nfunction M.work()\n  local s = 0\n  for i = 1, 999 do s = s + M.n end\n  return s\nend\nreturn M\n",
    )
    write_file("a.lua", "local m = require 'm'\nprint(m.work())\n")
    result = perilune("suggest", *COUNTS, "--apply", "a.lua")
    assert result.output.splitlines()[-1].endswith("m.lua.")
    assert "  local n = M.n\n  for i = 1, 999 do s = s + n end\n" in Path("m.lua").read_text()
    assert Path("a.lua").read_text() == "local m = require 'm'\nprint(m.work())\n"


def test_a_text_in_place_of_a_file_is_what_is_tried(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print(1)\n")
    write_file("copy", "local c = {n = 1}\nfor i = 1, 99 do c.m = c.n end\nprint(c.m)\n")
    found = suggestions(perilune("suggest", *COUNTS, "--json", "--text", "a.lua=copy", "a.lua"))
    assert found[2, "local"]["verdict"] == "gains"
    result = perilune("suggest", "--apply", "--text", "a.lua=copy", "a.lua")
    assert result.status == 2 and "--apply writes files" in result.errors


def test_arguments_and_input_are_the_programs(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file(
        "a.lua", "local c, n = {n = 1}, 0\nfor i = 1, arg[1] do n = n + c.n end\nprint(n)\nos.exit(n == 70 and 3)\n"
    )
    found = suggestions(perilune("suggest", *COUNTS, "--json", "a.lua", "70"))
    assert found[2, "local"]["verdict"] == "gains"
    result = perilune("suggest", *COUNTS, "a.lua", "70")
    assert "Note: the program ended with status 3 by os.exit: it is judged by what it does until then." in result.output


def test_times_and_random_numbers_that_show_are_held_still(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file(
        "a.lua",
        "local c, n, t = {n = 1}, 0, os.clock()\nmath.randomseed(os.time())\n"
        "for i = 1, 999 do n = n + c.n * math.random() end\nprint(n, os.clock() - t, os.date())\n",
    )
    for _ in range(3):  # on a busy machine the clock may run on between two runs that are compared
        result = perilune("suggest", *COUNTS, "--kind", "local", "a.lua")
        if "not the same" not in result.output:
            break
    assert "time" in result.output and "every run was given the same times and random numbers" in result.output
    assert "same output" in result.output and "not the same" not in result.output


def test_a_program_that_differs_all_the_same_is_not_judged(perilune: RunPerilune, write_file: WriteFile) -> None:
    own = "local stat = io.open('/proc/self/stat')\nprint(stat and stat:read('a') or os.tmpname())\n"
    write_file("a.lua", "local c = {n = 1}\nfor i = 1, 99 do c.m = c.n end\n" + own)
    result = perilune("suggest", *COUNTS, "a.lua")
    assert (result.status, result.output) == (1, "")
    assert "a.lua cannot be judged: two runs of it do not do the same: its output differs in line 1" in result.errors


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("x = = 1", 1, "unexpected symbol near '='"),
        ("while true do end", 1, "did not come to its end"),
        ("os.remove('none')", 1, "it called os.remove, which may change what is outside of it: --again"),
    ],
)
def test_what_cannot_be_judged_is_told(
    perilune: RunPerilune, write_file: WriteFile, text: str, status: int, said: str
) -> None:
    write_file("a.lua", text)
    result = perilune("suggest", "--max-instructions", "1e6", "a.lua")
    assert (result.status, result.output) == (status, "") and said in result.errors


def test_a_program_without_a_pattern_has_nothing_to_try(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "local x = 1\nx = x + 1\n")
    result = perilune("suggest", *COUNTS, "a.lua")
    assert (result.status, result.output) == (0, "There is nothing to try on the lines that matter.\n")


@pytest.mark.parametrize(
    "options", [["--kind", "magic", "a.lua"], ["--threshold", "x", "a.lua"], ["-"], [], ["--top", "-1", "a.lua"]]
)
def test_wrong_options_are_refused(perilune: RunPerilune, write_file: WriteFile, options: list[str]) -> None:
    write_file("a.lua", "print(1)")
    assert perilune("suggest", *options).status == 2


def test_a_program_that_fails_is_judged_by_its_failure(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "local c, n = {n = 1}, 0\nfor i = 1, 99 do n = n + c.n end\nerror('boom ' .. n)\n")
    result = perilune("suggest", *COUNTS, "a.lua")
    assert "same output" in result.output and "the program ended with an error: a.lua:3: boom 99" in result.output


def test_output_without_end_ends(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "local line = ('x'):rep(1 << 20)\nwhile true do io.write(line) end\n")
    result = perilune("suggest", "a.lua")
    assert result.status == 1 and "it did not come to its end" in result.errors
