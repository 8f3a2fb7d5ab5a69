"""Code for operators and conditions.

Conditions jump; a boolean is made only where a program keeps it.
"""

from __future__ import annotations

from typing import Any, Final

from perilune.compiler.emission import CODE, FunctionState, Label
from perilune.compiler.nodes import Binary, Expression, Name, Parenthesis, Unary
from perilune.compiler.operands import (
    EXPRESSIONS,
    MAX_INDEX,
    constant_of,
    delay,
    inside,
    load_constant,
    move,
    operand,
    push_value,
)
from perilune.compiler.symbols import LOCAL, NOT_CONSTANT

_LOADTRUE: Final = CODE["LOADTRUE"]
_LOADFALSE: Final = CODE["LOADFALSE"]
_ADDI: Final = CODE["ADDI"]
_SUBI: Final = CODE["SUBI"]
_NOT: Final = CODE["NOT"]
_CONCAT: Final = CODE["CONCAT"]
_JT: Final = CODE["JT"]
_JF: Final = CODE["JF"]
_JTMOVE: Final = CODE["JTMOVE"]
_JFMOVE: Final = CODE["JFMOVE"]
_JEQ: Final = CODE["JEQ"]
_JNE: Final = CODE["JNE"]
_JEQK: Final = CODE["JEQK"]
_JNEK: Final = CODE["JNEK"]

# operator -> both operands in slots, constant on the right, constant on the left (0: no such form)
_ARITHMETIC: Final = {
    sign: (CODE[name], CODE[name + "K"], CODE.get("R" + name + "K", 0))
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
_UNARY: Final = {"-": CODE["UNM"], "~": CODE["BNOT"], "#": CODE["LEN"], "not": _NOT}


def _orders(plain: str, constant_right: str, constant_left: str) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Opcodes that jump where the comparison does not hold, and where it does."""
    return (
        (CODE["JN" + plain], CODE["JN" + constant_right], CODE["JN" + constant_left]),
        (CODE["J" + plain], CODE["J" + constant_right], CODE["J" + constant_left]),
    )


# operator -> whether the slots change places, and the opcodes by sense
_ORDER: Final = {
    "<": (False, _orders("LT", "LTK", "GTK")),
    "<=": (False, _orders("LE", "LEK", "GEK")),
    ">": (True, _orders("LT", "GTK", "LTK")),
    ">=": (True, _orders("LE", "GEK", "LEK")),
}
_COMPARISONS: Final = frozenset(_ORDER) | {"==", "~="}
_EAGER: Final = frozenset(_ARITHMETIC) | _COMPARISONS
"""Binary operators that need both operands' values."""


def binary(state: FunctionState, node: Binary, slot: int) -> None:
    folded = state.folded.get(node, NOT_CONSTANT)
    if folded is not NOT_CONSTANT:
        load_constant(state, node, slot, folded)
        return
    operator = node.operator
    if operator in _EAGER:
        _eager(state, node, slot)
    elif operator == "..":
        concatenation(state, node, slot)
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
            if index <= MAX_INDEX:
                word = constant_left | operand(state, node.right) << 16 | index << 24
        if word < 0:
            left_slot = operand(state, left)
    if word < 0:
        if type(right) is int and -128 <= right <= 127 and (operator == "+" or operator == "-"):
            word = (_ADDI if operator == "+" else _SUBI) | left_slot << 16 | (right & 0xFF) << 24
        else:
            if type(right) is int or type(right) is float:
                index = state.constant(right)
                if index <= MAX_INDEX:
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
            if index <= MAX_INDEX:
                if left_slot < 0:
                    left_slot = operand(state, left)
                return (_JEQK if equal else _JNEK) | left_slot << 8 | index << 16
        elif constant is not NOT_CONSTANT:
            index = state.constant(constant)
            if index <= MAX_INDEX:
                return (_JEQK if equal else _JNEK) | operand(state, node.right) << 8 | index << 16
        if left_slot < 0:
            left_slot = operand(state, left)
        return (_JEQ if equal else _JNE) | left_slot << 8 | operand(state, node.right) << 16
    swapped, opcodes = _ORDER[operator]
    plain, constant_right, constant_left = opcodes[sense]
    if type(right) is int or type(right) is float:
        index = state.constant(right)
        if index <= MAX_INDEX:
            if left_slot < 0:
                left_slot = operand(state, left)
            return constant_right | left_slot << 8 | index << 16
    elif type(constant) is int or type(constant) is float:
        index = state.constant(constant)
        if index <= MAX_INDEX:
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


def concatenation(state: FunctionState, node: Binary, slot: int) -> None:
    base = state.top
    operator_start = node.operator_start
    right: Expression = node
    while type(right) is Binary and right.operator == "..":
        operator_start = right.operator_start
        delay(state, right.left, operator_start)
        push_value(state, right.left)
        right = right.right
    push_value(state, right)
    place = state.place(node.start, node.end, operator_start)
    state.code.append(_CONCAT | base << 8 | (state.top - base) << 16)
    state.word_ranges.append(place)
    state.top = base
    move(state, slot, base, place)


def unary(state: FunctionState, node: Unary, slot: int) -> None:
    folded = state.folded.get(node, NOT_CONSTANT)
    if folded is not NOT_CONSTANT:
        load_constant(state, node, slot, folded)
        return
    operator = node.operator
    top = state.top
    if operator == "not" and _is_condition(node.operand):
        inner = inside(state, node.operand)
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
    # The reference negates as it goes on, and places the other operators where they stand.
    state.word_ranges.append(state.place(node.start, node.end, node.end - 1 if operator == "not" else node.start))


# --- conditions


def _operands(state: FunctionState, node: Binary) -> list[tuple[Expression, int]]:
    """The operands of a chain of one of `and` and `or`, each with the offset of the operator that tests it; the last with -1."""
    operator = node.operator
    found: list[tuple[Expression, int]] = []
    left: Expression = node
    decided = -1
    while type(left) is Binary and left.operator == operator and left not in state.folded:
        found.append((left.right, decided))
        decided = left.operator_start
        delay(state, left.left, decided)
        left = left.left
    found.append((left, decided))
    found.reverse()
    return found


def jump_if(state: FunctionState, node: Expression, sense: bool, label: Label, decided: int = -1) -> None:
    """Jumps to a label where a node's truth is `sense`, goes on where it is not.

    `decided` is the offset of what the value is tested for (the keyword `then`), whose line the test has; without it that
    is the end of the node.
    """
    while True:
        if type(node) is Parenthesis:
            node = inside(state, node)
        elif type(node) is Unary and node.operator == "not":
            node = node.operand
            sense = not sense
        else:
            break
    constant = constant_of(state, node)
    if constant is not NOT_CONSTANT:
        if (constant is not None and constant is not False) is sense:
            state.jump(label, state.place(node.start, node.end, node.start if decided < 0 else decided))
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
            last, _ = operands.pop()
            if (operator == "or") is sense:
                for each, tested in operands:
                    jump_if(state, each, sense, label, tested)
                jump_if(state, last, sense, label, decided)
            else:
                skip: Label = []
                for each, tested in operands:
                    jump_if(state, each, not sense, skip, tested)
                jump_if(state, last, sense, label, decided)
                state.bind(skip)
            return
    slot = operand(state, node)
    state.top = base
    place = state.place(node.start, node.end, node.end - 1 if decided < 0 else decided)
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
    node = inside(state, node)
    if constant_of(state, node) is NOT_CONSTANT:
        if type(node) is Binary:
            operator = node.operator
            if operator == "and" or operator == "or":
                operands = _operands(state, node)
                last, _ = operands.pop()
                for each, tested in operands:
                    _branch_value(state, each, operator == "or", slot, ends, tested)
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


def _branch_value(state: FunctionState, node: Expression, sense: bool, slot: int, ends: _Ends, decided: int) -> None:
    """Where a node's truth is `sense`, its value is the whole expression's; where it is not, goes on.

    `decided` is the offset of the operator that tests it.
    """
    node = inside(state, node)
    constant = constant_of(state, node)
    if constant is not NOT_CONSTANT:
        if (constant is not None and constant is not False) is sense:
            load_constant(state, node, slot, constant)
            state.jump(ends.done, len(state.ranges) - 1)
        return
    if type(node) is Binary:
        operator = node.operator
        if operator == "and" or operator == "or":
            operands = _operands(state, node)
            last, _ = operands.pop()
            if (operator == "or") is sense:
                for each, tested in operands:
                    _branch_value(state, each, sense, slot, ends, tested)
                _branch_value(state, last, sense, slot, ends, decided)
            else:
                skip: Label = []
                for each, tested in operands:
                    jump_if(state, each, not sense, skip, tested)
                _branch_value(state, last, sense, slot, ends, decided)
                state.bind(skip)
            return
        if operator in _COMPARISONS:
            jump_if(state, node, sense, ends.true if sense else ends.false, decided)
            return
    elif type(node) is Unary and node.operator == "not":
        jump_if(state, node, sense, ends.true if sense else ends.false, decided)
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
    place = state.place(node.start, node.end, decided)
    ends.done.append(len(state.code))
    if source == slot:
        state.code += ((_JT if sense else _JF) | slot << 8, 0)
    else:
        state.code += ((_JTMOVE if sense else _JFMOVE) | slot << 8 | source << 16, 0)
    state.word_ranges += (place, place)
