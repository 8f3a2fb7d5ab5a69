"""The opcode table, and what is derived from it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from compiler.bytecode_verifier import functions, instructions
from perilune.compiler.assembler import assemble
from perilune.compiler.chunks import compile_chunk
from perilune.compiler.effects import Effect
from perilune.compiler.generate import docs, header, main
from perilune.compiler.opcodes import ALIASES, BY_NAME, KINDS, MAX_SLOTS, OPCODES

ROOT = Path(__file__).parent.parent.parent

PROGRAM = """
local a, b, t <const> = 1, 2.0, {1, 2, x = 3, [0] = {}}
local n, s, up = nil, "s", true
local big = false
up = function(...) up = t; t.x = up; t.y.z = ...; return select(2, ...), ... end
function t:m(k, ...) return self:m(k, ...) end
g = g and -a or ~a
t.x, t[1], t[a], t[b], t["y"] = g, a, b, nil, 1
a = t.x + t[1] + t[a] + #t
a = a + b; a = a - b; a = a * b; a = a / b; a = a % b; a = a // b; a = a ^ b
a = a & b; a = a | b; a = a ~ b; a = a << b; a = a >> b
a = a + 1000; a = a - 1000; a = a * 3; a = a / 3; a = a % 3; a = a // 3; a = a ^ 3
a = a & 3; a = a | 3; a = a ~ 3; a = a << 3; a = a >> 3
a = 3 + a; a = 3 - a; a = 3 * a; a = 3 / a; a = a + 1; a = a - 1
big = not a
s = s .. a
if a == b then elseif a ~= b then elseif a < b then elseif a <= b then elseif not (a < b) then elseif not (a <= b) then end
if a == b then g() end if a ~= b then g() end
if a < b then g() end if a <= b then g() end if not (a < b) then g() end if not (a <= b) then g() end
if a == 1 then g() end if a ~= 1 then g() end
if a < 1 then g() end if a <= 1 then g() end if a > 1 then g() end if a >= 1 then g() end
while a < 1 do g() end while a <= 1 do g() end while a > 1 do g() end while a >= 1 do g() end
while a == 1 do g() end while a ~= b do g() end while a == b do g() end
while a < b do g() end while a <= b do g() end while not (a < b) do g() end while not (a <= b) do g() end
while not (a < 1) do g() end
b = a and s; b = a or s
for i = 1, 10 do if i then break end g() end
for k, v in pairs(t) do g(k) end
do local c <close> = nil if a then return end end
local function f(x, y) if x then return end if y then return x end return x, y end
return f(g())
"""

STACK_PROGRAM = """
    NOP
    PUSH 1
    DUP
    SWAP
    OVER
    ROT
    DROP
    2DUP
    2SWAP
    2OVER
    2DROP
    2DROP
    RETURN0
"""


def emitted() -> set[str]:
    constants = "return {" + ",".join(f"{i}.5" for i in range(66_000)) + "}"
    protos = [compile_chunk(PROGRAM.encode(), b"=t"), compile_chunk(constants.encode(), b"=t"), assemble(STACK_PROGRAM)]
    return {instruction.name for main_ in protos for proto in functions(main_) for instruction in instructions(proto)}


def test_every_opcode_is_emitted_by_the_compiler_or_has_an_assembler_program() -> None:
    assert {opcode.name for opcode in OPCODES} - emitted() == set()


def test_rows_are_sound() -> None:
    assert len(OPCODES) <= 256
    for opcode in OPCODES:
        assert BY_NAME[opcode.name] is opcode
        assert all(kind in KINDS for _, kind in opcode.operands)
        assert opcode.flow in ("next", "branch", "jump", "exit")
        has_range = any(kind == "a" for _, kind in opcode.operands)
        effect = Effect(opcode)
        assert has_range == (effect.lowest is not None) == bool(effect.highest), opcode.name
        kinds = dict(opcode.operands)
        single_reads = {field for field, kind in opcode.operands if kind in ("r", "m")}
        single_writes = {field for field, kind in opcode.operands if kind in ("w", "m")}
        if not has_range:
            assert {each.first.field for each in effect.read} == single_reads, opcode.name
            assert {each.first.field for each in effect.written} == single_writes, opcode.name
        counts = [each.last.counted_in for each in (effect.open_read, effect.open_written) if each]
        assert sorted(counts) == sorted(field for field, kind in kinds.items() if kind == "v"), opcode.name
        has_jump = any(kind == "jump" for _, kind in opcode.operands)
        assert has_jump == (opcode.flow in ("branch", "jump")), opcode.name
    assert set(ALIASES.values()) <= set(BY_NAME)


def test_the_documentation_is_up_to_date() -> None:
    text = (ROOT / "docs" / "bytecode.md").read_text(encoding="utf-8")
    assert text == docs(), "run: python -m perilune.compiler.generate docs --output docs/bytecode.md"


def test_the_header_names_every_opcode() -> None:
    text = header()
    for opcode in OPCODES:
        assert re.search(rf"\bOP_{opcode.name} = {opcode.code},", text)
        assert f"X({opcode.name})" in text
    assert f"#define MAX_SLOTS {MAX_SLOTS}" in text


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_the_header_is_c11_without_warnings(tmp_path: Path) -> None:
    main(["header", "--output", str(tmp_path / "opcodes.h")])
    program = tmp_path / "t.c"
    program.write_text(
        '#include "opcodes.h"\n'
        "int main(void) { return OPCODE_ROWS[0].words + OPCODES_VERSION[0] + opcode_low(0, 0, 0, 0)"
        " + opcode_high(OP_CALL, 1, 2, 3) == 0; }\n",
        encoding="ascii",
    )
    flags = [
        f"-I{ROOT / 'vm' / 'core'}",
        "-std=c11",
        "-Wall",
        "-Wextra",
        "-Wshadow",
        "-Werror",
        "-fsyntax-only",
    ]
    subprocess.run(["cc", *flags, str(program)], check=True)
