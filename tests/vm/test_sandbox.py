"""In the sandbox nothing leads to the machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perilune.compiler import compile_chunk, dump
from perilune.vm import Outcome, State

REFUSED = [
    *("debug.debug", "debug.getlocal", "debug.getregistry", "debug.getupvalue", "debug.sethook", "debug.setmetatable"),
    *("debug.setupvalue", "debug.upvaluejoin", "debug.setlocal", "debug.getmetatable", "debug.getuservalue"),
    *("io.open", "io.popen", "io.tmpfile"),
    *("os.execute", "os.getenv", "os.remove", "os.rename", "os.setlocale", "os.tmpname"),
    "package.loadlib",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program's folder with a module, beside another one that links lead to."""
    inside, outside = tmp_path / "in", tmp_path / "out"
    for path in (inside / "sub", outside):
        path.mkdir(parents=True)
    (inside / "module.lua").write_text("return 'module'")
    (inside / "sub" / "part.lua").write_text("return 'part'")
    (outside / "secret.lua").write_text("return 'secret'")
    (inside / "link.lua").symlink_to(outside / "secret.lua")
    (inside / "folder").symlink_to(outside)
    (inside / "alias.lua").symlink_to(inside / "module.lua")
    return inside


def run(code: str, root: Path | None = None, *args: str) -> Outcome:
    with State(sandbox=True, sandbox_root=str(root) if root is not None else None) as state:
        return state.run(code.encode(), b"=test", [argument.encode() for argument in args])


@pytest.mark.parametrize("name", REFUSED)
def test_what_touches_the_machine_says_that_it_is_not_there(name: str) -> None:
    assert run(f"{name}('x', 'w')").message.decode() == f"test:1: {name} is not available in the sandbox"


def test_everything_else_of_these_libraries_works() -> None:
    functions = {
        "debug": "getinfo traceback",
        "io": "close flush input lines output read type write",
        "os": "clock date difftime exit time",
        "package": "searchpath",
    }
    for library, names in functions.items():
        outcome = run(f"""
            local working = {{}}
            for name, f in pairs({library}) do
              local info = type(f) == 'function' and name ~= 'exit' and debug.getinfo(f)
              local ok, message = pcall(type(f) == 'function' and name ~= 'exit' and name ~= 'close' and f or error)
              if type(f) == 'function' and not tostring(message):find('not available') then
                working[#working + 1] = name
              end
            end
            table.sort(working)
            error(table.concat(working, ' '), 0)""")
        assert outcome.message.decode() == names


def test_standard_streams_work(capfd: pytest.CaptureFixture[str]) -> None:
    run("io.write('a'); io.stdout:write('b'); io.output():write('c'); print(io.type(io.stdin))").check()
    assert capfd.readouterr().out == "abcfile\n"


@pytest.mark.parametrize("name", ["io.lines", "io.input", "io.output"])
def test_files_are_not_opened_by_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    outcome = run(f"{name}(...)", tmp_path, str(path))
    assert outcome.message.decode() == f"test:1: {name} cannot open files in the sandbox"
    assert not path.exists()


def test_modules_of_the_programs_folder_are_loaded(folder: Path) -> None:
    run(
        """
        package.path = ... .. '/?.lua'
        assert(require 'module' == 'module' and require 'sub.part' == 'part' and require 'alias' == 'module')
        assert(dofile(... .. '/sub/../module.lua') == 'module' and loadfile(... .. '/sub/part.lua')() == 'part')
        """,
        folder,
        str(folder),
    ).check()


@pytest.mark.parametrize("module", ["link", "folder.secret", "secret", "none"])
def test_modules_elsewhere_are_not_found(module: str, folder: Path) -> None:
    outcome = run(
        "package.path = ... .. '/?.lua;' .. ... .. '/../out/?.lua'; require(select(2, ...))",
        folder,
        str(folder),
        module,
    )
    assert outcome.message.decode().startswith(f"test:1: module '{module}' not found:\n")
    assert outcome.message.decode().endswith("(the sandbox loads modules only from the program's folder)")


@pytest.mark.parametrize("path", ["../out/secret.lua", "link.lua", "none.lua", "../out/none.lua", ".."])
def test_other_files_are_as_if_they_did_not_exist(path: str, folder: Path) -> None:
    full = os.path.join(folder, path)
    refusal = f"cannot open {full}: no such file in the program's folder, and the sandbox opens no other"
    assert run("dofile(...)", folder, full).message.decode() == refusal
    assert run("error(select(2, loadfile(...)), 0)", folder, full).message.decode() == refusal
    outcome = run("assert(select(2, package.searchpath('x', ...)) == \"no file '\" .. ... .. \"'\")", folder, full)
    assert outcome.kind == "ok"


def test_without_a_folder_no_file_is_loaded(folder: Path) -> None:
    assert run("dofile(...)", None, str(folder / "module.lua")).kind == "error"


def test_a_folder_whose_name_begins_the_same_is_another(folder: Path) -> None:
    beside = folder.parent / "inner"
    beside.mkdir()
    (beside / "a.lua").write_text("return 1")
    assert run("dofile(...)", folder, str(beside / "a.lua")).kind == "error"


def test_lfs_is_refused() -> None:
    assert run("require 'lfs'").message.decode() == "module 'lfs' is not available in the sandbox"
    assert run("package.preload.lfs('lfs')").kind == "error"


def test_there_is_no_way_around() -> None:
    run("""
        local function refuses(f, ...)
          local ok, message = pcall(f, ...)
          assert(not ok and message:find('sandbox', 1, true), message)
        end
        refuses(package.loaded.io.open, 'x')
        refuses(require('os').execute, 'true')
        refuses(load('return io.popen', 'chunk', 't', {io = io})(), 'true')
        refuses(debug.getinfo(io.open, 'f').func, 'x')
        for key in pairs(getmetatable(io.stdout).__index) do
          assert(('close flush lines read seek setvbuf write'):find(key), key)
        end
        assert(getmetatable('').__index == string and _G == _ENV)
        for i, searcher in ipairs(package.searchers) do
          local loader = searcher('lfs')
          if type(loader) == 'function' then refuses(loader, 'lfs') end
        end
        for level = 0, 10 do
          local info = debug.getinfo(level, 'f')
          if not info then break end
          assert(info.func ~= nil)
        end
        """).check()


def test_text_that_a_program_loads_leaves_nothing_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERILUNE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("PERILUNE_NO_CACHE", raising=False)
    run("assert(load('return 1', '@file.lua')() == 1)").check()
    assert not (tmp_path / "cache").exists()


def test_binary_chunks_are_verified_as_ever() -> None:
    chunk = dump(compile_chunk(b"return 7", b"=inner"))
    with State(sandbox=True) as state:
        state.run(b"assert(load(...)() == 7)", b"=test", [chunk]).check()
        assert state.run(b"assert(load((...):sub(1, -9)))", b"=test", [chunk]).kind == "error"
