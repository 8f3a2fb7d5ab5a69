"""`table.insert(t, x)` calls a library function for what `t[#t + 1] = x` does by itself."""

from __future__ import annotations

from collections.abc import Iterator

from perilune.compiler import nodes
from perilune.compiler.symbols import Variable
from perilune.profiler.rewrites import library
from perilune.profiler.rewrites.code import Code
from perilune.profiler.rewrites.layout import Layout
from perilune.profiler.rewrites.rewrite import APPEND, Edit, IsHot, Rewrite

_INSERT = ("table", "insert")


def find(code: Code, layout: Layout, is_hot: IsHot) -> Iterator[Rewrite]:
    """The calls on hot lines that append a value."""
    for node in code.nodes:
        if isinstance(node, nodes.CallStatement) and any(map(is_hot, code.lines(node))):
            found = _rewrite(code, layout, node)
            if found is not None:
                yield found


def _rewrite(code: Code, layout: Layout, statement: nodes.CallStatement) -> Rewrite | None:
    call = statement.call
    if not isinstance(call, nodes.Call) or code.call_path(call) != _INSERT or len(call.arguments) != 2:
        return None
    table, value = call.arguments
    if not _can_be_named_twice(code, table) or isinstance(value, nodes.Vararg):
        return None
    assumes = ""
    if isinstance(value, (nodes.Call, nodes.MethodCall)) and not _gives_one(code, value):
        assumes = f"`{_short(code.slice(value))}` gives exactly one value"
    # The new statement asks for the length before it evaluates the value, the old one behind it.
    if code.runs_unknown_code(value) and not _is_out_of_reach(code, table):
        return None
    if code.has_comment(call.start, value.start) or code.has_comment(value.end, call.end):
        return None
    name = code.slice(table)
    edits = (Edit(call.start, value.start, f"{name}[#{name} + 1] = "), Edit(value.end, call.end, ""))
    title = f"append to `{name}` without calling table.insert"
    return Rewrite(APPEND, code.line(statement), name, title, edits, assumes)


def _can_be_named_twice(code: Code, node: nodes.Expression) -> bool:
    """Whether evaluating an expression twice does what evaluating it once does."""
    if isinstance(node, nodes.Name):
        return True
    if isinstance(node, nodes.Field):
        return _can_be_named_twice(code, node.object)
    if isinstance(node, nodes.Index):
        is_plain = isinstance(node.key, (nodes.Name, nodes.Number, nodes.String))
        return is_plain and _can_be_named_twice(code, node.object)
    return False


def _gives_one(code: Code, call: nodes.Call | nodes.MethodCall) -> bool:
    if isinstance(call, nodes.MethodCall):
        return library.method_gives_string(call.method.name)
    path = code.call_path(call)
    return path is not None and library.gives_one_value(path)


def _is_out_of_reach(code: Code, table: nodes.Expression) -> bool:
    """Whether what is called while the value is made cannot reach the table: it is in one variable and nowhere else."""
    variable = code.own_variable(table)
    if variable is None or variable.captured or variable.assigned:
        return False
    if not isinstance(code.initial_value(variable), nodes.Table):
        return False
    return all(_keeps_to_itself(code, name, variable) for name in variable.references)


def _keeps_to_itself(code: Code, name: nodes.Name, variable: Variable) -> bool:
    """Whether what stands around a table's name gives the table to nobody who keeps it."""
    outer = code.parents[name]
    if isinstance(outer, (nodes.Field, nodes.Index)):
        return outer.object is name
    if isinstance(outer, nodes.Unary):
        return outer.operator in ("#", "not")
    if isinstance(outer, nodes.Call) and name is not outer.function:
        path = code.call_path(outer)
        return path is not None and path[0] in ("table", "ipairs", "pairs", "next", "select", "type")
    return isinstance(outer, nodes.Return)


def _short(text: str) -> str:
    line = text.split("\n")[0].rstrip()
    return line if len(line) <= 40 and line == text else f"{line[:37]}..."
