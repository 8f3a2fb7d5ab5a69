"""The text of the files in a profile, as far as it is still the text that ran."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence

from perilune.profiler.model import Profile

Sources = dict[str, list[str]]
"""The lines of each file, by path; the first line is at index 0."""

_LINE_END = re.compile(r"\r\n|\n\r|\r|\n")


def read_sources(profile: Profile) -> Sources:
    """The lines of the profile's files, without those that are gone or have changed since the run."""
    return find_sources(profile, [""])[0]


def find_sources(profile: Profile, folders: Sequence[str]) -> tuple[Sources, dict[str, str]]:
    """The lines of the profile's files, and "changed" or "gone" for those that are not what ran any more, by path.

    A relative path is looked for in all `folders`; the first that has the file that ran counts.
    """
    texts, missing = find_texts(profile, folders)
    return {path: split_lines(text) for path, text in texts.items()}, missing


def find_texts(profile: Profile, folders: Sequence[str]) -> tuple[dict[str, bytes], dict[str, str]]:
    """As `find_sources`, the files' whole content."""
    texts: dict[str, bytes] = {}
    missing = {}
    for file in profile.files:
        if file.sha256 is None:
            continue
        contents = [_read(os.path.join(folder, file.location or file.path)) for folder in folders]
        found = next((c for c in contents if c is not None and hashlib.sha256(c).hexdigest() == file.sha256), None)
        if found is not None:
            texts[file.path] = found
        else:
            missing[file.path] = "gone" if all(content is None for content in contents) else "changed"
    return texts, missing


def split_lines(content: bytes) -> list[str]:
    """The lines of a Lua source, which ends its lines with any of LF, CR, CR LF and LF CR, without its byte order mark."""
    return _LINE_END.split(content.decode("utf-8", "replace").removeprefix("\ufeff"))


def _read(path: str) -> bytes | None:
    """The content of a regular file; a pipe has been read already."""
    try:
        if not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError):
        return None
