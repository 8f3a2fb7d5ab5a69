"""Code for statements and blocks.

The operand stack is empty between statements: the top is the first slot above the locals in scope.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from perilune.compiler.assignments import assignment, call_statement, function_statement, local, local_function
from perilune.compiler.calls import MULTIPLE, TAIL, chain, push_open, push_values
from perilune.compiler.emission import CODE, FunctionState, Label
from perilune.compiler.nodes import (
    Assignment,
    Block,
    Break,
    Call,
    CallStatement,
    Do,
    Expression,
    FunctionStatement,
    GenericFor,
    Goto,
    If,
    LocalFunction,
    LocalStatement,
    MethodCall,
    Name,
    Node,
    NumericFor,
    Repeat,
    Return,
    Statement,
    While,
)
from perilune.compiler.nodes import Label as LabelStatement
from perilune.compiler.operands import EXPRESSIONS, constant_of, delay, operand
from perilune.compiler.operators import jump_if
from perilune.compiler.source import next_token
from perilune.compiler.stopping import may_stop
from perilune.compiler.symbols import LOCAL, NOT_CONSTANT

_RETURN: Final = CODE["RETURN"]
_RETURN0: Final = CODE["RETURN0"]
_RETURN1: Final = CODE["RETURN1"]
_RETURNC: Final = CODE["RETURNC"]
_FORPREP: Final = CODE["FORPREP"]
_FORLOOP: Final = CODE["FORLOOP"]
_TFORPREP: Final = CODE["TFORPREP"]
_TFORCALL: Final = CODE["TFORCALL"]
_TFORLOOP: Final = CODE["TFORLOOP"]
_CLOSE: Final = CODE["CLOSE"]

_NOTHING_OPEN: Final = 1 << 30
"""Index of a local for a `break` that closes nothing, because what stands behind its loop does."""


# --- blocks


def statements(state: FunctionState, body: list[Statement]) -> None:
    """The statements of a block."""
    handlers = _STATEMENTS
    for statement in body:
        handlers[type(statement)](state, statement)
        may_stop()


def _block(state: FunctionState, block: Block) -> bool:
    """A block with a scope of its own; whether its end can be reached."""
    count = len(state.active)
    top = state.top
    body = block.statements
    statements(state, body)
    reaches = not body or type(body[-1]) not in (Return, Break, Goto)
    if len(state.active) > count:
        if reaches and state.open_count:
            slot = state.first_open(count)
            if slot >= 0:
                _close(state, slot, body[-1])
        state.deactivate(count)
    state.top = top
    return reaches


def _close(state: FunctionState, slot: int, node: Node) -> None:
    """Closes the locals from a slot up, behind a statement."""
    state.code.append(_CLOSE | slot << 8)
    state.word_ranges.append(state.place(node.start, node.end, node.end - 1))


def _keyword(state: FunctionState, node: Node, length: int) -> int:
    """The source range of the keyword at a node's start."""
    return state.place(node.start, node.start + length, node.start)


def _do(state: FunctionState, node: Do) -> None:
    _block(state, node.body)


# --- control structures


def _if(state: FunctionState, node: If) -> None:
    done: Label = []
    last = node.clauses[-1]
    for clause in node.clauses:
        condition = clause.condition
        body = clause.body.statements
        then = _behind(state, condition, " then")
        if len(body) == 1 and type(body[0]) is Break and _breaks_on(state, condition, then):
            continue
        delay(state, condition, then)
        following: Label = []
        jump_if(state, condition, False, following, then)
        reaches = _block(state, clause.body)
        if reaches and (clause is not last or node.otherwise is not None):
            state.jump(done, state.place(clause.start, clause.start + 2, body[-1].end - 1 if body else then))
        state.bind(following)
    if node.otherwise is not None:
        _block(state, node.otherwise)
    state.bind(done)


def _behind(state: FunctionState, expression: Expression, expected: str) -> int:
    """The offset of the keyword behind an expression, as far as its line is concerned."""
    source = state.table.source
    end = expression.end
    return end if source.text.startswith(expected, end) else next_token(source.text, end)[0]


def _breaks_on(state: FunctionState, condition: Expression, then: int) -> bool:
    """Makes `if condition then break end` one conditional jump, where nothing is to be closed. The reference does so too, but
    not for `goto`: its line has line events, hence counts.
    """
    label, first = state.loops[-1]
    if state.first_open(first) >= 0:
        return False
    jump_if(state, condition, True, label, then)
    return True


def _while(state: FunctionState, node: While) -> None:
    end: Label = []
    condition = constant_of(state, node.condition)
    entry: Label = []
    is_endless = condition is not NOT_CONSTANT and condition is not None and condition is not False
    if not is_endless and node.body.statements:
        # The test stands at the bottom, so that going round costs one jump.
        state.jump(entry, _keyword(state, node, 5))
    start = state.here()
    state.loops.append((end, len(state.active)))
    _block(state, node.body)
    state.loops.pop()
    turn = state.lines[_last_of_body(state, node)]
    if is_endless:
        state.loops_noted.append((turn, len(state.code), start))
        state.jump_back(start, _keyword(state, node, 5))
    else:
        state.bind(entry)
        if condition is NOT_CONSTANT:
            state.loops_noted.append((turn, len(state.code), start))
        again: Label = []
        jump_if(state, node.condition, True, again)
        state.lead(again, start)
    state.bind(end)


def _last_of_body(state: FunctionState, node: While) -> int:
    """An offset in the token before the `end` of a loop."""
    body = node.body.statements
    if not body:
        return _behind(state, node.condition, " do")
    text = state.table.source.text
    end = body[-1].end
    start, behind = next_token(text, end)
    while text[start:behind] == ";":
        end = behind
        start, behind = next_token(text, end)
    return end - 1


def _repeat(state: FunctionState, node: Repeat) -> None:
    count = len(state.active)
    top = state.top
    end: Label = []
    start = state.here()
    state.loops.append((end, count))
    statements(state, node.body.statements)
    state.loops.pop()
    slot = state.first_open(count)
    again: Label = []
    if slot < 0:
        jump_if(state, node.condition, False, again)
    else:
        # Both ways out of the body's scope close its locals, after the condition has read them.
        leave: Label = []
        jump_if(state, node.condition, True, leave)
        _close(state, slot, node)
        state.jump(again, _keyword(state, node, 6))
        state.bind(leave)
        _close(state, slot, node)
    state.lead(again, start)
    state.deactivate(count)
    state.top = top
    state.bind(end)


def _numeric_for(state: FunctionState, node: NumericFor) -> None:
    base = state.top
    count = len(state.active)
    for value in (node.first, node.limit, node.step):
        slot = state.top
        if value is None:
            state.load(1, slot, state.place(node.start, node.limit.end, node.limit.end - 1))
        else:
            EXPRESSIONS[type(value)](state, value, slot)
        state.push(node)
    for offset in range(3):
        state.activate_hidden(base + offset, False)
    end: Label = []
    last = node.step or node.limit
    head = state.place(node.start, last.end, _behind(state, last, " do"))
    skip = [len(state.code)]
    state.code += (_FORPREP | base << 8, 0)
    state.word_ranges += (head, head)
    start = state.here()
    state.loops.append((end, count))
    state.push(node)
    state.activate(node.variable.variable)  # type: ignore[arg-type]
    _loop_body(state, node.body, count + 3)
    state.loops.pop()
    loop = len(state.code)
    place = state.place(node.start, last.end, node.start)
    state.code += (_FORLOOP | base << 8, 0)
    state.word_ranges += (place, place)
    state.targets[loop] = start
    state.bind(skip)
    state.deactivate(count)
    state.top = base
    state.bind(end)


def _loop_body(state: FunctionState, body: Block, count: int) -> None:
    """The body of a `for`, and the end of the scope of its variables, from index `count` of the locals."""
    reaches = _block(state, body)
    slot = state.first_open(count)
    if slot >= 0 and reaches:
        _close(state, slot, body.statements[-1] if body.statements else body)
    state.deactivate(count)


def _generic_for(state: FunctionState, node: GenericFor) -> None:
    base = state.top
    count = len(state.active)
    push_values(state, node.values, 4, node)
    for offset in range(4):
        state.activate_hidden(base + offset, offset == 3)
    state.grow(base + 7, node)
    values_end = node.values[-1].end
    place = state.place(node.start, values_end, node.values[0].start)
    call: Label = [len(state.code)]
    prepared = state.place(node.start, values_end, _behind(state, node.values[-1], " do"))
    state.code += (_TFORPREP | base << 8, 0)
    state.word_ranges += (prepared, prepared)
    start = state.here()
    end: Label = []
    state.loops.append((end, _NOTHING_OPEN))
    for identifier in node.variables:
        state.push(node)
        state.activate(identifier.variable)  # type: ignore[arg-type]
    _loop_body(state, node.body, count + 4)
    state.loops.pop()
    state.bind(call)
    loop = len(state.code) + 1
    state.code += (_TFORCALL | base << 8 | len(node.variables) << 24, _TFORLOOP | base << 8, 0)
    state.word_ranges += (place, place, place)
    state.targets[loop] = start
    state.bind(end)
    _close(state, base + 3, node)
    state.deactivate(count)
    state.top = base


def _break(state: FunctionState, node: Break) -> None:
    label, first = state.loops[-1]
    slot = state.first_open(first)
    if slot >= 0:
        _close(state, slot, node)
    state.jump(label, state.place(node.start, node.end, node.start))


def _level_to_close(state: FunctionState, node: Goto) -> int:
    """The lowest slot that a goto must close, -1 where there is none."""
    assert node.target is not None
    if state.open_count:
        for local in state.active:
            if local.closes and local.slot >= node.target.level:
                return local.slot
    return -1


def _lead_to(state: FunctionState, node: Goto, label: Label) -> None:
    """Makes jumps lead to a goto's label."""
    assert node.target is not None
    statement = node.target.node
    position = state.label_positions.get(statement)
    if position is None:
        state.label_waiting.setdefault(statement, []).extend(label)
    else:
        state.lead(label, position)


def _goto(state: FunctionState, node: Goto) -> None:
    slot = _level_to_close(state, node)
    if slot >= 0:
        _close(state, slot, node)
    label: Label = []
    state.jump(label, state.place(node.start, node.end, node.start))
    _lead_to(state, node, label)


def _label(state: FunctionState, node: LabelStatement) -> None:
    state.bind(state.label_waiting.pop(node, []))
    state.label_positions[node] = state.here()


def _return(state: FunctionState, node: Return) -> None:
    values = node.values
    top = state.top
    closes = state.open_count > 0
    count = len(values)
    if not count:
        emit_return(state, closes, top, 0, node)
        return
    last = values[-1]
    kind = type(last)
    if count == 1:
        if (kind is Call or kind is MethodCall) and not state.tbc_count:
            chain(state, last, top, TAIL)
            if closes:
                state.insert_before_open_tail(_CLOSE | state.first_open(0) << 8)
            return
        if kind not in MULTIPLE:
            slot = operand(state, last)
            emit_return(state, closes, slot, 1, node)
            state.top = top
            return
    first = _adjacent(values)
    if first >= 0:
        emit_return(state, closes, first, count, node)
        return
    if kind in MULTIPLE:
        push_values(state, values[:-1], count - 1, node)
        push_open(state, last)
        emit_return(state, closes, top, -1, node)
    else:
        push_values(state, values, count, node)
        emit_return(state, closes, top, count, node)
    state.top = top


def _adjacent(values: list[Expression]) -> int:
    """The first slot of values that are locals side by side already, -1 where they are not."""
    first = -1
    for position, value in enumerate(values):
        if type(value) is not Name or value.reference.kind != LOCAL:  # type: ignore[union-attr]
            return -1
        slot = value.reference.variable.slot  # type: ignore[union-attr]
        if position == 0:
            first = slot
        elif slot != first + position:
            return -1
    return first


def emit_return(state: FunctionState, closes: bool, slot: int, count: int, node: Node) -> None:
    """Returns `count` values from a slot up, or the open values for -1."""
    if closes:
        word = _RETURNC | (slot if count else 0) << 8 | (count + 1) << 16
    elif count == 0:
        word = _RETURN0
    elif count == 1:
        word = _RETURN1 | slot << 8
    else:
        word = _RETURN | slot << 8 | (count + 1) << 16
    state.code.append(word)
    state.word_ranges.append(state.place(node.start, node.end, node.end - 1))


_STATEMENTS: Final[dict[type[Node], Callable[[FunctionState, Any], None]]] = {
    LocalStatement: local,
    Assignment: assignment,
    CallStatement: call_statement,
    Do: _do,
    While: _while,
    Repeat: _repeat,
    If: _if,
    NumericFor: _numeric_for,
    GenericFor: _generic_for,
    FunctionStatement: function_statement,
    LocalFunction: local_function,
    Return: _return,
    Break: _break,
    Goto: _goto,
    LabelStatement: _label,
}
