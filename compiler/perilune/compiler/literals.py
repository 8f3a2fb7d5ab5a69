"""The values of numbers and strings as they stand in a source."""

from __future__ import annotations

import re
from typing import Final

# Compiled when first needed: most programs are small, and compiling takes longer than reading one.
_ESCAPE: Final = (
    rb"\\(?:(?P<letter>[abfnrtv\"'\\])|(?P<line_end>\n\r?|\r\n?)|(?P<space>z[ \t\n\r\v\f]*)"
    rb"|x(?P<byte>[0-9A-Fa-f]{2})|(?P<decimal>[0-9]{1,3})|u\{(?P<code>[0-9A-Fa-f]+)\})"
)
_LINE_END: Final = rb"\r\n|\n\r|\r"
_HEX_FLOAT: Final = r"0[xX]([0-9A-Fa-f]*)\.?([0-9A-Fa-f]*)(?:[pP]([+-]?[0-9]+))?"
_LETTERS: Final = dict(zip(b"abfnrtv\"'\\", b"\a\b\f\n\r\t\v\"'\\", strict=True))


def number_value(text: str) -> int | float:
    """The value of a numeral: an int within 64 bits, or a float. A decimal integer that overflows is a float."""
    try:
        value = int(text)
    except ValueError:
        if text[:2] in ("0x", "0X"):
            return _hexadecimal(text)
        return float(text)
    # The length first, because Python refuses to convert a very long int to a float by way of a string.
    if value < 1 << 63:
        return value
    return float(text)


def _hexadecimal(text: str) -> int | float:
    match = re.fullmatch(_HEX_FLOAT, text)
    assert match is not None, "the lexer lets only well-formed numerals through"
    whole, fraction, exponent = match.groups()
    if exponent is None and "." not in text:
        value = int(whole, 16) & 0xFFFF_FFFF_FFFF_FFFF
        return value - (1 << 64) if value >> 63 else value
    return _scaled(int(whole + fraction, 16), _exponent(exponent or "0") - 4 * len(fraction))


def _exponent(text: str) -> int:
    digits = text.lstrip("+-").lstrip("0")
    # Python converts no number of arbitrary length, and beyond some length it makes no difference.
    value = int(digits[:18] or "0")
    return -value if text[0] == "-" else value


def _scaled(mantissa: int, exponent: int) -> float:
    """mantissa * 2**exponent, correctly rounded."""
    if mantissa == 0:
        return 0.0
    magnitude = mantissa.bit_length() + exponent
    if magnitude > 1024:
        return float("inf")
    if magnitude < -1075:
        return 0.0
    try:
        # Division of integers rounds correctly, denormal results included.
        return mantissa * (1 << exponent) / 1 if exponent >= 0 else mantissa / (1 << -exponent)
    except OverflowError:
        return float("inf")


def string_value(text: str) -> bytes:
    """The bytes that a string literal stands for; `text` is the literal with its delimiters."""
    if text[0] == "[":
        return _long_string(text)
    data = text[1:-1].encode("latin-1")
    return re.sub(_ESCAPE, _unescape, data) if b"\\" in data else data


def _long_string(text: str) -> bytes:
    level = text.index("[", 1) + 1
    data = text[level:-level].encode("latin-1")
    if b"\r" in data:
        data = re.sub(_LINE_END, b"\n", data)
    return data[1:] if data[:1] == b"\n" else data


def _unescape(match: re.Match[bytes]) -> bytes:
    kind = match.lastgroup
    if kind == "letter":
        return bytes((_LETTERS[match[0][1]],))
    if kind == "decimal":
        return bytes((int(match["decimal"]),))
    if kind == "byte":
        return bytes((int(match["byte"], 16),))
    if kind == "code":
        return utf8(int(match["code"], 16))
    return b"\n" if kind == "line_end" else b""


def utf8(code: int) -> bytes:
    """The UTF-8 form of a code up to 2**31 - 1: the original definition with up to six bytes, surrogates included."""
    if code < 0x80:
        return bytes((code,))
    tail: list[int] = []
    first_limit = 0x3F  # the largest value that fits the first byte so far
    while code > first_limit:
        tail.append(0x80 | (code & 0x3F))
        code >>= 6
        first_limit >>= 1
    return bytes(((~first_limit << 1) & 0xFF | code, *reversed(tail)))
