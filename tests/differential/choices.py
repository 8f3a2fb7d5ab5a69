"""Random choices for generators of Lua text: each is drawn from hypothesis, so that what they lead to can shrink."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


@cache
def _below(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


class Choices:
    """Draws. Whatever shrinks becomes the first of its options."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw

    def below(self, count: int) -> int:
        """A number from 0 up to but without `count`."""
        number: int = self._draw(_below(count))
        return number

    def between(self, least: int, most: int) -> int:
        return least + self.below(most - least + 1)

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases; shrinks to False."""
        return self.below(100) >= 100 - percent

    def some(self, least: int, most: int, make: Callable[[], T]) -> list[T]:
        """Between `least` and `most` of what `make` makes."""
        return [make() for _ in range(self.between(least, most))]
