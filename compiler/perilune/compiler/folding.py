"""Arithmetic on numeric constants, with Lua's 64-bit integers and floats.

An operation is not folded (None) where it could raise an error, and where the result is NaN or a float zero, whose sign
a constant would lose.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

Number = int | float


def wrap(value: int) -> int:
    """The integer as 64-bit two's complement reads it."""
    return ((value + 0x8000000000000000) & 0xFFFFFFFFFFFFFFFF) - 0x8000000000000000


def exact_integer(value: Number) -> int | None:
    """The integer equal to a number, None where there is none in 64 bits."""
    if type(value) is float:
        if not math.isfinite(value) or value != math.floor(value):
            return None
        integer = int(value)
        return integer if -0x8000000000000000 <= integer <= 0x7FFFFFFFFFFFFFFF else None
    return int(value)


def shift_left(value: int, distance: int) -> int:
    """Logical shift; a negative distance shifts right."""
    bits = value & 0xFFFFFFFFFFFFFFFF
    if distance <= -64 or distance >= 64:
        return 0
    return wrap(bits << distance if distance >= 0 else bits >> -distance)


def _floor_quotient(left: float, right: float) -> float:
    quotient = left / right
    return float(math.floor(quotient)) if math.isfinite(quotient) else quotient


def _modulo(left: float, right: float) -> float:
    remainder = math.fmod(left, right)
    return remainder + right if remainder * right < 0 else remainder


_INTEGER: Final[dict[str, Callable[[int, int], int]]] = {
    "+": lambda left, right: wrap(left + right),
    "-": lambda left, right: wrap(left - right),
    "*": lambda left, right: wrap(left * right),
    "//": lambda left, right: wrap(left // right),
    "%": lambda left, right: left % right,
}
_FLOAT: Final[dict[str, Callable[[float, float], float]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "//": _floor_quotient,
    "%": _modulo,
    "^": math.pow,
}
_BITWISE: Final[dict[str, Callable[[int, int], int]]] = {
    "&": lambda left, right: left & right,
    "|": lambda left, right: left | right,
    "~": lambda left, right: left ^ right,
    "<<": shift_left,
    ">>": lambda left, right: shift_left(left, -right),
}

FOLDABLE: Final = frozenset(_INTEGER) | frozenset(_FLOAT) | frozenset(_BITWISE)
"""The binary operators that `fold_binary` knows."""


def fold_binary(operator: str, left: Number, right: Number) -> Number | None:
    """The value of an operation on two numbers, None where it must be left to run time."""
    if operator in _BITWISE:
        left_bits, right_bits = exact_integer(left), exact_integer(right)
        if left_bits is None or right_bits is None:
            return None
        return _BITWISE[operator](left_bits, right_bits)
    if right == 0 and operator in ("/", "//", "%"):
        return None
    if type(left) is int and type(right) is int and operator in _INTEGER:
        return _INTEGER[operator](left, right)
    try:
        result = _FLOAT[operator](float(left), float(right))
    except (ArithmeticError, ValueError):
        return None
    return None if result == 0 or math.isnan(result) else result


def fold_unary(operator: str, operand: Number) -> Number | None:
    """The value of `-` or `~` on a number, None where it must be left to run time."""
    if operator == "-":
        if type(operand) is int:
            return wrap(-operand)
        return -operand if operand != 0 and not math.isnan(operand) else None
    bits = exact_integer(operand)
    return None if bits is None else wrap(~bits)
