"""The words of an assembly text: its lines as tokens, and what strings, numbers and constants in them mean."""

from __future__ import annotations

import re
from typing import NoReturn

from perilune.compiler.proto import Constant

_MARGIN = re.compile(r"(?:[\s\d,.%]|[nµm]?s\b)*\|")
_TOKEN = re.compile(r'\s+|;.*|(?P<string>"(?:[^"\\]|\\.)*")|(?P<word>[^\s;"]+)|(?P<bad>.)')
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|.)")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9A-Fa-f]+|[0-9]+)")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|inf|nan)")
_LONGEST_INTEGER = 100  # of what fits, with some zeros before it; Python refuses to read the longest ones


class AssemblerError(Exception):
    """What is wrong with an assembly text, at a line and column, both from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"{line}:{column}: {message}")
        self.message = message
        self.line = line
        self.column = column


class Token:
    """A word or a string, quotes included, at a line and column, both from 1."""

    __slots__ = ("column", "is_string", "line", "text")

    def __init__(self, text: str, line: int, column: int, is_string: bool) -> None:
        self.text = text
        self.line = line
        self.column = column
        self.is_string = is_string

    def fail(self, message: str) -> NoReturn:
        """Raises AssemblerError at the token's place."""
        raise AssemblerError(message, self.line, self.column)

    @property
    def end_column(self) -> int:
        """The column behind its last character."""
        return self.column + len(self.text)


def read_lines(text: str) -> list[list[Token]]:
    """The lines that hold something, without margins and comments. Raises AssemblerError for an unfinished string."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        margin = _MARGIN.match(line)
        position = margin.end() if margin else 0
        tokens = []
        while position < len(line):
            match = _TOKEN.match(line, position)
            assert match is not None
            if match["bad"]:
                raise AssemblerError("unfinished string", number, position + 1)
            if match["string"] or match["word"]:
                tokens.append(Token(match[0], number, position + 1, match["string"] is not None))
            position = match.end()
        if tokens:
            found.append(tokens)
    return found


def read_string(token: Token) -> bytes:
    """What a string stands for; raises AssemblerError where the token is none."""
    if not token.is_string:
        token.fail(f"string expected, got '{token.text}'")

    def replace(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) == 3:
            return chr(int(escape[1:], 16))
        if escape not in _ESCAPED:
            token.fail(f"unknown escape '\\{escape}'")
        return _ESCAPED[escape]

    unescaped = _ESCAPE.sub(replace, token.text[1:-1])
    return b"".join(c.encode("latin-1") if ord(c) < 256 else c.encode("utf-8", "surrogateescape") for c in unescaped)


def read_number(token: Token) -> int:
    """The value of an integer; raises AssemblerError where the token is none."""
    if token.is_string or not _INTEGER.fullmatch(token.text):
        token.fail(f"integer expected, got '{token.text}'")
    if len(token.text) > _LONGEST_INTEGER:
        token.fail("integer does not fit 64 bits")
    return int(token.text, 0) if "x" in token.text.lower() else int(token.text)


def read_literal(token: Token) -> Constant:
    """The value of a constant's literal; raises AssemblerError where the token is none."""
    text = token.text
    if token.is_string:
        return read_string(token)
    if text in ("nil", "true", "false"):
        return {"nil": None, "true": True, "false": False}[text]
    if _INTEGER.fullmatch(text):
        value = read_number(token)
        if not -(1 << 63) <= value < 1 << 63:
            token.fail("integer does not fit 64 bits")
        return value
    if _FLOAT.fullmatch(text):
        return float(text)
    token.fail(f"constant expected, got '{text}'")
