"""What is likely to be a mistake: unused locals, code that is never reached, shadowing, globals that nobody sets.

Only what is plain to see is said, and nothing while the text has syntax errors: half a statement uses nothing yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from perilune.compiler import nodes
from perilune.compiler.nodes import Node, children
from perilune.compiler.symbols import Variable
from perilune.lsp.features.diagnostics import Problem
from perilune.lsp.occurrences import GLOBAL, Kind, Role
from perilune.lsp.standard_library import library
from perilune.lsp.syntax import Syntax

_ASKING = ("type", "pcall", "assert", "rawget")  # called with a global that may be missing
_OF_BUSTED = frozenset(
    [
        "after_each",
        "assert",
        "async",
        "before_each",
        "context",
        "describe",
        "done",
        "expose",
        "file",
        "finally",
        "insulate",
        "it",
        "lazy_setup",
        "lazy_teardown",
        "match",
        "mock",
        "pending",
        "randomize",
        "setup",
        "spec",
        "spy",
        "strict_setup",
        "strict_teardown",
        "stub",
        "teardown",
        "test",
    ]
)
"""What the test runner busted gives to the files that it runs; each of them calls one of the two below."""
_BEGINS_TESTS = ("describe", "insulate")
MOST = 200
"""Hints that are said of one text."""


def language_hints(syntax: Syntax, known_globals: Collection[str]) -> list[Problem]:
    """The hints of a text, in order. `known_globals` are those that other files or the settings tell of."""
    if syntax.errors or syntax.resolution.errors or not syntax.is_whole:
        return []
    found = [
        *_unused(syntax),
        *_unreachable(syntax),
        *_shadowing(syntax),
        *_undefined(syntax, known_globals),
    ]
    return sorted(found, key=lambda problem: problem.start)[:MOST]


def assigned_globals(syntax: Syntax) -> set[str]:
    """The global variables that a text sets."""
    return {
        name
        for name, occurrence in syntax.names.fields.get((GLOBAL,), {}).items()
        if any(place.role is not Role.READ for place in syntax.occurrences_of((GLOBAL, name))) and occurrence
    }


def _hint(node: Node, message: str, unnecessary: bool = False) -> Problem:
    text = message.encode("latin-1").decode("utf-8", "replace")
    return Problem(node.start, node.end, text, is_error=False, is_hint=True, is_unnecessary=unnecessary)


# --- unused


def _unused(syntax: Syntax) -> Iterator[Problem]:
    for statement in _statements(syntax.chunk):
        if isinstance(statement, nodes.LocalStatement):
            variables = [named.identifier.variable for named in statement.names]
            while variables and variables[-1] is not None and not _is_used(syntax, variables[-1]):
                # What stands before a used one of the same statement is needed for its place.
                yield from _unused_variable(syntax, variables.pop())
        elif isinstance(statement, nodes.LocalFunction):
            variable = statement.identifier.variable
            if variable is not None and not _is_used(syntax, variable, statement.function):
                yield from _unused_variable(syntax, variable, "function")


def _is_used(syntax: Syntax, variable: Variable, inside: Node | None = None) -> bool:
    """Whether a variable is read; what a function says of itself does not count."""
    if variable.name.startswith("_") or variable.attribute == "close":
        return True
    return any(
        place.role is Role.READ and not (inside is not None and inside.start <= place.start < inside.end)
        for place in syntax.occurrences_of((variable,))
    )


def _unused_variable(syntax: Syntax, variable: Variable | None, what: str = "variable") -> Iterator[Problem]:
    if variable is None or variable.declaration is None:
        return
    written = any(place.role is Role.WRITE for place in syntax.occurrences_of((variable,)))
    how = "is set but never read" if written else "is never used"
    yield _hint(variable.declaration, f"local {what} '{variable.name}' {how}", unnecessary=True)


def _statements(chunk: Node) -> Iterator[Node]:
    waiting: list[Node] = [chunk]
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.Statement):
            yield node
        waiting.extend(children(node))


# --- unreachable


def _unreachable(syntax: Syntax) -> Iterator[Problem]:
    raises = not any(place.role is not Role.READ for place in syntax.occurrences_of((GLOBAL, "error")))
    waiting: list[Node] = [syntax.chunk]
    while waiting:
        node = waiting.pop()
        waiting.extend(children(node))
        if not isinstance(node, nodes.Block):
            continue
        ended = False
        dead: list[Node] = []
        for statement in [*node.statements, nodes.Label(0, 0, nodes.Identifier(0, 0, ""))]:
            if isinstance(statement, nodes.Label):
                if dead:
                    yield _hint(Node(dead[0].start, dead[-1].end), "this code is never reached", unnecessary=True)
                ended, dead = False, []
            elif ended:
                dead.append(statement)
            elif _leaves(statement, raises):
                ended = True


def _leaves(statement: Node, raises: bool) -> bool:
    """Whether nothing behind a statement is reached from it."""
    if isinstance(statement, nodes.Return | nodes.Break | nodes.Goto):
        return True
    if isinstance(statement, nodes.Do):
        return _block_leaves(statement.body, raises)
    if isinstance(statement, nodes.If):
        blocks = [clause.body for clause in statement.clauses]
        return statement.otherwise is not None and all(
            _block_leaves(block, raises) for block in [*blocks, statement.otherwise]
        )
    if isinstance(statement, nodes.While) and isinstance(statement.condition, nodes.TrueLiteral):
        return not any(isinstance(inner, nodes.Break | nodes.Goto) for inner in _own_statements(statement.body))
    if isinstance(statement, nodes.CallStatement) and raises:
        call = statement.call
        name = call.function if isinstance(call, nodes.Call) else None
        reference = name.reference if isinstance(name, nodes.Name) else None
        return (
            isinstance(name, nodes.Name) and name.name == "error" and reference is not None and not reference.variable
        )
    return False


def _block_leaves(block: nodes.Block, raises: bool) -> bool:
    """Whether the end of a block is never reached; a label may be where others jump to."""
    leaves = False
    for statement in block.statements:
        if isinstance(statement, nodes.Label):
            leaves = False
        leaves = leaves or _leaves(statement, raises)
    return leaves


def _own_statements(block: nodes.Block) -> Iterator[Node]:
    """The statements inside a loop that are of its function. A `break` of an inner loop counts: better say nothing."""
    waiting: list[Node] = [block]
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.Statement):
            yield node
        if not isinstance(node, nodes.Function):
            waiting.extend(children(node))


# --- shadowing


def _shadowing(syntax: Syntax) -> Iterator[Problem]:
    """Locals that hide another one, outside of what is usual: `local x = x`, loop counters, `self`, `_`."""
    renewed = _renewed(syntax)
    by_name: dict[str, list[Variable]] = {}
    for variable in syntax.resolution.variables:
        by_name.setdefault(variable.name, []).append(variable)
    for name, variables in by_name.items():
        if len(variables) < 2 or name == "self" or name.startswith("_"):
            continue
        ordered = sorted(variables, key=lambda variable: variable.start)
        around: list[Variable] = []
        for variable in ordered:
            around = [other for other in around if other.end > variable.start]
            hidden = around[-1] if around else None
            around.append(variable)
            declaration = variable.declaration
            if hidden is None or declaration is None or hidden.declaration is None or variable in renewed:
                continue
            if hidden.start == variable.start and hidden.scope is variable.scope:
                continue
            line = syntax.source.line(hidden.declaration.start)
            again = "declares again" if hidden.scope is variable.scope else "hides"
            yield _hint(declaration, f"'{name}' {again} the local variable of line {line}")


def _renewed(syntax: Syntax) -> set[Variable]:
    """Variables whose value is made of the one that they hide."""
    found: set[Variable] = set()
    for statement in _statements(syntax.chunk):
        if isinstance(statement, nodes.LocalStatement) and statement.values:
            first, last = statement.values[0].start, statement.values[-1].end
            used = {occurrence.name for occurrence in syntax.occurrences(first, last)}
            for named in statement.names:
                if named.identifier.name in used and named.identifier.variable is not None:
                    found.add(named.identifier.variable)
    return found


# --- undefined globals


def _undefined(syntax: Syntax, known: Collection[str]) -> Iterator[Problem]:
    names = syntax.names.fields.get((GLOBAL,), {})
    if _makes_globals(syntax):
        return
    asked = _asked_for(syntax)
    if _is_of_busted(syntax):
        asked |= _OF_BUSTED
    for name in names:
        if name in known or name in library() or name in asked:
            continue
        places = syntax.occurrences_of((GLOBAL, name))
        if any(place.role is not Role.READ for place in places):
            continue
        for place in places:
            if place.kind is Kind.GLOBAL:
                yield _hint(Node(place.start, place.end), f"global variable '{name}' is not set in any open file")


def _is_of_busted(syntax: Syntax) -> bool:
    """Whether a text is made of tests for busted: it calls `describe("what", function ... end)`."""
    for node in _nodes(syntax.chunk):
        if isinstance(node, nodes.Call) and isinstance(node.function, nodes.Name):
            takes_function = any(isinstance(argument, nodes.Function) for argument in node.arguments)
            if takes_function and node.function.name in _BEGINS_TESTS:
                return True
    return False


def _makes_globals(syntax: Syntax) -> bool:
    """Whether a text may set globals that it does not name: by `_G[name] =`, a metatable of `_G`, or another `_ENV`."""
    names = syntax.names.fields.get((GLOBAL,), {})
    if "module" in names or "setfenv" in names:
        return True
    for variable in syntax.resolution.variables:
        if variable.name == "_ENV":
            return True
    for node in _nodes(syntax.chunk):
        if isinstance(node, nodes.Assignment):
            for target in node.targets:
                if isinstance(target, nodes.Name) and target.name == "_ENV":
                    return True
                if isinstance(target, nodes.Index) and _is_globals(target.object):
                    return True
        elif isinstance(node, nodes.Call) and node.arguments and _is_globals(node.arguments[0]):
            function = node.function
            if isinstance(function, nodes.Name) and function.name in ("setmetatable", "rawset"):
                return True
    return False


def _is_globals(node: Node) -> bool:
    return isinstance(node, nodes.Name) and node.name in ("_G", "_ENV")


def _asked_for(syntax: Syntax) -> set[str]:
    """Globals that a text asks for before it uses them: it knows that they may be missing."""
    found: set[str] = set()
    for node in _nodes(syntax.chunk):
        asked: Iterable[Node | None] = ()
        if isinstance(node, nodes.Clause | nodes.While | nodes.Repeat):
            asked = (node.condition,)
        elif isinstance(node, nodes.Binary) and node.operator in ("and", "or", "==", "~="):
            asked = (node.left, node.right)
        elif isinstance(node, nodes.Unary) and node.operator == "not":
            asked = (node.operand,)
        elif isinstance(node, nodes.Call) and isinstance(node.function, nodes.Name):
            asked = node.arguments[:1] if node.function.name in _ASKING else ()
        for expression in asked:
            while isinstance(expression, nodes.Parenthesis):
                expression = expression.expression
            if isinstance(expression, nodes.Name):
                found.add(expression.name)
    return found


def _nodes(chunk: Node) -> Iterator[Node]:
    waiting: list[Node] = [chunk]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(children(node))
