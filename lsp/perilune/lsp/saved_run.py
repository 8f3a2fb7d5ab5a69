"""Profiles that were saved as files: read, and shown in the sources that they measured."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from perilune.compiler.chunks import check_source
from perilune.lsp.document import Document
from perilune.lsp.job import Job
from perilune.lsp.measurement import Measurement
from perilune.lsp.whole_file import read_whole
from perilune.profiler.foreign_sources import attach, find_by_content
from perilune.profiler.importers import read_profile
from perilune.profiler.model import FileProfile, Profile, ProfileFormatError
from perilune.profiler.revisions import earlier_text

_LARGEST_PROFILE = 1_000_000_000  # bytes
_MOST_FILES = 50_000
"""How many files are looked at for one that has moved."""


class UnreadableProfile(Exception):
    """A file is no profile that can be read; the message says why."""


@dataclass(frozen=True)
class SavedRun:
    """A saved profile: how its program ran, what it measured by real path, and the files whose text is not to be had."""

    job: Job
    profile: Profile
    measurements: dict[str, Measurement]
    missing: dict[str, str]


def read_saved(path: str) -> Profile:
    """The profile in a file. Raises UnreadableProfile."""
    name = os.path.basename(path)
    try:
        return read_profile(read_whole(path, _LARGEST_PROFILE), path)
    except OSError as error:
        raise UnreadableProfile(f"{name} cannot be read: {error.strerror}.") from error
    except ProfileFormatError as error:
        raise UnreadableProfile(f"{name} is no saved profile: {error}.") from error


@dataclass(frozen=True, slots=True)
class FoundText:
    """The text of a profile's file as it ran, and the real path where the file is now."""

    path: str
    content: bytes


def not_understood(run: SavedRun) -> str:
    """Which files of a foreign profile are not all Lua 5.4, where they first are not, in sentences; figures move less there."""
    if run.profile.origin is None:
        return ""
    found = []
    for measurement in run.measurements.values():
        diagnostics = check_source(measurement.document.source, limits=False)
        if diagnostics:
            first = diagnostics[0]
            found.append(f" {measurement.file.path} is not all understood: line {first.line}: {first.message}.")
    return "".join(found)


def find_texts(profile: Profile, folders: Iterable[str]) -> tuple[dict[str, FoundText], dict[str, str]]:
    """The texts that a profile measured, and "changed" or "gone" for those that are not to be had, by path in it.

    A file is looked for where it was, seen from each of the folders, then among all files there that have its name. One
    that has changed since is what git keeps of it.
    """
    places = list(dict.fromkeys(folders))
    found: dict[str, FoundText] = {}
    missing: dict[str, str] = {}
    for file in profile.files:
        if file.sha256 is None:
            continue
        where_it_was = [os.path.realpath(os.path.join(folder, file.location or file.path)) for folder in places]
        text = _first_text(file, where_it_was) or _first_text(file, _of_its_name(file, places))
        if text is not None:
            found[file.path] = text
        else:
            missing[file.path] = "changed" if any(map(os.path.isfile, where_it_was)) else "gone"
    return found, missing


def _first_text(file: FileProfile, paths: Iterable[str]) -> FoundText | None:
    """The first of some files that is what ran, or else that was it in an earlier revision."""
    changed = []
    for path in paths:
        try:
            content = read_whole(path)
        except OSError:
            continue
        if hashlib.sha256(content).hexdigest() == file.sha256:
            return FoundText(path, content)
        changed.append(path)
    for path in changed:
        earlier = earlier_text(path, file.sha256 or "")
        if earlier is not None:
            return FoundText(path, earlier)
    return None


def _of_its_name(file: FileProfile, folders: Iterable[str]) -> Iterator[str]:
    """The files that have a file's name, below some folders; hidden ones are left out."""
    name = os.path.basename(file.location or file.path)
    left = _MOST_FILES
    for folder in folders:
        for parent, inner, names in os.walk(folder):
            inner[:] = sorted(each for each in inner if not each.startswith("."))
            if name in names:
                yield os.path.realpath(os.path.join(parent, name))
            left -= len(names) + len(inner)
            if left < 0:
                return


def open_saved(path: str, folders: Iterable[str], path_map: Mapping[str, str] | None = None) -> SavedRun:
    """The run in a file, with the texts that it measured: beside the file, or in one of the folders.

    Files of a foreign profile are looked for by their path, as `path_map` has its folders, by the end of their path, and,
    if it holds a digest of them, by their content.

    A file whose text is not to be had any more shows nothing: on which of its lines the figures stand is not known.
    Raises UnreadableProfile.
    """
    profile = read_saved(path)
    measured_at = os.path.getmtime(path)
    places = [os.path.dirname(path), *folders]
    lost = attach(profile, places, path_map, places[1:])
    find_by_content(profile, places[1:])
    found, missing = find_texts(profile, places)
    missing |= dict.fromkeys(lost, "gone")
    measurements = {
        text.path: Measurement(profile, file, Document.from_file(text.path, text.content), measured_at=measured_at)
        for file in profile.files
        if (text := found.get(file.path)) is not None
    }
    main = found.get(profile.program.path)
    program = os.path.realpath(os.path.join(os.path.dirname(path), profile.program.path))
    directory = os.path.dirname(path)
    if main is not None:
        program = main.path
        ending = os.sep + os.path.normpath(profile.program.path)
        directory = program.removesuffix(ending) if program.endswith(ending) else os.path.dirname(program)
    job = Job(program, tuple(profile.program.args), profile.mode, directory)
    return SavedRun(job, profile, measurements, missing)
