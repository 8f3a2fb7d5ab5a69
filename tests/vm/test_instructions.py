"""Instructions that the compiler does not emit for tests/lua: those of the assembler, and those for huge functions."""

from __future__ import annotations

import pytest

from perilune.compiler.opcodes import BY_NAME
from perilune.compiler.proto import Proto, dump
from perilune.vm import State


def results(*code: tuple[str, int, int, int] | int, constants: tuple[int, ...] = ()) -> str:
    """Runs a function of eight slots that returns the first six; slots begin as 0 to 7."""
    proto = Proto(b"=test", None, 0, 0)
    proto.slots = 8
    proto.constants = list(constants)
    for slot in range(8):
        proto.code.append(BY_NAME["LOADI"].code | slot << 8 | slot << 16)
    for item in (*code, ("RETURN", 0, 7, 0)):
        if isinstance(item, int):
            proto.code.append(item)
        else:
            name, a, b, c = item
            proto.code.append(BY_NAME[name].code | a << 8 | b << 16 | c << 24)
    text = b"local t = table.pack(load((...))()) for i = 1, t.n do t[i] = tostring(t[i]) end error(table.concat(t, ' '), 0)"
    with State() as state:
        return state.run(text, b"=test", [dump(proto)]).message.decode()


@pytest.mark.parametrize(
    ("name", "top", "expected"),
    [
        ("NOP", 0, "0 1 2 3 4 5"),
        ("DUP", 2, "0 1 2 2 4 5"),
        ("DROP", 2, "0 1 nil 3 4 5"),
        ("SWAP", 2, "0 2 1 3 4 5"),
        ("OVER", 2, "0 1 2 1 4 5"),
        ("ROT", 2, "1 2 0 3 4 5"),
        ("DUP2", 2, "0 1 2 1 2 5"),
        ("DROP2", 2, "0 nil nil 3 4 5"),
        ("SWAP2", 3, "2 3 0 1 4 5"),
        ("OVER2", 3, "0 1 2 3 0 1"),
    ],
)
def test_stack_operations(name: str, top: int, expected: str) -> None:
    assert results((name, top, 0, 0)) == expected


def test_constants_beyond_sixteen_bits() -> None:
    assert results(("LOADKX", 1, 0, 0), 70000, constants=tuple(range(70001))) == "0 70000 2 3 4 5"


def test_subtracting_a_constant() -> None:
    assert results(("SUBK", 0, 5, 0), constants=(1000,)) == "-995 1 2 3 4 5"
