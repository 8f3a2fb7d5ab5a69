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
    table = LineTable(source)

    def nested(outer: FunctionState, node: Function, name: bytes | None) -> Proto:
        assert node.scope is not None
        state = FunctionState(node.scope, resolution, table, nested)
        end = Node(max(node.end - len("end"), node.start), node.end)
        _body(state, node.scope, node.body, end)
        return state.finish(name, chunk_name, table.lines[node.start], table.lines[node.end - 1])

    assert chunk.scope is not None
    state = FunctionState(chunk.scope, resolution, table, nested)
    body = chunk.body.statements
    end = body[-1].end if body else chunk.start
    _body(state, chunk.scope, chunk.body, Node(end - 1 if body else end, end))
    return state.finish(MAIN_NAME, chunk_name, 0, 0)


def _body(state: FunctionState, scope: FunctionScope, body: Block, end: Node) -> None:
    for variable in scope.parameters:
        state.push(body)
        state.activate(variable)
    statements(state, body.statements)
    if not body.statements or type(body.statements[-1]) is not Return:
        emit_return(state, state.open_count > 0, state.top, 0, end)
    state.deactivate(0)
