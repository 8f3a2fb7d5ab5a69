"""The limits that `run` and `profile` set, and their exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import RunPerilune, WriteFile

ENDLESS = "while true do pcall(function() while true do end end) end"
FILLING = "local t = {}\nwhile true do t = {t} end"


@pytest.mark.parametrize(
    ("program", "option", "value", "message"),
    [
        (ENDLESS, "--timeout", "0.2", "a.lua:1: time limit of 0.2 s exceeded"),
        (ENDLESS, "--max-instructions", "2e5", "a.lua:1: limit of 200000 instructions exceeded"),
        (FILLING, "--max-memory", "2M", "a.lua:2: not enough memory: the limit is 2M"),
    ],
)
def test_a_limit_ends_the_program_with_a_message_and_status_124(
    program: str, option: str, value: str, message: str, perilune: RunPerilune, write_file: WriteFile
) -> None:
    write_file("a.lua", program)
    for arguments in (["run", option, value, "a.lua"], ["profile", f"{option}={value}", "a.lua"]):
        result = perilune(*arguments)
        assert result.status == 124
        assert result.errors.startswith(f"perilune: {message}\nstack traceback:\n\t")
    assert "Profile of a.lua" in result.errors


def test_the_profile_of_a_program_that_was_ended_is_whole(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("a.lua", ENDLESS)
    result = perilune("profile", "--max-instructions", "1000", "-o", "a.json", "a.lua")
    assert result.status == 124
    profile = json.loads((tmp_path / "a.json").read_text())
    assert profile["totals"]["instructions"] == 1000
    assert sum(line["instructions"] for line in profile["files"][0]["lines"]) == 1000


def test_all_of_a_run_shares_the_limits(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print('never')")
    result = perilune(
        "run", "--max-instructions", "1000", "-e", "for i = 1, 900 do end", "-e", "while true do end", "a.lua"
    )
    assert (result.status, result.output) == (124, "")
    assert (
        perilune("run", "--max-instructions=1000", "--timeout=60", "--max-memory", "10MB", "a.lua").output == "never\n"
    )


def test_errors_and_os_exit_keep_their_status(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "if ... then os.exit(3) end error('x')")
    assert perilune("run", "--timeout", "60", "a.lua").status == 1
    assert perilune("run", "--timeout", "60", "a.lua", "exit").status == 3


@pytest.mark.parametrize("command", ["run", "profile"])
@pytest.mark.parametrize(
    ("option", "value", "what"),
    [
        ("--timeout", "soon", "a number of seconds above 0"),
        ("--timeout", "0", "a number of seconds above 0"),
        ("--timeout", "inf", "a number of seconds above 0"),
        ("--max-memory", "1.5G", "a size like 500K, 64M or 2G"),
        ("--max-memory", "0", "a size like 500K, 64M or 2G"),
        ("--max-memory", "M", "a size like 500K, 64M or 2G"),
        ("--max-instructions", "-1", "a number of instructions above 0"),
        ("--max-instructions", "nan", "a number of instructions above 0"),
    ],
)
def test_values_that_mean_nothing_are_refused(
    command: str, option: str, value: str, what: str, perilune: RunPerilune, write_file: WriteFile
) -> None:
    write_file("a.lua", "print(1)")
    result = perilune(command, f"{option}={value}", "a.lua")
    assert (result.status, result.output) == (2, "")
    assert result.errors == f"perilune: {option}: '{value}' is not {what}\n"


def test_an_option_without_its_value_is_refused(perilune: RunPerilune) -> None:
    result = perilune("run", "--timeout")
    assert (result.status, result.errors) == (2, "perilune: '--timeout' needs argument\n")


def test_limits_behind_the_program_are_its_own_arguments(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print(...)")
    assert perilune("run", "a.lua", "--timeout", "1").output == "--timeout\t1\n"


@pytest.mark.parametrize("command", ["run", "profile"])
def test_the_sandbox_loads_what_is_beside_the_program(
    command: str, perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    write_file("in/module.lua", "return 'module'")
    write_file("other.lua", "return 'other'")
    write_file(
        "in/a.lua",
        "package.path = 'in/?.lua;?.lua' print((require 'module')) print(pcall(require, 'other')) io.open('x')",
    )
    result = perilune(command, "--sandbox", "in/a.lua")
    assert result.status == 1
    assert result.output.startswith("module\nfalse\tmodule 'other' not found:\n")
    assert result.errors.startswith("perilune: in/a.lua:1: io.open is not available in the sandbox\n")


@pytest.mark.parametrize("command", ["run", "profile"])
def test_the_sandbox_can_have_another_folder(
    command: str, perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    (tmp_path / "w/in").mkdir(parents=True)
    write_file("w/module.lua", "return 'module'")
    write_file("other.lua", "return 'other'")
    write_file("w/in/a.lua", "package.path = 'w/?.lua;?.lua' print((require 'module'), pcall(require, 'other'))")
    result = perilune(command, "--sandbox-root", "w", "w/in/a.lua")
    assert result.output.startswith("module\tfalse\tmodule 'other' not found:\n")
    result = perilune(command, "--sandbox-root", "nowhere", "w/in/a.lua")
    assert (result.status, result.errors) == (2, "perilune: --sandbox-root: 'nowhere' is no folder\n")


def test_a_profile_reads_no_file_that_the_program_only_names(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret line")
    (tmp_path / "in").mkdir()
    write_file("in/a.lua", f"load('for i = 1, 1000 do end', '@{secret}')()")
    for options in ((), ("--sandbox",)):
        errors = perilune("profile", *options, "in/a.lua").errors
        assert "for i = 1, 10" in errors  # how much of a line has room depends on the times beside it
        assert "the secret line" not in errors


def test_standard_input_has_no_folder_to_load_from(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("module.lua", "return 1")
    result = perilune("run", "--sandbox", "-", standard_input="require 'module'")
    assert result.errors.startswith("perilune: stdin:1: module 'module' not found:\n")


def test_the_run_that_measures_the_cost_is_limited_too(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("a.lua", "local ok = pcall(function() io.open('seen', 'w'):close() end) assert(not ok)")
    result = perilune("profile", "--sandbox", "--measure-cost", "--max-instructions", "1000", "a.lua")
    assert result.status == 0
    assert not (tmp_path / "seen").exists()


@pytest.mark.parametrize("command", ["run", "profile"])
@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--timeout", "0.2", "time limit of 0.2 s exceeded"),
        ("--max-memory", "64M", "not enough memory: the limit is 64M"),
    ],
)
def test_the_program_itself_is_compiled_within_the_limits(
    command: str, option: str, value: str, message: str, perilune: RunPerilune, write_file: WriteFile
) -> None:
    write_file("a.lua", "a = b + 1 " * 1_000_000)
    result = perilune(command, option, value, "a.lua")
    assert (result.status, result.errors) == (124, f"perilune: a.lua: {message}\n")
