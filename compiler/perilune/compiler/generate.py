"""Writes what is derived from the opcode table: the C header of the virtual machine and `docs/bytecode.md`.

python -m perilune.compiler.generate header [--output FILE]
python -m perilune.compiler.generate docs [--output FILE]
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Iterable
from pathlib import Path

from perilune.compiler.effects import Effect
from perilune.compiler.opcodes import ALIASES, KINDS, MAX_HINTED_KEY, MAX_SLOTS, OPCODES, VERSION, Opcode

_FIELDS = ("A", "B", "C", "Bx", "J", "X")
_FLOWS = ("next", "branch", "jump", "exit")


def _kind(opcode: Opcode, field: str) -> str:
    """The C name of the kind of a field, KIND_NONE where the opcode does not use it."""
    kind = dict(opcode.operands).get(field, "none")
    return f"KIND_{kind.upper()}"


def _larger(expressions: Iterable[str]) -> str:
    """The C expression of the largest."""
    return functools.reduce(lambda left, right: f"opcode_larger({left}, {right})", expressions)


def _function(name: str, comment: str, values: Iterable[tuple[Opcode, str]], otherwise: str) -> list[str]:
    """A C function of an instruction's opcode and raw fields: a case for each value but that of all the others."""
    cases: dict[str, list[str]] = {}
    for opcode, value in values:
        if value != otherwise:
            cases.setdefault(value, []).append(opcode.name)
    lines = [
        f"/* {comment} */",
        f"static inline int {name}(uint32_t op, int A, int B, int C)",
        "{",
        "    (void)A;",
        "    (void)B;",
        "    (void)C;",
        "    switch (op) {",
    ]
    for value, names in cases.items():
        lines += [f"    case OP_{opcode_name}:" for opcode_name in names]
        lines.append(f"        return {value};")
    return [*lines, "    default:", f"        return {otherwise};", "    }", "}", ""]


def _highest(effect: Effect) -> str:
    return _larger(map(str, effect.highest)) if effect.highest else "-1"


def _read_end(effect: Effect) -> str:
    if not effect.read:
        return "0"
    end = _larger(dict.fromkeys(str(each.last.moved(1)) for each in effect.read))
    return f"{effect.open_read.last.counted_in} == 0 ? OPEN_END : {end}" if effect.open_read else end


def _written_from(effect: Effect) -> str:
    return str(min((each.first for each in effect.written), key=lambda slot: slot.offset)) if effect.written else "0"


def _written_end(effect: Effect) -> str:
    if effect.covers:
        return "OPEN_END"
    if not effect.written:
        return "0"
    end = _larger(dict.fromkeys(str(each.last.moved(1)) for each in effect.written))
    return f"{effect.open_written.last.counted_in} == 0 ? OPEN_END : {end}" if effect.open_written else end


def _takes_open(effect: Effect) -> str:
    return f"{effect.open_read.last.counted_in} == 0 ? {effect.open_read.first} : -1" if effect.open_read else "-1"


def _leaves_open(effect: Effect) -> str:
    return (
        f"{effect.open_written.last.counted_in} == 0 ? {effect.open_written.first} : -1"
        if effect.open_written
        else "-1"
    )


_SLOT_FUNCTIONS = (
    (
        "opcode_low",
        "Lowest slot of the range that an instruction touches; B and C are the raw fields.",
        "0",
        lambda effect: str(effect.lowest or 0),
    ),
    (
        "opcode_high",
        "Highest slot of that range, below opcode_low where it is empty or the opcode has none.",
        "-1",
        _highest,
    ),
    (
        "opcode_read_end",
        "One past the highest slot that it reads; OPEN_END where that is the dynamic top.",
        "0",
        _read_end,
    ),
    ("opcode_written_from", "The lowest slot that it writes, if it does not jump instead.", "0", _written_from),
    (
        "opcode_written_end",
        "One past the highest that it writes: 0 if there is none, OPEN_END if all above are overwritten.",
        "0",
        _written_end,
    ),
    (
        "opcode_takes_open",
        "The slot behind which it takes an open number of values, that one first; -1 if it does not.",
        "-1",
        _takes_open,
    ),
    (
        "opcode_leaves_open",
        "The first of the slots in which it leaves an open number of values; -1 if it does not.",
        "-1",
        _leaves_open,
    ),
)


def header() -> str:
    """The text of `opcodes.h`."""
    version = ", ".join(f"0x{byte:02X}" for byte in VERSION)
    lines = [
        "/* The opcode table for the virtual machine. Generated from compiler/perilune/compiler/opcodes.py: do not edit. */",
        "#ifndef PERILUNE_OPCODES_H",
        "#define PERILUNE_OPCODES_H",
        "",
        "#include <stdint.h>",
        "",
        '#include "objects/metamethod.h"',
        "",
        "#define PERILUNE_OPCODES(X) \\",
        " \\\n".join(f"    X({opcode.name})" for opcode in OPCODES),
        "",
        "enum Opcode {",
        *(f"    OP_{opcode.name} = {opcode.code}," for opcode in OPCODES),
        f"    OPCODE_COUNT = {len(OPCODES)}",
        "};",
        "",
        "enum OperandKind {",
        "    KIND_NONE,",
        ",\n".join(f"    KIND_{kind.upper()}" for kind in KINDS),
        "};",
        "",
        "enum Flow { " + ", ".join(f"FLOW_{flow.upper()}" for flow in _FLOWS) + " };",
        "",
        "/* Where an open number of values ends: above all slots. */",
        "#define OPEN_END UINT8_MAX",
        "/* Slots that one function may use. */",
        f"#define MAX_SLOTS {MAX_SLOTS}",
        "/* Highest constant index in the key half of X. */",
        f"#define MAX_HINTED_KEY {MAX_HINTED_KEY}",
        "",
        "/* A binary chunk made for another opcode table has other bytes here. */",
        f"static const uint8_t OPCODES_VERSION[{len(VERSION)}] = {{{version}}};",
        "",
        "/* The operand fields hold their enum OperandKind, KIND_NONE where the opcode does not use the field. */",
        "typedef struct OpcodeRow {",
        "    const char *name;",
        "    uint8_t words, flow, a, b, c, bx, j, x;",
        "    uint8_t event; /* enum Metamethod, METAMETHOD_COUNT where it calls none */",
        "} OpcodeRow;",
        "",
        "static const OpcodeRow OPCODE_ROWS[OPCODE_COUNT] = {",
    ]
    for opcode in OPCODES:
        kinds = ", ".join(_kind(opcode, field) for field in _FIELDS)
        event = f"METAMETHOD_{opcode.event.upper() or 'COUNT'}"
        lines.append(f'    {{"{opcode.name}", {opcode.words}, FLOW_{opcode.flow.upper()}, {kinds}, {event}}},')
    lines += [
        "};",
        "",
        "static inline int opcode_larger(int left, int right)",
        "{",
        "    return left > right ? left : right;",
        "}",
        "",
    ]
    effects = [(opcode, Effect(opcode)) for opcode in OPCODES]
    for name, comment, otherwise, value in _SLOT_FUNCTIONS:
        lines += _function(name, comment, ((opcode, value(effect)) for opcode, effect in effects), otherwise)
    return "\n".join([*lines, "#endif", ""])


def docs() -> str:
    """The text of `docs/bytecode.md`."""
    lines = [
        "# Bytecode",
        "",
        "Generated from `compiler/perilune/compiler/opcodes.py` by `python -m perilune.compiler.generate docs`.",
        "",
        "The machine has an operand stack whose height the compiler knows at every instruction: locals and operands share",
        "the slots of one value stack, and an instruction names the slots it pops and pushes. A local that is an operand",
        "needs no push, and a result can go straight to the local it is assigned to.",
        "",
        f"A function has at most {MAX_SLOTS} slots. An instruction is one 32-bit word, and for some opcodes a second",
        "word `X`:",
        "",
        "| layout | bits 0-7 | 8-15 | 16-23 | 24-31 |",
        "| --- | --- | --- | --- | --- |",
        "| A B C | opcode | A | B | C |",
        "| A Bx | opcode | A | Bx | Bx |",
        "| J | opcode | J, signed | J | J |",
        "",
        "## Operand kinds",
        "",
        "| kind | meaning |",
        "| --- | --- |",
        *(f"| {kind} | {meaning} |" for kind, meaning in KINDS.items()),
        "",
        "## Opcodes",
        "",
        "The stack effect names the slots read and written, by operand: `b c -- a` reads s[B] and s[C] and writes s[A];",
        "`..` stands for all slots above those written, which a callee's frame covers. With other names, as in `x y -- y x`,",
        "it shows the topmost values before and behind. An instruction with an event may call that metamethod.",
        "",
        "| code | name | operands | words | effect | event | meaning |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for opcode in OPCODES:
        operands = " ".join(f"{field}:{kind}" for field, kind in opcode.operands)
        meaning = opcode.meaning.replace("|", "\\|")
        event = f"__{opcode.event}" if opcode.event else ""
        cells = (opcode.code, opcode.name, operands, opcode.words, f"`{opcode.effect}`", event, meaning)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    aliases = ", ".join(f"`{alias}` for `{name}`" for alias, name in ALIASES.items())
    return "\n".join([*lines, "", f"The assembler also takes {aliases}.", ""])


def main(arguments: list[str] | None = None) -> int:
    """Prints the header or the documentation, or writes it to `--output` where that differs from what stands there."""
    parser = argparse.ArgumentParser(prog="perilune.compiler.generate")
    parser.add_argument("what", choices=("header", "docs"))
    parser.add_argument("--output", type=Path)
    options = parser.parse_args(arguments)
    text = header() if options.what == "header" else docs()
    if options.output is None:
        sys.stdout.write(text)
    elif not options.output.exists() or options.output.read_text(encoding="utf-8") != text:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
