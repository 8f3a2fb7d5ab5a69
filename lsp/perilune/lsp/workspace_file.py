"""`.perilune.toml`, a workspace's own word on how its programs are run.

[profile]                 # every program of the folder
mode = "count"

[files."bench/*.lua"]     # those that match, over the above; later tables win
args = ["1000"]

[record]                  # the command that starts the project, where its Lua runs in another program
command = ["love", "."]
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from perilune.lsp.document import Document
from perilune.lsp.features.diagnostics import Problem
from perilune.lsp.run_options import RunOptions, WrongOption, read_option, read_options
from perilune.lsp.whole_file import read_whole

NAME = ".perilune.toml"

_LARGEST = 1_000_000
_LONGEST_LINE = 4000  # the time that TOML's reader takes grows with the square of it
_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_HEADER = re.compile(r"^[ \t]*\[[^\[].*?\][ \t]*(?:#.*)?$")
_KEY = re.compile(r"""^[ \t]*((?:"(?:[^"\\]|\\.)*"|'[^']*'|[\w.-])+)[ \t]*=""")
_TABLES = ("profile", "files", "record")


@dataclass(frozen=True)
class WorkspaceFile:
    """What the file of a folder says; `document` is None where there is none, `recorded` the command to record."""

    folder: str
    document: Document | None = None
    general: RunOptions = field(default_factory=RunOptions)
    by_pattern: tuple[tuple[re.Pattern[str], RunOptions], ...] = ()
    recorded: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def options(self, path: str) -> RunOptions:
        """What it says about a file."""
        relative = os.path.relpath(path, self.folder).replace(os.sep, "/")
        options = self.general
        for pattern, of_pattern in self.by_pattern:
            if pattern.fullmatch(relative):
                options = of_pattern.over(options)
        return options


def read_workspace_file(folder: str) -> WorkspaceFile:
    """Reads the file of a folder. What is wrong in it is among its problems, and the rest of it counts."""
    path = os.path.join(folder, NAME)
    try:
        content = read_whole(path)
    except OSError:
        return WorkspaceFile(folder)
    return parse_workspace_file(folder, Document.from_file(path, content))


def parse_workspace_file(folder: str, document: Document) -> WorkspaceFile:
    """As `read_workspace_file`, of a text."""
    text = document.data.decode("utf-8", "replace")
    problem = _too_large(document)
    if problem is not None:
        return WorkspaceFile(folder, document, problems=(problem,))
    try:
        tables = tomllib.loads(text)
    except RecursionError:
        return WorkspaceFile(folder, document, problems=(Problem(0, 0, "nested too deeply"),))
    except ValueError as error:
        return WorkspaceFile(folder, document, problems=(_syntax_problem(document, str(error)),))
    places = dict(_places(document))
    problems: list[Problem] = []

    def complain(message: str, *keys: str) -> None:
        start, end = next(
            (places[keys[:length]] for length in range(len(keys), 0, -1) if keys[:length] in places), (0, 0)
        )
        problems.append(Problem(start, end, message))

    def options_of(table: object, *keys: str) -> RunOptions:
        if not isinstance(table, Mapping):
            complain(f"{keys[-1]}: expected a table", *keys)
            return RunOptions()
        good = {}
        for name, value in table.items():
            try:
                read_option(name, value)
                good[name] = value
            except WrongOption as error:
                complain(str(error), *keys, name)
        return read_options(good.items())

    for name in tables:
        if name not in _TABLES:
            complain(f'{name}: expected the tables [profile], [files."PATTERN"] and [record]', name)
    general = options_of(tables.get("profile", {}), "profile")
    files: Any = tables.get("files", {})
    if not isinstance(files, Mapping):
        complain('files: expected tables [files."PATTERN"]', "files")
        files = {}
    by_pattern = tuple((_pattern(glob), options_of(table, "files", glob)) for glob, table in files.items())
    recorded = _command(tables.get("record", {}), complain)
    return WorkspaceFile(folder, document, general, by_pattern, recorded, tuple(problems))


def _command(table: object, complain: Callable[..., None]) -> tuple[str, ...]:
    """The command in a table `record`; none where there is none, or the table is wrong."""
    if not isinstance(table, Mapping):
        complain("record: expected a table", "record")
        return ()
    for name in table:
        if name != "command":
            complain(f"{name}: expected command", "record", name)
    command = table.get("command", [])
    if not isinstance(command, list) or not all(isinstance(word, str) and "\0" not in word for word in command):
        complain('command: expected a list of strings, such as ["love", "."]', "record", "command")
        return ()
    return tuple(command)


def _too_large(document: Document) -> Problem | None:
    if len(document.data) > _LARGEST:
        return Problem(0, 0, f"larger than {_LARGEST:,} bytes")
    for number, line in enumerate(document.lines, 1):
        if len(line) > _LONGEST_LINE:
            start = document.line_start(number)
            return Problem(start, start + len(line), f"longer than {_LONGEST_LINE} characters")
    return None


def _syntax_problem(document: Document, message: str) -> Problem:
    place = _PLACE.search(message)
    if place is None:  # at the end of the text
        end = len(document.data.rstrip())
        return Problem(end, end, message)
    line, column = min(int(place[1]), len(document.lines)), int(place[2])
    before = document.lines[line - 1].encode("latin-1").decode("utf-8", "replace")[: column - 1]
    start = document.line_start(line) + len(before.encode())
    return Problem(start, max(start, document.line_end(line)), message[: place.start()])


def _places(document: Document) -> Iterator[tuple[tuple[str, ...], tuple[int, int]]]:
    """Where keys and the headers of tables stand, as far as single lines tell."""
    table: tuple[str, ...] = ()
    for number, text in enumerate(document.lines, 1):
        line = text.encode("latin-1").decode("utf-8", "replace")
        key = None if _HEADER.match(line) else _KEY.match(line)
        if key is None and not _HEADER.match(line):
            continue
        keys = _dotted(line if key is None else key[1] + " = 0")
        start = document.line_start(number) + len(text) - len(text.lstrip())
        if key is None:
            table = keys
            yield table, (start, document.line_end(number))
        elif keys:
            yield table + keys, (start, start + len(key[1].encode()))
            yield table + keys[:1], (start, start + len(key[1].encode()))


def _dotted(line: str) -> tuple[str, ...]:
    """The names in a header or a key, by TOML's own reader."""
    try:
        value: object = tomllib.loads(line)
    except ValueError:
        return ()
    names = []
    while isinstance(value, dict) and value:
        (name, value), *_ = value.items()
        names.append(name)
    return tuple(names)


def _pattern(glob: str) -> re.Pattern[str]:
    """`*` and `?` stay within a folder, `**` does not; a pattern without a `/` is a file's name in any folder."""
    written = ""
    for piece in re.split(r"(\*\*/?|\*|\?)", glob.removeprefix("./")):
        wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
        written += wild.get(piece) or re.escape(piece)
    return re.compile(written if "/" in glob else f"(?:.*/)?{written}")
