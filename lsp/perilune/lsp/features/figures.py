"""How figures are written: short where they stand beside code, in full where they are explained."""

from __future__ import annotations

_COUNT_UNITS = (("G", 1e9), ("M", 1e6), ("k", 1e3))
_TIME_UNITS = (("s", 1e9), ("ms", 1e6), ("µs", 1e3))
_SIZE_UNITS = (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))


def percent(share: float) -> str:
    """`41.2%`"""
    return f"{share * 100:.1f}%"


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


def byte_size(size: int) -> str:
    """`1.5 MiB`, `45 bytes`"""
    for unit, scale in _SIZE_UNITS:
        if size >= scale * 0.9995:
            return f"{_three_digits(size / scale)} {unit}"
    return "1 byte" if size == 1 else f"{size} bytes"


def _three_digits(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"
