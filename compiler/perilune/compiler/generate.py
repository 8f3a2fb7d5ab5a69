"""Writes what is derived from the opcode table: the C header of the virtual machine and `docs/bytecode.md`.

python -m perilune.compiler.generate header [--output FILE]
python -m perilune.compiler.generate docs [--output FILE]
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from perilune.compiler.opcodes import ALIASES, KINDS, MAX_HINTED_KEY, MAX_SLOTS, OPCODES, VERSION, Opcode

_FIELDS = ("A", "B", "C", "Bx", "J", "X")
_FLOWS = ("next", "branch", "jump", "exit")


def _kind(opcode: Opcode, field: str) -> str:
    """The C name of the kind of a field, KIND_NONE where the opcode does not use it."""
    kind = dict(opcode.operands).get(field, "none")
    return f"KIND_{kind.upper()}"


def _bound_function(name: str, attribute: str, without: int, comment: str) -> list[str]:
    """A C function that evaluates one of the table's slot bounds."""
    cases: dict[str, list[str]] = {}
    for opcode in OPCODES:
        expression: str = getattr(opcode, attribute)
        if expression:
            cases.setdefault(re.sub(r"\bmax\(", "opcode_larger(", expression), []).append(opcode.name)
    lines = [
        f"/* {comment} */",
        f"static inline int {name}(uint32_t op, int A, int B, int C)",
        "{",
        "    (void)A;",
        "    (void)B;",
        "    (void)C;",
        "    switch (op) {",
    ]
    for expression, names in cases.items():
        lines += [f"    case OP_{opcode_name}:" for opcode_name in names]
        lines.append(f"        return {expression};")
    return [*lines, "    default:", f"        return {without};", "    }", "}", ""]


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
        "} OpcodeRow;",
        "",
        "static const OpcodeRow OPCODE_ROWS[OPCODE_COUNT] = {",
    ]
    for opcode in OPCODES:
        kinds = ", ".join(_kind(opcode, field) for field in _FIELDS)
        lines.append(f'    {{"{opcode.name}", {opcode.words}, FLOW_{opcode.flow.upper()}, {kinds}}},')
    lines += [
        "};",
        "",
        "static inline int opcode_larger(int left, int right)",
        "{",
        "    return left > right ? left : right;",
        "}",
        "",
    ]
    lines += _bound_function(
        "opcode_low",
        "low",
        0,
        "Lowest slot of the range that an instruction touches; B and C are the raw fields.",
    )
    lines += _bound_function(
        "opcode_high",
        "high",
        -1,
        "Highest slot of that range, below opcode_low where it is empty or the opcode has none.",
    )
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
        "The stack effect names the slots read and written, by operand: `b c -- a` reads s[B] and s[C] and writes s[A].",
        "",
        "| code | name | operands | words | effect | meaning |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for opcode in OPCODES:
        operands = " ".join(f"{field}:{kind}" for field, kind in opcode.operands)
        meaning = opcode.meaning.replace("|", "\\|")
        lines.append(f"| {opcode.code} | {opcode.name} | {operands} | {opcode.words} | `{opcode.effect}` | {meaning} |")
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
