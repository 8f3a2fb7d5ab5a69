"""LCOV's tracefile: which lines and functions ran, and how often."""

from __future__ import annotations

import os
from collections import Counter

from perilune.profiler.exporters import ProfileExportError
from perilune.profiler.exporters.stacks import FunctionNames, function_names
from perilune.profiler.model import FileProfile, Profile
from perilune.profiler.sources import Sources, find_texts


def export(profile: Profile, sources: Sources) -> bytes:
    """Only files have lines to show; text given to `load` is left out.

    Of a file that was loaded with several texts only one has a place: the text that it has now, if it is among them.
    """
    if not profile.holds("hits"):
        raise ProfileExportError("lcov holds how often lines ran, which this profile does not know")
    current = find_texts(profile, [""])[0]
    files: dict[str, FileProfile] = {}
    for file in profile.files:
        place = os.path.normpath(file.location or file.path)
        if file.sha256 is not None and (place not in files or file.path in current):
            files[place] = file
    if not files:
        raise ProfileExportError("lcov holds the lines of files, and no function in this profile came from a file")
    names = function_names(profile)
    return "".join(_record(file, names) for file in files.values()).encode("utf-8", "replace")


def _record(file: FileProfile, names: FunctionNames) -> str:
    calls: Counter[tuple[int, str]] = Counter()
    for function in file.functions:
        name = names[file.path, function.name, function.line].replace(",", " ").replace("\n", " ")
        calls[function.line, name] += function.calls
    hits = {row.line: row.hits for row in file.lines if row.line}
    return "\n".join(
        [
            "TN:",
            f"SF:{file.location or file.path}",
            *(f"FN:{line},{name}" for line, name in sorted(calls)),
            *(f"FNDA:{calls[line, name]},{name}" for line, name in sorted(calls)),
            f"FNF:{len(calls)}",
            f"FNH:{sum(count > 0 for count in calls.values())}",
            *(f"DA:{line},{count}" for line, count in sorted(hits.items())),
            f"LF:{len(hits)}",
            f"LH:{sum(count > 0 for count in hits.values())}",
            "end_of_record\n",
        ]
    )
