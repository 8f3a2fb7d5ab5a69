"""Code for expressions: the generator of every kind of node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from perilune.compiler.calls import chain, name_value, vararg
from perilune.compiler.emission import CODE, FunctionState
from perilune.compiler.nodes import (
    Binary,
    Call,
    FalseLiteral,
    Field,
    Function,
    Index,
    MethodCall,
    Name,
    Nil,
    Node,
    Number,
    Parenthesis,
    String,
    Table,
    TrueLiteral,
    Unary,
    Vararg,
)
from perilune.compiler.operands import EXPRESSIONS, inside, load_constant
from perilune.compiler.operators import binary, unary
from perilune.compiler.tables import table_value

_CLOSURE: Final = CODE["CLOSURE"]


def _literal(state: FunctionState, node: Number | String, slot: int) -> None:
    load_constant(state, node, slot, node.value)


def _nil(state: FunctionState, node: Nil, slot: int) -> None:
    load_constant(state, node, slot, None)


def _true(state: FunctionState, node: TrueLiteral, slot: int) -> None:
    load_constant(state, node, slot, True)


def _false(state: FunctionState, node: FalseLiteral, slot: int) -> None:
    load_constant(state, node, slot, False)


def _parenthesis(state: FunctionState, node: Parenthesis, slot: int) -> None:
    inner = inside(state, node)
    EXPRESSIONS[type(inner)](state, inner, slot)


def _function(state: FunctionState, node: Function, slot: int) -> None:
    name, state.next_name = state.next_name, None
    index = len(state.protos)
    state.protos.append(state.compile_function(node, name))
    if index > 0xFFFF:
        state.fail("function has too many nested functions", node)
    state.code.append(_CLOSURE | slot << 8 | index << 16)
    state.word_ranges.append(state.place(node.start, node.end, node.end - 1))


GENERATORS: Final[dict[type[Node], Callable[[FunctionState, Any, int], None]]] = {
    Nil: _nil,
    TrueLiteral: _true,
    FalseLiteral: _false,
    Number: _literal,
    String: _literal,
    Vararg: vararg,
    Name: name_value,
    Field: chain,
    Index: chain,
    Call: chain,
    MethodCall: chain,
    Parenthesis: _parenthesis,
    Binary: binary,
    Unary: unary,
    Table: table_value,
    Function: _function,
}
