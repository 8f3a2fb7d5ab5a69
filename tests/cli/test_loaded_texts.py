"""Figures stand beside the text that ran, and every file is one, whatever the program does to files meanwhile."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from command_line import RunPerilune, WriteFile
from perilune.profiler.model import FileProfile, Profile

HOT_MODULE = "local M = {}\nfunction M.f()\n  local s = 0\n  for i = 1, 1000 do\n    s = s + i\n  end\n  return s\nend\nreturn M\n"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hits(file: FileProfile) -> dict[int, int]:
    return {row.line: row.hits for row in file.lines}


def counted(perilune: RunPerilune, folder: Path, program: str = "a.lua", *options: str) -> Profile:
    result = perilune("profile", "--mode", "count", *options, "-o", "p.json", program)
    assert (result.status, result.errors) == (0, "")
    return Profile.from_json(json.loads((folder / "p.json").read_bytes()))


SAVING = """
local m = require "m"
m.f()
local file = io.open("m.lua", "w")
file:write("-- a comment\\n-- a second\\n-- a third\\n-- a fourth\\n-- a fifth\\n")
file:close()
"""


def test_a_module_saved_during_the_run_keeps_the_text_that_ran(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("m.lua", HOT_MODULE)
    write_file("a.lua", SAVING)
    errors = perilune("profile", "--mode", "count", "a.lua").errors
    assert "s = s + i" in errors
    assert "  -- a" not in errors
    write_file("m.lua", HOT_MODULE)
    module = counted(perilune, tmp_path).files[1]
    assert (module.path, module.sha256, hits(module)[5]) == ("./m.lua", digest(HOT_MODULE), 1000)
    assert "./m.lua has changed since" in perilune("report", "p.json").errors
    write_file("m.lua", HOT_MODULE)
    html = perilune("profile", "--mode", "count", "--format", "html", "-o", "-", "a.lua").output
    assert "s = s + i" in html
    assert html.count("-- a second") == 1  # where the program writes it


RELOADING = """
local m = require "m"
m.f()
local file = io.open("m.lua", "w")
file:write("-- another text\\n\\n\\n\\nreturn { f = function() return 1 end }\\n")
file:close()
package.loaded.m = nil
require("m").f()
"""


def test_two_texts_of_a_module_in_one_run_are_two_files(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("m.lua", HOT_MODULE)
    write_file("a.lua", RELOADING)
    profile = counted(perilune, tmp_path)
    files = {file.path: file for file in profile.files}
    assert list(files) == ["a.lua", "./m.lua", "./m.lua (text 2)"]
    first, second = files["./m.lua"], files["./m.lua (text 2)"]
    assert (first.location, second.location) == (None, "m.lua")
    assert first.sha256 == digest(HOT_MODULE)
    assert second.sha256 == digest((tmp_path / "m.lua").read_text())
    assert hits(first)[5] == 1000
    assert hits(second) == {5: 1}
    write_file("m.lua", HOT_MODULE)
    report = perilune("profile", "--mode", "count", "--top", "0", "a.lua").errors
    assert "s = s + i" in report
    assert "return { f = function()" in report
    assert "./m.lua (text 2) has changed since" not in perilune("report", "p.json").errors


THREE_WAYS = """
package.path = "./?.lua"
require "m".f()
dofile("m.lua").f()
loadfile(FOLDER .. "/m.lua")().f()
dofile("link.lua").f()
dofile("sub/../m.lua").f()
dofile("hard.lua").f()
local lfs = require "lfs"
lfs.chdir("sub")
dofile("../m.lua").f()
"""


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links")
def test_a_file_that_is_loaded_by_many_paths_is_one(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    write_file("m.lua", HOT_MODULE)
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.lua").symlink_to("m.lua")
    (tmp_path / "hard.lua").hardlink_to(tmp_path / "m.lua")
    write_file("a.lua", THREE_WAYS.replace("FOLDER", repr(str(tmp_path))))
    profile = counted(perilune, tmp_path)
    assert [(file.path, file.location) for file in profile.files] == [("a.lua", None), ("./m.lua", None)]
    assert hits(profile.files[1])[5] == 7000
    assert [(row.name, row.calls) for row in profile.files[1].functions if row.name == "M.f"] == [("M.f", 7)]


CHANGING_FOLDER = """
local lfs = require "lfs"
dofile("m.lua")
lfs.chdir("sub")
dofile("m.lua")
dofile("n.lua")
"""


def test_a_program_that_changes_its_folder(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write_file("m.lua", "local x = 1\n")
    write_file("sub/m.lua", "\nlocal y = 2\n")
    write_file("sub/n.lua", "\n\nlocal z = 3\n")
    write_file("a.lua", CHANGING_FOLDER)
    profile = counted(perilune, tmp_path)
    assert {(file.path, file.location) for file in profile.files} == {
        ("a.lua", None),
        ("m.lua", None),
        ("sub/m.lua", None),
        ("n.lua", "sub/n.lua"),
    }
    result = perilune("report", "--top", "0", "p.json")
    assert result.errors == ""
    for line in ("local x = 1", "local y = 2", "local z = 3"):
        assert line in result.output
    ratio = perilune("profile", "--measure-cost", "a.lua")  # which runs it again
    assert ratio.status == 0
    assert "ended differently" not in ratio.errors


def test_texts_of_one_chunk_name_are_not_mixed(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("a.lua", 'for i = 1, 6 do load("\\n" .. ("local a = 1 "):rep(i % 2 + 1), "=t")() end\n')
    profile = counted(perilune, tmp_path)
    files = {file.path: file for file in profile.files}
    assert list(files) == ["a.lua", "t", "t (text 2)"]
    assert [file.functions[0].calls for file in profile.files] == [1, 3, 3]


def test_a_binary_chunk_has_no_text(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    write_file("m.lua", HOT_MODULE)
    write_file("a.lua", 'local f = loadfile("m.lua")\nf().f()\nload(string.dump(f))().f()\n')
    profile = counted(perilune, tmp_path)
    files = {file.path: file for file in profile.files}
    assert [(file.path, file.is_binary, file.sha256 is None) for file in profile.files[1:]] == [
        ("m.lua", False, False),
        ("m.lua (binary chunk)", True, True),
    ]
    assert hits(files["m.lua"])[5] == hits(files["m.lua (binary chunk)"])[5] == 1000


def test_a_first_line_that_lua_skips_is_part_of_the_text(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    text = "\N{BYTE ORDER MARK}#!/usr/bin/lua\nlocal x = 1\n"
    write_file("m.lua", text)
    write_file("a.lua", "dofile('m.lua')\n")
    module = counted(perilune, tmp_path).files[1]
    assert (module.sha256, hits(module)) == (digest(text), {2: 1})
    assert perilune("report", "p.json").errors == ""


def test_a_sandboxed_program_does_not_make_files_its_own(
    perilune: RunPerilune, write_file: WriteFile, tmp_path: Path
) -> None:
    (tmp_path / "p").mkdir()
    write_file("secret.lua", "local secret = 1\n")
    write_file("p/a.lua", 'load("local x = 1", "@secret.lua")()\n')
    profile = counted(perilune, tmp_path, "p/a.lua", "--sandbox")
    assert [(file.path, file.sha256 is None) for file in profile.files] == [("p/a.lua", False), ("secret.lua", True)]


def test_the_output_goes_where_it_was_asked_for(perilune: RunPerilune, write_file: WriteFile, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write_file("a.lua", 'require("lfs").chdir("sub")\n')
    counted(perilune, tmp_path)
    assert perilune("profile", "--format", "html", "-o", "p.html", "a.lua").status == 0
    assert (tmp_path / "p.html").exists()
    assert list((tmp_path / "sub").iterdir()) == []


def test_budgets_hold_for_every_text_of_a_file(perilune: RunPerilune, write_file: WriteFile) -> None:
    write_file("m.lua", "local function f() end\nf()\nreturn { f = f }\n")
    slow = "local function f() for _ = 1, 100 do end end\\nf()\\nreturn { f = f }\\n"
    write_file(
        "a.lua", f'dofile("m.lua")\nlocal m = io.open("m.lua", "w")\nm:write("{slow}")\nm:close()\ndofile("m.lua")'
    )
    write_file("budget.toml", '[functions."m.lua:f"]\ninstructions = 50\n')
    result = perilune("check-budget", "--budget-file", "budget.toml", "a.lua")
    assert result.status == 3
    assert "m.lua (text 2)" in result.output
