"""Listings."""

from __future__ import annotations

from perilune.compiler.chunks import compile_chunk
from perilune.compiler.disassembler import constant_text, disassemble, quote, range_text

TEXT = """\
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end
print(fib(32))
"""


def listing(text: str = TEXT) -> list[str]:
    proto = compile_chunk(text.encode(), b"@fib.lua")
    return disassemble(proto, text).split("\n")


def test_the_source_stands_above_its_instructions() -> None:
    lines = listing()
    index = next(i for i, line in enumerate(lines) if "|   return fib(n - 1)" in line or "| return fib(n - 1)" in line)
    assert lines[index].lstrip().startswith(";     3 |")
    assert "GETUPVAL" in lines[index + 1] or "L3:" in lines[index + 1]


def test_operands_are_explained() -> None:
    text = "\n".join(listing())
    assert "JNLTK      s0 2 L3" in text
    assert "; s0 n" in text
    assert "; u0 fib" in text
    assert "; s0 fib, p0 fib" in text
    assert '.function "fib"' in text
    assert '.source "@fib.lua"' in text


def test_ranges_have_columns() -> None:
    assert "@3:10-20" in "\n".join(listing())
    assert range_text((3, 3, 10, 3, 19)) == "@3:10-19"
    assert range_text((4, 3, 10, 5, 2)) == "@4!3:10-5:2"


def test_what_is_given_stands_in_the_margin() -> None:
    proto = compile_chunk(TEXT.encode(), b"@fib.lua")
    lines = disassemble(proto, TEXT, [{0: "          1"}, {0: "  7,049,155"}]).split("\n")
    assert any(line.split("|")[0].split() == ["7,049,155", "0"] for line in lines if "JNLTK" in line)
    assert any(line.split("|")[0].split() == ["4"] for line in lines if "SUBI" in line)


def test_literals_are_ascii() -> None:
    assert quote(b'a"\\\n\t\xff\x00') == '"a\\"\\\\\\n\\t\\xff\\x00"'
    assert [constant_text(value) for value in (None, True, False, 1, 1.0, b"x")] == [
        "nil",
        "true",
        "false",
        "1",
        "1.0",
        '"x"',
    ]
