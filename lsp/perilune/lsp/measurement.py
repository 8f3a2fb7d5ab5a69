"""What a run measured in a file, together with the text it was measured on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from perilune.lsp.document import Document
from perilune.lsp.features.outline import enclosing_functions
from perilune.profiler.line_map import Origin, Version, map_lines
from perilune.profiler.model import FileProfile, FunctionRow, LineRow, Profile


@dataclass(frozen=True)
class Measurement:
    """One file's share of a profile. `document` is the text that ran, `complete` whether the run ended well."""

    profile: Profile
    file: FileProfile
    document: Document
    complete: bool = True

    @cached_property
    def rows(self) -> dict[int, LineRow]:
        """The figures of every line that holds instructions."""
        return {row.line: row for row in self.file.lines}

    @cached_property
    def builtin_times(self) -> dict[int, dict[str, int]]:
        """For every line the nanoseconds in the library functions that it called, as far as stacks were sampled."""
        times: dict[int, dict[str, int]] = {}
        waiting = [self.profile.call_tree] if self.profile.call_tree is not None else []
        while waiting:
            node = waiting.pop()
            waiting += node.children
            if node.path == self.file.path:
                for builtin in (child for child in node.children if child.path is None):
                    of_line = times.setdefault(node.line, {})
                    of_line[builtin.function] = of_line.get(builtin.function, 0) + builtin.self_ns
        return times

    @cached_property
    def text(self) -> Version:
        """The text that ran, ready to be compared."""
        return Version(self.document.lines, enclosing_functions(self.document))

    def functions_around(self, line: int) -> list[FunctionRow]:
        """The functions that hold a measured line, the innermost first."""
        around = [row for row in self.file.functions if row.line <= line <= row.end_line]
        return sorted(around, key=lambda row: row.end_line - row.line)


@dataclass(frozen=True)
class View:
    """A measurement as it shows in a text that may have been edited since."""

    measurement: Measurement
    document: Document

    @cached_property
    def origins(self) -> dict[int, Origin]:
        """Where the document's lines, from 1, come from."""
        measured = self.measurement.document
        if measured.lines == self.document.lines:
            return {line: Origin(line) for line in range(1, len(measured.lines) + 1)}
        return map_lines(self.measurement.text, Version(self.document.lines, enclosing_functions(self.document)))


def measured_files(profile: Profile, directory: str, complete: bool = True) -> Iterator[tuple[str, Measurement | None]]:
    """Every file of a profile with its real path; None for one that is not what ran any more, or is gone."""
    for file in profile.files:
        if file.sha256 is None:
            continue
        path = os.path.realpath(os.path.join(directory, file.path))
        try:
            with open(path, "rb") as stream:
                content = stream.read()
        except OSError:
            yield path, None
            continue
        same = hashlib.sha256(content).hexdigest() == file.sha256
        yield path, Measurement(profile, file, Document.from_file(path, content), complete) if same else None
