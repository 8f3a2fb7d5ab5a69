"""How C modules are found, and what is said when one cannot be loaded."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from c_modules import COMPILER, compile_module, needs_compiler
from perilune.vm import State

OPENING = "int luaopen_fast(void *L) { (void)L; return 0; }\n"


def require(folder: Path, module: str) -> str:
    """The message that loading a module from a folder ends with."""
    with State() as state:
        outcome = state.run(
            b"package.cpath = ...; return require(select(2, ...))",
            b"=test",
            [f"{folder}/?.so".encode(), module.encode()],
        )
    return outcome.message.decode()


def compile_text(folder: Path, text: str) -> Path:
    source, library = folder / "fast.c", folder / "fast.so"
    source.write_text(text)
    subprocess.run([COMPILER, "-shared", "-fPIC", source, "-o", library], check=True, timeout=60)
    return library


@pytest.mark.parametrize("module", ["fast", "fast.part"])
def test_require_names_the_module_and_its_file(module: str, tmp_path: Path) -> None:
    library = tmp_path / "fast.so"
    library.write_bytes(b"\x7fELF")
    assert require(tmp_path, module).startswith(f"error loading module '{module}' from file '{library}':\n\t")


@needs_compiler
@pytest.mark.parametrize(
    ("function", "lua"),
    [
        ("lua_objlen", "Lua 5.1"),
        ("lua_tounsignedx", "Lua 5.2"),
        ("lua_newuserdata", "Lua 5.3"),
        ("luaJIT_setmode", "LuaJIT"),
    ],
)
def test_a_module_for_another_lua_says_so(function: str, lua: str, tmp_path: Path) -> None:
    library = compile_text(tmp_path, f"void {function}(void);\nvoid use(void) {{ {function}(); }}\n{OPENING}")
    message = require(tmp_path, "fast")
    assert message.startswith(
        f"error loading module 'fast' from file '{library}':\n\tit was built for {lua}, and this is Lua 5.4"
    )
    assert f"undefined symbol: {function}" in message


@needs_compiler
def test_a_library_without_the_function_says_so(tmp_path: Path) -> None:
    compile_text(tmp_path, "int luaopen_other(void *L) { (void)L; return 0; }\n")
    assert "undefined symbol: luaopen_fast" in require(tmp_path, "fast")
    assert "no module 'fast.part' in file" in require(tmp_path, "fast.part")


@needs_compiler
@pytest.mark.parametrize("module", ["fast", "fast.part", "v1-fast", "fast-v1"])
def test_names_become_functions_as_the_manual_says(module: str, tmp_path: Path) -> None:
    library = compile_text(tmp_path, OPENING + "int luaopen_fast_part(void *L) { (void)L; return 0; }\n")
    if "-" in module:
        library.rename(tmp_path / f"{module}.so")
    assert require(tmp_path, module) == ""


@needs_compiler
def test_the_sandbox_refuses_c_modules(tmp_path: Path) -> None:
    library = compile_text(tmp_path, OPENING)
    with State(sandbox=True, sandbox_root=str(tmp_path)) as state:
        outcome = state.run(b"package.cpath = ...; require 'fast'", b"=test", [f"{tmp_path}/?.so".encode()])
    expected = f"error loading module 'fast' from file '{library}':\n\tC modules cannot be loaded in the sandbox"
    assert outcome.message.decode().endswith(expected)


def test_loadlib_says_why_it_has_nothing() -> None:
    with State() as state:
        state.execute(
            b"local f, message, where = package.loadlib('./no_such_module.so', 'luaopen_x')\n"
            b"assert(f == nil and message:find('no_such_module.so', 1, true) and where == 'open', message)"
        )


@needs_compiler
def test_loadlib_gives_functions_and_opens_libraries(tmp_path: Path) -> None:
    library = compile_module(tmp_path, "corners")
    with State() as state:
        state.execute(
            b"local path = ...\n"
            b"assert(package.loadlib(path, '*') == true)\n"
            b"local open = package.loadlib(path, 'luaopen_corners')\n"
            b"assert(open == package.loadlib(path, 'luaopen_corners') and open().version() == 504)\n"
            b"local f, message, where = package.loadlib(path, 'luaopen_nothing')\n"
            b"assert(f == nil and message:find('luaopen_nothing') and where == 'init', message)",
            str(library).encode(),
        )
