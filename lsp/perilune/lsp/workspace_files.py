"""The Lua files of the workspace as far as language features need them: modules, symbols, the globals they set."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from perilune.lsp.document import Document
from perilune.lsp.features.document_symbols import OutlineSymbol, flat, outline
from perilune.lsp.features.language_hints import assigned_globals
from perilune.lsp.syntax import Syntax
from perilune.lsp.whole_file import read_whole

MOST_FILES = 2000
LARGEST_FILE = 1_000_000
_MOST_MODULES = 24
_PATIENCE_SECONDS = 3.0
_TEMPLATES = ("?.lua", os.path.join("?", "init.lua"))
_SOURCE_FOLDERS = ("", "lua", "src", "lib")
_LEFT_OUT = frozenset(("node_modules", "__pycache__", "build"))


@dataclass(frozen=True, slots=True)
class FileSymbols:
    """What one file holds; `document` is its text, for positions."""

    document: Document
    symbols: tuple[tuple[OutlineSymbol, str], ...]
    globals: frozenset[str]


_Stamp = tuple[int, int]


class WorkspaceFiles:
    """Reads files when they are asked for, and again when they have changed. Not for several threads at once."""

    def __init__(self) -> None:
        self._symbols: dict[str, tuple[_Stamp, FileSymbols]] = {}
        self._modules: OrderedDict[str, tuple[_Stamp, Document, Syntax]] = OrderedDict()

    def symbols(self, folders: Iterable[str], opened: Iterable[str]) -> list[FileSymbols]:
        """What the Lua files in some folders hold, but for those that are open, which their editor's text says.

        Of many files that were never read some are left for the next call, so that an answer comes soon.
        """
        left_out = set(opened)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        found: dict[str, FileSymbols] = {}
        for path in lua_files(folders):
            if path in left_out or path in found:
                continue
            # What there is no time for is read at the next call.
            held = self._of_file(path) if path in self._symbols or time.monotonic() < deadline else None
            if held is not None:
                found[path] = held
        self._symbols = {path: self._symbols[path] for path in found}
        return list(found.values())

    def known_globals(self) -> set[str]:
        """The globals that the files set that have been looked at."""
        return {name for _, held in self._symbols.values() for name in held.globals}

    def _of_file(self, path: str) -> FileSymbols | None:
        stamp = _stamp(path)
        known = self._symbols.get(path)
        if stamp is None or (known is not None and known[0] == stamp):
            return known[1] if known is not None and stamp is not None else None
        document = _read(path)
        if document is None:
            return None
        held = symbols_of(document, Syntax(path, document.data))
        self._symbols[path] = (stamp, held)
        return held

    def module(self, path: str) -> tuple[Document, Syntax] | None:
        """A module's text and tree."""
        stamp = _stamp(path)
        known = self._modules.get(path)
        if known is not None and known[0] == stamp:
            self._modules.move_to_end(path)
            return known[1], known[2]
        document = _read(path)
        if document is None or stamp is None:
            return None
        syntax = Syntax(path, document.data)
        self._modules[path] = (stamp, document, syntax)
        while len(self._modules) > _MOST_MODULES:
            self._modules.popitem(last=False)
        return document, syntax


def symbols_of(document: Document, syntax: Syntax) -> FileSymbols:
    """What a text holds."""
    return FileSymbols(document, tuple(flat(outline(syntax))), frozenset(assigned_globals(syntax)))


def matching(held: FileSymbols, query: str) -> Iterator[tuple[OutlineSymbol, str]]:
    """The symbols whose names hold the letters of a query in order, whatever their case."""
    wanted = query.lower()
    for symbol, container in held.symbols:
        letters = iter(symbol.name.lower())
        if all(letter in letters for letter in wanted):
            yield symbol, container


def lua_files(folders: Iterable[str]) -> Iterator[str]:
    """The Lua files below some folders, hidden folders left out, a bounded number."""
    count = 0
    for folder in folders:
        for where, inner, files in os.walk(folder):
            inner[:] = sorted(name for name in inner if not name.startswith(".") and name not in _LEFT_OUT)
            for name in sorted(files):
                if name.endswith(".lua"):
                    count += 1
                    if count > MOST_FILES:
                        return
                    yield os.path.realpath(os.path.join(where, name))


def find_module(name: str, program: str, folders: Iterable[str], lua_path: str | None = None) -> str | None:
    """The file that `require` finds for a module: beside the program, in the folders around it, in the workspace."""
    relative = name.replace(".", os.sep)
    if not relative or relative.startswith(os.sep) or os.pardir in relative.split(os.sep) or "\0" in relative:
        return None
    for base in _bases(program, list(folders)):
        for template in _TEMPLATES:
            path = os.path.join(base, template.replace("?", relative))
            if os.path.isfile(path):
                return os.path.realpath(path)
    for template in (lua_path or "").split(";"):
        path = template.replace("?", relative)
        if template and os.path.isabs(path) and os.path.isfile(path):
            return os.path.realpath(path)
    return None


def module_names(program: str, folders: Iterable[str], prefix: str) -> list[str]:
    """The modules that a `require` could name, beginning with what is written of a name."""
    found: set[str] = set()
    held, _, _ = prefix.rpartition(".")
    for base in _bases(program, list(folders)):
        where = Path(base, *held.split(".")) if held else Path(base)
        try:
            entries = sorted(os.scandir(where), key=lambda entry: entry.name)[:MOST_FILES]
        except (OSError, ValueError):
            continue
        for entry in entries:
            stem = entry.name.removesuffix(".lua")
            if entry.name.startswith(".") or entry.name in _LEFT_OUT or "." in stem:
                continue
            name = f"{held}.{stem}" if held else stem
            if (entry.name.endswith(".lua") or entry.is_dir()) and name.startswith(prefix):
                found.add(name)
    return sorted(found)


def _bases(program: str, folders: list[str]) -> Iterator[str]:
    """Where templates of a path may begin, the likeliest first."""
    folder = os.path.dirname(program)
    seen: set[str] = set()
    roots = [root for root in folders if folder == root or folder.startswith(os.path.join(root, ""))]
    around = [folder] if os.path.isabs(program) else []
    while roots and around and around[-1] not in roots:
        around.append(os.path.dirname(around[-1]))
    for base in [*around, *(os.path.join(root, name) for root in folders for name in _SOURCE_FOLDERS)]:
        if base not in seen:
            seen.add(base)
            yield base


def _stamp(path: str) -> _Stamp | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size) if status.st_size <= LARGEST_FILE else None


def _read(path: str) -> Document | None:
    try:
        return Document.from_file(path, read_whole(path, LARGEST_FILE))
    except OSError:
        return None
