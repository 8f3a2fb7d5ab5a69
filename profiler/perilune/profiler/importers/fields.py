"""What importers share: numbers and places read from files that anybody may have written."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from perilune.profiler.exporters.stacks import UNKNOWN, Frame
from perilune.profiler.model import ProfileFormatError

LARGEST = 1 << 53
"""Of a single figure; sums stay within what JSON's readers take."""

_LAST_LINE = 1 << 31
_DIGITS = re.compile(r"\d{1,20}", re.ASCII)

NS_PER_UNIT = {
    "ns": 1,
    "nanoseconds": 1,
    "nanosecond": 1,
    "us": 1000,
    "µs": 1000,
    "microseconds": 1000,
    "ms": 1_000_000,
    "milliseconds": 1_000_000,
    "s": 1_000_000_000,
    "seconds": 1_000_000_000,
}
"""Nanoseconds of the units that files name."""

_NAMED_PLACE = re.compile(r"(?P<name>.*?) \((?P<path>.+?)(?::(?P<line>\d{1,9}))?\)", re.ASCII | re.DOTALL)
_PLACE = re.compile(r"@?(?P<path>.+):(?P<line>\d{1,9})", re.ASCII | re.DOTALL)


def text_lines(content: bytes) -> Iterator[tuple[int, str]]:
    """(number, text) of every line, from 1, without those that are empty."""
    for number, line in enumerate(content.decode("utf-8", "replace").split("\n"), 1):
        text = line.rstrip("\r")
        if text.strip():
            yield number, text


def expected(place: str, what: str) -> ProfileFormatError:
    """The error that says where in a file something else was expected."""
    return ProfileFormatError(f"{place}: expected {what}")


def count(text: str, place: str, what: str = "a count") -> int:
    """A count as a file writes it."""
    value = int(text) if _DIGITS.fullmatch(text) else -1
    if not 0 <= value <= LARGEST:
        raise expected(place, what)
    return value


def line_number(value: int, place: str) -> int:
    """A line number, or 0 for what stands for none."""
    if value >= _LAST_LINE:
        raise expected(place, "a line number")
    return max(0, value)


def number(value: Any, place: str, least: float = 0.0) -> float:
    """A finite number out of JSON, made to be at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise expected(place, "a number")
    if not (math.isfinite(value) if isinstance(value, float) else True) or abs(value) > LARGEST:
        raise expected(place, "a number within bounds")
    return max(least, float(value)) if value != int(value) else max(least, value)


def index(value: Any, place: str, size: int) -> int:
    """An index into a list."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < size:
        raise expected(place, f"an index below {size}")
    return value


def text(value: Any, place: str) -> str:
    """A string out of JSON."""
    if not isinstance(value, str):
        raise expected(place, "a string")
    return value


def items(value: Any, place: str) -> list[Any]:
    """A list out of JSON."""
    if not isinstance(value, list):
        raise expected(place, "a list")
    return value


def members(value: Any, place: str) -> dict[str, Any]:
    """An object out of JSON."""
    if not isinstance(value, dict):
        raise expected(place, "an object")
    return value


def optional_line(value: Any, place: str) -> int:
    """A line number out of JSON, 0 where there is none."""
    return 0 if value is None else line_number(int(number(value, place)), place)


def frame_of(label: str) -> Frame:
    """The frame that a label names: `name (path:line)`, `path:line`, or what has no place and so is no Lua."""
    named = _NAMED_PLACE.fullmatch(label)
    if named is not None:
        return Frame(named["name"] or UNKNOWN, clean_path(named["path"]), 0, int(named["line"] or 0))
    place = _PLACE.fullmatch(label)
    if place is not None:
        return Frame(UNKNOWN, clean_path(place["path"]), 0, int(place["line"]))
    return Frame(label, None, 0, 0)


def clean_path(path: str) -> str:
    """A path as chunk names and URLs hold it: without `@`, a file's URL as the path that it is."""
    if path.startswith("@"):
        return path[1:]
    if path.startswith("file://"):
        try:
            found = url2pathname(unquote(urlsplit(path).path, errors="surrogateescape"))
        except ValueError:
            return path
        here = os.path.join(os.getcwd(), "")
        return found.removeprefix(here) or path
    return path


class Remainder:
    """Turns amounts that are no whole nanoseconds into such, so that their sum is rounded once."""

    __slots__ = ("_exact", "_given")

    def __init__(self) -> None:
        self._exact = 0.0
        self._given = 0

    def take(self, amount: float) -> int:
        """The next amount in whole nanoseconds."""
        self._exact += amount
        whole = round(self._exact) - self._given
        self._given += whole
        return whole
