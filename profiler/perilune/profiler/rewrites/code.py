"""A program's text as rewrites look at it: its tree with parents, what its names mean, and where they are set."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property

from perilune.compiler import nodes
from perilune.compiler.nodes import Node, children
from perilune.compiler.parser import load_parser, parse
from perilune.compiler.resolver import resolve
from perilune.compiler.source import Source
from perilune.compiler.symbols import CONSTANT, GLOBAL, LOCAL, Variable
from perilune.profiler.rewrites import library

Loop = nodes.While | nodes.Repeat | nodes.NumericFor | nodes.GenericFor
Place = nodes.Function | nodes.Chunk
Read = nodes.Name | nodes.Field
Path = tuple[Variable | str, ...]
"""What a name or a field is: a local variable, or a global's name, and the names of fields from there."""

LOOPS = (nodes.While, nodes.Repeat, nodes.NumericFor, nodes.GenericFor)
_PLACES = (nodes.Function, nodes.Chunk)
_WORDS = frozenset(
    [
        "and",
        "break",
        "do",
        "else",
        "elseif",
        "end",
        "false",
        "for",
        "function",
        "goto",
        "if",
        "in",
        "local",
        "nil",
        "not",
        "or",
        "repeat",
        "return",
        "then",
        "true",
        "until",
        "while",
    ]
)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class Code:
    """One text that has no errors: `is_whole` says so. Offsets count bytes."""

    def __init__(self, data: bytes, name: str = "?") -> None:
        self.source = Source.from_bytes(name, data, is_file=True)
        self.text = self.source.text
        chunk, errors = parse(self.source)
        self.is_whole = chunk is not None and not errors
        self.chunk = chunk if chunk is not None else nodes.Chunk(0, 0, nodes.Block(0, 0, []))
        self.resolution = resolve(self.chunk, self.source)
        self.is_whole = self.is_whole and not self.resolution.errors
        self.parents: dict[Node, Node] = {}
        self.nodes: list[Node] = []
        waiting: list[Node] = [self.chunk]
        while waiting:
            node = waiting.pop()
            self.nodes.append(node)
            for child in children(node):
                self.parents[child] = node
                waiting.append(child)
        self.nodes.sort(key=lambda node: (node.start, -node.end))

    # --- where a node stands

    def line(self, node: Node) -> int:
        """The line on which a node begins."""
        return self.source.line(node.start)

    def lines(self, node: Node) -> range:
        """The lines that a node stands on."""
        return range(self.source.line(node.start), self.source.line(max(node.start, node.end - 1)) + 1)

    def slice(self, node: Node) -> str:
        """The text of a node."""
        return self.text[node.start : node.end]

    def around(self, node: Node) -> Iterator[Node]:
        """The nodes around a node, the innermost first."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def place(self, node: Node) -> Place:
        """The function around a node, or the whole text."""
        for outer in self.around(node):
            if isinstance(outer, _PLACES):
                return outer
        return self.chunk

    def loops(self, node: Node) -> list[Loop]:
        """The loops of its own function that run a node again and again, the innermost first.

        What a `for` begins with is evaluated once and not in that loop.
        """
        found: list[Loop] = []
        inner: Node = node
        for outer in self.around(node):
            if isinstance(outer, _PLACES):
                break
            if isinstance(outer, (nodes.While, nodes.Repeat)) or (
                isinstance(outer, (nodes.NumericFor, nodes.GenericFor)) and inner is outer.body
            ):
                found.append(outer)
            inner = outer
        return found

    def statement(self, node: Node) -> nodes.Statement | None:
        """The innermost statement of a block that a node is, or is in."""
        inner = node
        while (outer := self.parents.get(inner)) is not None:
            if isinstance(outer, nodes.Block) and isinstance(inner, nodes.Statement):
                return inner
            inner = outer
        return None

    def top_statement(self, node: Node) -> nodes.Statement | None:
        """The statement of the text's own block that a node is in."""
        index = bisect_right(self._top_starts, node.start) - 1
        outer = self.chunk.body.statements[index] if index >= 0 else None
        return outer if outer is not None and node.start < outer.end else None

    @cached_property
    def _top_starts(self) -> list[int]:
        return [statement.start for statement in self.chunk.body.statements]

    def inside(self, region: Node) -> Iterator[Node]:
        """A node and all nodes in it."""
        waiting = [region]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(children(node))

    def is_in(self, node: Node, region: Node) -> bool:
        """Whether a node lies in another one."""
        return region.start <= node.start and node.end <= region.end

    # --- what names mean

    def variable(self, node: Node | None) -> Variable | None:
        """The local variable that a name means."""
        if (
            isinstance(node, nodes.Name)
            and node.reference is not None
            and node.reference.kind not in (GLOBAL, CONSTANT)
        ):
            return node.reference.variable
        return None

    def own_variable(self, node: Node | None) -> Variable | None:
        """The local variable of its own function that a name means."""
        if isinstance(node, nodes.Name) and node.reference is not None and node.reference.kind == LOCAL:
            return node.reference.variable
        return None

    def path(self, node: Node | None) -> Path | None:
        """What a name, or a field of one, is; None for what is reached in another way."""
        names: list[str] = []
        while isinstance(node, nodes.Field):
            names.append(node.key.name)
            node = node.object
        if not isinstance(node, nodes.Name) or node.reference is None:
            return None
        variable = self.variable(node)
        if variable is None and node.reference.kind != GLOBAL:
            return None
        return (variable if variable is not None else node.name, *reversed(names))

    def library_path(self, node: Node | None) -> tuple[str, ...] | None:
        """The library function that an expression is, by its own name or by that of a local variable that holds it."""
        path = self.path(node)
        if path is not None and len(path) == 1 and isinstance(path[0], Variable):
            value = None if path[0].assigned else self.initial_value(path[0])
            return self.library_path(value) if isinstance(value, (nodes.Name, nodes.Field)) else None
        if path is None or not all(isinstance(name, str) for name in path):
            return None
        names = tuple(str(name) for name in path)
        return names if library.is_library(names) and self.keeps_library(names) else None

    def keeps_library(self, path: tuple[str, ...]) -> bool:
        """Whether the text leaves a part of the library as it is."""
        return path[0] not in self.set_globals and (len(path) == 1 or path not in self.set_paths)

    def initial_value(self, variable: Variable) -> nodes.Expression | None:
        """What a variable is declared with, if that is one expression of its own."""
        declaration = variable.declaration
        statement = self.parents.get(self.parents.get(declaration, declaration)) if declaration is not None else None
        if not isinstance(statement, nodes.LocalStatement):
            return None
        index = next(i for i, name in enumerate(statement.names) if name.identifier is declaration)
        return statement.values[index] if index < len(statement.values) else None

    def is_plain_global(self, node: nodes.Name) -> bool:
        """Whether a name is a global of the usual environment."""
        return node.reference is not None and node.reference.kind == GLOBAL and not self.has_own_environment

    @cached_property
    def has_own_environment(self) -> bool:
        """Whether some `_ENV` is another one than the text's own, or is named at all."""
        return "_ENV" in self.text

    @cached_property
    def targets(self) -> list[nodes.Expression]:
        """Everything that is assigned to, by whatever statement but a declaration."""
        found: list[nodes.Expression] = []
        for node in self.nodes:
            if isinstance(node, nodes.Assignment):
                found += node.targets
            elif isinstance(node, nodes.FunctionStatement):
                found.append(node.target)
        return found

    @cached_property
    def set_globals(self) -> frozenset[str]:
        """The globals that the text assigns to."""
        return frozenset(t.name for t in self.targets if isinstance(t, nodes.Name) and self.variable(t) is None)

    @cached_property
    def set_paths(self) -> frozenset[tuple[str, ...]]:
        """The fields of globals that the text assigns to."""
        paths = (self.path(target) for target in self.targets if isinstance(target, nodes.Field))
        return frozenset(
            tuple(str(name) for name in path) for path in paths if path and not isinstance(path[0], Variable)
        )

    @cached_property
    def _names(self) -> frozenset[str]:
        known = {variable.name for variable in self.resolution.variables}
        known |= {name.name for name in self.resolution.global_names}
        return frozenset(known | {node.name for node in self.nodes if isinstance(node, nodes.Name)})

    def fresh(self, name: str) -> str:
        """A name like this one that no variable of the text has."""
        name = name if _NAME.fullmatch(name) else "value"
        number = 1
        candidate = name
        while candidate in self._names or candidate in _WORDS:
            number += 1
            candidate = f"{name}{number}"
        return candidate

    def fresh_in(self, region: Node, names: Sequence[str]) -> str:
        """The first of some names that nothing in a region has, or a new one."""
        used = {node.name for node in self.inside(region) if isinstance(node, (nodes.Name, nodes.Identifier))}
        return next((name for name in names if name not in used), None) or self.fresh(names[0])

    def means_the_same(self, node: Node, offset: int) -> bool:
        """Whether everything that is named in a node, from outside of it, means the same at another place before it."""
        visible = self.resolution.visible(offset)
        for inner in self.inside(node):
            if isinstance(inner, nodes.Name) and inner.reference is not None:
                variable = inner.reference.variable
                if variable is not None and node.start <= variable.start < node.end:
                    continue
                if visible.get(inner.name) is not variable:
                    return False
        return True

    # --- what code may do

    def call_path(self, call: nodes.Call) -> tuple[str, ...] | None:
        """The library function that is called."""
        return self.library_path(call.function)

    def is_quiet(self, node: Node) -> bool:
        """Whether a call runs no code of the program."""
        if isinstance(node, nodes.Call):
            path = self.call_path(node)
            return path is not None and library.is_quiet(path)
        return isinstance(node, nodes.MethodCall) and node.method.name in library.STRING_METHODS

    def runs_unknown_code(self, region: Node) -> bool:
        """Whether something is called in a region that may do anything."""
        return any(
            isinstance(node, (nodes.Call, nodes.MethodCall)) and not self.is_quiet(node) for node in self.inside(region)
        )

    def leaves_by_goto(self, region: Node) -> bool:
        """Whether a jump leads out of a region, other than `break` and `return`, or into it."""
        for node in self.nodes:
            if isinstance(node, nodes.Goto) and node.target is not None:
                target = node.target.node
                if self.is_in(node, region) != self.is_in(target, region):
                    return True
        return False

    def has_comment(self, start: int, end: int) -> bool:
        """Whether there is a comment between two offsets."""
        index = bisect_left(self._comment_offsets, start)
        return index < len(self._comment_offsets) and self._comment_offsets[index] < end

    @cached_property
    def _comment_offsets(self) -> list[int]:
        return [offset for offset, _ in self.comments]

    @cached_property
    def reads(self) -> list[tuple[int, Read]]:
        """Every name and field in the text, with its line."""
        return [(self.line(node), node) for node in self.nodes if isinstance(node, (nodes.Name, nodes.Field))]

    @cached_property
    def comments(self) -> list[tuple[int, str]]:
        """The offset and the text of every comment."""
        lexer = load_parser().lexer
        return list(lexer.comments(self.source))
