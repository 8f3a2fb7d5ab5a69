"""Raw figures from another process: reads what `vm/core/host/raw_bytes.c` writes, the letters are explained in its header."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

_DEEPEST = 64


class RawBytesError(Exception):
    """The bytes end too early, or are none of ours: whoever sent them has ended, or is another program."""


def read_raw(stream: BinaryIO) -> Any:
    """The next value: a dict, a list, a tuple, a number, a str, bytes or None. Raises RawBytesError."""
    value = _value(stream, 0)
    if value is _END:
        raise RawBytesError("an end without a beginning")
    return value


_END = object()


def _value(stream: BinaryIO, depth: int) -> Any:
    letter = _bytes(stream, 1)
    if letter == b"e":
        return _END
    if letter == b"n":
        return None
    if letter in _NUMBERS:
        return _NUMBERS[letter].unpack(_bytes(stream, 8))[0]
    if letter in b"tb":
        content = _bytes(stream, _NUMBERS[b"u"].unpack(_bytes(stream, 8))[0])
        return content if letter == b"b" else content.decode("utf-8", "replace")
    if letter not in b"mlr" or depth == _DEEPEST:
        raise RawBytesError(f"no value begins with {letter!r}")
    values = []
    while (value := _value(stream, depth + 1)) is not _END:
        values.append(value)
    if letter == b"m":
        return dict(zip(values[::2], values[1::2], strict=True))
    return values if letter == b"l" else tuple(values)


_NUMBERS = {b"u": struct.Struct("=Q"), b"i": struct.Struct("=q"), b"d": struct.Struct("=d")}


def _bytes(stream: BinaryIO, length: int) -> bytes:
    content = stream.read(length)
    if len(content) < length:
        raise RawBytesError("the rest is missing")
    return content
