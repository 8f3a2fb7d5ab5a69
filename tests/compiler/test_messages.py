"""Syntax errors: the words and the line of the reference implementation."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from compiler.corpus import LUA, SEMANTIC, lua_files, variants, verdicts
from perilune.compiler.chunks import compile_chunk
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.parser import parse
from perilune.compiler.source import Source

LUAC = shutil.which("luac5.4")
needs_luac = pytest.mark.skipif(LUAC is None, reason="luac5.4 is not installed")


def error(text: str) -> tuple[int, str] | None:
    """(line, message) of the first error."""
    _, diagnostics = parse(Source("test.lua", text))
    return (diagnostics[0].line, diagnostics[0].message) if diagnostics else None


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x 1", 1, "syntax error near '1'"),
        ("x.y", 1, "syntax error near <eof>"),
        ("(x)", 1, "syntax error near <eof>"),
        ("f() = 1", 1, "syntax error near '='"),
        ("a, f() = 1", 1, "syntax error near '='"),
        ("(a), b = 1", 1, "syntax error near ','"),
        ("a, b c", 1, "'=' expected near 'c'"),
        ("a, 1", 1, "unexpected symbol near '1'"),
        ("local x = = 2", 1, "unexpected symbol near '='"),
        ("local 1", 1, "<name> expected near '1'"),
        ("local end = 1", 1, "<name> expected near 'end'"),
        ("local x <", 1, "<name> expected near <eof>"),
        ("local x <const", 1, "'>' expected near <eof>"),
        ("local function 1", 1, "<name> expected near '1'"),
        ("local function f", 1, "'(' expected near <eof>"),
        ("function f.1()", 1, "'(' expected near '.1'"),
        ("function f:a.b()", 1, "'(' expected near '.'"),
        ("function f(a", 1, "')' expected near <eof>"),
        ("function f(\na", 2, "')' expected near <eof>"),
        ("function f(a,)", 1, "<name> or '...' expected near ')'"),
        ("function f(1)", 1, "<name> or '...' expected near '1'"),
        ("function f(..., a)", 1, "')' expected near ','"),
        ("function f()", 1, "'end' expected near <eof>"),
        ("function f()\n", 2, "'end' expected (to close 'function' at line 1) near <eof>"),
        ("x = function\n(\n)\n", 4, "'end' expected (to close 'function' at line 2) near <eof>"),
        ("local\nfunction f\n(\n)\n", 5, "'end' expected (to close 'function' at line 3) near <eof>"),
        ("if x", 1, "'then' expected near <eof>"),
        ("if x then\n\n", 3, "'end' expected (to close 'if' at line 1) near <eof>"),
        ("if x then elseif\ny then\n else\nelse", 4, "'end' expected (to close 'if' at line 1) near 'else'"),
        ("if x then\nuntil", 2, "'end' expected (to close 'if' at line 1) near 'until'"),
        ("while x", 1, "'do' expected near <eof>"),
        ("while x\ndo\nelse", 3, "'end' expected (to close 'while' at line 1) near 'else'"),
        ("do\ndo end", 2, "'end' expected (to close 'do' at line 1) near <eof>"),
        ("repeat\nend", 2, "'until' expected (to close 'repeat' at line 1) near 'end'"),
        ("for 1", 1, "<name> expected near '1'"),
        ("for x", 1, "'=' or 'in' expected near <eof>"),
        ("for x, y", 1, "'in' expected near <eof>"),
        ("for x = 1 do", 1, "',' expected near 'do'"),
        ("for x = 1, 2 x", 1, "'do' expected near 'x'"),
        ("for x in y\ndo\n", 3, "'end' expected (to close 'for' at line 1) near <eof>"),
        ("goto 1", 1, "<name> expected near '1'"),
        ("::x", 1, "'::' expected near <eof>"),
        ("return return", 1, "unexpected symbol near 'return'"),
        ("return 1 x", 1, "<eof> expected near 'x'"),
        ("return; x", 1, "<eof> expected near 'x'"),
        ("do return x\ny end", 2, "'end' expected (to close 'do' at line 1) near 'y'"),
        ("end", 1, "<eof> expected near 'end'"),
        (")", 1, "unexpected symbol near ')'"),
        ("x = a:b", 1, "function arguments expected near <eof>"),
        ("x = a:1", 1, "<name> expected near '1'"),
        ("x = a.", 1, "<name> expected near <eof>"),
        ("x = a[1", 1, "']' expected near <eof>"),
        ("x = f(\n1", 2, "')' expected (to close '(' at line 1) near <eof>"),
        ("x = (\n1", 2, "')' expected (to close '(' at line 1) near <eof>"),
        ("x = {\n1", 2, "'}' expected (to close '{' at line 1) near <eof>"),
        ("x = {[1] 2}", 1, "'=' expected near '2'"),
        ("x = {a b}", 1, "'}' expected near 'b'"),
        ("x = {,}", 1, "unexpected symbol near ','"),
        ("x = 'a' [[b\nc]]", 2, "unexpected symbol near '[[b\nc]]'"),
        ("x = 'a' 'b\\z  \n c\\65'", 2, "unexpected symbol near ''bcA''"),
        ("x = @", 1, "unexpected symbol near '@'"),
        ("x = \x01", 1, "unexpected symbol near '<\\1>'"),
        ("x = \xe9", 1, "unexpected symbol near '<\\233>'"),
        ("x = \0", 1, "unexpected symbol"),
    ],
)
def test_words_and_line(text: str, line: int, message: str) -> None:
    assert error(text) == (line, message)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x = 3x", 1, "malformed number near '3x'"),
        ("x = .0xa7", 1, "malformed number near '.0xa7'"),
        ("x = 1..2", 1, "malformed number near '1..2'"),
        ("x = 1e+", 1, "malformed number near '1e+'"),
        ("x = 0xep1p", 1, "malformed number near '0xep1p'"),
        ("x = 'abc", 1, "unfinished string near <eof>"),
        ("x = 'abc\n'", 1, "unfinished string near ''abc'"),
        ("x = '\\", 1, "unfinished string near <eof>"),
        ("x = '\\q'", 1, "invalid escape sequence near ''\\q'"),
        ("x = 'a\\65\\z\n\nb\\q'", 3, "invalid escape sequence near ''aAb\\q'"),
        ("x = '\\xg0'", 1, "hexadecimal digit expected near ''\\xg'"),
        ("x = '\\x1g'", 1, "hexadecimal digit expected near ''\\x1g'"),
        ("x = '\\x", 1, "hexadecimal digit expected near ''\\x'"),
        ("x = '\\u123'", 1, "missing '{' near ''\\u1'"),
        ("x = '\\u{}'", 1, "hexadecimal digit expected near ''\\u{}'"),
        ("x = '\\u{12'", 1, "missing '}' near ''\\u{12''"),
        ("x = '\\u{80000000}'", 1, "UTF-8 value too large near ''\\u{80000000'"),
        ("x = '\\256'", 1, "decimal escape too large near ''\\256''"),
        ("x = [==\n", 1, "invalid long string delimiter near '[=='"),
        ("x = [==[\n\n]]", 3, "unfinished long string (starting at line 1) near <eof>"),
        ("\n--[[\n\n", 4, "unfinished long comment (starting at line 2) near <eof>"),
    ],
)
def test_lexical_errors(text: str, line: int, message: str) -> None:
    assert error(text) == (line, message)


def test_a_lexical_error_is_reported_only_where_the_parser_gets_to() -> None:
    assert error("x = )\ny = 3x") == (1, "unexpected symbol near ')'")
    assert error("x = 1\ny = 3x") == (2, "malformed number near '3x'")


# Each repeats its middle part; the reference implementation gives up at some number of repetitions below 200.
NESTING = [
    ("x = ", "(", "1", ")", ""),
    ("x = ", "{", "", "}", ""),
    ("x = ", "{a = ", "1", "}", ""),
    ("x = ", "{[", "1", "] = 1}", ""),
    ("x = ", "- ", "1", "", ""),
    ("x = ", "a .. ", "1", "", ""),
    ("x = ", "a ^ ", "1", "", ""),
    ("x = ", "a ^ - ", "1", "", ""),
    ("x = ", "a or b and c < d | e ~ f & g << h .. i + j * - k ^ (", "1", ")", ""),
    ("x = ", "function() return ", "1", " end", ""),
    ("x = ", "f[", "1", "]", ""),
    ("x = ", "f(", "1", ")", ""),
    ("", "do ", "", " end", ""),
    ("", "if a then elseif b then ", "", " end", ""),
    ("", "while x do ", "", " end", ""),
    ("", "repeat ", "", " until x", ""),
    ("", "function f() ", "", " end", ""),
    ("", "local function f() ", "", " end", ""),
    ("", "a, ", "a", "", " = 1"),
    ("a, b, c = ", "(", "1", ")", ""),
    ("", "a, ", "a = ((((((1))))))", "", ""),
    ("", "a, ", "a[((1))]", "", " = 1"),
    ("", "(", "f", ")", "()"),
    ("", "f(", "1", ")", ""),
    ("", "::L:: ", "", "", ""),
    ("", "::L:: ;; ", "", "", ""),
    ("do do ", "::L:: ", "", "", " end end"),
]


@needs_luac
@pytest.mark.parametrize("parts", NESTING, ids=repr)
def test_nesting_ends_where_the_reference_implementation_ends_it(parts: tuple[str, ...], tmp_path: Path) -> None:
    opening, left, middle, right, closing = parts

    def program(depth: int) -> str:
        number = iter(range(depth))
        unique = re.sub("L", lambda _: f"l{next(number)}", left * depth)
        return f"{opening}{unique}{middle}{right * depth}{closing}"

    def overflows(depth: int) -> bool:
        path = tmp_path / "test.lua"
        path.write_text(program(depth))
        output = subprocess.run([str(LUAC), "-p", str(path)], capture_output=True, text=True, check=False)
        return "C stack overflow" in output.stderr

    low, high = 1, 200
    while low < high:
        half = (low + high) // 2
        low, high = (low, half) if overflows(half) else (half + 1, high)
    assert error(program(low)) == (1, "C stack overflow")
    assert error(program(low - 1)) is None


@pytest.mark.parametrize("part", ["1 + ", "1 == ", "1 or ", "f() + "])
def test_chains_to_the_left_have_no_limit(part: str) -> None:
    assert error("x = " + part * 100_000 + "1") is None


@pytest.mark.parametrize("part", ["()", ".a", "[1]", ":a()", "{}", "''"])
def test_chains_of_suffixes_have_no_limit(part: str) -> None:
    assert error("x = f" + part * 100_000) is None


@pytest.mark.parametrize("part", ["(", "{", "[", "- ", "not ", "a .. ", "a ^ ", "f(", "do ", "function f() ", "x = {["])
def test_the_deepest_nesting_is_an_error_like_any_other(part: str) -> None:
    found = error("x = " + part * 100_000)
    assert found is not None


def test_an_error_renders_with_its_line_and_a_caret() -> None:
    source = Source.from_bytes("file.lua", "local a\n\tlocal é = 'é' 1\n".encode())
    _, diagnostics = parse(source)
    rendered = LuaSyntaxError.from_diagnostic(source, diagnostics[0]).render()
    assert rendered == "file.lua:2:8: <name> expected near '<\\195>'\n\tlocal é = 'é' 1\n\t      ^"
    assert str(LuaSyntaxError.from_diagnostic(source, diagnostics[0])) == "file.lua:2: <name> expected near '<\\195>'"


def test_the_caret_counts_characters_not_bytes() -> None:
    source = Source.from_bytes("file.lua", "x = 'é' 1".encode())
    _, diagnostics = parse(source)
    assert LuaSyntaxError.from_diagnostic(source, diagnostics[0]).render().splitlines()[1:] == [
        "x = 'é' 1",
        "        ^",
    ]


@pytest.mark.skipif(LUA is None, reason="lua5.4 is not installed")
@pytest.mark.corpus
def test_installed_programs_and_broken_variants_get_the_verdict_of_the_reference_implementation(
    corpus_share: int,
) -> None:
    files = lua_files()[::corpus_share]
    programs = [path.read_bytes() for path in files] + list(variants(files, each=2))
    different = []
    for program, expected in zip(programs, verdicts(programs), strict=True):
        if expected and SEMANTIC.match(expected[1]):
            continue
        _, diagnostics = parse(Source.from_bytes("test.lua", program, is_file=True))
        found = (diagnostics[0].line, diagnostics[0].message) if diagnostics else None
        if found != expected:
            different.append((expected, found))
    assert different == []


def refusal(text: str) -> str:
    with pytest.raises(LuaSyntaxError) as refused:
        compile_chunk(text.encode(), b"=text")
    return str(refused.value)


def test_what_nests_too_deeply_is_refused_without_a_place() -> None:
    assert refusal("return " + "(" * 300 + "1" + ")" * 300) == "C stack overflow"


@pytest.mark.parametrize(("text", "near"), [("f(1" + ", 1" * 300 + ")", "1"), ("return x" + ", x" * 300, "x")])
def test_too_many_registers_are_noticed_when_the_next_value_of_a_list_has_been_read(text: str, near: str) -> None:
    assert refusal(text) == f"text:1: function or expression needs too many registers near '{near}'"


@pytest.mark.parametrize(
    ("before", "value", "most", "near"), [("local a\na = ", "1", 253, "<eof>"), ("a = ", "f()", 254, "'('")]
)
def test_values_that_no_variable_takes_need_registers(before: str, value: str, most: int, near: str) -> None:
    compile_chunk((before + ", ".join([value] * most)).encode(), b"=text")
    message = refusal(before + ", ".join([value] * (most + 1)))
    assert message.endswith(f"function or expression needs too many registers near {near}")


@pytest.mark.parametrize(
    ("text", "most", "near"),
    [
        ("f({})", 253, "<eof>"),
        ("f({}, ...)", 252, "')'"),
        ("return t:f({})", 252, "<eof>"),
        ("x = f(g({}))", 252, "')'"),
        ("local a, b, c = 1, 2, 3; f({})", 250, "<eof>"),
        ("return f({})(1)", 253, "'('"),
        ("if f({}) then end", 253, "'then'"),
        ("for i in {} do end", 254, "'do'"),
    ],
)
def test_a_function_has_as_many_registers_as_in_the_reference(text: str, most: int, near: str) -> None:
    compile_chunk(text.format(", ".join(["a"] * most)).encode(), b"=text")
    message = refusal(text.format(", ".join(["a"] * (most + 1))))
    assert message.endswith(f"function or expression needs too many registers near {near}")
