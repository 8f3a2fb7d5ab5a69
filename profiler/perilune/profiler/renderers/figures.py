"""Numbers and text for a report of fixed width: short counts, sizes and times, and text cut to columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

LEAST_ERROR = 0.0005
"""An error below it would be written as 0.0 points."""

_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029"
    r"\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # what turns the direction of writing would turn the figures beside it
)


def count_text(count: int, exact: bool = False) -> str:
    """`9,512`, `12.3K`, `4.56M`; with `exact` always all digits."""
    if exact or count < 10_000:
        return f"{count:,}"
    return _scaled(count, ("", "K", "M", "G", "T", "P", "E"))


def bytes_text(size: int) -> str:
    """`512 B`, `12.3 kB`; a kB is 1,000 bytes."""
    return f"{size} B" if size < 1000 else _scaled(size, ("B", " kB", " MB", " GB", " TB", " PB"))


def time_text(ns: int | None) -> str:
    """`850 ns`, `12.3 ms`, `4.56 s`; nothing where no time was taken."""
    if ns is None:
        return ""
    return (
        f"{ns} ns" if ns < 1000 else _scaled(ns, (" ns", " µs", " ms", " s")) if ns < 10**12 else f"{ns / 1e9:,.0f} s"
    )


def share_text(share: float | None) -> str:
    """`12.3%`."""
    return "" if share is None else f"{100 * share:.1f}%"


def points_text(error: float | None) -> str:
    """The error of a share in percentage points, `2.9`, and never `0.0`; nothing where the share has none."""
    if not error:
        return ""
    return "<0.1" if error < LEAST_ERROR else f"{100 * error:.1f}"


def cost_text(ratio: float) -> str:
    """What profiling cost; a run does not get faster by it, so that a ratio below 1 is noise."""
    return f"cost {ratio:.2f}× the run without it" if round(ratio, 2) > 1 else "no measurable cost"


def plural(count: int, noun: str, exact: bool = False) -> str:
    """`1 line`, `2 lines`."""
    return f"{count_text(count, exact)} {noun}{'' if count == 1 else 's'}"


def _scaled(number: int, units: Sequence[str]) -> str:
    """The number with three significant digits and the unit for its power of a thousand."""
    scaled = float(number)
    power = 0
    while scaled >= 999.5 and power < len(units) - 1:
        scaled /= 1000
        power += 1
    decimals = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    return f"{scaled:.{decimals}f}{units[power]}"


def cell_width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def cut(text: str, width: int) -> str:
    """The text, shortened to `width` columns with an ellipsis where it is wider."""
    if cell_width(text) <= width:
        return text
    kept = ""
    for char in text:
        if cell_width(kept + char) >= width:
            break
        kept += char
    return kept + "…"


def cut_left(text: str, width: int) -> str:
    """The text, shortened at its beginning."""
    return text if cell_width(text) <= width else cut(text[::-1], width)[::-1]


def printable(text: str) -> str:
    """One line of text in which nothing acts on the terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\t", "  "))
