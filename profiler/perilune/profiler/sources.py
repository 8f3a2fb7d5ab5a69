"""The text of the files in a profile, as far as it is still the text that ran."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable

from perilune.profiler.model import Profile

Sources = dict[str, list[str]]
"""The lines of each file, by path; the first line is at index 0."""

_LINE_END = re.compile(r"\r\n|\n\r|\r|\n")


def read_digests(paths: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of every file that can be read, by path."""
    digests = {}
    for path in paths:
        content = _read(path)
        if content is not None:
            digests[path] = hashlib.sha256(content).hexdigest()
    return digests


def read_sources(profile: Profile) -> Sources:
    """The lines of the profile's files, without those that are gone or have changed since the run."""
    sources = {}
    for file in profile.files:
        content = _read(file.path) if file.sha256 is not None else None
        if content is not None and hashlib.sha256(content).hexdigest() == file.sha256:
            sources[file.path] = split_lines(content)
    return sources


def split_lines(content: bytes) -> list[str]:
    """The lines of a Lua source, which ends its lines with any of LF, CR, CR LF and LF CR."""
    return _LINE_END.split(content.decode("utf-8", "replace"))


def _read(path: str) -> bytes | None:
    """The content of a regular file; a pipe has been read already."""
    try:
        if not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError):
        return None
