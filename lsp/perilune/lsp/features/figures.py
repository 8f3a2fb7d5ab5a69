"""How figures are written: short where they stand beside code, in full where they are explained."""

from __future__ import annotations

_COUNT_UNITS = (("G", 1e9), ("M", 1e6), ("k", 1e3))
_TIME_UNITS = (("s", 1e9), ("ms", 1e6), ("µs", 1e3))
_COARSE_ERROR = 0.005  # from which a decimal of a percentage says nothing


def percent(share: float) -> str:
    """`41.2%`"""
    return f"{share * 100:.1f}%"


def rounded_percent(share: float, error: float | None) -> str:
    """`41%`, as many digits as the error of a sampled share leaves; `41.2%` where it is exact or nearly so."""
    if error is None or error < _COARSE_ERROR:
        return percent(share)
    points = round(share * 100)
    return f"{points}%" if points else "<1%"


def short_count(count: int) -> str:
    """`999`, `1.2k`, `41M`: at most four characters up to 999 G."""
    for unit, size in _COUNT_UNITS:
        if count >= size * 0.9995:
            return f"{_three_digits(count / size)}{unit}"
    return str(count)


def full_count(count: int) -> str:
    """`1,234,567`"""
    return f"{count:,}"


def duration(nanoseconds: int) -> str:
    """`340 ms`, `1.2 s`, `45 ns`"""
    for unit, size in _TIME_UNITS:
        if nanoseconds >= size * 0.9995:
            return f"{_three_digits(nanoseconds / size)} {unit}"
    return f"{nanoseconds} ns"


def _three_digits(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"
