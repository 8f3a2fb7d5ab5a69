"""`s = s .. piece` in a loop copies all of `s` each time: the pieces go into a table, and are joined behind the loop."""

from __future__ import annotations

from collections.abc import Iterator

from perilune.compiler import nodes
from perilune.compiler.symbols import Variable
from perilune.profiler.rewrites import library
from perilune.profiler.rewrites.code import Code, Loop
from perilune.profiler.rewrites.layout import Layout
from perilune.profiler.rewrites.rewrite import CONCATENATION, Edit, IsHot, Rewrite


def find(code: Code, layout: Layout, is_hot: IsHot) -> Iterator[Rewrite]:
    """The strings that are built in loops on hot lines."""
    if not code.keeps_library(("table", "concat")):
        return
    for variable in code.resolution.variables:
        appends = {name: found for name in variable.references if (found := _append(code, name, variable))}
        if not appends or variable.captured or not _holds_strings(code, variable, appends):
            continue
        for loop, inside in _loops(code, variable, appends):
            hot = [code.line(append) for append in inside if any(map(is_hot, code.lines(append)))]
            if hot and not code.leaves_by_goto(loop) and "table" not in code.resolution.visible(loop.start):
                rewrite = _rewrite(code, layout, variable, loop, inside, hot[0], appends)
                if rewrite is not None:
                    yield rewrite


def _append(code: Code, name: nodes.Name, variable: Variable) -> nodes.Assignment | None:
    """The statement `s = s .. piece` that a name `s` is the target of, or the left side in."""
    if code.own_variable(name) is not variable:
        return None
    statement = code.parents[name]
    if isinstance(statement, nodes.Binary):
        statement = code.parents[statement]
    if not isinstance(statement, nodes.Assignment) or len(statement.targets) != 1 or len(statement.values) != 1:
        return None
    value = statement.values[0]
    if not isinstance(value, nodes.Binary) or value.operator != ".." or code.own_variable(value.left) is not variable:
        return None
    if code.own_variable(statement.targets[0]) is not variable:
        return None
    return statement if name in (statement.targets[0], value.left) else None


def _loops(
    code: Code, variable: Variable, appends: dict[nodes.Name, nodes.Assignment]
) -> Iterator[tuple[Loop, list[nodes.Assignment]]]:
    """The outermost loops in which nothing else is done with the variable, each with its appends in order."""
    found: dict[Loop, list[nodes.Assignment]] = {}
    for append in sorted(set(appends.values()), key=lambda node: node.start):
        outermost = None
        for loop in code.loops(append):
            others = [name for name in variable.references if name not in appends and code.is_in(name, loop)]
            if loop.start < variable.start or others:
                break
            outermost = loop
        if outermost is not None:
            found.setdefault(outermost, []).append(append)
    yield from found.items()


def _holds_strings(code: Code, variable: Variable, appends: dict[nodes.Name, nodes.Assignment]) -> bool:
    """Whether the variable holds a string wherever one of its loops begins, as far as the text shows."""
    value = code.initial_value(variable)
    if value is None or not _is_string(code, value):
        return False
    for name in variable.references:
        statement = code.parents[name]
        if name in appends or not isinstance(statement, nodes.Assignment) or name not in statement.targets:
            continue
        if len(statement.targets) != 1 or len(statement.values) != 1 or not _is_string(code, statement.values[0]):
            return False
    return True


def _is_string(code: Code, value: nodes.Expression) -> bool:
    if isinstance(value, nodes.Call):
        path = code.call_path(value)
        return path is not None and library.gives_string(path)
    if isinstance(value, nodes.MethodCall):
        return library.method_gives_string(value.method.name)
    return isinstance(value, nodes.String) or (isinstance(value, nodes.Binary) and value.operator == "..")


def _rewrite(
    code: Code,
    layout: Layout,
    variable: Variable,
    loop: Loop,
    inside: list[nodes.Assignment],
    hot: int,
    appends: dict[nodes.Name, nodes.Assignment],
) -> Rewrite | None:
    parts = code.fresh(f"{variable.name}_parts")
    edits = []
    are_surely_strings = True
    for append in inside:
        value = append.values[0]
        assert isinstance(value, nodes.Binary)
        piece = value.right
        # What makes the left side makes the table's length too, before the piece: nothing in a piece sees the table.
        if code.has_comment(append.start, piece.start):
            return None
        edits.append(Edit(append.start, piece.start, f"{parts}[#{parts} + 1] = "))
        are_surely_strings = are_surely_strings and _is_string(code, piece)
    name = variable.name
    first = "{}" if _is_empty(code, variable, loop, appends) else f"{{{name}}}"
    edits += [
        layout.before(loop, f"local {parts} = {first}"),
        layout.behind(loop, f"{name} = table.concat({parts})"),
    ]
    title = f"join the pieces of `{name}` with table.concat behind the loop"
    assumes = "" if are_surely_strings else "every piece is a string or a number"
    return Rewrite(CONCATENATION, hot, name, title, tuple(edits), assumes)


def _is_empty(code: Code, variable: Variable, loop: Loop, appends: dict[nodes.Name, nodes.Assignment]) -> bool:
    """Whether the string is empty whenever the loop begins."""
    value = code.initial_value(variable)
    if not isinstance(value, nodes.String) or value.value or code.resolution.labels:
        return False
    if any(outer.start > variable.start for outer in code.loops(loop)):
        return False
    for name in variable.references:
        statement = code.parents[name]
        is_set = isinstance(statement, nodes.Assignment) and name in statement.targets
        if name.start < loop.start and (name in appends or is_set):
            return False
    return True
