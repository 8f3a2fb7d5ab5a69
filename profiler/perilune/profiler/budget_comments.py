"""Budgets in the comments of a Lua source: `---@budget instructions <= 12000`.

A comment directly above a function limits that function, one at the top of a file the whole program, or, in a file that
the program loads, that file. Several limits are separated by commas; behind ` -- ` one may say why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from perilune.compiler.chunks import compile_chunk
from perilune.compiler.parser import load_parser
from perilune.compiler.proto import Proto
from perilune.compiler.source import Source, next_token
from perilune.profiler.budgets import Budget, is_known, parse_amount, unknown_figure

_MARK = re.compile(r"(?P<dashes>---?)[ \t]*@budget(?![A-Za-z0-9_])")
_PIECE = re.compile(
    r"""[ \t]*(?P<text><=|,|--|[A-Za-z_][A-Za-z0-9_]*|[0-9][0-9A-Za-z_.]*(?:[ \t]+[KMGkmg]i?[Bb]\b)?
        |[\xc2-\xf4][\x80-\xbf]+|\S|$)""",  # a character of several bytes is one piece
    re.ASCII | re.VERBOSE,
)
_OPENING = frozenset(("function", "if", "do", "repeat"))
_CLOSING = frozenset(("end", "until"))


class _WrongBudget(Exception):
    """What is wrong, at an offset in the source."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit as a comment states it; its amount stands between two offsets."""

    figure: str
    amount: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BudgetComment:
    """A comment that is meant as a budget, between two offsets: of the function that begins on a line, or of the file.

    Where something is `wrong` with it, at an offset, it has no limits.
    """

    start: int
    end: int
    function_line: int | None = None
    limits: tuple[Limit, ...] = ()
    wrong: str = ""
    wrong_at: int = 0


@dataclass(frozen=True, slots=True)
class _Functions:
    """The functions that begin on a line; `outermost` lacks those inside of another that begins there.

    They are known by their names, or, where these do not matter, by their numbers.
    """

    all: list[str]
    outermost: list[str]


@dataclass(frozen=True, slots=True)
class _Place:
    """A line of a source, and the offset of the first token that begins on it."""

    source: Source
    start: int
    line: int


def read_comments(path: str, text: bytes, is_program: bool) -> tuple[list[Budget], list[str]]:
    """The budgets in a file that compiles, and what is wrong with others, as FILE:LINE:COLUMN: MESSAGE."""
    if b"@budget" not in text:
        return [], []
    source = Source.from_bytes(path, text, is_file=True)
    main = compile_chunk(source.text.encode("latin-1"), b"@" + path.encode("utf-8", "surrogateescape"), is_file=True)
    functions = _functions_by_line(main)
    budgets: list[Budget] = []
    errors = []
    for comment in _Reader(source, is_program, lambda place: functions.get(place.line)).comments():
        line, column = source.line_column(comment.wrong_at if comment.wrong else comment.start)
        origin = f"{path}:{line}:{column}"
        if comment.wrong:
            errors.append(f"{origin}: {comment.wrong}")
            continue
        where = comment.function_line
        name = functions[where].outermost[0] if where is not None else None
        budgets += [Budget(path, limit.figure, limit.amount, origin, name, where) for limit in comment.limits]
    return budgets, errors


def find_comments(source: Source, is_program: bool) -> list[BudgetComment]:
    """The comments that are meant as budgets in a source that need not compile."""
    return list(_Reader(source, is_program, _functions_on).comments())


class _Reader:
    def __init__(self, source: Source, is_program: bool, functions_on: Callable[[_Place], _Functions | None]) -> None:
        self._source = source
        self._is_program = is_program
        self._first = next_token(source.text, source.begin)[0]
        self._functions_on = functions_on

    def comments(self) -> Iterator[BudgetComment]:
        """All of them, in order."""
        for offset, comment in load_parser().lexer.comments(self._source):
            mark = _MARK.match(comment)
            if mark is None:
                continue
            end = offset + len(comment)
            try:
                if mark["dashes"] != "---":
                    raise _WrongBudget("a budget begins with three dashes: ---@budget", offset)
                line = self._subject(offset)
                limits = tuple(_limits(comment, offset, mark.end(), self._is_program and line is None))
                yield BudgetComment(offset, end, line, limits)
            except _WrongBudget as error:
                message = error.message.encode("latin-1").decode("utf-8", "replace")
                yield BudgetComment(offset, end, wrong=message, wrong_at=error.offset)

    def _subject(self, offset: int) -> int | None:
        """The line of the function that a comment is above, None for one that is at the top of the file."""
        line, column = self._source.line_column(offset)
        if self._source.line_text(line)[: column - 1].strip():
            raise _WrongBudget("a budget stands on a line of its own", offset)
        start, _ = next_token(self._source.text, offset)
        next_line = self._source.line(start)
        between = range(line + 1, next_line)
        if all(self._source.line_text(number).strip() for number in between):
            functions = self._functions_on(_Place(self._source, start, next_line))
            if functions is not None:
                if len(functions.outermost) > 1 or len(set(functions.all)) < len(functions.all):
                    raise _WrongBudget(
                        f"{len(functions.all)} functions begin on line {next_line}: give each a line of its own", offset
                    )
                if functions.outermost:
                    return next_line
        if offset < self._first:
            return None
        raise _WrongBudget("a budget stands directly above a function, or at the top of the file", offset)


def _functions_on(place: _Place) -> _Functions:
    """The functions that begin on a line, as its tokens show them."""
    source, starts = place.source, place.source.line_starts
    line_end = starts[place.line] if place.line < len(starts) else len(source.text)
    line = Source(source.name, source.text[place.start : line_end])
    functions = _Functions([], [])
    around: list[str] = []
    for index, text in enumerate(load_parser().lexer.tokens(line).texts):
        if text == "function":
            functions.all.append(str(index))
            if text not in around:
                functions.outermost.append(str(index))
        if text in _OPENING:
            around.append(text)
        elif text in _CLOSING and around:
            around.pop()
    return functions


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


def _limits(comment: str, offset: int, begin: int, of_program: bool) -> Iterator[Limit]:
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
            yield Limit(figure, parse_amount(amount, figure), place, place + len(amount))
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
