"""Which modules a program requires, as far as its text tells, and in which folder they are found."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass

from perilune.lsp.whole_file import read_whole

_REQUIRE = re.compile(rb"""\brequire[ \t]*\(?[ \t]*(?:"([\w./-]+)"|'([\w./-]+)')""")
_COMMENT = re.compile(rb"--(?!\[=*\[)[^\r\n]*")
_PLACES = ("{}.lua", "{}/init.lua")
_MOST_FILES = 500
_LARGEST = 4_000_000

Read = Callable[[str], "bytes | None"]
"""The text of a file, None where there is none."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The files that a program requires, directly or not, and how many names of modules were not found."""

    files: frozenset[str]
    missing: int


def read_file(path: str) -> bytes | None:
    """The content of a file that is no larger than what is worth looking at."""
    try:
        return read_whole(path, _LARGEST)
    except OSError:
        return None


def required_names(text: bytes) -> list[str]:
    """The modules that a text requires by literal names."""
    found = _REQUIRE.findall(_COMMENT.sub(b"", text))
    return list(dict.fromkeys((double or single).decode() for double, single in found))


def reach(path: str, directory: str, read: Read = read_file) -> Reach:
    """What the program at a real path requires when it runs in a directory."""
    files: set[str] = set()
    missing = 0
    waiting = [path]
    while waiting and len(files) < _MOST_FILES:
        text = read(waiting.pop())
        for name in required_names(text or b""):
            found = _find(name, directory)
            if found is None:
                missing += 1
            elif found not in files and found != path:
                files.add(found)
                waiting.append(found)
    return Reach(frozenset(files), missing)


def working_directory(path: str, folder: str, read: Read = read_file) -> str:
    """Where a program runs: the folder, from its own up to the workspace's, in which most of its modules are found.

    The workspace's own if it requires none, or none is found anywhere.
    """
    best, most = folder, 0
    candidate = os.path.dirname(path)
    while candidate.startswith(folder):
        found = len(reach(path, candidate, read).files)
        if found > most:
            best, most = candidate, found
        if candidate == folder:
            break
        candidate = os.path.dirname(candidate)
    return best


def _find(name: str, directory: str) -> str | None:
    for place in _PLACES:
        candidate = os.path.join(directory, place.format(name.replace(".", "/")))
        if os.path.isfile(candidate):
            return os.path.realpath(candidate)
    return None
