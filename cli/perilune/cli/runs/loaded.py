"""The files that a run loaded, by what was in them, and the places where it would have loaded others."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from perilune.cli.runs.run import Run
from perilune.lsp.requires import required_names
from perilune.profiler.model import Profile
from perilune.profiler.sources import find_texts

Manifest = dict[str, str | None]
"""Digests of files by their paths, seen from the program's folder; None for one that is not there."""

_DEFAULT_PATH = "./?.lua;./?/init.lua"
_SEPARATOR = ";"


def manifest_of(run: Run, profile: Profile) -> Manifest | None:
    """What a run loaded; None where a file has changed since, so that it cannot be told any more."""
    folder = program_folder(run)
    texts, missing = find_texts(profile, [run.directory])
    if missing:
        return None
    manifest: Manifest = {}
    for file in profile.files:
        if file.sha256 is not None:
            place = os.path.realpath(os.path.join(run.directory, file.location or file.path))
            manifest[os.path.relpath(place, folder)] = file.sha256
    for text in texts.values():
        for path in candidates(run, text):
            seen = os.path.relpath(os.path.realpath(os.path.join(run.directory, path)), folder)
            manifest.setdefault(seen, digest_of(os.path.join(folder, seen)))
    return dict(sorted(manifest.items()))


def is_as_it_was(manifest: Manifest, folder: str) -> bool:
    """Whether the files are what they were."""
    return all(digest_of(os.path.join(folder, path)) == digest for path, digest in manifest.items())


def program_folder(run: Run) -> str:
    """The real path of the folder that the program is in."""
    return os.path.dirname(os.path.realpath(run.file))


def digest_of(path: str) -> str | None:
    """The digest of a file's content; None where there is no file that can be read."""
    try:
        if os.path.isfile(path):
            with open(path, "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        pass
    return None


def candidates(run: Run, text: bytes) -> Iterator[str]:
    """Where the modules are looked for that a text requires by name, from the first place to where one is found."""
    environment = run.environment()
    templates = environment.get("LUA_PATH_5_4", environment.get("LUA_PATH", _DEFAULT_PATH))
    templates = templates.replace(_SEPARATOR * 2, f"{_SEPARATOR}{_DEFAULT_PATH}{_SEPARATOR}")
    for name in required_names(text):
        for template in filter(None, templates.split(_SEPARATOR)):
            path = template.replace("?", name.replace(".", "/"))
            yield path
            if os.path.isfile(os.path.join(run.directory, path)):
                break
