"""How far two texts, or two lists of lines, are equal: from two places on, and before their ends."""

from __future__ import annotations

from collections.abc import Sequence

_FIRST_STEP = 16


def reach(old: Sequence[str], at: int, new: Sequence[str], place: int, most: int) -> int:
    """How much is equal from two places on, at most so much; quick where that is little."""
    low, step = 0, _FIRST_STEP
    while low < most:
        high = min(most, low + step)
        if old[at + low : at + high] != new[place + low : place + high]:
            break
        low, step = high, step * 4
    high = min(most, low + step)
    while low < high:
        middle = (low + high + 1) // 2
        if old[at + low : at + middle] == new[place + low : place + middle]:
            low = middle
        else:
            high = middle - 1
    return low


def reach_back(old: Sequence[str], new: Sequence[str], most: int) -> int:
    """How much is equal before the ends, at most so much."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]:
            low = middle
        else:
            high = middle - 1
    return low
