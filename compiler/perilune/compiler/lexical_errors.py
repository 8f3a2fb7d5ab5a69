"""What is wrong with a text that is no token, in the words of the reference implementation."""

from __future__ import annotations

import re

from perilune.compiler.literals import string_value

# What the reference implementation reads as one numeral, right or wrong.
_NUMERAL = re.compile(
    r"\.?(?:0[xX](?:[pP][+-]?|[0-9A-Fa-f.])*|[0-9](?:[eE][+-]?|[0-9A-Fa-f.])*)[A-Za-z_]?",
)
_PLAIN = re.compile(r"[^\\\n\r\"']+")
_GOOD_ESCAPE = re.compile(
    r"\\(?:[abfnrtv\"'\\]|\n\r?|\r\n?|z[ \t\n\r\v\f]*|x[0-9A-Fa-f]{2}|25[0-5]|2[0-4][0-9]|[01][0-9]{2}"
    r"|[0-9]{1,2}(?![0-9])|u\{0*[0-7]?[0-9A-Fa-f]{1,7}\})"
)
_HEX = "0123456789abcdefABCDEF"
_LARGEST_BEFORE_DIGIT = 0x7FFFFFFF >> 4


class LexicalError:
    """`message` without its `near` part, the text near which it is (None: the end of file), the offset it was found at."""

    __slots__ = ("message", "near", "offset")

    def __init__(self, message: str, near: str | None, offset: int) -> None:
        self.message = message
        self.near = near
        self.offset = offset


def lexical_error(text: str, start: int, line: int) -> LexicalError | None:
    """The error of the bad token at `start` in that line; None for a lone character, which only the grammar rejects."""
    first = text[start]
    if first in "\"'":
        return _string_error(text, start)
    opening = re.compile(r"(--)?\[(=*)(\[?)").match(text, start)
    if opening:
        comment, _, bracket = opening.groups()
        if not bracket:
            return LexicalError("invalid long string delimiter", opening[0], opening.end())
        what = "comment" if comment else "string"
        return LexicalError(f"unfinished long {what} (starting at line {line})", None, len(text))
    numeral = _NUMERAL.match(text, start)
    if numeral:
        return LexicalError("malformed number", numeral[0], numeral.end())
    return None


def _string_error(text: str, start: int) -> LexicalError:
    quote = text[start]
    read = [quote]  # what the reference implementation's buffer holds: escapes already replaced
    at = start + 1
    while at < len(text):
        c = text[at]
        if c in "\n\r":
            return LexicalError("unfinished string", "".join(read), at)
        if c == "\\":
            escape = _GOOD_ESCAPE.match(text, at)
            if not escape:
                if at + 1 == len(text):
                    break
                message, at_fault = _escape_error(text, at)
                # The character at fault is shown too, if there is one.
                return LexicalError(message, "".join(read) + text[at : at_fault + 1], at_fault)
            read.append(string_value(f'"{escape[0]}"').decode("latin-1"))
            at = escape.end()
        else:
            plain = _PLAIN.match(text, at)
            end = plain.end() if plain else at + 1  # the other kind of quote
            read.append(text[at:end])
            at = end
    return LexicalError("unfinished string", None, len(text))


def _escape_error(text: str, at: int) -> tuple[str, int]:
    """The message for the escape sequence at a backslash, and the offset of the character at fault."""

    def is_hex(offset: int) -> bool:
        return text[offset : offset + 1] in _HEX and offset < len(text)

    kind = text[at + 1]
    if kind == "x":
        return "hexadecimal digit expected", at + 3 if is_hex(at + 2) else at + 2
    if kind == "u":
        if text[at + 2 : at + 3] != "{":
            return "missing '{'", at + 2
        if not is_hex(at + 3):
            return "hexadecimal digit expected", at + 3
        end = at + 3
        code = 0
        while is_hex(end):
            if code > _LARGEST_BEFORE_DIGIT:
                return "UTF-8 value too large", end
            code = code << 4 | int(text[end], 16)
            end += 1
        return "missing '}'", end
    if kind in "0123456789":
        return "decimal escape too large", at + 4
    return "invalid escape sequence", at + 1
