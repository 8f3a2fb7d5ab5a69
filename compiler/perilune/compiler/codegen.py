"""From a resolved tree to bytecode."""

from __future__ import annotations

from typing import Final

from perilune.compiler.emission import FunctionState, LineTable
from perilune.compiler.expressions import GENERATORS
from perilune.compiler.nodes import Block, Chunk, Function, Node, Return
from perilune.compiler.operands import EXPRESSIONS
from perilune.compiler.proto import Proto
from perilune.compiler.source import Source
from perilune.compiler.statements import emit_return, statements
from perilune.compiler.symbols import FunctionScope, Resolution

# The generators call each other through the table, and are spread over several modules.
EXPRESSIONS.update(GENERATORS)

MAIN_NAME: Final = b"main chunk"


def generate(chunk: Chunk, resolution: Resolution, source: Source, chunk_name: bytes) -> Proto:
    """The main function of a chunk without errors; raises LuaSyntaxError where a function needs too many slots."""
    generator = _Generator(resolution, LineTable(source), chunk_name)
    assert chunk.scope is not None
    body = chunk.body.statements
    end = body[-1].end if body else chunk.start
    state = generator.state(chunk.scope, chunk.body, Node(end - 1 if body else end, end))
    return state.finish(MAIN_NAME, chunk_name, 0, 0)


class _Generator:
    """What all functions of a chunk share."""

    __slots__ = ("chunk_name", "resolution", "table")

    def __init__(self, resolution: Resolution, table: LineTable, chunk_name: bytes) -> None:
        self.resolution = resolution
        self.table = table
        self.chunk_name = chunk_name

    def nested(self, node: Function, name: bytes | None) -> Proto:
        """A function inside another."""
        assert node.scope is not None
        lines = self.table.lines
        state = self.state(node.scope, node.body, Node(max(node.end - len("end"), node.start), node.end))
        return state.finish(name, self.chunk_name, lines[node.start], lines[node.end - 1])

    def state(self, scope: FunctionScope, body: Block, end: Node) -> FunctionState:
        """A function whose code is complete."""
        state = FunctionState(scope, self.resolution, self.table, self.nested)
        _body(state, scope, body, end)
        return state


def _body(state: FunctionState, scope: FunctionScope, body: Block, end: Node) -> None:
    for variable in scope.parameters:
        state.push(body)
        state.activate(variable)
    statements(state, body.statements)
    if not body.statements or type(body.statements[-1]) is not Return:
        emit_return(state, state.open_count > 0, state.top, 0, end)
    state.deactivate(0)
