"""The syntax tree of Lua 5.4: one slotted class per construct, each with its exact source range.

Source text is handled as latin-1 decoded bytes, so every offset counts bytes.
`start` is the offset of the node's first byte, keyword or bracket included; `end` is the offset behind its last.
Children that may be absent are None; sequences are lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from perilune.compiler.symbols import FunctionScope, LabelSymbol, Reference, Variable


class Node:
    """Anything with a place in the source."""

    __slots__ = ("end", "start")
    __match_args__: ClassVar[tuple[str, ...]] = ("start", "end")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end


class Statement(Node):
    """A node that can stand in a block."""

    __slots__ = ()


class Expression(Node):
    """A node that yields values."""

    __slots__ = ()


# --- names that are declared, not evaluated


class Identifier(Node):
    """A name where it is declared or used as a key: parameter, loop variable, field, method, label, attribute."""

    __slots__ = ("name", "variable")
    __match_args__ = ("start", "end", "name", "variable")

    def __init__(self, start: int, end: int, name: str, variable: Variable | None = None) -> None:
        self.start = start
        self.end = end
        self.name = name
        self.variable = variable  # set by the resolver where the name declares a local variable


class AttributedName(Node):
    """`x <const>` in a local statement."""

    __slots__ = ("attribute", "identifier")
    __match_args__ = ("start", "end", "identifier", "attribute")

    def __init__(self, start: int, end: int, identifier: Identifier, attribute: Identifier | None) -> None:
        self.start = start
        self.end = end
        self.identifier = identifier
        self.attribute = attribute


# --- expressions


class Nil(Expression):
    __slots__ = ()


class TrueLiteral(Expression):
    __slots__ = ()


class FalseLiteral(Expression):
    __slots__ = ()


class Number(Expression):
    __slots__ = ("value",)
    __match_args__ = ("start", "end", "value")

    def __init__(self, start: int, end: int, value: Any) -> None:
        self.start = start
        self.end = end
        self.value: Any = value  # an int is a Lua integer, already wrapped to 64 bits; or a float


class String(Expression):
    __slots__ = ("value",)
    __match_args__ = ("start", "end", "value")

    def __init__(self, start: int, end: int, value: bytes) -> None:
        self.start = start
        self.end = end
        self.value = value  # after escapes


class Vararg(Expression):
    __slots__ = ()


class Name(Expression):
    """A variable used in an expression or as an assignment's target."""

    __slots__ = ("name", "reference")
    __match_args__ = ("start", "end", "name", "reference")

    def __init__(self, start: int, end: int, name: str, reference: Reference | None = None) -> None:
        self.start = start
        self.end = end
        self.name = name
        self.reference = reference  # set by the resolver


class Field(Expression):
    """`object.key`"""

    __slots__ = ("key", "object")
    __match_args__ = ("start", "end", "object", "key")

    def __init__(self, start: int, end: int, object: Expression, key: Identifier) -> None:
        self.start = start
        self.end = end
        self.object = object
        self.key = key


class Index(Expression):
    """`object[key]`"""

    __slots__ = ("key", "object")
    __match_args__ = ("start", "end", "object", "key")

    def __init__(self, start: int, end: int, object: Expression, key: Expression) -> None:
        self.start = start
        self.end = end
        self.object = object
        self.key = key


class Call(Expression):
    """`function(arguments)`; `open` is the offset of `(`, `{` or the string that begins the arguments."""

    __slots__ = ("arguments", "function", "open")
    __match_args__ = ("start", "end", "function", "arguments", "open")

    def __init__(self, start: int, end: int, function: Expression, arguments: list[Expression], open: int) -> None:
        self.start = start
        self.end = end
        self.function = function
        self.arguments = arguments
        self.open = open


class MethodCall(Expression):
    """`object:method(arguments)`"""

    __slots__ = ("arguments", "method", "object", "open")
    __match_args__ = ("start", "end", "object", "method", "arguments", "open")

    def __init__(
        self, start: int, end: int, object: Expression, method: Identifier, arguments: list[Expression], open: int
    ) -> None:
        self.start = start
        self.end = end
        self.object = object
        self.method = method
        self.arguments = arguments
        self.open = open


class Parenthesis(Expression):
    """`(expression)`: cuts a call or `...` to one value."""

    __slots__ = ("expression",)
    __match_args__ = ("start", "end", "expression")

    def __init__(self, start: int, end: int, expression: Expression) -> None:
        self.start = start
        self.end = end
        self.expression = expression


class Binary(Expression):
    """Arithmetic, bitwise, comparison, concatenation, `and`, `or`; `operator_start` is the operator's offset."""

    __slots__ = ("left", "operator", "operator_start", "right")
    __match_args__ = ("start", "end", "operator", "left", "right", "operator_start")

    def __init__(
        self, start: int, end: int, operator: str, left: Expression, right: Expression, operator_start: int
    ) -> None:
        self.start = start
        self.end = end
        self.operator = operator
        self.left = left
        self.right = right
        self.operator_start = operator_start


class Unary(Expression):
    """`-x`, `not x`, `#x`, `~x`; the operator stands at `start`."""

    __slots__ = ("operand", "operator")
    __match_args__ = ("start", "end", "operator", "operand")

    def __init__(self, start: int, end: int, operator: str, operand: Expression) -> None:
        self.start = start
        self.end = end
        self.operator = operator
        self.operand = operand


class PositionalItem(Node):
    __slots__ = ("value",)
    __match_args__ = ("start", "end", "value")

    def __init__(self, start: int, end: int, value: Expression) -> None:
        self.start = start
        self.end = end
        self.value = value


class NamedItem(Node):
    __slots__ = ("key", "value")
    __match_args__ = ("start", "end", "key", "value")

    def __init__(self, start: int, end: int, key: Identifier, value: Expression) -> None:
        self.start = start
        self.end = end
        self.key = key
        self.value = value


class KeyedItem(Node):
    __slots__ = ("key", "value")
    __match_args__ = ("start", "end", "key", "value")

    def __init__(self, start: int, end: int, key: Expression, value: Expression) -> None:
        self.start = start
        self.end = end
        self.key = key
        self.value = value


Item = PositionalItem | NamedItem | KeyedItem


class Table(Expression):
    __slots__ = ("items",)
    __match_args__ = ("start", "end", "items")

    def __init__(self, start: int, end: int, items: list[Item]) -> None:
        self.start = start
        self.end = end
        self.items = items


class Function(Expression):
    """A function body; `start` is the keyword `function` (of a `local function` too), `end` is behind its `end`.

    For `function o:m()` the implicit `self` is not in `parameters`: `is_method` says so.
    """

    __slots__ = ("body", "is_method", "parameters", "scope", "vararg")
    __match_args__ = ("start", "end", "parameters", "vararg", "body", "is_method", "scope")

    def __init__(
        self,
        start: int,
        end: int,
        parameters: list[Identifier],
        vararg: Vararg | None,
        body: Block,
        is_method: bool = False,
        scope: FunctionScope | None = None,
    ) -> None:
        self.start = start
        self.end = end
        self.parameters = parameters
        self.vararg = vararg
        self.body = body
        self.is_method = is_method
        self.scope = scope  # set by the resolver


# --- statements


class Block(Node):
    __slots__ = ("statements",)
    __match_args__ = ("start", "end", "statements")

    def __init__(self, start: int, end: int, statements: list[Statement]) -> None:
        self.start = start
        self.end = end
        self.statements = statements


class LocalStatement(Statement):
    __slots__ = ("names", "values")
    __match_args__ = ("start", "end", "names", "values")

    def __init__(self, start: int, end: int, names: list[AttributedName], values: list[Expression]) -> None:
        self.start = start
        self.end = end
        self.names = names
        self.values = values


class Assignment(Statement):
    __slots__ = ("targets", "values")
    __match_args__ = ("start", "end", "targets", "values")

    def __init__(self, start: int, end: int, targets: list[Expression], values: list[Expression]) -> None:
        self.start = start
        self.end = end
        self.targets = targets  # Name, Field or Index
        self.values = values


class CallStatement(Statement):
    __slots__ = ("call",)
    __match_args__ = ("start", "end", "call")

    def __init__(self, start: int, end: int, call: Call | MethodCall) -> None:
        self.start = start
        self.end = end
        self.call = call


class Do(Statement):
    __slots__ = ("body",)
    __match_args__ = ("start", "end", "body")

    def __init__(self, start: int, end: int, body: Block) -> None:
        self.start = start
        self.end = end
        self.body = body


class While(Statement):
    __slots__ = ("body", "condition")
    __match_args__ = ("start", "end", "condition", "body")

    def __init__(self, start: int, end: int, condition: Expression, body: Block) -> None:
        self.start = start
        self.end = end
        self.condition = condition
        self.body = body


class Repeat(Statement):
    __slots__ = ("body", "condition")
    __match_args__ = ("start", "end", "body", "condition")

    def __init__(self, start: int, end: int, body: Block, condition: Expression) -> None:
        self.start = start
        self.end = end
        self.body = body
        self.condition = condition  # sees the body's locals


class Clause(Node):
    """`if`/`elseif` condition with its block; `start` is the keyword."""

    __slots__ = ("body", "condition")
    __match_args__ = ("start", "end", "condition", "body")

    def __init__(self, start: int, end: int, condition: Expression, body: Block) -> None:
        self.start = start
        self.end = end
        self.condition = condition
        self.body = body


class If(Statement):
    __slots__ = ("clauses", "otherwise")
    __match_args__ = ("start", "end", "clauses", "otherwise")

    def __init__(self, start: int, end: int, clauses: list[Clause], otherwise: Block | None) -> None:
        self.start = start
        self.end = end
        self.clauses = clauses
        self.otherwise = otherwise


class NumericFor(Statement):
    __slots__ = ("body", "first", "limit", "step", "variable")
    __match_args__ = ("start", "end", "variable", "first", "limit", "step", "body")

    def __init__(
        self,
        start: int,
        end: int,
        variable: Identifier,
        first: Expression,
        limit: Expression,
        step: Expression | None,
        body: Block,
    ) -> None:
        self.start = start
        self.end = end
        self.variable = variable
        self.first = first
        self.limit = limit
        self.step = step
        self.body = body


class GenericFor(Statement):
    __slots__ = ("body", "values", "variables")
    __match_args__ = ("start", "end", "variables", "values", "body")

    def __init__(
        self, start: int, end: int, variables: list[Identifier], values: list[Expression], body: Block
    ) -> None:
        self.start = start
        self.end = end
        self.variables = variables
        self.values = values
        self.body = body


class FunctionStatement(Statement):
    """`function a.b:c() end`; `target` is the Name or Field assigned to (the method name is its last key)."""

    __slots__ = ("function", "target")
    __match_args__ = ("start", "end", "target", "function")

    def __init__(self, start: int, end: int, target: Name | Field, function: Function) -> None:
        self.start = start
        self.end = end
        self.target = target
        self.function = function


class LocalFunction(Statement):
    __slots__ = ("function", "identifier")
    __match_args__ = ("start", "end", "identifier", "function")

    def __init__(self, start: int, end: int, identifier: Identifier, function: Function) -> None:
        self.start = start
        self.end = end
        self.identifier = identifier
        self.function = function


class Return(Statement):
    __slots__ = ("values",)
    __match_args__ = ("start", "end", "values")

    def __init__(self, start: int, end: int, values: list[Expression]) -> None:
        self.start = start
        self.end = end
        self.values = values


class Break(Statement):
    __slots__ = ()


class Goto(Statement):
    __slots__ = ("label", "target")
    __match_args__ = ("start", "end", "label", "target")

    def __init__(self, start: int, end: int, label: Identifier, target: LabelSymbol | None = None) -> None:
        self.start = start
        self.end = end
        self.label = label
        self.target = target  # set by the resolver


class Label(Statement):
    __slots__ = ("label",)
    __match_args__ = ("start", "end", "label")

    def __init__(self, start: int, end: int, label: Identifier) -> None:
        self.start = start
        self.end = end
        self.label = label


class ErrorStatement(Statement):
    """What tolerant parsing could not read: the pieces it had, so that the editor still sees them."""

    __slots__ = ("pieces",)
    __match_args__ = ("start", "end", "pieces")

    def __init__(self, start: int, end: int, pieces: list[Node]) -> None:
        self.start = start
        self.end = end
        self.pieces = pieces


class Chunk(Node):
    """A whole file: its block, and the main function's scope once resolved."""

    __slots__ = ("body", "scope")
    __match_args__ = ("start", "end", "body", "scope")

    def __init__(self, start: int, end: int, body: Block, scope: FunctionScope | None = None) -> None:
        self.start = start
        self.end = end
        self.body = body
        self.scope = scope


def children(node: Node) -> Iterator[Node]:
    """The nodes that a node's fields hold, in the order of the fields."""
    for name in type(node).__match_args__:
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif value.__class__ is list:
            yield from value
