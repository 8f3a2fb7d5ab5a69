"""`for i, v in ipairs(t) do` calls an iterator for what `for i = 1, #t do` counts by itself."""

from __future__ import annotations

from collections.abc import Iterator

from perilune.compiler import nodes
from perilune.compiler.symbols import Variable
from perilune.profiler.rewrites.code import Code, Path
from perilune.profiler.rewrites.layout import Layout
from perilune.profiler.rewrites.rewrite import NUMERIC_FOR, Edit, IsHot, Rewrite


def find(code: Code, layout: Layout, is_hot: IsHot) -> Iterator[Rewrite]:
    """The loops over sequences whose first line is hot."""
    for node in code.nodes:
        if isinstance(node, nodes.GenericFor) and is_hot(code.line(node)):
            found = _rewrite(code, layout, node)
            if found is not None:
                yield found


def _rewrite(code: Code, layout: Layout, loop: nodes.GenericFor) -> Rewrite | None:
    call = loop.values[0]
    if len(loop.values) != 1 or not isinstance(call, nodes.Call) or code.call_path(call) != ("ipairs",):
        return None
    if len(call.arguments) != 1 or len(loop.variables) > 2:
        return None
    control = loop.variables[0].variable
    if control is None or control.assigned:
        return None
    sequence = call.arguments[0]
    path = code.path(sequence)
    header_end = _do_end(code, loop)
    if path is None or header_end is None or code.has_comment(loop.start, header_end):
        return None
    if _may_change(code, loop, sequence, path):
        return None
    edits = []
    name = code.slice(sequence)
    variable = code.variable(sequence)
    if variable is None or (variable.assigned and variable.captured):
        name = code.fresh(str(path[-1]) if len(path) > 1 else f"{name}_list")
        edits.append(layout.before(loop, f"local {name} = {code.slice(sequence)}"))
    index = loop.variables[0].name
    if len(loop.variables) == 2:
        value = loop.variables[1].name
        if index in ("_", value) or index == name or value == name:
            index = code.fresh_in(loop, ("i", "j", "k", "index"))
        if value == name:  # the loop's value hides its sequence
            return None
        first = _element(code, layout, loop, header_end, f"local {value} = {name}[{index}]")
    elif index == name:
        return None
    else:
        first = ""
    edits.append(Edit(loop.start, header_end, f"for {index} = 1, #{name} do{first}"))
    shown = code.slice(sequence)
    assumes = f"`{shown}` has no holes"
    return Rewrite(
        NUMERIC_FOR, code.line(loop), shown, f"count through `{shown}` instead of calling ipairs", tuple(edits), assumes
    )


def _do_end(code: Code, loop: nodes.GenericFor) -> int | None:
    """The offset behind the loop's `do`."""
    last = loop.values[-1].end
    at = code.text.find("do", last)
    return at + 2 if at >= 0 and not code.text[last:at].strip() else None


def _element(code: Code, layout: Layout, loop: nodes.GenericFor, header_end: int, new: str) -> str:
    """The statement that takes an element, on a line of its own if the body begins on one."""
    body = loop.body.statements
    if (
        body
        and layout.ends_line(header_end)
        and layout.begins_line(body[0].start)
        and not _has_rest(layout, header_end)
    ):
        return f"{layout.line_break}{layout.indent(body[0].start)}{new}"
    return f" {new}{';' if body and code.text.startswith('(', body[0].start) else ''}"


def _has_rest(layout: Layout, offset: int) -> bool:
    return layout.line_end(offset) != offset


def _may_change(code: Code, loop: nodes.GenericFor, sequence: nodes.Expression, path: Path) -> bool:
    """Whether the loop may change what it goes through, as far as the text shows."""
    for node in code.inside(loop.body):
        if isinstance(node, nodes.Assignment):
            for target in node.targets:
                found = code.path(target)
                if found is not None and found == path[: len(found)]:
                    return True
                if isinstance(target, nodes.Index) and code.path(target.object) == path:
                    return True
        if isinstance(node, nodes.Call) and any(code.path(argument) == path for argument in node.arguments):
            called = code.call_path(node)
            if called is None or called[-1] in ("insert", "remove", "move", "sort", "rawset"):
                return True
    head = path[0]
    is_shared = not isinstance(head, Variable) or len(path) > 1 or (head.captured and head.assigned)
    return is_shared and code.runs_unknown_code(loop.body) and _is_set_elsewhere(code, path)


def _is_set_elsewhere(code: Code, path: Path) -> bool:
    """Whether a function of the text sets the variable or the field that the sequence comes from."""
    return any(
        isinstance(code.place(target), nodes.Function)
        and (found := code.path(target)) is not None
        and found[-1] == path[-1]
        for target in code.targets
    )
