"""The textual form of bytecode."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.bytecode_verifier import instructions, verify
from perilune.compiler.assembler import assemble
from perilune.compiler.assembly_text import AssemblerError
from perilune.compiler.chunks import compile_chunk
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.disassembler import disassemble
from perilune.compiler.proto import dump

ROOT = Path(__file__).parent.parent.parent


def code(text: str) -> list[tuple[str, list[int]]]:
    proto = assemble(text)
    verify(proto)
    return [
        (i.name, [i.fields[field] for field, kind in i.opcode.operands if kind != "jump"]) for i in instructions(proto)
    ]


def test_what_the_disassembler_writes_assembles_to_the_same_bytes() -> None:
    for path in sorted((ROOT / "tests" / "lua").rglob("*.lua")):
        text = path.read_bytes()
        try:
            proto = compile_chunk(text, b"@" + path.name.encode(), is_file=True)
        except LuaSyntaxError:
            continue
        again = assemble(disassemble(proto, text.decode("latin-1")))
        assert dump(again) == dump(proto), path


def test_odd_constants_and_names_survive() -> None:
    text = (
        'local a\xff <close> = nil; return "\\0\\xff\\"\\n;|", 1e300, -0x8000000000000000, 2^1023*2, "' + "x" * 99 + '"'
    )
    proto = compile_chunk(text.replace("\xff", "b").encode("latin-1"), b"=odd | ; name")
    assert dump(assemble(disassemble(proto))) == dump(proto)


def test_counts_in_the_margin_are_skipped() -> None:
    proto = compile_chunk(b"for i = 1, 3 do f(i) end", b"=t")
    assert dump(assemble(disassemble(proto, None, [{0: "  1,234,567  12.3%   1.02 µs"}]))) == dump(proto)


@pytest.mark.parametrize("name", ["fibonacci_loop.pasm", "fibonacci_straight.pasm"])
def test_examples_assemble(name: str) -> None:
    proto = assemble((ROOT / "examples" / name).read_text(encoding="utf-8"))
    verify(proto)
    assert proto.line(0) > 1


def test_stack_notation_knows_the_height() -> None:
    assert code("PUSH 2\nPUSH 3\nADD\nRETURN1") == [
        ("LOADI", [0, 2]),
        ("LOADI", [1, 3]),
        ("ADD", [0, 0, 1]),
        ("RETURN1", [0]),
    ]
    assert code('.local "x" s0\nPUSH "a"\nPOP x\nPUSH x\nLEN\nGETGLOBAL "print"\nSWAP\nCALL 1 0\nRETURN 0')[2:] == [
        ("MOVE", [1, 0]),
        ("LEN", [1, 1]),
        ("GETGLOBAL", [2, 0, 1]),
        ("SWAP", [2]),
        ("CALL", [1, 2, 1]),
        ("RETURN", [0, 1]),
    ]


def test_jumps_and_labels_in_stack_notation() -> None:
    assert code("PUSH 1\nagain:\nDUP\nADDI 1\nDUP\nJGTK 9 done\nDROP\nJMP again\ndone:\n2DROP\nRETURN0")[-3:] == [
        ("JMP", []),
        ("DROP2", [1]),
        ("RETURN0", []),
    ]


def test_nested_functions_and_upvalues() -> None:
    text = """
        .local "x" s0
        LOADI s0 5
        CLOSURE "f"
        CALL 0 1
        RETURNC 1
        .function "f"
            .upvalue "x" slot 0
            GETUPVAL "x"
            RETURN1
        .end
    """
    proto = assemble(text)
    verify(proto)
    assert proto.protos[0].name == b"f"
    assert [upvalue.name for upvalue in proto.upvalues] == [b"_ENV"]


ERRORS = [
    ("ADD\n", "1:1: 'ADD' needs 2 values, the stack has 0"),
    ("PUSH 1\nFOO s1", "2:1: unknown instruction 'FOO'"),
    ("MOVE s1", "1:1: 'MOVE' takes 2 operands, or 0 in stack notation"),
    ("LOADI s1 70000", "1:10: 70000 is not from -32768 to 32767"),
    ("LOADI x 7", "1:7: slot expected, got 'x'"),
    ("JMP nowhere", "1:5: no label 'nowhere'"),
    ("PUSH 1\na:\nPUSH 2\nJMP a", "4:5: the stack is 2 high here, elsewhere 1 at label 'a'"),
    ("RETURN0\nDUP", "2:1: nothing leads here: a label is missing"),
    ("a:\na:\nRETURN0", "2:1: label 'a' stands here for the second time"),
    ('PUSH "abc', "1:6: unfinished string"),
    ("LOADK s0 nonsense", "1:10: constant expected, got 'nonsense'"),
    (".slots 999", "1:8: 999 is not from 2 to 254"),
    (".nonsense", "1:1: unknown directive '.nonsense'"),
    ('.function "f"\nRETURN0', "2:1: '.end' expected at the end of the text"),
    ("RETURN0\n.end", "2:1: no function to end"),
    ("RETURN0 @x", "1:9: a source range looks like @4:7-19"),
    ("", "1:1: a function without instructions"),
]


@pytest.mark.parametrize(("text", "message"), ERRORS, ids=[text[:30] for text, _ in ERRORS])
def test_errors_say_where(text: str, message: str) -> None:
    with pytest.raises(AssemblerError) as caught:
        assemble(text)
    assert str(caught.value) == message
