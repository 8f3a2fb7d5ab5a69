"""The outline of a text: its functions, nested as they are, its top-level variables, and what its tables hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from perilune.compiler import nodes
from perilune.compiler.nodes import Node, children
from perilune.lsp.features.signatures import parameters_of, readable
from perilune.lsp.syntax import Syntax

FUNCTION, METHOD, VARIABLE, CONSTANT, FIELD, TABLE = "function", "method", "variable", "constant", "field", "table"


@dataclass(slots=True)
class OutlineSymbol:
    """A named part of a text. `name_start` and `name_end` are where its name stands, `detail` its parameters."""

    name: str
    kind: str
    start: int
    end: int
    name_start: int
    name_end: int
    detail: str = ""
    children: list[OutlineSymbol] = field(default_factory=list)


def outline(syntax: Syntax) -> list[OutlineSymbol]:
    """The symbols of a text, in order."""
    found: list[OutlineSymbol] = []
    # A list that collects, the node to look into, and whether its variables are shown: those of functions are not.
    waiting: list[tuple[Node, list[OutlineSymbol], bool]] = [(syntax.chunk.body, found, True)]
    while waiting:
        node, into, top_level = waiting.pop()
        if isinstance(node, nodes.LocalStatement):
            _locals(node, into, top_level, waiting)
        elif isinstance(node, nodes.Assignment):
            _assigned(node, into, top_level, waiting)
        elif isinstance(node, nodes.LocalFunction):
            name = node.identifier
            symbol = _function(name.name, FUNCTION, node, name.start, name.end, node.function)
            _keep(into, symbol)
            waiting.append((node.function.body, symbol.children, False))
        elif isinstance(node, nodes.FunctionStatement):
            symbol = _declared_function(syntax, node)
            _keep(into, symbol)
            waiting.append((node.function.body, symbol.children, False))
        elif isinstance(node, nodes.Function):
            waiting.append((node.body, into, False))
        elif isinstance(node, nodes.Table):
            _items(node, into, waiting)
        else:
            inside = top_level and isinstance(node, nodes.Block) and node is syntax.chunk.body
            waiting.extend((child, into, inside) for child in reversed(list(children(node))))
    _put_in_order(found)
    return found


def flat(symbols: list[OutlineSymbol], container: str = "") -> Iterator[tuple[OutlineSymbol, str]]:
    """Every symbol with the name of what holds it."""
    for symbol in symbols:
        yield symbol, container
        yield from flat(symbol.children, symbol.name)


def _keep(into: list[OutlineSymbol], symbol: OutlineSymbol) -> None:
    if symbol.name:
        into.append(symbol)


def _put_in_order(symbols: list[OutlineSymbol]) -> None:
    waiting = [symbols]
    while waiting:
        found = waiting.pop()
        found.sort(key=lambda symbol: symbol.start)
        waiting.extend(symbol.children for symbol in found)


def _function(name: str, kind: str, node: Node, start: int, end: int, function: nodes.Function) -> OutlineSymbol:
    return OutlineSymbol(name, kind, node.start, node.end, start, end, f"({', '.join(parameters_of(function))})")


def _declared_function(syntax: Syntax, node: nodes.FunctionStatement) -> OutlineSymbol:
    target = node.target
    name = readable(syntax.text[target.start : target.end])
    kind = METHOD if node.function.is_method else FUNCTION
    return _function(name, kind, node, target.start, target.end, node.function)


def _locals(
    node: nodes.LocalStatement,
    into: list[OutlineSymbol],
    top_level: bool,
    waiting: list[tuple[Node, list[OutlineSymbol], bool]],
) -> None:
    for index, named in enumerate(node.names):
        value = node.values[index] if index < len(node.values) else None
        name = named.identifier
        plain = CONSTANT if named.attribute is not None and named.attribute.name == "const" else VARIABLE
        _valued(name.name, plain, node, name, value, into, top_level, waiting)
    waiting.extend((value, into, False) for value in node.values[len(node.names) :])


def _assigned(
    node: nodes.Assignment,
    into: list[OutlineSymbol],
    top_level: bool,
    waiting: list[tuple[Node, list[OutlineSymbol], bool]],
) -> None:
    for index, target in enumerate(node.targets):
        value = node.values[index] if index < len(node.values) else None
        if isinstance(target, nodes.Name):
            is_global = target.reference is None or target.reference.variable is None
            _valued(target.name, VARIABLE, node, target, value, into, top_level and is_global, waiting)
        elif isinstance(target, nodes.Field):
            _valued(_dotted(target), FIELD, node, target, value, into, top_level, waiting)
        elif value is not None:
            waiting.append((value, into, False))
    waiting.extend((value, into, False) for value in node.values[len(node.targets) :])


def _dotted(target: Node) -> str:
    keys: list[str] = []
    while isinstance(target, nodes.Field):
        keys.append(target.key.name)
        target = target.object
    keys.append(target.name if isinstance(target, nodes.Name) else "?")
    return ".".join(reversed(keys))


def _valued(
    name: str,
    plain: str,
    statement: Node,
    place: Node,
    value: Node | None,
    into: list[OutlineSymbol],
    shown: bool,
    waiting: list[tuple[Node, list[OutlineSymbol], bool]],
) -> None:
    """A name that is given a value: functions are always shown, other things where `shown` says so."""
    start, end = min(statement.start, place.start), max(place.end, value.end if value is not None else place.end)
    table = value.arguments[0] if isinstance(value, nodes.Call) and value.arguments else value
    if isinstance(value, nodes.Function):
        symbol = _function(name, FUNCTION, Node(start, end), place.start, place.end, value)
        _keep(into, symbol)
        waiting.append((value.body, symbol.children, False))
    elif isinstance(table, nodes.Table):
        symbol = OutlineSymbol(name, TABLE, start, end, place.start, place.end)
        _items(table, symbol.children, waiting)
        if shown or symbol.children:
            _keep(into, symbol)
    else:
        if shown:
            _keep(into, OutlineSymbol(name, plain, start, end, place.start, place.end))
        if value is not None:
            waiting.append((value, into, False))


def _items(
    table: nodes.Table, into: list[OutlineSymbol], waiting: list[tuple[Node, list[OutlineSymbol], bool]]
) -> None:
    """The fields of a table that hold functions, or tables with some."""
    for item in table.items:
        if isinstance(item, nodes.NamedItem) and isinstance(item.value, nodes.Function):
            name = item.key
            symbol = _function(name.name, FUNCTION, item, name.start, name.end, item.value)
            _keep(into, symbol)
            waiting.append((item.value.body, symbol.children, False))
        elif isinstance(item, nodes.NamedItem) and isinstance(item.value, nodes.Table):
            name = item.key
            symbol = OutlineSymbol(name.name, TABLE, item.start, item.end, name.start, name.end)
            _items(item.value, symbol.children, waiting)
            if symbol.children:
                _keep(into, symbol)
        else:
            waiting.append((item.value, into, False))
