"""Why a program does not take the library that `perilune host` offers: what its file says of the Lua that it has."""

from __future__ import annotations

import os
import re
import shutil
import stat
import struct
from typing import BinaryIO, NamedTuple

from perilune.vm.host_server import LIBRARY

_LARGEST = 1 << 28
_LOADED, _DYNAMIC, _INTERPRETER = 1, 2, 3
_NEEDED, _STRINGS, _SEARCH_FIRST = 1, 5, 15
_LUA_LIBRARY = re.compile(r"lib(lua-?5\.\d|luajit[-\d.]*|lua)\.so")
_RECORD = "perilune record can sample it"
_LUA_INSIDE = re.compile(rb"\$LuaVersion: (Lua 5\.\d)|(LuaJIT 2\.\d)|(Lua 5\.\d\.\d)  Copyright")


class Linked(NamedTuple):
    """What a program's file says: whether it loads libraries at all, which ones, and whether from a folder of its own."""

    is_dynamic: bool
    libraries: list[str]
    searches_elsewhere: bool


def why_without_profile(command: str) -> str:
    """A sentence on why a program that ran has made no Lua state here."""
    path = shutil.which(command) or command
    try:
        with open(path, "rb") as file:
            if file.read(2) == b"#!":
                script = file.readline().decode(errors="replace").split()
                interpreter = script[1] if len(script) > 1 and os.path.basename(script[0]) == "env" else script[0]
                return f"{command} is a script, and {why_without_profile(interpreter)}"
            content = file.read(_LARGEST)
            linked = read_linked(file)
    except (OSError, IndexError, ValueError, struct.error):
        return f"{command} made no Lua state"
    if not linked.is_dynamic:
        found = _LUA_INSIDE.search(content)
        lua = next(group for group in found.groups() if group).decode() if found else None
        return _inside(command, lua) if lua else f"{command} is linked statically, and loads no libraries"
    others = [name for name in linked.libraries if _LUA_LIBRARY.match(name)]
    if LIBRARY in linked.libraries:
        if os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID):
            return f"{command} runs with the rights of its file, and the system lets it have its own libraries only"
        if linked.searches_elsewhere:
            return f"{command} looks for {LIBRARY} in a folder of its own first"
        return f"{command} made no Lua state"
    if others:
        return f"{command} is linked with another Lua ({others[0]}), and this is Lua 5.4 ({LIBRARY}): {_RECORD}"
    found = _LUA_INSIDE.search(content)
    if found:
        lua = next(group for group in found.groups() if group).decode()
        return _inside(command, lua)
    return f"{command} is not linked with Lua 5.4 ({LIBRARY}), and loaded nothing that is"


def _inside(command: str, lua: str) -> str:
    return f"{command} has {lua} linked into itself, so that no library can take its place: {_RECORD}"


def read_linked(file: BinaryIO) -> Linked:
    """What an ELF file says. Raises ValueError or struct.error for another file."""
    file.seek(0)
    content = file.read(_LARGEST)
    if content[:4] != b"\x7fELF":
        raise ValueError("no program of this system")
    wide, order = content[4] == 2, "<" if content[5] == 1 else ">"
    header_at, header_size, header_count = (32, 54, 56) if wide else (28, 42, 44)
    (table,) = struct.unpack_from(order + ("Q" if wide else "I"), content, header_at)
    (size,) = struct.unpack_from(order + "H", content, header_size)
    (count,) = struct.unpack_from(order + "H", content, header_count)
    segments = []
    for at in range(table, table + size * count, size):
        if wide:
            kind, _, offset, address, _, length = struct.unpack_from(order + "IIQQQQ", content, at)
        else:
            kind, offset, address, _, length = struct.unpack_from(order + "IIIII", content, at)
        segments.append((kind, offset, address, length))
    if not any(kind == _INTERPRETER for kind, *_ in segments):
        return Linked(False, [], False)
    entries = _dynamic_entries(content, segments, order + ("qQ" if wide else "iI"))
    strings_at = next((value for tag, value in entries if tag == _STRINGS), 0)
    strings = next(
        (offset + strings_at - address for kind, offset, address, length in segments
         if kind == _LOADED and address <= strings_at < address + length),
        0,
    )  # fmt: skip
    names = [_text(content, strings + value) for tag, value in entries if tag == _NEEDED]
    return Linked(True, names, any(tag == _SEARCH_FIRST for tag, _ in entries))


def _dynamic_entries(content: bytes, segments: list[tuple[int, int, int, int]], form: str) -> list[tuple[int, int]]:
    entries = []
    for kind, offset, _, length in segments:
        if kind == _DYNAMIC:
            entries += list(struct.iter_unpack(form, content[offset : offset + length]))
    return [(tag, value) for tag, value in entries]


def _text(content: bytes, at: int) -> str:
    return content[at : content.index(b"\0", at)].decode(errors="replace")
