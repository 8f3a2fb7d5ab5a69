"""The command line as a whole: help, version, and what it does not know."""

from __future__ import annotations

import pytest

from command_line import RunPerilune, WriteFile

COMMANDS = [
    "run",
    "profile",
    "report",
    "export",
    "compare",
    "history",
    "bisect",
    "suggest",
    "check-budget",
    "check",
    "disasm",
    "asm",
    "lsp",
]


def test_help_names_every_command(perilune: RunPerilune) -> None:
    result = perilune("--help")
    assert (result.status, result.errors) == (0, "")
    assert [command for command in COMMANDS if f"perilune {command}" not in result.output] == []
    assert max(map(len, result.output.splitlines())) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(perilune: RunPerilune, command: str) -> None:
    result = perilune(command, "--help")
    assert (result.status, result.errors) == (0, "")
    assert result.output.startswith(f"usage: perilune {command}")
    assert max(map(len, result.output.splitlines())) <= 80


def test_no_command_runs_standard_input(perilune: RunPerilune) -> None:
    result = perilune(standard_input="print('read', ...)")
    assert (result.status, result.output, result.errors) == (0, "read\n", "")


def test_a_file_may_follow_the_end_of_options(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print(...)")
    assert perilune("--", "a.lua", "1").output == "1\n"


def test_a_file_that_cannot_be_opened_is_told_with_the_reason(perilune: RunPerilune) -> None:
    missing = perilune("none.lua", "1")
    assert (missing.status, missing.errors) == (1, "perilune: cannot open none.lua: No such file or directory\n")
    folder = perilune(".")
    assert (folder.status, folder.errors) == (1, "perilune: cannot read .: Is a directory\n")


def test_version(perilune: RunPerilune) -> None:
    result = perilune("--version")
    assert result.status == 0
    assert result.output.startswith("Perilune ")
    assert result.output.endswith(" (Lua 5.4)\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["profil"], "unknown command 'profil': did you mean 'profile'?"),
        (["zzz"], "unknown command 'zzz' (see perilune --help)"),
        (["--zzz"], "unknown option '--zzz' (see perilune --help)"),
    ],
)
def test_what_it_does_not_know(perilune: RunPerilune, arguments: list[str], message: str) -> None:
    result = perilune(*arguments)
    assert (result.status, result.output, result.errors) == (2, "", f"perilune: {message}\n")


def test_check_prints_a_line_for_every_error(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("good.lua", "return 1")
    write_file("bad.lua", "local x = 1\nx = = 2\nlocal y = x\ny = = 3\n")
    assert perilune("check", "good.lua").status == 0
    result = perilune("check", "good.lua", "bad.lua")
    assert (result.status, result.errors) == (1, "")
    assert result.output.splitlines()[0] == "bad.lua:2:5: unexpected symbol near '='"
    assert result.output.splitlines()[1].startswith("bad.lua:4:")


def test_check_goes_on_after_a_file_that_cannot_be_read(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("bad.lua", "x =")
    result = perilune("check", "none.lua", "bad.lua")
    assert (result.status, result.errors) == (2, "perilune: cannot open none.lua: No such file or directory\n")
    assert result.output.startswith("bad.lua:1:")


def test_check_reads_standard_input(perilune: RunPerilune) -> None:
    result = perilune("check", "-", standard_input="x = ")
    assert (result.status, result.output) == (1, "stdin:1:5: unexpected symbol near <eof>\n")


def test_a_listing_assembles_back_and_runs(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "for i = 1, 3 do print(i, ...) end")
    listing = perilune("disasm", "a.lua").output
    assert "FORLOOP" in listing
    assert "1 | for i = 1, 3 do print(i, ...) end" in listing
    write_file("a.asm", listing)
    assert perilune("asm", "--run", "a.asm", "x").output == "1\tx\n2\tx\n3\tx\n"
    assert perilune("asm", "a.asm").status == 0
    assert perilune("run", "a.luac").output == "1\n2\n3\n"
    assert perilune("disasm", "a.luac").output == listing


def test_a_listing_with_counts(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "local function f(x) return x end\nfor i = 1, 2345 do f(i) end\nos.exit(5)")
    result = perilune("disasm", "--profile", "a.lua")
    assert result.status == 5
    counts = {line.split()[3]: line.split()[0] for line in result.output.splitlines() if line.split()[2:3] == ["|"]}
    assert (counts["FORLOOP"], counts["FORPREP"], counts["RETURN1"]) == ("2,345", "1", "2,345")


def test_errors_of_the_assembler_have_a_place(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.asm", "LOADI s0 1\nNONSENSE s0\n")
    result = perilune("asm", "a.asm")
    assert result.status == 1
    assert result.errors.startswith("perilune: a.asm:2:1: ")


def test_disasm_of_a_broken_file(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "x =")
    result = perilune("disasm", "a.lua")
    assert (result.status, result.errors) == (1, "perilune: a.lua:1: unexpected symbol near <eof>\n")
