"""The house rules: who may import whom, what stands in which file only, how long files may be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from perilune.compiler.chunks import compile_chunk
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.opcodes import OPCODES
from perilune.compiler.proto import Proto

ROOT = Path(__file__).parents[1]
ROOMS = ("cli", "compiler", "vm", "profiler", "lsp")
MAY_IMPORT = {
    "compiler": {"compiler"},
    "vm": {"vm", "compiler"},
    "profiler": {"profiler", "vm", "compiler"},
    "lsp": {"lsp", "compiler", "profiler"},
    "cli": {"cli", "compiler", "vm", "profiler", "lsp"},
}
LONGEST_FILE = {".py": 900, ".c": 1500, ".h": 1100, ".ts": 500}
ONE_PLACE = {
    r"#include [<\"]Python\.h[>\"]": {"vm/binding.c"},
    r"\b(setjmp|longjmp)\(": {"vm/core/machine/call.c"},
    # load.c takes what the compile callbacks of binding.c and host/compile.c allocate
    r"(?<![\w.>])(malloc|calloc|realloc)\(": {
        "vm/core/memory/memory.c",
        "vm/recorder/key_map.c",  # which lives in programs of others, and has their C library's memory
        "vm/core/host/cache.c",
        "vm/core/host/compile.c",
        "vm/binding.c",
        "tests/c/corners.c",
        "tests/c/run_chunk.c",
        "tests/c/fuzz_chunk.c",
        "tests/c/fuzz_api.c",
        "tests/c/scarce.c",
    },
    r"(?<![\w.>])free\(": {
        "vm/core/memory/memory.c",
        "vm/core/lib/load.c",
        "vm/recorder/key_map.c",
        "vm/core/host/cache.c",
        "vm/core/host/compile.c",
        "vm/binding.c",
        "tests/c/corners.c",
        "tests/c/run_chunk.c",
        "tests/c/fuzz_chunk.c",
        "tests/c/fuzz_api.c",
        "tests/c/scarce.c",
    },
}


# The rooms of the core, lowest first: a file includes what is in its own room and in lower ones. Beyond that the C files
# of two rooms may know the next higher one: what objects are made of is allocated, what is allocated is profiled,
# and what `require` finds may be a C module.
CORE_ROOMS = ("objects", "memory", "profiler", "machine", "lib", "capi", "host")
CORE_UPWARDS = {("objects", "memory"), ("memory", "profiler"), ("lib", "capi")}


def python_files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def c_files() -> list[Path]:
    return sorted(path for folder in ("vm", "tests/c") for path in (ROOT / folder).rglob("*.[ch]"))


def imported_rooms(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = (
                [f"{node.module}.{name.name}" for name in node.names]
                if node.module == "perilune"
                else [node.module or ""]
            )
        for name in names:
            if name.startswith("perilune."):
                yield name.split(".")[1]


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_only_what_is_below_them(room: str) -> None:
    for path in python_files(room):
        wrong = set(imported_rooms(path)) - MAY_IMPORT[room]
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def wrong_includes(folder: str, name: str, text: str) -> list[str]:
    """What a file of the core includes against the order of the rooms."""
    wrong = []
    for included in re.findall(r'^ *# *include "(.+)"', text, re.MULTILINE):
        room, slash, _ = included.partition("/")
        if not slash or room == "include":  # of its own room, or derived from the opcode table
            continue
        upwards = room not in CORE_ROOMS or CORE_ROOMS.index(room) > CORE_ROOMS.index(folder)
        if upwards and (name.endswith(".h") or (folder, room) not in CORE_UPWARDS):
            wrong.append(included)
    return wrong


def test_the_rooms_of_the_core_include_only_what_is_below_them() -> None:
    core = ROOT / "vm/core"
    assert {path.name for path in core.iterdir()} <= set(CORE_ROOMS)
    for path in core.rglob("*.[ch]"):
        folder = path.relative_to(core).parts[0]
        wrong = wrong_includes(folder, path.name, path.read_text(encoding="utf-8"))
        assert not wrong, f"{path.relative_to(ROOT)} includes {wrong}"


def test_an_include_against_the_order_is_found() -> None:
    upwards = '#include "value.h"\n#include "memory/memory.h"\n'
    assert wrong_includes("objects", "table.c", upwards) == []
    assert wrong_includes("objects", "table.h", upwards) == ["memory/memory.h"]
    assert wrong_includes("machine", "call.c", '#include "opcodes.h"\n#include "lib/api.h"\n') == ["lib/api.h"]
    assert wrong_includes("lib", "base.c", '#include "../machine/call.h"\n') == ["../machine/call.h"]


def test_the_documentation_names_the_rooms_of_the_core_in_their_order() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert " ◄ ".join(f"`{room}`" for room in CORE_ROOMS) in text


def test_the_namespace_package_has_no_init() -> None:
    assert not [room for room in ROOMS if (ROOT / room / "perilune" / "__init__.py").exists()]


@pytest.mark.parametrize("pattern", ONE_PLACE)
def test_some_things_stand_in_one_place(pattern: str) -> None:
    for path in c_files():
        code = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        if re.search(pattern, code):
            assert str(path.relative_to(ROOT)) in ONE_PLACE[pattern]


def test_every_file_of_the_core_and_the_recorder_is_built() -> None:
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    listed = set(re.findall(r"^ +(vm/(?:core|recorder)/\S+\.c)$", text, re.MULTILINE))
    folders = ("vm/core", "vm/recorder")
    assert listed == {str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*.c")}


def test_the_recorder_knows_neither_the_core_nor_any_lua() -> None:
    folder = ROOT / "vm/recorder"
    for path in folder.rglob("*.[ch]"):
        included = re.findall(r"^ *# *include [<\"](.+)[>\"]", path.read_text(encoding="utf-8"), re.MULTILINE)
        wrong = [name for name in included if "lua.h" in name or "/" in re.sub("^(sys|linux)/", "", name)]
        assert not wrong, f"{path.relative_to(ROOT)} includes {wrong}"


def test_every_c_file_begins_by_saying_what_it_holds() -> None:
    for path in c_files():
        assert path.read_text(encoding="utf-8").startswith("/* "), path.relative_to(ROOT)


def test_every_python_file_begins_by_saying_what_it_holds() -> None:
    for room in (*ROOMS, "tests"):
        for path in python_files(room):
            tree = ast.parse(path.read_bytes())
            assert not tree.body or ast.get_docstring(tree), path.relative_to(ROOT)


def test_files_stay_readable() -> None:
    for folder in (*ROOMS, "tests", "vscode-extension/src"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in LONGEST_FILE and "node_modules" not in path.parts:
                lines = path.read_bytes().count(b"\n")
                assert lines <= LONGEST_FILE[path.suffix], f"{path.relative_to(ROOT)} has {lines} lines"


def test_nothing_names_a_machine() -> None:
    for folder in (*ROOMS, "tests", "docs", "examples", "benchmarks"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".c", ".h", ".md", ".lua", ".toml"}:
                assert not re.search(rb"(?<![\w.])/(work|home/\w+|root)/", path.read_bytes()), path.relative_to(ROOT)


def opcodes(proto: Proto) -> set[str]:
    found = set()
    pc = 0
    while pc < len(proto.code):
        opcode = OPCODES[proto.code[pc] & 0xFF]
        found.add(opcode.name)
        pc += opcode.words
    return found.union(*map(opcodes, proto.protos))


def test_every_opcode_is_run_by_a_test() -> None:
    by_hand = (ROOT / "tests/vm/test_instructions.py").read_text(encoding="utf-8")
    run = {opcode.name for opcode in OPCODES if f'"{opcode.name}"' in by_hand}
    for path in (ROOT / "tests/lua").rglob("*.lua"):
        try:
            run |= opcodes(compile_chunk(path.read_bytes(), b"=test", is_file=True))
        except LuaSyntaxError:
            continue
    assert [opcode.name for opcode in OPCODES if opcode.name not in run] == []
