"""What the stack effects in the opcode table say about slots."""

from __future__ import annotations

import pytest

from perilune.compiler.effects import Effect, Range
from perilune.compiler.opcodes import BY_NAME


def shown(ranges: list[Range]) -> str:
    return ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in ranges)


@pytest.mark.parametrize(
    ("name", "read", "written"),
    [
        ("GETINDEX", "B, C", "A"),
        ("SETINT", "A, C", ""),
        ("LOADNIL", "", "A to A + B"),
        ("SELF", "B", "A, A + 1"),
        ("SETLIST", "A, A + 1 to A + B", ""),
        ("CONCAT", "A to A + B - 1", "A"),
        ("CALL", "A, A + 1 to A + B - 1", "A to A + C - 2"),
        ("RETURNC", "A to A + B - 2", ""),
        ("TFORPREP", "A + 3", ""),
        ("TFORLOOP", "A + 4", "A + 2"),
        ("TBC", "A", ""),
        ("JMP", "", ""),
        # A value that stays where it is is not written, one that is only dropped not read.
        ("DUP", "A", "A + 1"),
        ("DROP", "", "A"),
        ("SWAP", "A - 1, A", "A - 1, A"),
        ("OVER2", "A - 3, A - 2, A - 1, A", "A + 1, A + 2"),
    ],
)
def test_slots_read_and_written(name: str, read: str, written: str) -> None:
    effect = Effect(BY_NAME[name])
    assert (shown(effect.read), shown(effect.written)) == (read, written)


def test_open_numbers_of_values() -> None:
    call, varargs, listed, plain = (Effect(BY_NAME[name]) for name in ("CALL", "VARARG", "SETLIST", "LOADNIL"))
    assert call.open_read is not None and str(call.open_read.first) == "A + 1"
    assert call.open_written is not None and str(call.open_written.first) == "A"
    assert varargs.open_read is None and varargs.open_written is not None
    assert listed.open_written is None and listed.open_read is not None
    assert plain.open_read is None and plain.open_written is None


def test_a_callee_covers_what_is_above_its_function() -> None:
    assert {opcode.name for opcode in BY_NAME.values() if Effect(opcode).covers} == {"CALL", "TAILCALL", "TFORCALL"}
