"""`perilune run` behaves as `lua` does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import Result, RunPerilune, WriteFile
from perilune.cli.errors import CommandError
from perilune.cli.run import parse
from perilune.compiler import compile_chunk, dump

SHOW_ARG = "print(arg[-1], arg[0], arg[1], arg[2], #arg, ...)"


def test_options_end_at_the_script() -> None:
    request = parse(["-e", "x = 1", "-ey = 2", "a.lua", "-e", "-", "--"])
    assert request.pieces == [(b"=(command line)", b"x = 1"), (b"=(command line)", b"y = 2")]
    assert (request.script, request.words[request.script_word :]) == ("a.lua", ["a.lua", "-e", "-", "--"])


def test_two_dashes_end_the_options() -> None:
    request = parse(["--", "-strange.lua", "x"])
    assert (request.script, request.words[request.script_word :]) == ("-strange.lua", ["-strange.lua", "x"])


def test_without_a_script_standard_input_runs_unless_there_was_code() -> None:
    assert parse([]).script == "-"
    assert parse(["-W"]).script == "-"
    assert parse(["-e", "x()"]).script is None
    assert parse(["-v"]).script is None


@pytest.mark.parametrize(
    ("arguments", "message"), [(["-x"], "unrecognized option '-x'"), (["-e"], "'-e' needs argument")]
)
def test_bad_options_are_refused_with_the_usage(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse(arguments)
    assert caught.value.status == 2
    assert str(caught.value).startswith(message + "\nusage: perilune run")


def test_arguments_reach_the_program(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", SHOW_ARG)
    result = perilune("run", "a.lua", "one", "--two")
    assert result.output == "perilune\ta.lua\tone\t--two\t2\tone\t--two\n"
    assert (result.status, result.errors) == (0, "")


def test_arg_holds_the_options_below_the_script(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print(arg[-4], arg[-3], arg[-2], arg[-1], arg[0], arg[1], ...)")
    result = perilune("run", "-e", "x = 1", "--", "a.lua", "one")
    assert result.output == "perilune\t-e\tx = 1\t--\ta.lua\tone\tone\n"
    assert perilune("-e", "print(arg[0], arg[1], ...)").output == "perilune\t-e\n"


def test_a_piece_of_code_may_change_arg(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print(...)")
    assert perilune("run", "-e", "arg[2] = 100", "a.lua", "one").output == "one\t100\n"
    result = perilune("run", "-e", "arg = 1", "a.lua")
    assert (result.status, result.errors) == (1, "perilune: 'arg' is not a table\n")


def test_a_comment_may_stand_before_a_binary_chunk(perilune: RunPerilune, write_file: WriteFile) -> None:
    make = "io.open('a.out', 'wb'):write('#comment\\n', string.dump(load('print(3)'))):close()"
    assert perilune("run", "-e", make).status == 0
    assert perilune("run", "a.out").output == "3\n"


def test_a_file_runs_without_saying_run(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", SHOW_ARG)
    assert perilune("a.lua", "x").output == "perilune\ta.lua\tx\tnil\t1\tx\n"
    assert perilune("-e", "print(1)").output == "1\n"


def test_code_of_options_runs_first_and_shares_globals(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print(x, y)")
    write_file("m.lua", "return {name = 'm'}")
    assert perilune("run", "-e", "x = 1", "-ey = 2", "a.lua").output == "1\t2\n"
    assert perilune("run", "-l", "m", "-e", "print(m.name)").output == "m\n"
    assert perilune("run", "-l", "g=m", "-e", "print(g.name, m)").output == "m\tnil\n"
    assert perilune("run", "-W", "-e", "warn('careful')").errors == "Lua warning: careful\n"


def test_standard_input_is_a_program(perilune: RunPerilune) -> None:
    assert perilune("run", "-", "a", standard_input=SHOW_ARG).output == "perilune\t-\ta\tnil\t1\ta\n"
    assert perilune("run", standard_input="error('x')").errors.startswith("perilune: stdin:1: x\nstack traceback:\n")


def test_a_first_line_with_a_hash_is_skipped(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "#!/usr/bin/env perilune\nerror('x')")
    assert perilune("run", "a.lua").errors.startswith("perilune: a.lua:2: x\n")


def test_an_error_ends_with_status_1_and_a_traceback(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "local function f()\n  error('no')\nend\nprint('before')\nf()")
    result = perilune("run", "a.lua")
    assert (result.status, result.output) == (1, "before\n")
    assert result.errors == (
        "perilune: a.lua:2: no\nstack traceback:\n\t[C]: in function 'error'\n\ta.lua:2: in local 'f'\n"
        "\ta.lua:5: in main chunk\n\t[C]: in ?\n"
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("error({})", "perilune: (error object is a table value)\n"),
        ("error(setmetatable({}, {__tostring = function() return 'custom' end}))", "perilune: custom\n"),
        (
            "error(setmetatable({}, {__tostring = function() return 4 end}))",
            "perilune: (error object is a table value)\n",
        ),
        ("error(setmetatable({}, {__name = 'Account'}))", "perilune: (error object is a table value)\n"),
        ("x = = 1", "perilune: (command line):1: unexpected symbol near '='\n"),
    ],
)
def test_messages_of_errors(perilune: RunPerilune, code: str, message: str) -> None:
    result = perilune("run", "-e", code)
    assert result.status == 1
    assert result.errors.startswith(message)


@pytest.mark.parametrize(
    ("raised", "told"), [("'late'", "(command line):1: late"), ("7", "7"), ("{}", "(error object is a table value)")]
)
def test_an_error_while_another_closes_variables_has_its_message_and_traceback(
    perilune: RunPerilune, raised: str, told: str
) -> None:
    result = perilune(
        "run",
        "-e",
        f"local x <close> = setmetatable({{}}, {{__close = function() error({raised}) end}}) error('first')",
    )
    assert result.errors == (
        f"perilune: {told}\nstack traceback:\n\t[C]: in function 'error'\n"
        "\t(command line):1: in function <(command line):1>\n\t[C]: in ?\n"
    )
    assert result.status == 1


@pytest.mark.parametrize(("code", "status"), [("os.exit(7)", 7), ("os.exit(true)", 0), ("os.exit(false)", 1)])
def test_os_exit_gives_the_status(perilune: RunPerilune, code: str, status: int) -> None:
    result = perilune("run", "-e", code, "-e", "print('never')")
    assert (result.status, result.output, result.errors) == (status, "", "")


def test_files_that_cannot_be_read(perilune: RunPerilune, tmp_path: Path) -> None:
    missing = perilune("run", "none.lua")
    assert (missing.status, missing.errors) == (1, "perilune: cannot open none.lua: No such file or directory\n")
    folder = perilune("run", ".")
    assert (folder.status, folder.errors) == (1, "perilune: cannot read .: Is a directory\n")


def test_binary_chunks_run(perilune: RunPerilune, tmp_path: Path) -> None:
    (tmp_path / "a.luac").write_bytes(dump(compile_chunk(b"print('binary', ...)", b"@a.lua")))
    assert perilune("run", "a.luac", "x").output == "binary\tx\n"
    (tmp_path / "other.luac").write_bytes(b"\x1bLuaT")
    result = perilune("run", "other.luac")
    assert result.status == 1
    assert result.errors.startswith("perilune: other.luac: ")


def test_lua_init_runs_first_unless_the_environment_is_ignored(
    perilune: RunPerilune, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUA_INIT", "x = 'init'")
    assert perilune("run", "-e", "print(x)").output == "init\n"
    assert perilune("run", "-E", "-e", "print(x)").output == "nil\n"


def test_the_second_start_takes_the_chunk_from_the_cache(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.lua", "print(1)")
    assert perilune("run", "a.lua").output == "1\n"
    assert perilune("run", "a.lua").output == "1\n"
    write_file("a.lua", "print(2)")
    assert perilune("run", "a.lua").output == "2\n"


def test_a_closed_pipe_ends_the_program(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_text("while true do print('x') end")
    command = [sys.executable, "-m", "perilune", "run", "a.lua"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"x\n"
    process.stdout.close()
    assert process.stderr.read() == b""
    process.wait()


def test_assembly_text_runs_and_is_profiled_as_it_is(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("a.pasm", 'GETGLOBAL "print"\nPUSH 42\nCALL 1 0\nRETURN0\n')
    assert perilune("run", "a.pasm") == perilune("a.pasm") == Result(0, "42\n", "")
    assert "PUSH 42" in perilune("disasm", "a.pasm").output
    assert "a.pasm  (count mode)" in perilune("profile", "--mode", "count", "a.pasm").errors
    write_file("a.pasm", "\nNOTHING\n")
    for command in ("run", "profile", "disasm", "asm"):
        assert perilune(command, "a.pasm").errors.startswith("perilune: a.pasm:2:1: ")


def test_a_module_of_an_option_is_missed_without_a_place(perilune: RunPerilune) -> None:
    result = perilune("run", "-l", "none", "-e", "print('never')")
    assert (result.status, result.output) == (1, "")
    assert result.errors.startswith("perilune: module 'none' not found:\n\tno field package.preload['none']\n")
    assert result.errors.endswith("\nstack traceback:\n\t[C]: in function 'require'\n\t[C]: in ?\n")


def test_a_home_that_is_missing_is_not_made(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PERILUNE_", "XDG_"))}
    environment["HOME"] = str(tmp_path / "home")
    command = [sys.executable, "-m", "perilune", "run", "-e", "dofile('a.lua')"]
    (tmp_path / "a.lua").write_text("print('runs')")
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert (ended.stdout, os.listdir(tmp_path)) == ("runs\n", ["a.lua"])


@pytest.mark.parametrize("command", ["run", "profile"])
@pytest.mark.parametrize(("end", "closes"), [("", False), ("os.exit(3, true)", False), ("error('x')", True)])
def test_a_finalizer_decides_the_status(
    command: str, end: str, closes: bool, perilune: RunPerilune, write_file: WriteFile
) -> None:
    program = f"""
        setmetatable({{}}, {{__gc = function() print("last") end}})
        setmetatable({{}}, {{__gc = function() print("leaves") os.exit(9, {str(closes).lower()}) end}})
        {end}
    """
    write_file("a.lua", program)
    result = perilune(command, "a.lua")
    assert result.status == 9
    assert result.output == ("leaves\nlast\n" if closes else "leaves\n")
