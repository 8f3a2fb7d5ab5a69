"""The code that constructs become: what each must and must not contain. What it does is tested by tests/lua."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from pathlib import Path

import pytest

from compiler.bytecode_verifier import functions, instructions, verify
from perilune.compiler.chunks import compile_chunk, display_name
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.disassembler import disassemble
from perilune.compiler.folding import fold_binary, fold_unary
from perilune.compiler.proto import Proto

TESTS = Path(__file__).parent.parent


def compiled(text: str) -> Proto:
    proto = compile_chunk(text.encode("latin-1"), b"=t")
    verify(proto)
    return proto


def code(text: str, function: int = 0) -> list[str]:
    """The instructions of a function, without its final return, as assembly text."""
    proto = list(functions(compiled(text)))[function]
    proto.protos = []
    lines = [line.partition(" | ")[2] for line in disassemble(proto).split("\n") if "| " in line]
    found = [" ".join(line.partition("@")[0].split()) for line in lines]
    return found[:-1] if found[-1] in ("RETURN0", "RETURNC s0 1") else found


def test_operands_that_are_locals_stay_where_they_are() -> None:
    assert code("local a, b, c = ... ; a = b + c; c = a.x; a = b[c]; b = -a")[1:] == [
        "ADD s0 s1 s2",
        'GETFIELD s2 s0 "x"',
        "GETINDEX s0 s1 s2",
        "UNM s1 s0",
    ]


def test_constants_are_operands() -> None:
    assert code("local a = ...; a = a + 1; a = a - 127; a = a + 128; a = 2 ^ a; a = 10 / a; a = a * 0.5; a = 'x' .. a")[
        1:
    ] == [
        "ADDI s0 s0 1",
        "SUBI s0 s0 127",
        "ADDK s0 s0 128",
        "LOADI s1 2",
        "POW s0 s1 s0",
        "RDIVK s0 s0 10",
        "MULK s0 s0 0.5",
        'LOADK s1 "x"',
        "MOVE s2 s0",
        "CONCAT s1 2",
        "MOVE s0 s1",
    ]


def test_stores_of_constants_load_nothing() -> None:
    assert code("local t, k = ...; t.x = 1; t[k] = nil; t['y'] = true; t[1] = k; t.z, t.w = 1, 'a'")[1:] == [
        'SETFIELDK s0 1 "x"',
        "SETINDEXK s0 s1 nil",
        'SETFIELDK s0 true "y"',
        "SETINT s0 1 s1",
        'SETFIELDK s0 "a" "w"',
        'SETFIELDK s0 1 "z"',
    ]


def test_conditions_jump_and_make_no_booleans() -> None:
    assert code("local a, b = ...; if a > 1 and not (b == nil or 2.5 <= a) then f() end")[1:] == [
        "JNGTK s0 1 L10",
        "JEQK s1 nil L10",
        "JGEK s0 2.5 L10",
        'GETGLOBAL s2 u0 "f"',
        "CALL s2 1 1",
    ]


def test_and_or_move_a_local_only_where_it_is_the_result() -> None:
    assert code("local a, b = ...; local c = a and b or 5; a = a or b")[1:] == [
        "JF s0 L5",
        "JTMOVE s2 s1 L6",
        "LOADI s2 5",
        "JT s0 L9",
        "MOVE s0 s1",
    ]


def test_a_comparison_becomes_a_boolean_only_as_a_value() -> None:
    assert code("local a, b = ...; local c = a < b")[1:] == ["LOADTRUE s2", "JLT s0 s1 L5", "LOADFALSE s2"]
    # A local that was there before must keep its value while a metamethod runs.
    assert code("local a, b = ...; a = a < b")[1:] == ["JLT s0 s1 L5", "LOADFALSE s0", "JMP L6", "LOADTRUE s0"]


def test_loops_test_at_the_bottom() -> None:
    assert code("local i = 0; while i < 10 do i = i + 1 end") == [
        "LOADI s0 0",
        "JMP L3",
        "ADDI s0 s0 1",
        "JLTK s0 10 L2",
    ]
    assert code("repeat local x = f() until x") == ['GETGLOBAL s0 u0 "f"', "CALL s0 1 2", "JF s0 L0"]
    assert code("while true do if f() then break end end")[-2:] == ["JT s0 L6", "JMP L0"]


def test_for_loops() -> None:
    assert code("for i = 1, 10 do end") == ["LOADI s0 1", "LOADI s1 10", "LOADI s2 1", "FORPREP s0 L7", "FORLOOP s0 L5"]
    assert code("for k, v in f() do end") == [
        'GETGLOBAL s0 u0 "f"',
        "CALL s0 1 5",
        "TFORPREP s0 L5",
        "TFORCALL s0 2",
        "TFORLOOP s0 L5",
        "CLOSE s3",
    ]


def test_multiple_assignment_keeps_lua_order() -> None:
    assert code("local a, b = 1, 2; a, b = b, a")[2:] == ["MOVE s2 s1", "MOVE s1 s0", "MOVE s0 s2"]
    assert code("local i, a = ...; i, a[i] = i + 1, 20")[1:] == [
        "ADDI s2 s0 1",
        "SETINDEXK s1 s0 20",
        "MOVE s0 s2",
    ]
    # The table's key is read before it is assigned.
    assert code("local i, a = ...; a[i], i = 20, i + 1")[1:] == ["MOVE s2 s0", "ADDI s0 s0 1", "SETINDEXK s1 s2 20"]


def test_calls() -> None:
    assert code("f(g(...))") == [
        'GETGLOBAL s0 u0 "f"',
        'GETGLOBAL s1 u0 "g"',
        "VARARG s2 0",
        "CALL s1 0 0",
        "CALL s0 0 1",
    ]
    assert code("local o = ...; return o:m(1)")[1:] == ['SELF s1 s0 "m"', "LOADI s3 1", "TAILCALL s1 3"]
    assert code("local a, b = ...; return a, b")[1:] == ["RETURN s0 3"]
    assert code("return (f())")[-1] == "RETURN1 s0"


def test_captured_variables_are_closed_where_their_scope_ends() -> None:
    loop = "while f() do local x = 1; g(function() return x end) if x then break end end"
    assert code(loop).count("CLOSE s0") == 2
    assert "RETURNC s0 2" in code("local x; local function f() return x end; return x")
    assert code("local x; g(function() return x end); return h(x)")[-2:] == ["CLOSE s0", "TAILCALL s1 2"]
    # Nothing may stand between open values and their consumer: the variable is closed before they are made.
    tail = code("local x; g(function() return x end); return h(i(...))")
    assert tail[-4:] == ["CLOSE s0", "VARARG s3 0", "CALL s2 0 0", "TAILCALL s1 0"]


def test_to_be_closed_variables_forbid_tail_calls() -> None:
    assert code("local x <close> = f(); return g()")[-2:] == ["CALL s1 1 0", "RETURNC s1 0"]
    assert not [line for line in code("for k in f() do return g() end") if line.startswith("TAILCALL")]


def test_gotos_close_what_they_leave() -> None:
    text = "do ::top:: local x = f(); g(function() return x end); if x then goto top end end"
    assert code(text)[-4:] == ["JF s0 L11", "CLOSE s0", "JMP L0", "CLOSE s0"]


def test_jumps_to_jumps_are_led_on() -> None:
    for text in (
        "while a do if b then c() else d() end end",
        "for i = 1, 2 do if a then if b then c() else d() end end end",
    ):
        for instruction in instructions(compiled(text)):
            if instruction.target is not None:
                by_pc = {other.pc: other for other in instructions(compiled(text))}
                assert by_pc[instruction.target].name != "JMP"


def test_constants_are_folded_as_the_reference_does() -> None:
    assert code("return 2 ^ 10 + 7 // 2 * -1, 1 << 63, 'a' == 'a'")[:2] == [
        "LOADF s0 1021",
        "LOADK s1 -9223372036854775808",
    ]
    assert fold_binary("+", 0x7FFFFFFFFFFFFFFF, 1) == -0x8000000000000000
    assert fold_binary("/", 1, 0) is None
    assert fold_binary("//", 1, 0) is None
    assert fold_binary("%", -5, 3) == 1
    assert fold_binary("%", 5.5, -2) == -0.5
    assert fold_binary("-", 1.5, 1.5) is None
    assert fold_binary("&", 3.0, 6) == 2
    assert fold_binary("&", 3.5, 6) is None
    assert fold_binary("<<", 1, -1) == 0
    assert fold_unary("-", 0.0) is None
    assert fold_unary("~", 0) == -1


def test_compile_time_constants_take_no_slot() -> None:
    assert code("local day <const> = 24 * 60; local x = f(day)") == [
        'GETGLOBAL s0 u0 "f"',
        "LOADI s1 1440",
        "CALL s0 2 2",
    ]


def test_table_constructors() -> None:
    assert code("return {1, x = 2, f()}") == [
        "NEWTABLE s0 1 1",
        "LOADI s1 1",
        'SETFIELDK s0 2 "x"',
        'GETGLOBAL s2 u0 "f"',
        "CALL s2 1 0",
        "SETLIST s0 0 0",
        "RETURN1 s0",
    ]
    batches = [line for line in code("return {" + "1," * 120 + "}") if line.startswith("SETLIST")]
    assert batches == ["SETLIST s0 50 0", "SETLIST s0 50 50", "SETLIST s0 20 100"]


def test_keys_that_no_field_instruction_takes_go_through_a_slot() -> None:
    long = "k" * 41
    assert code(f"local t = ...; return t.{long}")[1:] == ["LOADK s1 k0", "GETINDEX s1 s0 s1", "RETURN1 s1"]
    many = "local t = {" + ",".join(f"'{i}'" for i in range(66_000)) + "}; "
    names = {line.name for line in instructions(compiled(many + "t.a = t.b; t:c(t.d); e = f; return 1.5 + t.g"))}
    assert names & {"GETFIELD", "SETFIELD", "SELF", "GETGLOBAL", "SETGLOBAL", "ADDK"} == set()
    assert names >= {"LOADKX", "GETINDEX", "SETINDEX", "ADD"}


def test_wide_constants() -> None:
    many = "local t = {" + ",".join(f"{i}.5" for i in range(300)) + "}; "
    lines = code(many + "local x = t; x = x + 299.5; x = 299.5 - x; return x < 299.5, x == 299.5")
    assert "ADD s1 s1 s2" in lines and "SUB s1 s2 s1" in lines and "LOADK s2 299.5" in lines


def names(text: str) -> list[bytes | None]:
    return [proto.name for proto in functions(compiled(text))]


def test_functions_are_named_for_reports() -> None:
    assert names("local function a() end; function b() end; local c = function() end") == [
        b"main chunk",
        b"a",
        b"b",
        b"c",
    ]
    assert names("function M.sub.f() end; function A:deposit() end") == [b"main chunk", b"M.sub.f", b"A:deposit"]
    assert names("t.handler = function() end; x = {handler = function() end}") == [
        b"main chunk",
        b"t.handler",
        b"handler",
    ]
    assert names("f(function() end)") == [b"main chunk", None]


def lines(text: str) -> list[tuple[str, int]]:
    proto = compiled(text)
    return [(instruction.name, proto.line(instruction.pc)) for instruction in instructions(proto)]


def test_lines_are_those_of_error_messages() -> None:
    assert ("CALL", 2) in lines("f\n(\n1\n)")
    assert ("ADD", 2) in lines("local a, b = ...; a = a\n+\nb")
    assert ("GETFIELD", 3) in lines("local a = ...; a = a\n.\nx\n")
    # A field is read when the operator behind it has been.
    assert ("GETFIELD", 2) in lines("local a = ...; a = a.x\n+ 1")
    assert ("FORLOOP", 1) in lines("for i = 1,\n 2 do\nend")
    assert lines("local x\n\n")[-1] == ("RETURN0", 1)
    assert lines("if x then\n y() end\n")[-1] == ("RETURN0", 2)


def test_ranges_are_those_of_the_constructs() -> None:
    proto = compiled("local x = foo(1,\n  bar)")
    call = next(instruction for instruction in instructions(proto) if instruction.name == "CALL")
    assert proto.ranges[proto.word_ranges[call.pc]] == (1, 1, 11, 2, 7)


def test_a_function_that_needs_too_many_slots_is_an_error() -> None:
    with pytest.raises(LuaSyntaxError, match="function or expression needs too many registers"):
        compile_chunk(("f(" + ",".join(["x"] * 260) + ")").encode(), b"=t")


def test_chunk_names_are_shown_as_lua_shows_them() -> None:
    assert display_name(b"=stdin") == "stdin"
    assert display_name(b"@file.lua") == "file.lua"
    assert display_name(b"return 1") == '[string "return 1"]'
    assert display_name(b"a\nb") == '[string "a..."]'
    assert display_name(b"@" + b"d/" * 40 + b"f.lua") == "..." + ("d/" * 40 + "f.lua")[-56:]
    assert len(display_name(b"x" * 100)) == 59


PROGRAMS = sorted((TESTS / "lua").rglob("*.lua"))


def test_the_code_of_all_programs_is_well_formed() -> None:
    for path in PROGRAMS:
        text = path.read_bytes()
        try:
            proto = compile_chunk(text, b"@" + path.name.encode(), is_file=True)
        except LuaSyntaxError:
            continue
        verify(proto)


@pytest.mark.reference
@pytest.mark.skipif(shutil.which("luac5.4") is None, reason="the reference compiler is not installed")
def test_there_are_no_more_instructions_than_in_the_reference() -> None:
    ours = theirs = 0
    for path in PROGRAMS:
        process = subprocess.run(
            ["luac5.4", "-l", "-p", str(path)], capture_output=True, text=True, errors="replace", check=False
        )
        if process.returncode:
            continue
        theirs += sum(line.startswith("\t") and "MMBIN" not in line for line in process.stdout.split("\n"))
        proto = compile_chunk(path.read_bytes(), b"=t", is_file=True)
        ours += sum(len(instructions(each)) for each in functions(proto))
    assert ours <= theirs


def test_compilation_is_deterministic() -> None:
    texts = [path.read_bytes() for path in PROGRAMS[:20]]
    for text in texts:
        try:
            first, second = (compile_chunk(text, b"=t", is_file=True) for _ in range(2))
        except LuaSyntaxError:
            continue
        for left, right in itertools.zip_longest(functions(first), functions(second)):
            assert left.code == right.code
