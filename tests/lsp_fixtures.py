"""Lua texts that carry their own expectations, for the language server's tests.

`$0` is the cursor. `--^^^ message` stands under the range that it is about. `--= 40% 12` at a line's end says what was
measured on the line: its share, and optionally its hits (1 if left out).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent

from perilune.lsp.document import Document
from perilune.lsp.features.inlay_hints import hints
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.model import FileProfile, FunctionRow, LineOpcode, LineRow, Profile, Program, Totals

MEASURED = re.compile(r"[ \t]*--= *([\d.]+)%(?: +(\d+))?[ \t]*$", re.MULTILINE)
_UNDERLINE = re.compile(r"^ *--(?P<carets>\^+) *(?P<message>.*)$")
_CURSOR = "$0"


@dataclass(frozen=True)
class Underlined:
    """A range that a fixture marks: a line, from 1, and its first and last column, in characters from 0, end exclusive."""

    line: int
    start: int
    end: int
    message: str


def underlined(text: str) -> list[Underlined]:
    """The ranges that a text marks."""
    found: list[Underlined] = []
    marked_line = 0
    for number, line in enumerate(text.splitlines(), 1):
        match = _UNDERLINE.match(line)
        if match:
            found.append(Underlined(marked_line, *match.span("carets"), match["message"]))
        else:
            marked_line = number
    return found


def cursor(text: str) -> tuple[Document, int]:
    """The document without the cursor's mark, and the cursor's offset."""
    before, _, after = dedent(text).lstrip("\n").partition(_CURSOR)
    return Document.from_text("test.lua", before + after), len(before.encode())


def measured(text: str, traced: bool = False) -> Measurement:
    """The text without its marks, and what they say was measured on it."""
    text = dedent(text).lstrip("\n")
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        match = MEASURED.search(line)
        if match:
            rows.append(line_row(number, float(match[1]) / 100, int(match[2] or 1), traced))
    lines = len(text.splitlines())
    total = sum(row.instructions for row in rows)
    file = FileProfile("test.lua", "", rows, [FunctionRow("main chunk", 1, lines, 1, total, 1.0)])
    totals = Totals(instructions=total, run_ns=1_000_000_000 if traced else None)
    profile = Profile("trace" if traced else "count", Program("test.lua"), totals, files=[file])
    return Measurement(profile, file, Document.from_text("test.lua", MEASURED.sub("", text)))


def line_row(line: int, share: float, hits: int, traced: bool = False) -> LineRow:
    """A line's figures, two instructions a hit; a traced run took a second in all."""
    self_ns = int(share * 1e9) if traced else None
    opcodes = [LineOpcode("ADD", hits, self_ns), LineOpcode("GETLOCAL", hits, 0 if traced else None)]
    return LineRow(line, hits, 2 * hits, share, self_ns=self_ns, opcodes=opcodes)


def shown(measurement: Measurement, edited: str, threshold: float = 0.005) -> str:
    """The edited text with its hints, each in angle brackets behind its line."""
    document = Document.from_text("test.lua", dedent(edited).lstrip("\n"))
    data = document.data
    for hint in reversed(list(hints(View(measurement, document), 1, len(document.lines), threshold))):
        data = data[: hint.offset] + f" <{hint.label}>".encode() + data[hint.offset :]
    return data.decode()


def expected(text: str) -> str:
    """A text as it is written in a test, to be compared with what is shown."""
    return dedent(text).lstrip("\n")
