"""What all expressions share: constants, operands in slots, keys.

`EXPRESSIONS[type](state, node, slot)` puts a node's single value into a slot. That is either the slot at the top, which
the caller then reserves, or the slot of a local variable that is being assigned; the latter must not change before the
whole value is known. The top is the same before and after. `codegen.py` fills the table with `expressions.GENERATORS`.

An operand that is a local variable is used where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from perilune.compiler.emission import CODE, FunctionState
from perilune.compiler.nodes import (
    Expression,
    FalseLiteral,
    Field,
    Index,
    Name,
    Nil,
    Node,
    Number,
    Parenthesis,
    String,
    TrueLiteral,
)
from perilune.compiler.symbols import LOCAL, NOT_CONSTANT

_MOVE: Final = CODE["MOVE"]
_GETFIELD: Final = CODE["GETFIELD"]
_GETINDEX: Final = CODE["GETINDEX"]

EXPRESSIONS: Final[dict[type[Node], Callable[[FunctionState, Any, int], None]]] = {}

MAX_INDEX: Final = 255
"""Highest constant index of an 8-bit operand."""

_LATE: Final = frozenset({Name, Field, Index, Number, String, Nil, TrueLiteral, FalseLiteral})


def constant_of(state: FunctionState, node: Expression) -> Any:
    """The value of a constant expression, or NOT_CONSTANT."""
    kind = type(node)
    if kind is Number or kind is String:
        return node.value  # type: ignore[attr-defined]
    if kind is Nil:
        return None
    if kind is TrueLiteral:
        return True
    if kind is FalseLiteral:
        return False
    return state.folded.get(node, NOT_CONSTANT)


def operand(state: FunctionState, node: Expression) -> int:
    """The slot of a node's value: the local variable's own, or a new one at the top."""
    if type(node) is Parenthesis:
        node = inside(state, node)
    if type(node) is Name:
        reference = node.reference
        if reference.kind == LOCAL:  # type: ignore[union-attr]
            return reference.variable.slot  # type: ignore[union-attr]
    slot = state.top
    EXPRESSIONS[type(node)](state, node, slot)
    state.top = slot + 1
    if slot >= state.high:
        state.grow(slot + 1, node)
    return slot


def delay(state: FunctionState, node: Expression, offset: int) -> None:
    """Says that the reference reads a variable, field or constant only when it has seen the token at an offset.

    Its error messages and line events then name that token's line.
    """
    if state.lines[node.end - 1] != state.lines[offset] and type(node) in _LATE:
        state.late[node] = offset


def inside(state: FunctionState, node: Expression) -> Expression:
    """What stands in parentheses."""
    while type(node) is Parenthesis:
        delay(state, node.expression, node.end - 1)
        node = node.expression
    return node


def load_constant(state: FunctionState, node: Expression, slot: int, value: object) -> None:
    offset = state.late.pop(node, node.end - 1) if state.late else node.end - 1
    state.load(value, slot, state.place(node.start, node.end, offset))


def move(state: FunctionState, slot: int, source: int, place: int) -> None:
    """s[slot] = s[source], where they differ."""
    if slot != source:
        state.code.append(_MOVE | slot << 8 | source << 16)
        state.word_ranges.append(place)


def push_value(state: FunctionState, node: Expression) -> None:
    slot = state.top
    EXPRESSIONS[type(node)](state, node, slot)
    state.top = slot + 1
    if slot >= state.high:
        state.grow(slot + 1, node)


def index_key(state: FunctionState, node: Expression) -> int:
    """The key index of `x.name` or `x["name"]`, -1 where there is none."""
    if type(node) is Field:
        return state.key(node.key.name)
    if type(node) is Index:
        value = constant_of(state, node.key)
        if type(value) is bytes:
            return state.key(value.decode("latin-1"))
    return -1


def get_field(state: FunctionState, slot: int, source: int, name: str, key: int, place: int, node: Node) -> None:
    if key >= 0:
        state.code += (_GETFIELD | slot << 8 | source << 16, key)
        state.word_ranges += (place, place)
        return
    key_slot = state.push(node)
    state.load(name.encode("latin-1"), key_slot, place)
    state.code.append(_GETINDEX | slot << 8 | source << 16 | key_slot << 24)
    state.word_ranges.append(place)
    state.top -= 1
