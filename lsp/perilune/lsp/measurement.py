"""What a run measured in a file, together with the text it was measured on."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from perilune.lsp.callees import Callee, callees_by_line, callers_by_function
from perilune.lsp.changes import LineChange
from perilune.lsp.document import Document
from perilune.lsp.whole_file import read_whole
from perilune.profiler.growth.model import Growth, Subject
from perilune.profiler.line_map import Origin, Version
from perilune.profiler.model import FileProfile, FunctionRow, LineRow, Profile
from perilune.profiler.paths import CallPath
from perilune.profiler.region_map import Measured


@dataclass(frozen=True)
class Measurement:
    """One file's share of a profile. `document` is the text that ran.

    `cut_short` says how a run ended that did not run to its end, in words that follow "a run that"; else it is empty.
    `changes` are those of its lines since an earlier run, None if there was none to compare with. `measured_at` is when
    the run ended, in seconds since 1970, None if that is not known. Figures that are limited to a `call` have those of
    the `whole` run with them. Figures of the largest of several runs have the `growth` of their lines, which `grown` is about.
    """

    profile: Profile
    file: FileProfile
    document: Document
    cut_short: str = ""
    changes: Mapping[int, LineChange] | None = None
    measured_at: float | None = None
    call: CallPath | None = None
    whole: Measurement | None = None
    growth: Mapping[int, Subject] | None = None
    grown: Growth | None = None

    @property
    def complete(self) -> bool:
        """Whether the run ended well."""
        return not self.cut_short

    @cached_property
    def rows(self) -> dict[int, LineRow]:
        """The figures of every line that holds instructions."""
        return {row.line: row for row in self.file.lines}

    @cached_property
    def prominent(self) -> dict[tuple[float, str], dict[int, LineRow]]:
        """The lines worth showing, by threshold and metric: whoever finds them out keeps them here."""
        return {}

    @cached_property
    def callees(self) -> dict[int, dict[Callee, int]]:
        """For every line the functions that it called, with the nanoseconds below them, as far as stacks were sampled."""
        tree = self.profile.call_tree
        return {} if tree is None else callees_by_line(tree, self.file.path)

    @cached_property
    def callers(self) -> dict[tuple[str, int], dict[int, int]]:
        """For every function, by name and first line, the lines of the file that called it, with the nanoseconds."""
        tree = self.profile.call_tree
        return {} if tree is None else callers_by_function(tree, self.file.path)

    @cached_property
    def text(self) -> Measured:
        """The text that ran, ready to be compared."""
        return Measured(Version(self.document.source), self.document.lines)

    def functions_around(self, line: int) -> list[FunctionRow]:
        """The functions that hold a measured line, the innermost first."""
        around = [row for row in self.file.functions if row.line <= line <= row.end_line]
        return sorted(around, key=lambda row: row.end_line - row.line)


def at(measurement: Measurement, path: str) -> Measurement:
    """A measurement of a file that has another path now."""
    if measurement.document.path == path:
        return measurement
    return replace(measurement, document=Document(path, measurement.document.data))


def with_growth(measurement: Measurement, growth: Growth) -> Measurement:
    """The figures of the largest run with how their lines grow."""
    lines = {subject.line: subject for subject in growth.lines if subject.path == measurement.file.path}
    return replace(measurement, growth=lines, grown=growth)


def was_renamed(path: str, measurement: Measurement, document: Document) -> bool:
    """Whether a measured file is gone, and its text is a document's."""
    return document.data != b"" and measurement.document.data == document.data and not os.path.lexists(path)


@dataclass(frozen=True)
class View:
    """A measurement as it shows in a text that may have been edited since."""

    measurement: Measurement
    document: Document

    @cached_property
    def origins(self) -> dict[int, Origin]:
        """Where the document's lines, from 1, come from."""
        return self.measurement.text.origins(self.document.source, self.document.lines)


def measured_files(
    profile: Profile, directory: str, cut_short: str = "", texts: Mapping[str, bytes] | None = None
) -> Iterator[tuple[str, Measurement | None]]:
    """Every file of a profile with its real path; None for one that is not what ran any more, or is gone.

    `texts` are those of files as the run found them, by real path. Of a file that was loaded with several texts it is the
    text that the file has now.
    """
    now = time.time()
    by_path: dict[str, list[FileProfile]] = {}
    for file in profile.files:
        if file.sha256 is not None:
            path = os.path.realpath(os.path.join(directory, file.location or file.path))
            by_path.setdefault(path, []).append(file)
    for path, files in by_path.items():
        measured = None
        for content in (_content(path), (texts or {}).get(path)):
            if content is not None and measured is None:
                digest = hashlib.sha256(content).hexdigest()
                ran = next((file for file in files if file.sha256 == digest), None)
                if ran is not None:
                    document = Document.from_file(path, content)
                    measured = Measurement(profile, ran, document, cut_short, measured_at=now)
        yield path, measured


def _content(path: str) -> bytes | None:
    try:
        return read_whole(path)
    except OSError:
        return None
