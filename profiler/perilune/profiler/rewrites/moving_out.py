"""A closure or a table of constants that is made anew in every round, though one would do: it moves out.

Out of the outermost loop that it needs nothing of; or, where no loop is around, out of the function.
"""

from __future__ import annotations

from collections.abc import Iterator

from perilune.compiler import nodes
from perilune.compiler.symbols import Variable
from perilune.profiler.rewrites.code import Code
from perilune.profiler.rewrites.layout import Layout
from perilune.profiler.rewrites.rewrite import MOVE_OUT, Edit, IsHot, Rewrite

_READERS = frozenset(("ipairs", "pairs", "next", "select", "type", "#", "rawget", "rawlen", "tostring"))
_CONSTANTS = (nodes.Nil, nodes.TrueLiteral, nodes.FalseLiteral, nodes.Number, nodes.String)


def find(code: Code, layout: Layout, is_hot: IsHot) -> Iterator[Rewrite]:
    """The closures and constant tables that hot lines make."""
    for node in code.nodes:
        if not isinstance(node, (nodes.Function, nodes.Table)) or not is_hot(code.line(node)):
            continue
        if isinstance(node, nodes.Table) and not (node.items and _is_constant(node)):
            continue
        if isinstance(code.parents[node], nodes.FunctionStatement):
            continue
        declared = _declaration(code, node)
        anchor = _anchor(code, declared or code.statement(node), node)
        if anchor is None:
            continue
        found = _moved(code, layout, node, declared, anchor) if declared else _named(code, layout, node, anchor)
        if found is not None:
            yield found


def _is_constant(table: nodes.Table) -> bool:
    """Whether a table is made of literals alone."""
    for item in table.items:
        keys: list[nodes.Node] = [item.key] if isinstance(item, nodes.KeyedItem) else []
        for value in [*keys, item.value]:
            negated = (
                isinstance(value, nodes.Unary) and value.operator == "-" and isinstance(value.operand, nodes.Number)
            )
            inner = isinstance(value, nodes.Table) and _is_constant(value)
            if not (negated or inner or isinstance(value, _CONSTANTS)):
                return False
    return True


def _declaration(code: Code, node: nodes.Function | nodes.Table) -> nodes.LocalStatement | nodes.LocalFunction | None:
    """The statement that declares a variable with nothing but this value."""
    outer = code.parents[node]
    if isinstance(outer, nodes.LocalFunction):
        return outer
    if isinstance(outer, nodes.LocalStatement) and len(outer.names) == len(outer.values) == 1:
        return outer if outer.names[0].attribute is None else None
    return None


def _anchor(code: Code, statement: nodes.Statement | None, node: nodes.Node) -> nodes.Statement | None:
    """The statement before which a value can be made: a loop, or what a function stands in."""
    if statement is None:
        return None
    found: nodes.Statement | None = None
    for loop in code.loops(statement if node is not statement else node):
        if not code.means_the_same(node, loop.start):
            return found
        found = loop
    for loop in code.loops(node):  # where the value stands in a loop's own first line
        if found is None and code.means_the_same(node, loop.start):
            found = loop
    if found is not None:
        return found
    top = code.top_statement(node)
    if isinstance(code.place(node), nodes.Chunk) or top is None or not code.means_the_same(node, top.start):
        return None
    return top


def _moved(
    code: Code,
    layout: Layout,
    node: nodes.Function | nodes.Table,
    declared: nodes.LocalStatement | nodes.LocalFunction,
    anchor: nodes.Statement,
) -> Rewrite | None:
    """The declaration as a whole, before the anchor."""
    identifier = declared.identifier if isinstance(declared, nodes.LocalFunction) else declared.names[0].identifier
    variable = identifier.variable
    if variable is None or variable.assigned:
        return None
    if isinstance(node, nodes.Table) and not all(_only_reads(code, name) for name in variable.references):
        return None
    removal, text = layout.removal(declared)
    uses: list[nodes.Node] = [name for name in variable.references if not code.is_in(name, declared)]
    edits = [removal]
    name = _new_name(code, variable)
    if name != variable.name:
        text = _renamed(code, declared, variable, identifier, name, text)
        edits += [Edit(use.start, use.end, name) for use in uses]
    text = layout.reindented(text, layout.indent(declared.start), layout.indent(anchor.start))
    edits.append(layout.before(anchor, text))
    what = "the function" if isinstance(node, nodes.Function) else "the table"
    return _finished(code, node, anchor, variable.name, f"make {what} `{variable.name}` once", tuple(edits))


def _new_name(code: Code, variable: Variable) -> str:
    """Its own name, unless something else in the text has it."""
    others = any(other.name == variable.name for other in code.resolution.variables if other is not variable)
    is_global = any(name.name == variable.name for name in code.resolution.global_names)
    return code.fresh(variable.name) if others or is_global else variable.name


def _renamed(
    code: Code, declared: nodes.Statement, variable: Variable, identifier: nodes.Identifier, name: str, text: str
) -> str:
    """The declaration's text with another name for what it declares."""
    inside: list[nodes.Node] = [identifier, *(use for use in variable.references if code.is_in(use, declared))]
    for place in sorted(inside, key=lambda place: -place.start):
        start = place.start - declared.start
        text = text[:start] + name + text[start + place.end - place.start :]
    return text


def _named(code: Code, layout: Layout, node: nodes.Function | nodes.Table, anchor: nodes.Statement) -> Rewrite | None:
    """A value that is used where it is made: it gets a name before the anchor."""
    outer = code.parents[node]
    if isinstance(node, nodes.Table):
        if isinstance(outer, nodes.Parenthesis):
            is_read = _only_reads(code, outer)
        else:
            is_read = isinstance(outer, nodes.Call) and _only_reads(code, node)
        if not is_read:
            return None
        name = code.fresh("values")
        target: nodes.Node = outer if isinstance(outer, nodes.Parenthesis) else node
    else:
        if not (isinstance(outer, (nodes.Call, nodes.MethodCall)) and node in outer.arguments):
            return None
        name = code.fresh(_function_name(outer))
        target = node
    use = name
    if isinstance(outer, (nodes.Call, nodes.MethodCall)) and code.text[outer.open] != "(":
        use = f"({name})"
    text = layout.reindented(code.slice(node), layout.indent(node.start), layout.indent(anchor.start))
    edits = (Edit(target.start, target.end, use), layout.before(anchor, f"local {name} = {text}"))
    what = "the function" if isinstance(node, nodes.Function) else "the table"
    return _finished(code, node, anchor, name, f"make {what} once, as `{name}`", edits)


def _function_name(call: nodes.Call | nodes.MethodCall) -> str:
    """A name for a function that is given to a call."""
    if isinstance(call, nodes.MethodCall):
        return f"{call.method.name}_function"
    called = call.function
    last = called.key.name if isinstance(called, nodes.Field) else called.name if isinstance(called, nodes.Name) else ""
    return "compare" if last == "sort" else f"{last}_function" if last else "callback"


def _finished(
    code: Code, node: nodes.Node, anchor: nodes.Statement, subject: str, title: str, edits: tuple[Edit, ...]
) -> Rewrite:
    is_loop = isinstance(anchor, (nodes.While, nodes.Repeat, nodes.NumericFor, nodes.GenericFor))
    where = f", before the {'loop' if is_loop else 'function'}"
    assumes = "nothing tells one from another" if isinstance(node, nodes.Function) else "nothing changes it"
    return Rewrite(MOVE_OUT, code.line(node), subject, title + where, edits, assumes)


def _only_reads(code: Code, node: nodes.Node) -> bool:
    """Whether what stands around a table only reads it."""
    inner, outer = node, code.parents[node]
    if isinstance(outer, nodes.Call):
        path = code.call_path(outer)
        is_reader = path is not None and (path[0] in _READERS or path in (("table", "concat"), ("table", "unpack")))
        return is_reader and inner is not outer.function
    if isinstance(outer, nodes.Unary):
        return outer.operator in ("#", "not")
    depth = 0
    while isinstance(outer, (nodes.Field, nodes.Index)) and outer.object is inner:
        inner, outer = outer, code.parents[outer]
        depth += 1
    if not depth:
        return False
    return not (isinstance(outer, nodes.Assignment) and inner in outer.targets) and not isinstance(
        outer, nodes.FunctionStatement
    )
