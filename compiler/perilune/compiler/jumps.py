"""The labels of a function, and the gotos and breaks that have not met theirs yet.

Everything is found by name or by place, so that a function may have any number of either.
"""

from __future__ import annotations

from typing import Final

from perilune.compiler import nodes
from perilune.compiler.symbols import LabelSymbol, Scope

BREAK: Final = "break"


class Jump:
    """A goto or break whose label has not been seen yet; `active` counts the variables in scope.

    `index` is its place among the jumps that wait; `found` says that it does not any more.
    """

    __slots__ = ("active", "found", "index", "line", "name", "node")

    def __init__(self, node: nodes.Goto | nodes.Break, name: str, line: int, active: int, index: int) -> None:
        self.index = index
        self.found = False
        self.node = node
        self.name = name
        self.line = line
        self.active = active


class Jumps:
    """What one function has of them while it is read. `pending` are the jumps that wait, in their order, and those of
    open scopes whose label has been found.
    """

    __slots__ = ("_gotos", "_labels", "_visible", "pending")

    def __init__(self) -> None:
        self.pending: list[Jump] = []
        self._gotos: dict[str, list[Jump]] = {}  # among the pending, by name
        self._labels: list[LabelSymbol] = []
        self._visible: dict[str, LabelSymbol] = {}

    def enter(self, scope: Scope) -> None:
        """A scope begins."""
        scope._first_goto = len(self.pending)
        scope._first_label = len(self._labels)

    def leave(self, scope: Scope) -> None:
        """A scope ends: its jumps wait on in the one around it, its labels are not seen any more."""
        if self.pending:
            first = scope._first_goto
            left = [jump for jump in self.pending[first:] if not jump.found]
            if scope._is_loop:
                left = [jump for jump in left if jump.name != BREAK]
            for index, jump in enumerate(left, first):
                jump.active = scope._first_active
                jump.index = index
            self.pending[first:] = left
        for symbol in self._labels[scope._first_label :]:
            del self._visible[symbol.name]
        del self._labels[scope._first_label :]

    def visible(self, name: str) -> LabelSymbol | None:
        """The label of that name that a goto would find here."""
        return self._visible.get(name)

    def wait(self, node: nodes.Goto | nodes.Break, name: str, line: int, active: int) -> None:
        """A jump is left for a label, or a loop's end, behind it."""
        jump = Jump(node, name, line, active, len(self.pending))
        self.pending.append(jump)
        if name != BREAK:  # which is no name that a label could have
            self._gotos.setdefault(name, []).append(jump)

    def define(self, symbol: LabelSymbol, scope: Scope) -> list[Jump]:
        """A label is seen in the innermost scope; gives the jumps of that scope that have waited for it."""
        self._labels.append(symbol)
        self._visible[symbol.name] = symbol
        waiting = self._gotos.get(symbol.name, [])
        first = len(waiting)
        while first > 0 and waiting[first - 1].index >= scope._first_goto:
            first -= 1
        met = waiting[first:]
        del waiting[first:]
        for jump in met:
            jump.found = True
        return met
