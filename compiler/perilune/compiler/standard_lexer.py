"""Reads the tokens of Lua 5.1, 5.2 and 5.3, each as its own `llex.c` does, errors in its words included.

The compiler's lexer is of Lua 5.4 alone; this one serves `perilune check --std`, which is about programs for others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NAME, NUMBER, STRING, END = "<name>", "<number>", "<string>", "<eof>"

_KEYWORDS = [
    "and",
    "break",
    "do",
    "else",
    "elseif",
    "end",
    "false",
    "for",
    "function",
    "if",
    "in",
    "local",
    "nil",
    "not",
    "or",
    "repeat",
    "return",
    "then",
    "true",
    "until",
    "while",
]
_DECIMAL = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NEW_HEXADECIMAL = r"0[xX](?:[0-9A-Fa-f]+\.?[0-9A-Fa-f]*|\.[0-9A-Fa-f]+)(?:[pP][+-]?[0-9]+)?"
_OLD_HEXADECIMAL = r"0[xX][0-9A-Fa-f]+(?:[pP][0-9]+)?"
_OLD_COLLECTED = re.compile(r"[0-9.]+(?:[eE][+-]?)?[A-Za-z0-9_]*")
_LUAJIT_ENDINGS = r"(?:[uU]?[lL][lL]|[iI])?"
_SPACE = " \t\n\r\v\f"
_LINE_ENDS = "\n\r"
_LONGEST_ESCAPE = 3  # decimal digits
_LARGEST_BYTE = 255


@dataclass(frozen=True)
class Standard:
    """A version of Lua: what its lexer and its parser know."""

    name: str
    has_goto: bool
    has_integers: bool
    old_lexer: bool
    is_luajit: bool = False

    @property
    def is_old(self) -> bool:
        """Whether its grammar is that of 5.1."""
        return not self.has_goto


STANDARDS = {
    standard.name: standard
    for standard in (
        Standard("5.1", has_goto=False, has_integers=False, old_lexer=True),
        Standard("5.2", has_goto=True, has_integers=False, old_lexer=False),
        Standard("5.3", has_goto=True, has_integers=True, old_lexer=False),
        Standard("luajit", has_goto=True, has_integers=False, old_lexer=False, is_luajit=True),
    )
}


class StandardError(Exception):
    """A static error: its message, the line that the reference implementation names, and where in the text it is."""

    def __init__(self, message: str, line: int, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its type, which is its text but for names, numbers and strings, and where it stands."""

    type: str
    text: str
    offset: int


class StandardLexer:
    """The text and how far it is read. `line` is that of the last token's end, as messages name it."""

    def __init__(self, text: str, begin: int, standard: Standard) -> None:
        self.text = text
        self.offset = begin
        self.standard = standard
        self.line = 1
        self._keywords = {*_KEYWORDS, *(["goto"] if standard.has_goto and not standard.is_luajit else [])}
        symbols = ["...", "..", "==", "<=", ">=", "~="]
        symbols += ["::"] if standard.has_goto else []
        symbols += ["//", "<<", ">>"] if standard.has_integers else []
        self._symbols = symbols
        hexadecimal = _OLD_HEXADECIMAL if standard.old_lexer else _NEW_HEXADECIMAL
        ending = _LUAJIT_ENDINGS if standard.is_luajit else ""
        binary = r"|0[bB][01]+" if standard.is_luajit else ""
        self._number = re.compile(f"(?:{_DECIMAL}|{hexadecimal}{binary}){ending}")

    def next(self) -> Token:
        """The next token."""
        text = self.text
        while True:
            start = self.offset
            if start >= len(text):
                return Token(END, "", start)
            char = text[start]
            if char in _LINE_ENDS:
                self._end_line()
            elif char in _SPACE:
                self.offset += 1
            elif text.startswith("--", start):
                self.offset += 2
                self._comment()
            else:
                return self._token(char, start)

    def error(self, message: str, near: str | None = None) -> StandardError:
        """An error here; `near` is the text that it names."""
        return StandardError(message + ("" if near is None else f" near {near}"), self.line, self.offset)

    def described(self, token: Token) -> str:
        """A token as messages name it."""
        if token.type in (NAME, NUMBER, STRING):
            return f"'{token.text}'"
        if token.type == END:
            return f"'{END}'" if self.standard.old_lexer else END
        return self.quoted(token.type)

    def quoted(self, type: str) -> str:
        """A type of token as messages name it."""
        if type in (NAME, NUMBER, STRING, END):
            return f"'{type}'" if self.standard.old_lexer else type
        code = ord(type) if len(type) == 1 else 0
        if self.standard.old_lexer:
            return f"'char({code})'" if len(type) == 1 and (code < 32 or code == 127) else f"'{type}'"
        if len(type) == 1 and not 32 <= code < 127:
            return f"'<\\{code}>'" if self.standard.has_integers else f"char({code})"
        return f"'{type}'"

    def _current(self) -> str:
        return self.text[self.offset : self.offset + 1]

    def _end_line(self) -> None:
        pair = self.text[self.offset : self.offset + 2]
        self.offset += 2 if pair in ("\r\n", "\n\r") else 1
        self.line += 1

    def _token(self, char: str, start: int) -> Token:
        text = self.text
        if (char.isascii() and (char.isalpha() or char == "_")) or (self.standard.is_luajit and not char.isascii()):
            end = start + 1
            while end < len(text) and self._is_word(text[end]):
                end += 1
            self.offset = end
            word = text[start:end]
            return Token(word if word in self._keywords else NAME, word, start)
        if (char.isascii() and char.isdigit()) or (char == "." and text[start + 1 : start + 2].isdecimal()):
            return self._numeral(start)
        if char in "\"'":
            return self._string(char, start)
        if char == "[":
            level = self._level()
            if level >= 0:
                self._long_string(level, "string")
                return Token(STRING, text[start : self.offset], start)
            if level < -1:
                raise self.error("invalid long string delimiter", f"'{text[start : self.offset]}'")
            return Token("[", "[", start)
        for symbol in self._symbols:
            if text.startswith(symbol, start):
                self.offset += len(symbol)
                return Token(symbol, symbol, start)
        self.offset += 1
        return Token(char, char, start)

    def _is_word(self, char: str) -> bool:
        return (char.isascii() and (char.isalnum() or char == "_")) or (self.standard.is_luajit and not char.isascii())

    def _numeral(self, start: int) -> Token:
        text = self.text
        if self.standard.old_lexer:
            match = _OLD_COLLECTED.match(text, start)
            end = match.end() if match is not None else start + 1
        else:
            end = start + 1
            exponent = "eE"
            if text[start] == "0" and text[end : end + 1] in ("x", "X"):
                exponent, end = "pP", end + 1
            while end < len(text):
                if text[end] in exponent:
                    end += 1
                    end += text[end : end + 1] in ("+", "-")
                    char = text[end : end + 1]
                else:
                    char = text[end]
                if char and self._belongs(char):
                    end += 1
                elif text[end - 1] not in exponent + "+-" or not char or char not in exponent:
                    break
        self.offset = end
        if not self._number.fullmatch(text, start, end):
            self.offset = start
            raise self.error("malformed number", f"'{text[start:end]}'")
        return Token(NUMBER, text[start:end], start)

    def _belongs(self, char: str) -> bool:
        if self.standard.is_luajit:
            return self._is_word(char) or char == "."
        return char in "0123456789abcdefABCDEF."

    def _level(self) -> int:
        """The number of `=` in an opening bracket, which is passed; -1 if it is a bracket alone, less if it is broken."""
        match = re.compile(r"\[(=*)(\[?)").match(self.text, self.offset)
        assert match is not None
        if match[2]:
            self.offset = match.end()
            return len(match[1])
        self.offset += 1 + len(match[1])
        return -1 - len(match[1])

    def _comment(self) -> None:
        if self._current() == "[":
            level = self._level()
            if level >= 0:
                self._long_string(level, "comment")
                return
        while self.offset < len(self.text) and self.text[self.offset] not in _LINE_ENDS:
            self.offset += 1

    def _long_string(self, level: int, what: str) -> None:
        close = "]" + "=" * level + "]"
        first = self.line
        while self.offset < len(self.text):
            char = self.text[self.offset]
            if char in _LINE_ENDS:
                self._end_line()
            elif self.text.startswith(close, self.offset):
                self.offset += len(close)
                return
            elif self.standard.old_lexer and level == 0 and self.text.startswith("[[", self.offset):
                raise self.error("nesting of [[...]] is deprecated", "'['")
            else:
                self.offset += 1
        began = f" (starting at line {first})" if self.standard.has_integers else ""
        raise self.error(f"unfinished long {what}{began}", self.described(Token(END, "", self.offset)))

    def _string(self, quote: str, start: int) -> Token:
        text = self.text
        read = [quote]  # as the reference implementation keeps it, for its messages
        self.offset += 1
        while True:
            char = self._current()
            if not char:
                raise self.error("unfinished string", self.described(Token(END, "", self.offset)))
            if char in _LINE_ENDS:
                raise self.error("unfinished string", f"'{''.join(read)}'")
            if char == quote:
                self.offset += 1
                return Token(STRING, "".join([*read, quote]), start)
            self.offset += 1
            if char != "\\":
                read.append(char)
            elif self._current() in _LINE_ENDS and self._current():
                self._end_line()
                read.append("\n")
            elif self._current():
                read.append(self._escape(text, read))

    def _escape(self, text: str, read: list[str]) -> str:
        char = text[self.offset]
        if char.isascii() and char.isdigit():
            return self._decimal_escape(text, read)
        if self.standard.old_lexer:
            self.offset += 1
            return {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}.get(char, char)
        if char == "x":
            self.offset += 1
            for count in range(2):
                digit = self._current()
                if not digit or digit not in "0123456789abcdefABCDEF":
                    raise self._escape_error(
                        "hexadecimal digit expected", read, "x" + text[self.offset - count : self.offset]
                    )
                self.offset += 1
            return chr(int(text[self.offset - 2 : self.offset], 16))
        if char == "z":
            self.offset += 1
            while (blank := self._current()) and blank in _SPACE:
                if blank in _LINE_ENDS:
                    self._end_line()
                else:
                    self.offset += 1
            return ""
        if char == "u" and (self.standard.has_integers or self.standard.is_luajit):
            return self._unicode_escape(read)
        known = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
        if char in known or char in "\\\"'":
            self.offset += 1
            return known.get(char, char)
        raise self._escape_error("invalid escape sequence", read, "")

    def _decimal_escape(self, text: str, read: list[str]) -> str:
        start = self.offset
        while self.offset < start + _LONGEST_ESCAPE and self._current().isdecimal() and self._current():
            self.offset += 1
        digits = text[start : self.offset]
        if int(digits) > _LARGEST_BYTE:
            if self.standard.old_lexer:
                raise self.error("escape sequence too large", f"'{''.join(read)}'")
            raise self._escape_error("decimal escape too large", read, digits, has_next=self.standard.has_integers)
        return chr(int(digits))

    def _unicode_escape(self, read: list[str]) -> str:
        begin = self.offset
        self.offset += 1
        if self._current() != "{":
            raise self._escape_error("missing '{'", read, self.text[begin : self.offset])
        self.offset += 1
        digits = ""
        while self._current() and self._current() in "0123456789abcdefABCDEF":
            digits += self._current()
            if int(digits, 16) > 0x10FFFF:
                raise self._escape_error("UTF-8 value too large", read, self.text[begin : self.offset])
            self.offset += 1
        if not digits:
            raise self._escape_error("hexadecimal digit expected", read, self.text[begin : self.offset])
        if self._current() != "}":
            raise self._escape_error("missing '}'", read, self.text[begin : self.offset])
        self.offset += 1
        return ""

    def _escape_error(self, message: str, read: list[str], escape: str, has_next: bool = True) -> StandardError:
        """The error about an escape; 5.3 names the string as far as it is read, 5.2 the escape alone."""
        before = "".join(read) if self.standard.has_integers else ""
        current = self._current() if has_next else ""
        return self.error(message, f"'{before}\\{escape}{current}'")
