"""The stacks of the LALR driver."""

from __future__ import annotations

from typing import Any

from perilune.compiler.grammar import State


class Stacks:
    """States, and for each but the first the value and the start offset of the symbol that led to it."""

    __slots__ = ("starts", "states", "values")

    def __init__(self, first: State) -> None:
        self.states = [first]
        self.values: list[Any] = []
        self.starts: list[int] = []
