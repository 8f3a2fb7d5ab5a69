"""Code for expressions.

`FUNCTION[type](state, node, slot)` puts a node's single value into a slot. That is either the slot at the top, which
the caller then reserves, or the slot of a local variable that is being assigned; the latter must not change before the
whole value is known. The top is the same before and after.

An operand that is a local variable is used where it is. Conditions jump; a boolean is made only where a program keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perilune.compiler.emission import FunctionState, Label
from perilune.compiler.nodes import (
    Binary,
    Call,
    Expression,
    FalseLiteral,
    Field,
    Function,
    Index,
    KeyedItem,
    MethodCall,
    Name,
    NamedItem,
    Nil,
    Node,
    Number,
    Parenthesis,
    String,
    Table,
    TrueLiteral,
    Unary,
    Vararg,
)
from perilune.compiler.opcodes import BY_NAME
from perilune.compiler.resolver import CONSTANT, GLOBAL, LOCAL, NOT_CONSTANT, UPVALUE, Reference

_CODE = {name: opcode.code for name, opcode in BY_NAME.items()}
_MOVE = _CODE["MOVE"]
_LOADTRUE = _CODE["LOADTRUE"]
_LOADFALSE = _CODE["LOADFALSE"]
_GETUPVAL = _CODE["GETUPVAL"]
_GETGLOBAL = _CODE["GETGLOBAL"]
_GETFIELD = _CODE["GETFIELD"]
_GETINDEX = _CODE["GETINDEX"]
_GETINT = _CODE["GETINT"]
_SELF = _CODE["SELF"]
_NEWTABLE = _CODE["NEWTABLE"]
_SETLIST = _CODE["SETLIST"]
_SETFIELD = _CODE["SETFIELD"]
_SETFIELDK = _CODE["SETFIELDK"]
_SETINDEX = _CODE["SETINDEX"]
_SETINDEXK = _CODE["SETINDEXK"]
_SETINT = _CODE["SETINT"]
_ADDI = _CODE["ADDI"]
_SUBI = _CODE["SUBI"]
_NOT = _CODE["NOT"]
_CONCAT = _CODE["CONCAT"]
_JT = _CODE["JT"]
_JF = _CODE["JF"]
_JTMOVE = _CODE["JTMOVE"]
_JFMOVE = _CODE["JFMOVE"]
_JEQ = _CODE["JEQ"]
_JNE = _CODE["JNE"]
_JEQK = _CODE["JEQK"]
_JNEK = _CODE["JNEK"]
_CALL = _CODE["CALL"]
_TAILCALL = _CODE["TAILCALL"]
_VARARG = _CODE["VARARG"]
_CLOSURE = _CODE["CLOSURE"]

OPEN, NONE, ONE, TAIL = 0, 1, 2, -1
"""What becomes of a call's results: the count field of CALL, or a tail call."""

SETLIST_BATCH = 50
_MAX_INDEX = 255

# operator -> both operands in slots, constant on the right, constant on the left (0: no such form)
_ARITHMETIC = {
    sign: (_CODE[name], _CODE[name + "K"], _CODE.get("R" + name + "K", 0))
    for sign, name in (
        ("+", "ADD"),
        ("-", "SUB"),
        ("*", "MUL"),
        ("/", "DIV"),
        ("%", "MOD"),
        ("//", "IDIV"),
        ("^", "POW"),
        ("&", "BAND"),
        ("|", "BOR"),
        ("~", "BXOR"),
        ("<<", "SHL"),
        (">>", "SHR"),
    )
}
_UNARY = {"-": _CODE["UNM"], "~": _CODE["BNOT"], "#": _CODE["LEN"], "not": _NOT}


def _orders(plain: str, constant_right: str, constant_left: str) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Opcodes that jump where the comparison does not hold, and where it does."""
    names = (plain, constant_right, constant_left)
    return (
        (_CODE["JN" + plain], _CODE["JN" + constant_right], _CODE["JN" + constant_left]),
        (_CODE["J" + names[0]], _CODE["J" + names[1]], _CODE["J" + names[2]]),
    )


# operator -> whether the slots change places, and the opcodes by sense
_ORDER = {
    "<": (False, _orders("LT", "LTK", "GTK")),
    "<=": (False, _orders("LE", "LEK", "GEK")),
    ">": (True, _orders("LT", "GTK", "LTK")),
    ">=": (True, _orders("LE", "GEK", "LEK")),
}
_COMPARISONS = frozenset(_ORDER) | {"==", "~="}
_EAGER = frozenset(_ARITHMETIC) | _COMPARISONS
"""Binary operators that need both operands' values."""


# --- constants and operands


def constant_of(state: FunctionState, node: Expression) -> Any:
    """The value of a constant expression, or NOT_CONSTANT."""
    kind = type(node)
    if kind is Number or kind is String:
        return node.value  # type: ignore[attr-defined]
    if kind is Nil:
        return None
    if kind is TrueLiteral:
        return True
    if kind is FalseLiteral:
        return False
    return state.folded.get(node, NOT_CONSTANT)


def operand(state: FunctionState, node: Expression) -> int:
    """The slot of a node's value: the local variable's own, or a new one at the top."""
    if type(node) is Parenthesis:
        node = _inside(state, node)
    if type(node) is Name:
        reference = node.reference
        if reference.kind == LOCAL:  # type: ignore[union-attr]
            return reference.variable.slot  # type: ignore[union-attr]
    slot = state.top
    EXPRESSIONS[type(node)](state, node, slot)
    state.top = slot + 1
    if slot >= state.high:
        state.grow(slot + 1, node)
    return slot


def delay(state: FunctionState, node: Expression, offset: int) -> None:
    """Says that the reference reads a variable or field only when it has seen the token at an offset.

    Its error messages then name that token's line.
    """
    if state.lines[node.end - 1] != state.lines[offset] and type(node) in (Name, Field, Index):
        state.late[node] = offset


def _inside(state: FunctionState, node: Expression) -> Expression:
    """What stands in parentheses."""
    while type(node) is Parenthesis:
        delay(state, node.expression, node.end - 1)
        node = node.expression
    return node


def _load(state: FunctionState, node: Expression, slot: int, value: object) -> None:
    state.load(value, slot, state.place(node.start, node.end, node.end - 1))


def _literal(state: FunctionState, node: Number | String, slot: int) -> None:
    _load(state, node, slot, node.value)


def _nil(state: FunctionState, node: Nil, slot: int) -> None:
    _load(state, node, slot, None)


def _true(state: FunctionState, node: TrueLiteral, slot: int) -> None:
    _load(state, node, slot, True)


def _false(state: FunctionState, node: FalseLiteral, slot: int) -> None:
    _load(state, node, slot, False)


def _parenthesis(state: FunctionState, node: Parenthesis, slot: int) -> None:
    inner = _inside(state, node)
    EXPRESSIONS[type(inner)](state, inner, slot)


def move(state: FunctionState, slot: int, source: int, place: int) -> None:
    """s[slot] = s[source], where they differ."""
    if slot != source:
        state.code.append(_MOVE | slot << 8 | source << 16)
        state.word_ranges.append(place)


# --- variables


def _name(state: FunctionState, node: Name, slot: int) -> None:
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
    _get_field(state, slot, environment_slot(state, node, environment, place), node.name, key, place, node)
    state.top = top


def _get_field(state: FunctionState, slot: int, source: int, name: str, key: int, place: int, node: Node) -> None:
    if key >= 0:
        state.code += (_GETFIELD | slot << 8 | source << 16, key)
        state.word_ranges += (place, place)
        return
    key_slot = state.push(node)
    state.load(name.encode("latin-1"), key_slot, place)
    state.code.append(_GETINDEX | slot << 8 | source << 16 | key_slot << 24)
    state.word_ranges.append(place)
    state.top -= 1


# --- calls and indices


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
            place = state.place(link.start, link.end, link.open)
            if index:
                code.append(_CALL | base << 8 | count << 16 | ONE << 24)
                current = base
            elif results == TAIL:
                code.append(_TAILCALL | base << 8 | count << 16)
            else:
                code.append(_CALL | base << 8 | count << 16 | results << 24)
                if results == ONE and slot != base:
                    code.append(_MOVE | slot << 8 | base << 16)
                    word_ranges.append(place)
            word_ranges.append(place)
        else:
            target = slot if index == 0 else base
            place = state.place(link.start, link.end, state.late.pop(link, link.end - 1))
            if kind is Field:
                _get_field(state, target, current, link.key.name, state.key(link.key.name), place, link)
            else:
                _get_index(state, target, current, link, place)
            current = target
        index -= 1
    state.top = base


def index_key(state: FunctionState, node: Expression) -> int:
    """The key index of `x.name` or `x["name"]`, -1 where there is none."""
    if type(node) is Field:
        return state.key(node.key.name)
    if type(node) is Index:
        value = constant_of(state, node.key)
        if type(value) is bytes:
            return state.key(value.decode("latin-1"))
    return -1


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
    _get_field(state, base, base + 1, method.name, key, place, node)


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


MULTIPLE = frozenset({Call, MethodCall, Vararg})
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
    for position, value in enumerate(values, 1):
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


def _vararg(state: FunctionState, node: Vararg, slot: int) -> None:
    state.code.append(_VARARG | slot << 8 | ONE << 24)
    state.word_ranges.append(state.place(node.start, node.end, node.start))


# --- operators


def _binary(state: FunctionState, node: Binary, slot: int) -> None:
    folded = state.folded.get(node, NOT_CONSTANT)
    if folded is not NOT_CONSTANT:
        _load(state, node, slot, folded)
        return
    operator = node.operator
    if operator in _EAGER:
        _eager(state, node, slot)
    elif operator == "..":
        _concatenation(state, node, slot)
    else:
        _logical(state, node, slot)


def _eager(state: FunctionState, node: Binary, slot: int) -> None:
    """Arithmetic and comparisons, along the left spine, which can be long."""
    base = state.top
    spine = [node]
    left = node.left
    folded = state.folded
    while type(left) is Binary and left.operator in _EAGER and left not in folded:
        spine.append(left)
        left = left.left
    constant = constant_of(state, left)
    if constant is NOT_CONSTANT:
        delay(state, left, spine[-1].operator_start)
        left_slot = operand(state, left)
    else:
        left_slot = -1
    while spine:
        link = spine.pop()
        target = base if spine else slot
        if link.operator in _COMPARISONS:
            _boolean(state, link, left, left_slot, constant, True, target, base)
        else:
            _arithmetic(state, link, left, left_slot, constant, target)
        if spine:
            left_slot = base
            constant = NOT_CONSTANT
            state.top = base + 1
            if base >= state.high:
                state.grow(base + 1, link)
    state.top = base


def _arithmetic(state: FunctionState, node: Binary, left: Expression, left_slot: int, constant: Any, slot: int) -> None:
    operator = node.operator
    plain, constant_right, constant_left = _ARITHMETIC[operator]
    right = constant_of(state, node.right)
    word = -1
    if constant is not NOT_CONSTANT:
        if constant_left and type(constant) in (int, float) and right is NOT_CONSTANT:
            index = state.constant(constant)
            if index <= _MAX_INDEX:
                word = constant_left | operand(state, node.right) << 16 | index << 24
        if word < 0:
            left_slot = operand(state, left)
    if word < 0:
        if type(right) is int and -128 <= right <= 127 and (operator == "+" or operator == "-"):
            word = (_ADDI if operator == "+" else _SUBI) | left_slot << 16 | (right & 0xFF) << 24
        else:
            if type(right) is int or type(right) is float:
                index = state.constant(right)
                if index <= _MAX_INDEX:
                    word = constant_right | left_slot << 16 | index << 24
            if word < 0:
                word = plain | left_slot << 16 | operand(state, node.right) << 24
    state.code.append(word | slot << 8)
    state.word_ranges.append(state.place(node.start, node.end, node.operator_start))


def _compare(state: FunctionState, node: Binary, left: Expression, left_slot: int, constant: Any, sense: bool) -> int:
    """The first word of a jump that is taken where a comparison's truth is `sense`; the caller emits it."""
    operator = node.operator
    right = constant_of(state, node.right)
    if operator == "==" or operator == "~=":
        equal = (operator == "==") is sense
        if right is not NOT_CONSTANT:
            index = state.constant(right)
            if index <= _MAX_INDEX:
                if left_slot < 0:
                    left_slot = operand(state, left)
                return (_JEQK if equal else _JNEK) | left_slot << 8 | index << 16
        elif constant is not NOT_CONSTANT:
            index = state.constant(constant)
            if index <= _MAX_INDEX:
                return (_JEQK if equal else _JNEK) | operand(state, node.right) << 8 | index << 16
        if left_slot < 0:
            left_slot = operand(state, left)
        return (_JEQ if equal else _JNE) | left_slot << 8 | operand(state, node.right) << 16
    swapped, opcodes = _ORDER[operator]
    plain, constant_right, constant_left = opcodes[sense]
    if type(right) is int or type(right) is float:
        index = state.constant(right)
        if index <= _MAX_INDEX:
            if left_slot < 0:
                left_slot = operand(state, left)
            return constant_right | left_slot << 8 | index << 16
    elif type(constant) is int or type(constant) is float:
        index = state.constant(constant)
        if index <= _MAX_INDEX:
            return constant_left | operand(state, node.right) << 8 | index << 16
    if left_slot < 0:
        left_slot = operand(state, left)
    right_slot = operand(state, node.right)
    if swapped:
        left_slot, right_slot = right_slot, left_slot
    return plain | left_slot << 8 | right_slot << 16


def _boolean(
    state: FunctionState,
    node: Binary,
    left: Expression,
    left_slot: int,
    constant: Any,
    sense: bool,
    slot: int,
    base: int,
) -> None:
    """Whether a comparison's truth is `sense`, as a value in a slot."""
    word = _compare(state, node, left, left_slot, constant, sense)
    place = state.place(node.start, node.end, node.end - 1)
    code = state.code
    if slot == base and state.top == base:
        # No operand stands in the slot and nothing else can see it: assume the best.
        code += (_LOADTRUE | slot << 8, word, 0, _LOADFALSE | slot << 8)
        state.word_ranges += (place, place, place, place)
        state.targets[len(code) - 3] = state.barrier = len(code)
        return
    jump = len(code)
    code += (word, 0, _LOADFALSE | slot << 8)
    state.word_ranges += (place, place, place)
    done: Label = []
    state.jump(done, place)
    state.bind([jump])
    code.append(_LOADTRUE | slot << 8)
    state.word_ranges.append(place)
    state.bind(done)


def _concatenation(state: FunctionState, node: Binary, slot: int) -> None:
    base = state.top
    operator_start = node.operator_start
    right: Expression = node
    while type(right) is Binary and right.operator == "..":
        operator_start = right.operator_start
        delay(state, right.left, operator_start)
        _push(state, right.left)
        right = right.right
    _push(state, right)
    place = state.place(node.start, node.end, operator_start)
    state.code.append(_CONCAT | base << 8 | (state.top - base) << 16)
    state.word_ranges.append(place)
    state.top = base
    move(state, slot, base, place)


def _push(state: FunctionState, node: Expression) -> None:
    slot = state.top
    EXPRESSIONS[type(node)](state, node, slot)
    state.top = slot + 1
    if slot >= state.high:
        state.grow(slot + 1, node)


def _unary(state: FunctionState, node: Unary, slot: int) -> None:
    folded = state.folded.get(node, NOT_CONSTANT)
    if folded is not NOT_CONSTANT:
        _load(state, node, slot, folded)
        return
    operator = node.operator
    top = state.top
    if operator == "not" and _is_condition(node.operand):
        inner = _inside(state, node.operand)
        if type(inner) is Binary and inner.operator in _COMPARISONS:
            constant = constant_of(state, inner.left)
            left_slot = operand(state, inner.left) if constant is NOT_CONSTANT else -1
            _boolean(state, inner, inner.left, left_slot, constant, False, slot, top)
            state.top = top
        else:
            _logical(state, node, slot)
        return
    source = operand(state, node.operand)
    state.top = top
    state.code.append(_UNARY[operator] | slot << 8 | source << 16)
    state.word_ranges.append(state.place(node.start, node.end, node.start))


# --- conditions


def _operands(state: FunctionState, node: Binary) -> list[Expression]:
    """The operands of a chain of one of `and` and `or`."""
    operator = node.operator
    found: list[Expression] = []
    left: Expression = node
    while type(left) is Binary and left.operator == operator and left not in state.folded:
        found.append(left.right)
        delay(state, left.left, left.operator_start)
        left = left.left
    found.append(left)
    found.reverse()
    return found


def jump_if(state: FunctionState, node: Expression, sense: bool, label: Label) -> None:
    """Jumps to a label where a node's truth is `sense`, goes on where it is not."""
    while True:
        if type(node) is Parenthesis:
            node = _inside(state, node)
        elif type(node) is Unary and node.operator == "not":
            node = node.operand
            sense = not sense
        else:
            break
    constant = constant_of(state, node)
    if constant is not NOT_CONSTANT:
        if (constant is not None and constant is not False) is sense:
            state.jump(label, state.place(node.start, node.end, node.start))
        return
    base = state.top
    if type(node) is Binary:
        operator = node.operator
        if operator in _COMPARISONS:
            left = node.left
            constant = constant_of(state, left)
            left_slot = -1
            if constant is NOT_CONSTANT:
                delay(state, left, node.operator_start)
                left_slot = operand(state, left)
            word = _compare(state, node, left, left_slot, constant, sense)
            place = state.place(node.start, node.end, node.end - 1)
            label.append(len(state.code))
            state.code += (word, 0)
            state.word_ranges += (place, place)
            state.top = base
            return
        if operator == "and" or operator == "or":
            operands = _operands(state, node)
            last = operands.pop()
            if (operator == "or") is sense:
                for each in operands:
                    jump_if(state, each, sense, label)
                jump_if(state, last, sense, label)
            else:
                skip: Label = []
                for each in operands:
                    jump_if(state, each, not sense, skip)
                jump_if(state, last, sense, label)
                state.bind(skip)
            return
    slot = operand(state, node)
    state.top = base
    place = state.place(node.start, node.end, node.end - 1)
    label.append(len(state.code))
    state.code += ((_JT if sense else _JF) | slot << 8, 0)
    state.word_ranges += (place, place)


class _Ends:
    """Where the branches of a logical expression go: value in place, true to be loaded, false to be loaded."""

    __slots__ = ("done", "false", "true")

    def __init__(self) -> None:
        self.done: Label = []
        self.true: Label = []
        self.false: Label = []


def _logical(state: FunctionState, node: Expression, slot: int) -> None:
    """`and`, `or`, and `not` of a condition, as a value in a slot."""
    ends = _Ends()
    falls_false = _last_value(state, node, slot, ends)
    if ends.true or ends.false or falls_false:
        place = state.place(node.start, node.end, node.end - 1)
        if not falls_false:
            state.jump(ends.done, place)
        if ends.false or falls_false:
            state.bind(ends.false)
            state.code.append(_LOADFALSE | slot << 8)
            state.word_ranges.append(place)
            if ends.true:
                state.jump(ends.done, place)
        if ends.true:
            state.bind(ends.true)
            state.code.append(_LOADTRUE | slot << 8)
            state.word_ranges.append(place)
    state.bind(ends.done)


def _last_value(state: FunctionState, node: Expression, slot: int, ends: _Ends) -> bool:
    """The value of a logical expression whose every end is open; whether going on means false is to be loaded."""
    node = _inside(state, node)
    if constant_of(state, node) is NOT_CONSTANT:
        if type(node) is Binary:
            operator = node.operator
            if operator == "and" or operator == "or":
                operands = _operands(state, node)
                last = operands.pop()
                for each in operands:
                    _branch_value(state, each, operator == "or", slot, ends)
                return _last_value(state, last, slot, ends)
            if operator in _COMPARISONS:
                jump_if(state, node, True, ends.true)
                return True
        elif type(node) is Unary and node.operator == "not" and _is_condition(node.operand):
            jump_if(state, node, True, ends.true)
            return True
    EXPRESSIONS[type(node)](state, node, slot)
    return False


def _is_condition(node: Expression) -> bool:
    while type(node) is Parenthesis:
        node = node.expression
    return type(node) is Binary and (node.operator in _COMPARISONS or node.operator in ("and", "or"))


def _branch_value(state: FunctionState, node: Expression, sense: bool, slot: int, ends: _Ends) -> None:
    """Where a node's truth is `sense`, its value is the whole expression's; where it is not, goes on."""
    node = _inside(state, node)
    constant = constant_of(state, node)
    if constant is not NOT_CONSTANT:
        if (constant is not None and constant is not False) is sense:
            _load(state, node, slot, constant)
            state.jump(ends.done, len(state.ranges) - 1)
        return
    if type(node) is Binary:
        operator = node.operator
        if operator == "and" or operator == "or":
            operands = _operands(state, node)
            last = operands.pop()
            if (operator == "or") is sense:
                for each in operands:
                    _branch_value(state, each, sense, slot, ends)
                _branch_value(state, last, sense, slot, ends)
            else:
                skip: Label = []
                for each in operands:
                    jump_if(state, each, not sense, skip)
                _branch_value(state, last, sense, slot, ends)
                state.bind(skip)
            return
        if operator in _COMPARISONS:
            jump_if(state, node, sense, ends.true if sense else ends.false)
            return
    elif type(node) is Unary and node.operator == "not":
        jump_if(state, node, sense, ends.true if sense else ends.false)
        return
    base = state.top
    if slot == base and not (type(node) is Name and node.reference.kind == LOCAL):  # type: ignore[union-attr]
        EXPRESSIONS[type(node)](state, node, slot)
        source = slot
        if slot >= state.high:
            state.grow(slot + 1, node)
    else:
        source = operand(state, node)
        state.top = base
    place = state.place(node.start, node.end, node.end - 1)
    ends.done.append(len(state.code))
    if source == slot:
        state.code += ((_JT if sense else _JF) | slot << 8, 0)
    else:
        state.code += ((_JTMOVE if sense else _JFMOVE) | slot << 8 | source << 16, 0)
    state.word_ranges += (place, place)


# --- tables and functions


def _table(state: FunctionState, node: Table, slot: int) -> None:
    code = state.code
    word_ranges = state.word_ranges
    items = node.items
    place = state.place(node.start, node.end, node.start)
    if not items:
        code += (_NEWTABLE | slot << 8, 0)
        word_ranges += (place, place)
        return
    # The items may read the variable that the table is assigned to.
    base = state.top
    created = len(code)
    code += (_NEWTABLE | base << 8, 0)
    word_ranges += (place, place)
    state.push(node)
    stored = pending = named = 0
    is_open = False
    last = items[-1]
    for item in items:
        kind = type(item)
        if kind is NamedItem or kind is KeyedItem:
            named += 1
            _item(state, base, item)
            continue
        value = item.value
        if item is last:
            if type(value) in MULTIPLE:
                push_open(state, value)
                is_open = True
                break
            delay(state, value, node.end - 1)
        _push(state, value)
        pending += 1
        if pending == SETLIST_BATCH:
            code += (_SETLIST | base << 8 | pending << 16, stored)
            word_ranges += (place, place)
            stored += pending
            pending = 0
            state.top = base + 1
    if pending or is_open:
        code += (_SETLIST | base << 8 | (0 if is_open else pending) << 16, stored)
        word_ranges += (place, place)
        stored += pending
    if named:
        code[created] |= ((named - 1).bit_length() + 1) << 16
    code[created + 1] = stored
    state.top = base
    move(state, slot, base, place)


def _item(state: FunctionState, table: int, item: Any) -> None:
    """`name = value` or `[key] = value` of a table constructor."""
    top = state.top
    value = item.value
    if type(item) is NamedItem:
        name: Any = item.key.name.encode("latin-1")
        if type(value) is Function:
            state.next_name = name
    else:
        name = constant_of(state, item.key)
    store_indexed(state, table, name, None if type(item) is NamedItem else item.key, value, item)
    state.top = top


def store_indexed(
    state: FunctionState, table: int, constant_key: Any, key_node: Expression | None, value: Expression, node: Node
) -> None:
    """s[table][key] = value; the key is a constant or a node."""
    key = -1
    if type(constant_key) is bytes:
        key = state.key(constant_key.decode("latin-1"))
    is_integer = type(constant_key) is int and 0 <= constant_key <= 255
    key_slot = -1
    if key < 0 and not is_integer:
        if key_node is not None:
            key_slot = operand(state, key_node)
        else:
            key_slot = state.push(node)
            state.load(constant_key, key_slot, state.place(node.start, node.end, node.start))
    if not is_integer:
        place = state.place(node.start, node.end, node.end - 1)
        if store_constant(state, table, key, key_slot, value, place):
            return
    source = operand(state, value)
    place = state.place(node.start, node.end, node.end - 1)
    store_slot_indexed(state, table, key, constant_key if is_integer else -1, key_slot, source, place)


def store_constant(state: FunctionState, table: int, key: int, key_slot: int, value: Expression, place: int) -> bool:
    """s[table][...] = value, where the value is a constant and the key not a small integer; whether it was done."""
    constant = constant_of(state, value)
    if constant is NOT_CONSTANT or (key < 0 and key_slot < 0):
        return False
    index = state.constant(constant)
    if index > _MAX_INDEX:
        return False
    if key >= 0:
        state.code += (_SETFIELDK | table << 8 | index << 16, key)
        state.word_ranges += (place, place)
    else:
        state.code.append(_SETINDEXK | table << 8 | key_slot << 16 | index << 24)
        state.word_ranges.append(place)
    return True


def store_slot_indexed(
    state: FunctionState, table: int, key: int, integer: int, key_slot: int, source: int, place: int
) -> None:
    """s[table][...] = s[source] for a key that is a field name, a small integer, or in a slot."""
    if key >= 0:
        state.code += (_SETFIELD | table << 8 | source << 16, key)
        state.word_ranges += (place, place)
        return
    if integer >= 0:
        state.code.append(_SETINT | table << 8 | integer << 16 | source << 24)
    else:
        state.code.append(_SETINDEX | table << 8 | key_slot << 16 | source << 24)
    state.word_ranges.append(place)


def _function(state: FunctionState, node: Function, slot: int) -> None:
    name, state.next_name = state.next_name, None
    index = len(state.protos)
    state.protos.append(state.compile_function(state, node, name))
    if index > 0xFFFF:
        state.fail("function has too many nested functions", node)
    state.code.append(_CLOSURE | slot << 8 | index << 16)
    state.word_ranges.append(state.place(node.start, node.end, node.start))


EXPRESSIONS: dict[type[Node], Callable[[FunctionState, Any, int], None]] = {
    Nil: _nil,
    TrueLiteral: _true,
    FalseLiteral: _false,
    Number: _literal,
    String: _literal,
    Vararg: _vararg,
    Name: _name,
    Field: chain,
    Index: chain,
    Call: chain,
    MethodCall: chain,
    Parenthesis: _parenthesis,
    Binary: _binary,
    Unary: _unary,
    Table: _table,
    Function: _function,
}
