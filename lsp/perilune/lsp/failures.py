"""Runs that failed: the error on the line where it happened, until the text there changes."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from perilune.lsp.document import Document
from perilune.lsp.features.diagnostics import Problem, Related
from perilune.lsp.whole_file import read_whole
from perilune.profiler.line_map import Version, map_lines

_PLACE = re.compile(r"^(?P<path>[^\n]+?):(?P<line>\d+):(?: (?P<message>.*))?$", re.DOTALL)
_FRAME = re.compile(r"^\t(?P<path>[^\t\n]+?):(?P<line>\d+): in (?P<function>.*)$")
_CUT = "..."
_MOST_FRAMES = 30


@dataclass(frozen=True)
class Failure:
    """An error that ended a program, in the file (its real path) and on the line (from 1) where it happened.

    `document` is the text that ran, `frames` who called whom, the innermost first.
    """

    path: str
    line: int
    message: str
    document: Document
    frames: tuple[Related, ...]

    def problem(self, document: Document) -> Problem | None:
        """The failure as it shows in a text that may have been edited since; None where its line was changed."""
        line = self._line_in(document)
        if line is None:
            return None
        text = document.lines[line - 1]
        start = document.line_start(line) + len(text) - len(text.lstrip())
        return Problem(start, max(start, document.line_end(line)), self.message, related=self.frames)

    def _line_in(self, document: Document) -> int | None:
        if document.lines == self.document.lines:
            return self.line if self.line <= len(document.lines) else None
        origins = map_lines(Version(self.document.source), Version(document.source))
        return next((line for line, o in origins.items() if o.line == self.line and not o.changed), None)


class Failures:
    """The failures of a session, the last one of each program. A source of problems."""

    def __init__(self) -> None:
        self._by_program: dict[str, Failure] = {}

    def put(self, program: str, failure: Failure | None) -> set[str]:
        """The program's last run failed, or did not; gives the paths of files about which there is something new."""
        before = self._by_program.pop(program, None)
        if failure is not None:
            self._by_program[program] = failure
        return {known.path for known in (before, failure) if known is not None}

    def clear(self) -> set[str]:
        """Forgets all; gives the paths of files about which there was something."""
        paths = {failure.path for failure in self._by_program.values()}
        self._by_program.clear()
        return paths

    def problems(self, document: Document) -> Iterator[Problem]:
        """The failures in a document."""
        for failure in list(self._by_program.values()):
            problem = failure.problem(document) if failure.path == document.path else None
            if problem is not None:
                yield problem


def read_failure(
    error: str, traceback: str, directory: str, known: Collection[str], texts: Mapping[str, bytes]
) -> Failure | None:
    """What the message and the traceback of a program tell that ran in a directory; None without a line in a file.

    `known` are files that the program loaded, `texts` those of files as they ran, all by real path. Where the message
    names no file, it is the innermost frame that does.
    """
    frames = list(_frames(traceback, directory, known))
    place = _place(error, directory, known)
    if place is not None:
        path, line, message = place
    elif frames:
        path, line, message = frames[0].path, frames[0].line, error
    else:
        return None
    content = texts.get(path)
    if content is None:
        try:
            content = read_whole(path)
        except OSError:
            return None
    return Failure(path, line, message, Document.from_file(path, content), tuple(frames[:_MOST_FRAMES]))


def _place(error: str, directory: str, known: Collection[str]) -> tuple[str, int, str] | None:
    """Where an error happened: the message begins with it, or that of a module which could not be loaded holds it."""
    for written in (error, *re.findall(r"^\t(.*)$", error, re.MULTILINE)):
        place = _PLACE.match(written)
        path = _file(place["path"], directory, known) if place else None
        if place is not None and path is not None:
            return path, max(1, int(place["line"])), place["message"] or "error"
    return None


def _frames(traceback: str, directory: str, known: Collection[str]) -> Iterator[Related]:
    for written in traceback.splitlines():
        frame = _FRAME.match(written)
        path = _file(frame["path"], directory, known) if frame else None
        if frame is not None and path is not None:
            yield Related(path, max(1, int(frame["line"])), f"in {frame['function']}")


def _file(path: str, directory: str, known: Collection[str]) -> str | None:
    """The real path of a file as messages name it: of a long name they show the end."""
    if path.startswith(_CUT):
        found = [file for file in known if file.endswith(path.removeprefix(_CUT))]
        return found[0] if len(found) == 1 else None
    whole = os.path.realpath(os.path.join(directory, path))
    return whole if os.path.isfile(whole) else None
