"""Code for table constructors, and for stores into tables."""

from __future__ import annotations

from typing import Any, Final

from perilune.compiler.calls import MULTIPLE, push_open
from perilune.compiler.emission import CODE, FunctionState
from perilune.compiler.nodes import Expression, Function, KeyedItem, NamedItem, Node, Table
from perilune.compiler.operands import MAX_INDEX, constant_of, delay, move, operand, push_value
from perilune.compiler.symbols import NOT_CONSTANT

_NEWTABLE: Final = CODE["NEWTABLE"]
_SETLIST: Final = CODE["SETLIST"]
_SETFIELD: Final = CODE["SETFIELD"]
_SETFIELDK: Final = CODE["SETFIELDK"]
_SETINDEX: Final = CODE["SETINDEX"]
_SETINDEXK: Final = CODE["SETINDEXK"]
_SETINT: Final = CODE["SETINT"]

SETLIST_BATCH: Final = 50
"""How many values a constructor gathers before it stores them."""


def table_value(state: FunctionState, node: Table, slot: int) -> None:
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
        push_value(state, value)
        pending += 1
        if pending == SETLIST_BATCH:
            code += (_SETLIST | base << 8 | pending << 16, stored)
            storing = state.place(
                node.start, node.end, value.end - 1
            )  # on the line of the last value, as in the reference
            word_ranges += (storing, storing)
            stored += pending
            pending = 0
            state.top = base + 1
    if pending or is_open:
        code += (_SETLIST | base << 8 | (0 if is_open else pending) << 16, stored)
        storing = state.place(node.start, node.end, node.end - 1)
        word_ranges += (storing, storing)
        stored += pending
    if named:
        code[created] |= ((named - 1).bit_length() + 1) << 16
    code[created + 1] = stored
    state.top = base
    if slot != base:
        move(state, slot, base, state.place(node.start, node.end, node.end - 1))


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
    if index > MAX_INDEX:
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
