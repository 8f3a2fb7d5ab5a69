"""Code for variables, fields, calls, and lists of values."""

from __future__ import annotations

from typing import Any, Final

from perilune.compiler.emission import CODE, FunctionState
from perilune.compiler.nodes import Call, Expression, Field, Index, MethodCall, Name, Node, String, Vararg
from perilune.compiler.operands import EXPRESSIONS, constant_of, delay, get_field, index_key, move, operand
from perilune.compiler.symbols import CONSTANT, GLOBAL, LOCAL, NOT_CONSTANT, UPVALUE, Reference

_MOVE: Final = CODE["MOVE"]
_GETUPVAL: Final = CODE["GETUPVAL"]
_GETGLOBAL: Final = CODE["GETGLOBAL"]
_GETFIELD: Final = CODE["GETFIELD"]
_GETINDEX: Final = CODE["GETINDEX"]
_GETINT: Final = CODE["GETINT"]
_SELF: Final = CODE["SELF"]
_CALL: Final = CODE["CALL"]
_TAILCALL: Final = CODE["TAILCALL"]
_VARARG: Final = CODE["VARARG"]

_REFERENCE_SLOTS: Final = 254  # that a function of the reference has

OPEN: Final = 0
NONE: Final = 1
ONE: Final = 2
TAIL: Final = -1
"""What becomes of a call's results: the count field of CALL, or a tail call."""


def name_value(state: FunctionState, node: Name, slot: int) -> None:
    reference = node.reference
    assert reference is not None
    kind = reference.kind
    offset = state.late.pop(node, node.start) if state.late else node.start
    place = state.place(node.start, node.end, offset)
    if kind == GLOBAL:
        get_global(state, node, slot, reference, place)
    elif kind == LOCAL:
        source = reference.variable.slot  # type: ignore[union-attr]
        if source != slot:
            state.code.append(_MOVE | slot << 8 | source << 16)
            state.word_ranges.append(place)
    elif kind == UPVALUE:
        state.code.append(_GETUPVAL | slot << 8 | reference.index << 16)
        state.word_ranges.append(place)
    else:
        state.load(reference.variable.constant, slot, place)  # type: ignore[union-attr]


def environment_slot(state: FunctionState, node: Name, environment: Reference, place: int) -> int:
    """The slot of an `_ENV` that is a local variable or constant, or that must be fetched."""
    if environment.kind == LOCAL:
        return environment.variable.slot  # type: ignore[union-attr]
    slot = state.push(node)
    if environment.kind == CONSTANT:
        state.load(environment.variable.constant, slot, place)  # type: ignore[union-attr]
    else:
        state.code.append(_GETUPVAL | slot << 8 | environment.index << 16)
        state.word_ranges.append(place)
    return slot


def get_global(state: FunctionState, node: Name, slot: int, reference: Reference, place: int) -> None:
    """s[slot] = a field of the `_ENV` in scope."""
    environment = reference.environment
    assert environment is not None
    key = state.key(node.name)
    if key >= 0 and environment.kind == UPVALUE:
        state.code += (_GETGLOBAL | slot << 8 | environment.index << 16, key)
        state.word_ranges += (place, place)
        return
    top = state.top
    get_field(state, slot, environment_slot(state, node, environment, place), node.name, key, place, node)
    state.top = top


def chain(state: FunctionState, node: Expression, slot: int, results: int = ONE) -> None:
    """A chain of calls and indices, from its head to its last link.

    `results` is about the last link where that is a call: OPEN, NONE, TAIL, or a count plus one. ONE goes to the slot;
    more stand from the top up.
    """
    base = state.top
    links: list[Any] = []
    head: Any = node
    while True:
        kind = type(head)
        if kind is Call:
            links.append(head)
            head = head.function
        elif kind is Field or kind is Index or kind is MethodCall:
            links.append(head)
            head = head.object
        else:
            break
    code = state.code
    word_ranges = state.word_ranges
    index = len(links) - 1
    link = links[index]
    if type(link) is Call:
        EXPRESSIONS[kind](state, head, base)
        current = base
    else:
        key = -1
        if kind is Name and head.reference.kind == UPVALUE:
            key = index_key(state, link)
        if key >= 0:
            current = slot if index == 0 else base
            place = state.place(link.start, link.end, state.late.pop(link, link.end - 1))
            code += (_GETGLOBAL | current << 8 | head.reference.index << 16, key)
            word_ranges += (place, place)
            index -= 1
        else:
            current = operand(state, head)
    while index >= 0:
        link = links[index]
        kind = type(link)
        if current == base:
            state.top = base + 1
            if base >= state.high:
                state.grow(base + 1, link)
        else:
            state.top = base
        if kind is Call or kind is MethodCall:
            if kind is MethodCall:
                _self(state, link, base, current)
            is_open = _arguments(state, link.arguments, link.end - 1)
            count = 0 if is_open else state.top - base
            place = state.place(link.start, link.end, _opening(link))
            if index:
                code.append(_CALL | base << 8 | count << 16 | ONE << 24)
                current = base
            elif results == TAIL:
                code.append(_TAILCALL | base << 8 | count << 16)
            else:
                code.append(_CALL | base << 8 | count << 16 | results << 24)
            word_ranges.append(place)
            if results == ONE and slot != base and not index:
                code.append(_MOVE | slot << 8 | base << 16)
                word_ranges.append(state.place(link.start, link.end, link.end - 1))
        else:
            target = slot if index == 0 else base
            place = state.place(link.start, link.end, state.late.pop(link, link.end - 1))
            if kind is Field:
                get_field(state, target, current, link.key.name, state.key(link.key.name), place, link)
            else:
                _get_index(state, target, current, link, place)
            current = target
        index -= 1
    state.top = base


def _opening(node: Call | MethodCall) -> int:
    """The offset whose line a call has: where its arguments begin, or where the string ends that is its argument."""
    arguments = node.arguments
    return node.end - 1 if arguments and arguments[-1].end == node.end and type(arguments[-1]) is String else node.open


def _get_index(state: FunctionState, slot: int, source: int, node: Index, place: int) -> None:
    value = constant_of(state, node.key)
    if type(value) is int and 0 <= value <= 255:
        state.code.append(_GETINT | slot << 8 | source << 16 | value << 24)
    else:
        key = index_key(state, node)
        if key >= 0:
            state.code.append(_GETFIELD | slot << 8 | source << 16)
            state.code.append(key)
            state.word_ranges.append(place)
        else:
            key_slot = operand(state, node.key)
            state.code.append(_GETINDEX | slot << 8 | source << 16 | key_slot << 24)
    state.word_ranges.append(place)


def _self(state: FunctionState, node: MethodCall, base: int, source: int) -> None:
    """The method and the object, pushed for a call."""
    method = node.method
    place = state.place(node.start, method.end, method.start)
    key = state.key(method.name)
    state.top = base + 2
    if base + 2 > state.high:
        state.grow(base + 2, node)
    if key >= 0:
        state.code += (_SELF | base << 8 | source << 16, key)
        state.word_ranges += (place, place)
        return
    move(state, base + 1, source, place)
    get_field(state, base, base + 1, method.name, key, place, node)


def _arguments(state: FunctionState, arguments: list[Expression], close: int) -> bool:
    """Pushes a call's arguments, up to the parenthesis at offset `close`; whether the last is open."""
    if not arguments:
        return False
    last = arguments[-1]
    for argument in arguments:
        kind = type(argument)
        if argument is last:
            if kind in MULTIPLE:
                push_open(state, argument)
                return True
            delay(state, argument, close)
        slot = state.top
        EXPRESSIONS[kind](state, argument, slot)
        state.top = slot + 1
        if slot >= state.high:
            state.grow(slot + 1, argument)
    return False


MULTIPLE: Final = frozenset({Call, MethodCall, Vararg})
"""The expressions that can have more than one value."""


def push_open(state: FunctionState, node: Expression) -> None:
    """All values of a call or `...`, from the top up; the next instruction must take them."""
    push_results(state, node, OPEN)


def push_results(state: FunctionState, node: Expression, results: int) -> None:
    """A number of values of a call or `...`, plus one, from the top up, which is not raised."""
    if type(node) is Vararg:
        if results == NONE:
            return
        place = state.place(node.start, node.end, node.start)
        state.code.append(_VARARG | state.top << 8 | results << 24)
        state.word_ranges.append(place)
    else:
        chain(state, node, state.top, results)
    state.grow(state.top + max(results - 1, 1), node)


def push_values(state: FunctionState, values: list[Expression], wanted: int, node: Node) -> None:
    """Pushes an expression list, cut or filled up to `wanted` values."""
    given = len(values)
    first = state.top
    for position, value in enumerate(values, 1):
        if position > wanted and first + position > _REFERENCE_SLOTS:  # it keeps what no variable takes
            state.fail(
                "function or expression needs too many registers", value.function if type(value) is Call else value
            )
        if position == given and type(value) in MULTIPLE and wanted != given:
            missing = max(wanted - given + 1, 0)
            push_results(state, value, missing + 1)
            state.top += missing
            return
        if position <= wanted:
            slot = state.top
            EXPRESSIONS[type(value)](state, value, slot)
            state.top = slot + 1
            if slot >= state.high:
                state.grow(slot + 1, value)
        elif constant_of(state, value) is NOT_CONSTANT:
            top = state.top
            operand(state, value)
            state.top = top
    if given < wanted:
        place = state.place(node.start, node.end, node.start)
        state.load_nil(state.top, wanted - given, place)
        state.top += wanted - given
        state.grow(state.top, node)


def vararg(state: FunctionState, node: Vararg, slot: int) -> None:
    state.code.append(_VARARG | slot << 8 | ONE << 24)
    state.word_ranges.append(state.place(node.start, node.end, node.start))
