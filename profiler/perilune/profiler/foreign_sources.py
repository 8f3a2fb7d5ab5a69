"""Finds the files of a foreign profile, which says where they were, perhaps on another machine, but not what was in them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from perilune.profiler.model import FileProfile, Profile

MOST_FILES = 50_000
"""How many files below the folders are looked at."""

_LARGEST_TEXT = 64_000_000  # bytes
_LUA = (".lua", ".luau")
_NO_FILES = ("[", "=", "(")  # how names of chunks begin that are no files


def mapped(path: str, path_map: Mapping[str, str]) -> str:
    """A path as the user's map of folders has it: the longest folder that it is in counts."""
    for folder in sorted(path_map, key=len, reverse=True):
        within = folder.rstrip("/\\")
        if path == within or (path.startswith(within) and path[len(within)] in "/\\"):
            return os.path.join(path_map[folder], path[len(within) + 1 :].replace("\\", os.sep))
    return path


def attach(
    profile: Profile, folders: Sequence[str], path_map: Mapping[str, str] | None = None, below: Sequence[str] = ()
) -> list[str]:
    """Gives the files of a foreign profile the digest of the text that is there now; returns the paths of those not found.

    A file is looked for at its path, seen from each of the `folders`, then among the files `below` others: the one whose
    path has most of its end in common, if that is one alone. What was profiled here is left as it is.
    """
    if profile.origin is None:
        return []
    known: dict[str, list[str]] | None = None
    missing = []
    for file in profile.files:
        if file.sha256 is not None or file.path.startswith(_NO_FILES):
            continue
        path = mapped(file.path, path_map or {})
        found = next((at for folder in folders if _is_file(at := os.path.join(folder, path))), None)
        if found is None:
            known = _by_name(below) if known is None else known
            found = _of_same_end(path, known)
        if found is None or not _take(file, found):
            missing.append(file.path)
    return missing


def find_by_content(profile: Profile, below: Sequence[str]) -> None:
    """Gives the files of a foreign profile that are not where they were the place of a file of the same content."""
    wanted = {
        file.sha256: file
        for file in profile.files
        if profile.origin is not None and file.sha256 is not None and not _is_file(file.location or file.path)
    }
    if not wanted:
        return
    for path in files_below(below):
        if path.endswith(_LUA):
            digest = _digest(path)
            if digest in wanted:
                wanted[digest].location = path


def _is_file(path: str) -> bool:
    try:
        return os.path.isfile(path)
    except ValueError:
        return False


def _digest(path: str) -> str | None:
    try:
        if os.path.getsize(path) > _LARGEST_TEXT:
            return None
        with open(path, "rb") as opened:
            return hashlib.sha256(opened.read()).hexdigest()
    except OSError:
        return None


def _take(file: FileProfile, path: str) -> bool:
    file.sha256 = _digest(path)
    if file.sha256 is not None and os.path.normpath(path) != os.path.normpath(file.path):
        file.location = os.path.abspath(path)
    return file.sha256 is not None


def _by_name(folders: Iterable[str]) -> dict[str, list[str]]:
    """The files below some folders by their name; hidden ones are left out."""
    found: dict[str, list[str]] = {}
    for path in files_below(folders):
        found.setdefault(os.path.basename(path), []).append(path)
    return found


def files_below(folders: Iterable[str]) -> Iterator[str]:
    """The files below some folders, in order, up to MOST_FILES."""
    left = MOST_FILES
    for folder in folders:
        for parent, inner, names in os.walk(folder):
            inner[:] = sorted(each for each in inner if not each.startswith("."))
            left -= len(names) + len(inner)
            if left < 0:
                return
            yield from (os.path.join(parent, name) for name in sorted(names))


def _of_same_end(path: str, known: Mapping[str, list[str]]) -> str | None:
    parts = path.replace("\\", "/").split("/")
    ranked = sorted((_common_end(parts, at.replace(os.sep, "/").split("/")), at) for at in known.get(parts[-1], []))
    if not ranked or (len(ranked) > 1 and ranked[-1][0] == ranked[-2][0]):
        return None
    return ranked[-1][1]


def _common_end(a: list[str], b: list[str]) -> int:
    common = 0
    for part_a, part_b in zip(reversed(a), reversed(b), strict=False):
        if part_a != part_b:
            break
        common += 1
    return common
