"""Code for statements that give variables and fields their values, and for calls as statements."""

from __future__ import annotations

from typing import Final, NamedTuple

from perilune.compiler.calls import NONE, chain, environment_slot, push_values
from perilune.compiler.emission import CODE, FunctionState
from perilune.compiler.nodes import (
    Assignment,
    CallStatement,
    Expression,
    Field,
    Function,
    FunctionStatement,
    Index,
    LocalFunction,
    LocalStatement,
    Name,
    Node,
)
from perilune.compiler.operands import EXPRESSIONS, constant_of, index_key, operand
from perilune.compiler.symbols import GLOBAL, LOCAL, NOT_CONSTANT, UPVALUE, Variable
from perilune.compiler.tables import store_constant, store_indexed, store_slot_indexed

_MOVE: Final = CODE["MOVE"]
_GETUPVAL: Final = CODE["GETUPVAL"]
_SETUPVAL: Final = CODE["SETUPVAL"]
_SETGLOBAL: Final = CODE["SETGLOBAL"]
_TBC: Final = CODE["TBC"]


def local(state: FunctionState, node: LocalStatement) -> None:
    """`local` names, with their attributes."""
    names = node.names
    values = node.values
    variables: list[Variable] = [named.identifier.variable for named in names]  # type: ignore[misc]
    if len(values) == 1 and len(names) == 1 and variables[0].constant is NOT_CONSTANT:
        value = values[0]
        if type(value) is Function:
            state.next_name = variables[0].name.encode("latin-1")
        slot = state.top
        EXPRESSIONS[type(value)](state, value, slot)
        state.push(node)
    else:
        if variables[-1].constant is not NOT_CONSTANT:
            variables.pop()
            values = values[:-1]
        if any(type(value) is Function for value in values):
            _push_named(state, values, variables, node)
        elif variables:
            push_values(state, values, len(variables), node)
    closed = None
    for variable in variables:
        state.activate(variable)
        if variable.attribute == "close":
            closed = variable
    if closed is not None:
        state.code.append(_TBC | closed.slot << 8)
        state.word_ranges.append(state.place(node.start, node.end, node.end - 1))


def _push_named(state: FunctionState, values: list[Expression], variables: list[Variable], node: Node) -> None:
    """Pushes the values of a `local` that names functions."""
    count = len(variables)
    for position, value in enumerate(values):
        if type(value) is Function and position < count:
            state.next_name = variables[position].name.encode("latin-1")
        elif position == len(values) - 1 or position >= count:
            push_values(state, values[position:], count - position, node)
            return
        push_values(state, [value], 1, node)
    push_values(state, [], count - len(values), node)


class _Target(NamedTuple):
    """A place that is assigned to: its kind, and slots or indices as the kind wants them."""

    kind: int
    slot: int = -1  # of the local or the table; or the upvalue
    key: int = -1
    integer: int = -1
    key_slot: int = -1


_TO_LOCAL: Final = 0
_TO_UPVALUE: Final = 1
_TO_UPVALUE_FIELD: Final = 2
_TO_TABLE: Final = 3


def _target(state: FunctionState, node: Expression) -> _Target:
    """Evaluates what a target is made of."""
    if type(node) is Name:
        reference = node.reference
        assert reference is not None
        if reference.kind == LOCAL:
            return _Target(_TO_LOCAL, reference.variable.slot)  # type: ignore[union-attr]
        if reference.kind == UPVALUE:
            return _Target(_TO_UPVALUE, reference.index)
        assert reference.kind == GLOBAL and reference.environment is not None
        key = state.key(node.name)
        environment = reference.environment
        if key >= 0 and environment.kind == UPVALUE:
            return _Target(_TO_UPVALUE_FIELD, environment.index, key)
        place = state.place(node.start, node.end, node.start)
        slot = environment_slot(state, node, environment, place)
        if key >= 0:
            return _Target(_TO_TABLE, slot, key)
        key_slot = state.push(node)
        state.load(node.name.encode("latin-1"), key_slot, place)
        return _Target(_TO_TABLE, slot, key_slot=key_slot)
    assert isinstance(node, Field | Index)
    key = index_key(state, node)
    table = node.object
    if key >= 0:
        if type(table) is Name and table.reference.kind == UPVALUE:  # type: ignore[union-attr]
            return _Target(_TO_UPVALUE_FIELD, table.reference.index, key)  # type: ignore[union-attr]
        return _Target(_TO_TABLE, operand(state, table), key)
    slot = operand(state, table)
    if type(node) is Index:
        constant = constant_of(state, node.key)
        if type(constant) is int and 0 <= constant <= 255:
            return _Target(_TO_TABLE, slot, integer=constant)
        return _Target(_TO_TABLE, slot, key_slot=operand(state, node.key))
    assert isinstance(node, Field)
    key_slot = state.push(node)
    state.load(node.key.name.encode("latin-1"), key_slot, state.place(node.start, node.end, node.end - 1))
    return _Target(_TO_TABLE, slot, key_slot=key_slot)


def _store(state: FunctionState, target: _Target, source: int, place: int) -> None:
    """Assigns s[source] to a target."""
    kind = target.kind
    if kind == _TO_LOCAL:
        state.code.append(_MOVE | target.slot << 8 | source << 16)
    elif kind == _TO_UPVALUE:
        state.code.append(_SETUPVAL | source << 8 | target.slot << 16)
    elif kind == _TO_UPVALUE_FIELD:
        state.code += (_SETGLOBAL | source << 8 | target.slot << 16, target.key)
        state.word_ranges.append(place)
    else:
        store_slot_indexed(state, target.slot, target.key, target.integer, target.key_slot, source, place)
        return
    state.word_ranges.append(place)


def _assign(state: FunctionState, node: Expression, value: Expression, statement: Node) -> None:
    """One target, one value: the value goes straight to its place."""
    top = state.top
    if type(node) is Name and node.reference.kind == LOCAL:  # type: ignore[union-attr]
        slot = node.reference.variable.slot  # type: ignore[union-attr]
        EXPRESSIONS[type(value)](state, value, slot)
    elif isinstance(node, Field | Index) and not (
        type(node.object) is Name
        and node.object.reference.kind == UPVALUE  # type: ignore[union-attr]
        and index_key(state, node) >= 0
    ):
        table = operand(state, node.object)
        if type(node) is Field:
            store_indexed(state, table, node.key.name.encode("latin-1"), None, value, statement)
        else:
            assert isinstance(node, Index)
            store_indexed(state, table, constant_of(state, node.key), node.key, value, statement)
    else:
        target = _target(state, node)
        source = operand(state, value)
        _store(state, target, source, state.place(statement.start, statement.end, statement.end - 1))
    state.top = top


def _target_name(node: Expression) -> bytes | None:
    """How reports call a function that is assigned to a target."""
    parts: list[str] = []
    while type(node) is Field:
        parts.append(node.key.name)
        node = node.object
    if type(node) is Name:
        parts.append(node.name)
    return ".".join(reversed(parts)).encode("latin-1") if parts else None


def assignment(state: FunctionState, node: Assignment) -> None:
    """An assignment to one or several targets."""
    targets = node.targets
    values = node.values
    if len(targets) == 1 and len(values) == 1:
        if type(values[0]) is Function:
            state.next_name = _target_name(targets[0])
        _assign(state, targets[0], values[0], node)
        return
    top = state.top
    places: list[_Target] = []
    for target in targets:
        place = _target(state, target)
        if places and (place.kind == _TO_LOCAL or place.kind == _TO_UPVALUE):
            _save_conflicts(state, places, place, target)
        places.append(place)
    statement = state.place(node.start, node.end, node.end - 1)
    if len(values) != len(targets):
        push_values(state, values, len(targets), node)
        for place in reversed(places):
            state.top -= 1
            _store(state, place, state.top, statement)
        state.top = top
        return
    last_line = state.lines[node.end - 1]
    slots: list[int] = []  # of all values but the last, -1 for those that are constant and on the last line
    for target, value in zip(targets, values, strict=True):
        if type(value) is Function:
            state.next_name = _target_name(target)
        if value is values[-1]:
            break
        if constant_of(state, value) is NOT_CONSTANT or state.lines[value.start] != last_line:
            slots.append(state.top)
            EXPRESSIONS[type(value)](state, value, state.top)
            state.push(value)
        else:
            slots.append(-1)
    _store_value(state, places[-1], values[-1], statement)
    for index in range(len(slots) - 1, -1, -1):
        if slots[index] < 0:
            _store_value(state, places[index], values[index], statement)
        else:
            _store(state, places[index], slots[index], statement)
    state.top = top


def _store_value(state: FunctionState, target: _Target, value: Expression, place: int) -> None:
    if target.kind == _TO_LOCAL:
        EXPRESSIONS[type(value)](state, value, target.slot)
        return
    if target.kind == _TO_TABLE and store_constant(state, target.slot, target.key, target.key_slot, value, place):
        return
    top = state.top
    source = operand(state, value)
    _store(state, target, source, place)
    state.top = top


def _save_conflicts(state: FunctionState, places: list[_Target], assigned: _Target, node: Node) -> None:
    """Gives targets to the left that read a variable assigned further right a copy of its value."""
    copy = state.top
    found = False
    for index, place in enumerate(places):
        if place.kind == _TO_UPVALUE_FIELD:
            if assigned.kind == _TO_UPVALUE and place.slot == assigned.slot:
                found = True
                places[index] = _Target(_TO_TABLE, copy, place.key)
        elif place.kind == _TO_TABLE and assigned.kind == _TO_LOCAL:
            if place.slot == assigned.slot:
                found = True
                place = places[index] = place._replace(slot=copy)
            if place.key_slot == assigned.slot:
                found = True
                places[index] = place._replace(key_slot=copy)
    if found:
        opcode = _MOVE if assigned.kind == _TO_LOCAL else _GETUPVAL
        state.code.append(opcode | copy << 8 | assigned.slot << 16)
        state.word_ranges.append(state.place(node.start, node.end, node.start))
        state.push(node)


def function_statement(state: FunctionState, node: FunctionStatement) -> None:
    """`function a.b:c() end`."""
    name = _target_name(node.target)
    if node.function.is_method and name is not None:
        holder, _, method = name.rpartition(b".")
        name = holder + b":" + method
    state.next_name = name
    # The reference names the statement's first line for the assignment.
    _assign(state, node.target, node.function, Node(node.start, node.target.end))


def local_function(state: FunctionState, node: LocalFunction) -> None:
    """`local function f() end`."""
    variable = node.identifier.variable
    assert variable is not None
    slot = state.push(node)
    state.activate(variable)
    state.next_name = variable.name.encode("latin-1")
    EXPRESSIONS[Function](state, node.function, slot)
    state.active[-1].debug.first_pc = len(state.code)


def call_statement(state: FunctionState, node: CallStatement) -> None:
    """A call whose results are dropped."""
    chain(state, node.call, state.top, NONE)
