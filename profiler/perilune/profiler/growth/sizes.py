"""The sizes that a program is run at: `n=1000,2000,4000`, and how a size stands in a text: `{n}`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from perilune.profiler.growth.model import LEAST_SIZES

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_LARGEST = 1 << 53
_MOST = 64

DEFAULT_NAME = "n"


class WrongSizes(ValueError):
    """What was to be read as sizes is something else; the message says what is expected."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The name of what grows, and its values, ascending; None where they are to be chosen."""

    name: str = DEFAULT_NAME
    values: tuple[int, ...] | None = None

    @classmethod
    def parse(cls, text: str) -> Sizes:
        """Reads `n=1000,2000,4000`, or `n` alone. Raises WrongSizes."""
        name, equals, rest = text.partition("=")
        name = name.strip()
        if not _NAME.fullmatch(name):
            raise WrongSizes(f"'{text}' is not NAME=SIZE,SIZE,..., as in n=1000,2000,4000,8000")
        if not equals:
            return cls(name)
        values = tuple(_size(word.strip()) for word in rest.split(","))
        return cls(name, ascending(values))

    def put(self, size: int, text: str) -> str:
        """The text with a size in place of the name in braces."""
        return text.replace(f"{{{self.name}}}", str(size))

    def is_in(self, texts: Iterable[str]) -> bool:
        """Whether one of the texts has the name in braces."""
        return any(f"{{{self.name}}}" in text for text in texts)


def ascending(values: tuple[int, ...]) -> tuple[int, ...]:
    """The values, which must be enough, and grow. Raises WrongSizes."""
    for before, after in pairwise(values):
        if after <= before:
            raise WrongSizes(f"the sizes do not grow: {after} stands behind {before}")
    if len(values) < LEAST_SIZES:
        raise WrongSizes(f"{len(values)} sizes say nothing about growth: give {LEAST_SIZES} or more")
    if len(values) > _MOST:
        raise WrongSizes(f"{len(values)} sizes are too many: give {_MOST} or fewer")
    return values


def _size(word: str) -> int:
    digits = word.replace("_", "")
    try:
        size = int(digits) if digits.isdecimal() else float(digits)
    except ValueError:
        size = 0
    if not 1 <= size <= _LARGEST or size != int(size):
        raise WrongSizes(f"'{word}' is not a size: a whole number from 1 on, such as 1000 or 1e6")
    return int(size)
