"""The globals that a project declares for other tools: in `.luacheckrc`, `.luarc.json` and `.emmyrc.json`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

from perilune.compiler import nodes
from perilune.compiler.nodes import Node, children
from perilune.lsp.syntax import Syntax
from perilune.lsp.whole_file import read_whole

_LARGEST = 1_000_000
_LISTS = frozenset(["globals", "read_globals", "new_globals", "new_read_globals"])
_OF_STANDARDS = {"ngx_lua": ["ngx", "ndk"], "love": ["love"], "playdate": ["playdate", "import"]}
_STANDARD = "std"
_STRING = r'("(?:[^"\\]|\\.)*")'
_LEFT_OUT = (re.compile(rf"{_STRING}|//[^\n]*|/\*(?s:.*?)\*/"), re.compile(rf"{_STRING}|,(?=\s*[}}\]])"))
"""Comments, and then commas at ends, which JSON has not; strings stay."""


class DeclaredGlobals:
    """What the files say, read again when they have changed. Usable from several threads."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int], frozenset[str]]] = {}

    def around(self, path: str, workspace: str | None) -> set[str]:
        """The globals of the files in a file's folder and in those around it, up to the workspace's."""
        found: set[str] = set()
        folder = os.path.dirname(path)
        while True:
            for name in READERS:
                found |= self._of(os.path.join(folder, name))
            if workspace is None or folder == workspace or folder == os.path.dirname(folder):
                return found
            folder = os.path.dirname(folder)

    def _of(self, path: str) -> frozenset[str]:
        try:
            status = os.stat(path)
            stamp = status.st_mtime_ns, status.st_size
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                names = READERS[os.path.basename(path)](read_whole(path, _LARGEST))
                known = self._known[path] = stamp, frozenset(names)
        except OSError:
            self._known.pop(path, None)
            return frozenset()
        return known[1]


def read_luacheckrc(content: bytes) -> set[str]:
    """The globals in a configuration of luacheck: a Lua program, which is read and not run."""
    return set(_in_tree(Syntax(".luacheckrc", content).chunk))


def _in_tree(chunk: Node) -> Iterator[str]:
    waiting: list[Node] = [chunk]
    while waiting:
        node = waiting.pop()
        waiting.extend(children(node))
        given: list[tuple[str | None, Node]] = []
        if isinstance(node, nodes.Assignment):
            given = [(_last_name(target), value) for target, value in zip(node.targets, node.values, strict=False)]
        elif isinstance(node, nodes.NamedItem):
            given = [(node.key.name, node.value)]
        for name, value in given:
            if name in _LISTS and isinstance(value, nodes.Table):
                yield from _listed(value)
            elif name == _STANDARD and isinstance(value, nodes.String):
                for standard in _text(value).lstrip("+").split("+"):
                    yield from _OF_STANDARDS.get(standard, ())


def _last_name(target: Node) -> str | None:
    if isinstance(target, nodes.Field):
        return target.key.name
    return target.name if isinstance(target, nodes.Name) else None


def _listed(table: nodes.Table) -> Iterator[str]:
    """The names in `{ "a", b = { fields = { ... } }, ["c"] = true }`; `"a.b"` stands for a field of `a`."""
    for item in table.items:
        if isinstance(item, nodes.NamedItem):
            yield item.key.name
        else:
            name = item.value if isinstance(item, nodes.PositionalItem) else item.key
            if isinstance(name, nodes.String):
                yield _text(name).partition(".")[0]


def _text(string: nodes.String) -> str:
    return string.value.decode("latin-1")


def read_luarc(content: bytes) -> set[str]:
    """The globals in a configuration of LuaLS or EmmyLua: JSON, in which comments may stand."""
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    for left_out in _LEFT_OUT:
        text = left_out.sub(lambda match: match[1] or "", text)
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError):
        return set()
    found: set[str] = set()
    for name in ("diagnostics.globals", "Lua.diagnostics.globals"):
        for value in (_under(settings, [name]), _under(settings, name.split("."))):
            found |= {each for each in value if isinstance(each, str)} if isinstance(value, list) else set()
    return found


def _under(settings: Any, keys: list[str]) -> Any:
    for key in keys:
        settings = settings.get(key) if isinstance(settings, dict) else None
    return settings


READERS: dict[str, Callable[[bytes], set[str]]] = {
    ".luacheckrc": read_luacheckrc,
    ".luarc.json": read_luarc,
    ".luarc.jsonc": read_luarc,
    ".emmyrc.json": read_luarc,
}
"""How each file is read, by name."""
