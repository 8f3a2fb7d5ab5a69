"""Budgets in the comments of a Lua source: `---@budget instructions <= 12000`.

A comment directly above a function limits that function, one at the top of a file the whole program, or, in a file that
the program loads, that file. Several limits are separated by commas; behind ` -- ` one may say why.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from perilune.compiler.chunks import compile_chunk
from perilune.compiler.parser import load_parser
from perilune.compiler.proto import Proto
from perilune.compiler.source import Source
from perilune.profiler.budgets import Budget, is_known, parse_amount, unknown_figure

_MARK = re.compile(r"(?P<dashes>---?)[ \t]*@budget(?![A-Za-z0-9_])")
_PIECE = re.compile(
    r"[ \t]*(?P<text><=|,|--|[A-Za-z_][A-Za-z0-9_]*|[0-9][0-9A-Za-z_.]*(?:[ \t]+[KMGkmg]i?[Bb]\b)?|\S|$)"
)


class _WrongBudget(Exception):
    """What is wrong, at an offset in the source."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a comment limits: a function, or the file."""

    function: str | None = None
    line: int | None = None


def read_comments(path: str, text: bytes, is_program: bool) -> tuple[list[Budget], list[str]]:
    """The budgets in a file that compiles, and what is wrong with others, as FILE:LINE:COLUMN: MESSAGE."""
    if b"@budget" not in text:
        return [], []
    source = Source.from_bytes(path, text, is_file=True)
    reader = _Reader(source, path, is_program)
    budgets: list[Budget] = []
    errors = []
    for offset, comment in reader.comments():
        try:
            budgets += reader.budgets(offset, comment)
        except _WrongBudget as error:
            line, column = source.line_column(error.offset)
            errors.append(f"{path}:{line}:{column}: {error.message}")
    return budgets, errors


@dataclass(frozen=True, slots=True)
class _Functions:
    """The names of the functions that begin on a line; `outermost` lacks those inside of another that begins there."""

    all: list[str]
    outermost: list[str]


class _Reader:
    def __init__(self, source: Source, path: str, is_program: bool) -> None:
        self._source = source
        self._path = path
        self._is_program = is_program
        self._lexer = load_parser().lexer
        self._tokens = self._lexer.tokens(source)
        main = compile_chunk(
            source.text.encode("latin-1"), b"@" + path.encode("utf-8", "surrogateescape"), is_file=True
        )
        self._functions = _functions_by_line(main)

    def comments(self) -> Iterator[tuple[int, str]]:
        """The comments that are meant as budgets, with their offsets."""
        for offset, comment in self._lexer.comments(self._source, self._tokens):
            if _MARK.match(comment):
                yield offset, comment

    def budgets(self, offset: int, comment: str) -> list[Budget]:
        """The budgets of a comment. Raises _WrongBudget."""
        mark = _MARK.match(comment)
        assert mark is not None
        if mark["dashes"] != "---":
            raise _WrongBudget("a budget begins with three dashes: ---@budget", offset)
        line, column = self._source.line_column(offset)
        subject = self._subject(offset)
        limits = _limits(comment, offset, mark.end(), self._is_program and subject.function is None)
        origin = f"{self._path}:{line}:{column}"
        return [Budget(self._path, figure, limit, origin, subject.function, subject.line) for figure, limit in limits]

    def _subject(self, offset: int) -> _Subject:
        line, column = self._source.line_column(offset)
        if self._source.line_text(line)[: column - 1].strip():
            raise _WrongBudget("a budget stands on a line of its own", offset)
        next_token = bisect_right(self._tokens.ends, offset)
        next_line = self._source.line(self._tokens.start(next_token))
        between = range(line + 1, next_line)
        if all(self._source.line_text(number).strip() for number in between):
            functions = self._functions.get(next_line, _Functions([], []))
            if len(functions.outermost) > 1 or len(set(functions.all)) < len(functions.all):
                raise _WrongBudget(
                    f"{len(functions.all)} functions begin on line {next_line}: give each a line of its own", offset
                )
            if functions.outermost:
                return _Subject(functions.outermost[0], next_line)
        if next_token == 0:
            return _Subject()
        raise _WrongBudget("a budget stands directly above a function, or at the top of the file", offset)


def _functions_by_line(main: Proto) -> dict[int, _Functions]:
    found: dict[int, _Functions] = {}

    def visit(proto: Proto, line: int) -> None:
        for nested in proto.protos:
            name = (nested.name or b"anonymous").decode("utf-8", "replace")
            functions = found.setdefault(nested.first_line, _Functions([], []))
            functions.all.append(name)
            if nested.first_line != line:
                functions.outermost.append(name)
            visit(nested, nested.first_line)

    visit(main, 0)
    return found


def _limits(comment: str, offset: int, begin: int, of_program: bool) -> Iterator[tuple[str, int]]:
    """Reads `FIGURE <= AMOUNT, ...` up to the comment's end or ` -- `."""
    pieces = _pieces(comment, offset, begin)
    while True:
        figure, place = next(pieces)
        if not is_known(figure, of_program):
            raise _WrongBudget(unknown_figure(figure, of_program), place)
        operator, place = next(pieces)
        if operator != "<=":
            raise _WrongBudget(f"expected '<=', found {_found(operator)}", place)
        amount, place = next(pieces)
        try:
            yield figure, parse_amount(amount, figure)
        except ValueError as error:
            raise _WrongBudget(str(error), place) from error
        separator, place = next(pieces)
        if separator in ("", "--"):
            return
        if separator != ",":
            raise _WrongBudget(f"expected ',' or the end of the comment, found {_found(separator)}", place)


def _pieces(comment: str, offset: int, begin: int) -> Iterator[tuple[str, int]]:
    while True:
        match = _PIECE.match(comment, begin)
        assert match is not None  # the end matches too
        yield match["text"], offset + match.start("text")
        begin = match.end()


def _found(text: str) -> str:
    return f"'{text}'" if text else "the end of the comment"
