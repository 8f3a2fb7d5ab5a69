"""How a file says, in a comment, how it is to be run: `---@profile args="10 20" entry="bench/all.lua"`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from perilune.compiler.parser import load_parser
from perilune.lsp.document import Document
from perilune.lsp.features.diagnostics import Problem
from perilune.lsp.run_options import RunOptions, WrongOption, read_option

_MARK = re.compile(r"--(?P<third>-?)[ \t]*@profile(?![A-Za-z0-9_])")
_PIECE = re.compile(
    r"""[ \t,]*(?:(?P<end>--.*|$) | (?P<name>[A-Za-z_]\w*)[ \t]*=[ \t]*
        (?P<value>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | [^\s,"']+) | (?P<junk>[^\s,]+))""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True)
class RunComment:
    """What the comments of a file say, what is wrong with them, and where each field of the options was said."""

    options: RunOptions = field(default_factory=RunOptions)
    problems: tuple[Problem, ...] = ()
    places: dict[str, tuple[int, int]] = field(default_factory=dict)


def read_comment(document: Document) -> RunComment:
    """Reads the `---@profile` comments of a document, of which there may be several."""
    if b"@profile" not in document.data:
        return RunComment()
    options = RunOptions()
    problems: list[Problem] = []
    places: dict[str, tuple[int, int]] = {}
    for offset, comment, mark in _comments(document):
        if not mark["third"]:
            problems.append(Problem(offset, offset + mark.end(), "expected three dashes: ---@profile"))
            continue
        for piece in _pieces(comment, mark.end()):
            end = offset + piece.end()
            if piece["junk"]:
                start = offset + piece.start("junk")
                problems.append(Problem(start, end, 'expected NAME=VALUE, as in args="10 20"'))
                continue
            start = offset + piece.start("name")
            try:
                read = read_option(piece["name"], _unquoted(piece["value"]))
            except WrongOption as error:
                problems.append(Problem(start, end, str(error)))
                continue
            (name,) = read
            if name in places:
                problems.append(Problem(start, end, f"{piece['name']}: it was said before"))
                continue
            places[name] = start, end
            options = replace(options, **read)
    return RunComment(options, tuple(problems), places)


def _comments(document: Document) -> Iterator[tuple[int, str, re.Match[str]]]:
    for offset, comment in load_parser().lexer.comments(document.source):
        mark = _MARK.match(comment)
        if mark is not None:
            yield offset, comment, mark


def _pieces(comment: str, begin: int) -> Iterator[re.Match[str]]:
    """The options of a comment, and what is none, up to its end or ` -- `."""
    while (piece := _PIECE.match(comment, begin)) is not None and piece["end"] is None:
        yield piece
        begin = piece.end()


def _unquoted(value: str) -> str:
    """The value in characters: the source's are bytes."""
    text = _ESCAPE.sub(r"\1", value[1:-1]) if value[0] in "\"'" else value
    return text.encode("latin-1").decode("utf-8", "replace")
