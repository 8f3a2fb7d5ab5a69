"""How a file, a workspace and a program's modules say what is run: pure functions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from perilune.lsp.document import Document
from perilune.lsp.requires import reach, required_names, working_directory
from perilune.lsp.run_comment import read_comment
from perilune.lsp.run_options import RunOptions, WrongOption, read_options
from perilune.lsp.workspace_file import WorkspaceFile, parse_workspace_file


def comment(text: str) -> tuple[RunOptions, list[tuple[str, str]]]:
    """What a text's comments say, and for what is wrong the underlined part and the message."""
    document = Document.from_text("a.lua", text)
    found = read_comment(document)
    return found.options, [
        (document.data[p.start : p.end].decode("utf-8", "replace"), p.message) for p in found.problems
    ]


def workspace(text: str) -> tuple[WorkspaceFile, list[tuple[int, str, str]]]:
    """What a file says, and for what is wrong the line, the underlined part and the message."""
    document = Document.from_text(".perilune.toml", text)
    file = parse_workspace_file("/w", document)
    wrong = [(document.line_at(p.start), document.data[p.start : p.end].decode(), p.message) for p in file.problems]
    return file, wrong


def test_a_comment_has_words_quoted_or_not() -> None:
    options, wrong = comment("""
        ---@profile args="10 'a b' \\"c\\"" mode=count, repeat=3 -- for the hot path
        local s = "---@profile mode=trace"
        --[[ ---@profile input=no ]]
        ---@profile env='A=1 B=x=y' timeLimit=2.5 luaPath="?.lua;;" preload=host.lua cwd=é
    """)
    assert wrong == []
    assert options == RunOptions(
        arguments=("10", "a b", "c"),
        mode="count",
        directory="é",
        environment={"A": "1", "B": "x=y"},
        lua_path="?.lua;;",
        preload=("host.lua",),
        repeat="3",
        time_limit=2.5,
    )


@pytest.mark.parametrize(
    ("text", "part", "message"),
    [
        ("---@profile mode", "mode", 'expected NAME=VALUE, as in args="10 20"'),
        ('---@profile args="1', 'args="1', 'expected NAME=VALUE, as in args="10 20"'),
        ("---@profile mode=count mode=trace", "mode=trace", "mode: it was said before"),
        ("--@profile mode=count", "--@profile", "expected three dashes: ---@profile"),
        ('---@profile args="\'x"', 'args="\'x"', 'args: expected words whose quotation marks are closed, not "\'x"'),
        ("---@profile env=A", "env=A", "env: expected NAME=VALUE, not 'A'"),
        ("---@profile repeat=0", "repeat=0", "repeat: expected \"auto\" or a number of runs above 0, not '0'"),
        ("---@profile timeLimit=x", "timeLimit=x", "timeLimit: expected a number, not 'x'"),
    ],
)
def test_what_is_wrong_in_a_comment_is_underlined(text: str, part: str, message: str) -> None:
    assert comment(f"local é\n{text}\nlocal x = = 1\n")[1] == [(part, message)]


def test_other_comments_are_not_looked_at() -> None:
    assert comment("---@profiled mode=junk\n-- see ---@profile junk\n") == (RunOptions(), [])


def test_unknown_options_are_all_named() -> None:
    with pytest.raises(
        WrongOption, match=r"^zzz: there is no such option: expected one of args, mode, cwd, input, env, "
    ):
        read_options([("zzz", 1)])


def test_options_over_others() -> None:
    near = RunOptions(mode="count", environment={"A": "near"})
    far = RunOptions(mode="trace", arguments=("1",), environment={"A": "far", "B": "far"})
    assert near.over(far) == RunOptions(arguments=("1",), mode="count", environment={"A": "near", "B": "far"})


def test_a_workspace_says_it_for_all_and_for_some_files() -> None:
    file, wrong = workspace("""
        [profile]
        mode = "count"
        timeLimit = 5
        [files."bench/*.lua"]
        args = ["1"]
        [files."**/deep.lua"]
        mode = "trace"
        [files."init.lua"]
        env = { A = "1" }
    """)
    assert wrong == []
    general = RunOptions(mode="count", time_limit=5.0)
    assert file.options("/w/a.lua") == general
    assert file.options("/w/bench/a.lua") == RunOptions(arguments=("1",)).over(general)
    assert file.options("/w/bench/x/a.lua") == general
    assert file.options("/w/bench/x/deep.lua").mode == file.options("/w/deep.lua").mode == "trace"
    assert file.options("/w/x/init.lua").environment == {"A": "1"}


@pytest.mark.parametrize(
    ("text", "line", "part", "message"),
    [
        ("[profile]\nmood = 1", 2, "mood", "mood: there is no such option; did you mean mode?"),
        (
            "\n[profiles]\n",
            2,
            "[profiles]",
            'profiles: expected the tables [profile], [files."PATTERN"] and [record]',
        ),
        ("record = 3", 1, "record", "record: expected a table"),
        ("[record]\ncomand = []", 2, "comand", "comand: expected command"),
        ("[record]\ncommand = 'love .'", 2, "command", 'command: expected a list of strings, such as ["love", "."]'),
        ("profile = 3", 1, "profile", "profile: expected a table"),
        ('[files."a.lua"]\n\n  args = 3', 3, "args", "args: expected a list of strings, not 3"),
        ("[profile]\nenv.A = 3", 2, "env.A", "env: expected variables with strings as their values, not {'A': 3}"),
        ("[profile]\nmode = \n", 2, "", "Invalid value"),
        ('[profile]\nmode = "é" x\n', 2, "x", "Expected newline or end of document after a statement"),
        ("files = 3", 1, "files", 'files: expected tables [files."PATTERN"]'),
    ],
)
def test_what_is_wrong_in_a_workspaces_file_is_underlined(text: str, line: int, part: str, message: str) -> None:
    assert workspace(text)[1] == [(line, part, message)]


def test_what_is_right_in_a_file_counts_beside_what_is_wrong() -> None:
    file, wrong = workspace('[profile]\nmode = "fast"\nargs = ["1"]\n[nonsense]\n')
    assert len(wrong) == 2
    assert file.options("/w/a.lua") == RunOptions(arguments=("1",))


def test_no_text_breaks_the_readers() -> None:
    for text in ("[[[", "[profile]\n" + "a" * 5000, "=" * 100, "\x00", "a = " + "[" * 5000):
        assert workspace(text)[1] != []
    assert workspace("[files.'\udc80']")[1] == []
    for text in ("---@profile " + "=" * 1000, '---@profile "', "---@profile \udc80=\udc80", "--[[---@profile"):
        comment(text)


def test_required_names_are_those_in_code() -> None:
    text = b"""local a = require "a.b"  local c = require('c') -- require "no"
    require[[x]] local require_it = require_("no") pcall(require, "also")"""
    assert required_names(text) == ["a.b", "c"]


def test_modules_say_where_a_program_runs(tmp_path: Path) -> None:
    root = str(tmp_path)
    for name, text in {
        "app/main.lua": "require 'util' require 'more.x'",
        "app/util.lua": "require 'more'",
        "app/more/init.lua": "require 'util'",
        "app/more/x.lua": "",
        "app/tests/test.lua": "require 'util'",
        "app/alone.lua": "require 'socket' print(1)",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert working_directory(f"{root}/app/main.lua", root) == f"{root}/app"
    assert working_directory(f"{root}/app/tests/test.lua", root) == f"{root}/app"
    assert working_directory(f"{root}/app/alone.lua", root) == root
    found = reach(f"{root}/app/main.lua", f"{root}/app")
    assert {re.sub(".*/app/", "", file) for file in found.files} == {"util.lua", "more/init.lua", "more/x.lua"}
    assert found.missing == 0
