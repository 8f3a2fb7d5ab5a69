"""The syntax tree of Lua 5.4: one slotted class per construct, each with its exact source range.

Source text is handled as latin-1 decoded bytes, so every offset counts bytes.
`start` is the offset of the node's first byte, keyword or bracket included; `end` is the offset behind its last.
Children that may be absent are None; sequences are lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from perilune.compiler.records import record

if TYPE_CHECKING:
    from dataclasses import dataclass

    from perilune.compiler.symbols import FunctionScope, LabelSymbol, Reference, Variable
else:

    def dataclass(*, slots, eq):
        """What type checkers take for a dataclass is made by `record`."""
        return record


@dataclass(slots=True, eq=False)
class Node:
    """Anything with a place in the source."""

    start: int
    end: int


class Statement(Node):
    """A node that can stand in a block."""

    __slots__ = ()


class Expression(Node):
    """A node that yields values."""

    __slots__ = ()


# --- names that are declared, not evaluated


@dataclass(slots=True, eq=False)
class Identifier(Node):
    """A name where it is declared or used as a key: parameter, loop variable, field, method, label, attribute."""

    name: str
    variable: Variable | None = None  # set by the resolver where the name declares a local variable


@dataclass(slots=True, eq=False)
class AttributedName(Node):
    """`x <const>` in a local statement."""

    identifier: Identifier
    attribute: Identifier | None


# --- expressions


@dataclass(slots=True, eq=False)
class Nil(Expression):
    pass


@dataclass(slots=True, eq=False)
class TrueLiteral(Expression):
    pass


@dataclass(slots=True, eq=False)
class FalseLiteral(Expression):
    pass


@dataclass(slots=True, eq=False)
class Number(Expression):
    value: int | float  # an int is a Lua integer, already wrapped to 64 bits


@dataclass(slots=True, eq=False)
class String(Expression):
    value: bytes  # after escapes


@dataclass(slots=True, eq=False)
class Vararg(Expression):
    pass


@dataclass(slots=True, eq=False)
class Name(Expression):
    """A variable used in an expression or as an assignment's target."""

    name: str
    reference: Reference | None = None  # set by the resolver


@dataclass(slots=True, eq=False)
class Field(Expression):
    """`object.key`"""

    object: Expression
    key: Identifier


@dataclass(slots=True, eq=False)
class Index(Expression):
    """`object[key]`"""

    object: Expression
    key: Expression


@dataclass(slots=True, eq=False)
class Call(Expression):
    """`function(arguments)`; `open` is the offset of `(`, `{` or the string that begins the arguments."""

    function: Expression
    arguments: list[Expression]
    open: int


@dataclass(slots=True, eq=False)
class MethodCall(Expression):
    """`object:method(arguments)`"""

    object: Expression
    method: Identifier
    arguments: list[Expression]
    open: int


@dataclass(slots=True, eq=False)
class Parenthesis(Expression):
    """`(expression)`: cuts a call or `...` to one value."""

    expression: Expression


@dataclass(slots=True, eq=False)
class Binary(Expression):
    """Arithmetic, bitwise, comparison, concatenation, `and`, `or`; `operator_start` is the operator's offset."""

    operator: str
    left: Expression
    right: Expression
    operator_start: int


@dataclass(slots=True, eq=False)
class Unary(Expression):
    """`-x`, `not x`, `#x`, `~x`; the operator stands at `start`."""

    operator: str
    operand: Expression


@dataclass(slots=True, eq=False)
class PositionalItem(Node):
    value: Expression


@dataclass(slots=True, eq=False)
class NamedItem(Node):
    key: Identifier
    value: Expression


@dataclass(slots=True, eq=False)
class KeyedItem(Node):
    key: Expression
    value: Expression


Item = PositionalItem | NamedItem | KeyedItem


@dataclass(slots=True, eq=False)
class Table(Expression):
    items: list[Item]


@dataclass(slots=True, eq=False)
class Function(Expression):
    """A function body; `start` is the keyword `function` (of a `local function` too), `end` is behind its `end`.

    For `function o:m()` the implicit `self` is not in `parameters`: `is_method` says so.
    """

    parameters: list[Identifier]
    vararg: Vararg | None
    body: Block
    is_method: bool = False
    scope: FunctionScope | None = None  # set by the resolver


# --- statements


@dataclass(slots=True, eq=False)
class Block(Node):
    statements: list[Statement]


@dataclass(slots=True, eq=False)
class LocalStatement(Statement):
    names: list[AttributedName]
    values: list[Expression]


@dataclass(slots=True, eq=False)
class Assignment(Statement):
    targets: list[Expression]  # Name, Field or Index
    values: list[Expression]


@dataclass(slots=True, eq=False)
class CallStatement(Statement):
    call: Call | MethodCall


@dataclass(slots=True, eq=False)
class Do(Statement):
    body: Block


@dataclass(slots=True, eq=False)
class While(Statement):
    condition: Expression
    body: Block


@dataclass(slots=True, eq=False)
class Repeat(Statement):
    body: Block
    condition: Expression  # sees the body's locals


@dataclass(slots=True, eq=False)
class Clause(Node):
    """`if`/`elseif` condition with its block; `start` is the keyword."""

    condition: Expression
    body: Block


@dataclass(slots=True, eq=False)
class If(Statement):
    clauses: list[Clause]
    otherwise: Block | None


@dataclass(slots=True, eq=False)
class NumericFor(Statement):
    variable: Identifier
    first: Expression
    limit: Expression
    step: Expression | None
    body: Block


@dataclass(slots=True, eq=False)
class GenericFor(Statement):
    variables: list[Identifier]
    values: list[Expression]
    body: Block


@dataclass(slots=True, eq=False)
class FunctionStatement(Statement):
    """`function a.b:c() end`; `target` is the Name or Field assigned to (the method name is its last key)."""

    target: Name | Field
    function: Function


@dataclass(slots=True, eq=False)
class LocalFunction(Statement):
    identifier: Identifier
    function: Function


@dataclass(slots=True, eq=False)
class Return(Statement):
    values: list[Expression]


@dataclass(slots=True, eq=False)
class Break(Statement):
    pass


@dataclass(slots=True, eq=False)
class Goto(Statement):
    label: Identifier
    target: LabelSymbol | None = None  # set by the resolver


@dataclass(slots=True, eq=False)
class Label(Statement):
    label: Identifier


@dataclass(slots=True, eq=False)
class ErrorStatement(Statement):
    """What tolerant parsing could not read: the pieces it had, so that the editor still sees them."""

    pieces: list[Node]


@dataclass(slots=True, eq=False)
class Chunk(Node):
    """A whole file: its block, and the main function's scope once resolved."""

    body: Block
    scope: FunctionScope | None = None


def children(node: Node) -> Iterator[Node]:
    """The nodes that a node's fields hold, in the order of the fields."""
    for name in type(node).__match_args__:
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif value.__class__ is list:
            yield from value
