"""Compares the counts that the profiler derives with the ones of a naive count, made in its oracle mode."""

from __future__ import annotations

from array import array

from perilune.compiler.opcodes import OPCODES
from perilune.vm.raw_profile import RawFunction


def differences(function: RawFunction) -> list[str]:
    """What differs, in words, one for each instruction."""
    derived, counted = array("Q", function["counts"]), array("Q", function["every"] or b"")
    code = array("I", function["code"])
    found = []
    pc = 0
    while pc < len(code):
        opcode = OPCODES[code[pc] & 0xFF]
        if derived[pc] != sum(counted[pc : pc + opcode.words]):
            label = f"{function['name']!r}:{function['first_line']} pc {pc} {opcode.name}"
            found.append(f"{label}: derived {derived[pc]}, counted {counted[pc]}")
        pc += opcode.words
    return found
