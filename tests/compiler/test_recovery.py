"""Broken programs: the editor's parser always makes a tree, and the compiler's keeps what came before the error."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.corpus import lua_files, variants
from compiler.trees import assert_nested, walk
from perilune.compiler.nodes import (
    Call,
    CallStatement,
    Chunk,
    ErrorStatement,
    Field,
    Function,
    If,
    LocalFunction,
    LocalStatement,
    Name,
    String,
    Vararg,
)
from perilune.compiler.parser import load_parser, parse, parse_tolerant
from perilune.compiler.source import Source


def tolerant(text: str) -> tuple[Chunk, list[str]]:
    chunk, diagnostics = parse_tolerant(Source("test.lua", text))
    assert_nested(chunk, len(text))
    return chunk, [diagnostic.message for diagnostic in diagnostics]


def kinds(chunk: Chunk) -> list[str]:
    return [type(statement).__name__ for statement in chunk.body.statements]


def test_a_valid_program_has_the_same_tree_and_no_diagnostics() -> None:
    chunk, messages = tolerant("local x = 1 return x")
    assert (kinds(chunk), messages) == (["LocalStatement", "Return"], [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("local x = \nlocal y = 2 f(y) g(y)", ["LocalStatement", "LocalStatement", "CallStatement", "CallStatement"]),
        ("local x = f(1\nlocal y = 2 f(y)", ["LocalStatement", "LocalStatement", "CallStatement"]),
        ("if x y = 1 z = 2 end f()", ["If", "CallStatement"]),
        ("while x y = 1 z = 2 end f()", ["While", "CallStatement"]),
        ("t = {1, 2 3, 4, 5} f()", ["Assignment", "CallStatement"]),
        ("x = 1) y = 2 f()", ["Assignment", "Assignment", "CallStatement"]),
        ("f() end g() h() k() l()", ["CallStatement"] * 5),
        ("x = 3x y = 2 f(y) g()", ["Assignment", "Assignment", "CallStatement", "CallStatement"]),
        ("x = 'a\\q' y = 2 f(y) g()", ["Assignment", "Assignment", "CallStatement", "CallStatement"]),
        ("x = 'abc\ny = 2 f(y) g()", ["Assignment", "Assignment", "CallStatement", "CallStatement"]),
        ("x.y\nlocal z = 1 f(z)", ["ErrorStatement", "LocalStatement", "CallStatement"]),
        ("function f(a, b) g(", ["FunctionStatement"]),
        ("x = {a = {b = 1", ["Assignment"]),
        ("if a then f() else g(", ["If"]),
        ("repeat f()", ["Repeat"]),
        ("= = =", ["ErrorStatement"]),
    ],
)
def test_one_error_leaves_the_statements_around_it(text: str, expected: list[str]) -> None:
    chunk, messages = tolerant(text)
    assert len(messages) == 1
    assert kinds(chunk) == expected


def test_a_missing_name_is_an_empty_name_where_the_cursor_is() -> None:
    text = "local x = a.\nlocal y = 1 f(y)"
    chunk, _ = tolerant(text)
    (field,) = [node for node in walk(chunk) if isinstance(node, Field)]
    assert (field.key.name, field.key.start, field.key.end) == ("", 12, 12)
    assert isinstance(field.object, Name)


def test_an_error_statement_keeps_its_pieces() -> None:
    chunk, _ = tolerant("for a, b in c + d do = end")
    names = {node.name for node in walk(chunk) if isinstance(node, Name)}
    assert {"c", "d"} <= names


def test_an_unfinished_function_still_holds_its_body() -> None:
    chunk, messages = tolerant("local function f(a)\n  local b = a\n  g(b")
    assert messages == ["')' expected near <eof>"]
    (function,) = chunk.body.statements
    assert isinstance(function, LocalFunction)
    assert [type(s) for s in function.function.body.statements] == [LocalStatement, CallStatement]


def test_two_errors_far_apart_are_both_reported() -> None:
    _, messages = tolerant("x = = 1\nf() g() h()\ny = } 2\nf() g() h()")
    assert messages == ["unexpected symbol near '='", "unexpected symbol near '}'"]


def test_a_bad_string_is_still_a_string() -> None:
    chunk, messages = tolerant("f('a\\q', x) g(y)")
    assert len(messages) == 1
    assert [type(a) for s in chunk.body.statements[:1] for a in s.call.arguments] == [String, Name]  # type: ignore[attr-defined]


@pytest.mark.parametrize("part", ["(", "{", "- ", "f(", "do ", "function f() ", "if a then ", "::a:: ", "a, ", "end "])
def test_nothing_is_read_behind_what_nests_too_deeply(part: str) -> None:
    chunk, diagnostics = parse_tolerant(Source("test.lua", "x = 1 " + part * 20_000))
    assert len(diagnostics) <= 2
    if part != "end ":
        assert diagnostics[-1].message == "C stack overflow"
    assert chunk.body.statements


def test_a_text_that_is_not_lua_takes_no_long_time() -> None:
    chance = random.Random(1)
    text = "".join(chance.choice("abc =(){}[]'\"\n:;,.<>!?-+*/ if end do") for _ in range(200_000))
    tolerant(text)


@given(st.text(alphabet="abf =(){}[]'\"\n:;,.<>-+~#123x\\\xe9", max_size=60))
@settings(max_examples=300)
def test_any_text_has_a_tree(text: str) -> None:
    tolerant(text)


_PIECES = "if then else elseif end while do for in repeat until function local return a b = ( ) { } [ ] , ; . : :: 1 's' ... - <"


@given(st.lists(st.sampled_from(_PIECES.split()), max_size=25).map(" ".join))
@settings(max_examples=500)
def test_any_sequence_of_tokens_has_a_tree(text: str) -> None:
    source = Source("test.lua", text)
    chunk, first = parse(source)
    assert chunk is not None
    assert_nested(chunk, len(text))
    whole, all_errors = parse_tolerant(source)
    assert_nested(whole, len(text))
    assert all_errors[:1] == first


@pytest.mark.corpus
def test_broken_variants_of_installed_programs_have_trees(corpus_share: int) -> None:
    for program in variants(lua_files()[::corpus_share], each=1, seed=7):
        source = Source.from_bytes("test.lua", program, is_file=True)
        chunk, diagnostics = parse_tolerant(source)
        assert_nested(chunk, len(source.text))
        assert parse(source)[1] == diagnostics[:1]


@pytest.mark.corpus
def test_a_lost_token_is_mostly_one_diagnostic(corpus_share: int) -> None:
    chance = random.Random(3)
    broken = single = 0
    for path in lua_files()[::corpus_share]:
        source = Source.from_bytes(path.name, path.read_bytes(), is_file=True)
        tokens = load_parser().lexer.tokens(source)
        index = chance.randrange(len(tokens.types))
        text = source.text[: tokens.start(index)] + " " + source.text[tokens.ends[index] :]
        _, diagnostics = parse_tolerant(Source("test.lua", text, is_file=True))
        broken += bool(diagnostics)
        single += len(diagnostics) == 1
    assert single >= 0.85 * broken


# --- what the strict parser keeps


def partial(text: str) -> tuple[Chunk, Any]:
    chunk, diagnostics = parse(Source("test.lua", text))
    assert chunk is not None
    assert_nested(chunk, len(text))
    return chunk, diagnostics[0]


def test_what_comes_before_the_error_is_in_the_tree() -> None:
    chunk, _ = partial("local x <const> = 1; x = 2; f(x ) ) y = 3")
    assert kinds(chunk) == ["LocalStatement", "Assignment", "CallStatement"]


def test_the_pieces_of_the_statement_with_the_error_are_in_the_tree() -> None:
    chunk, _ = partial("function f() local a = { ..., 1, = }")
    assert any(isinstance(node, Vararg) for node in walk(chunk))
    assert any(isinstance(node, ErrorStatement) for node in walk(chunk))


def test_what_the_error_left_open_ends_with_the_error() -> None:
    text = "function f() if x then g() end function h() ) end end"
    chunk, diagnostic = partial(text)
    ends = {node.end for node in walk(chunk) if isinstance(node, Function)}
    assert ends == {diagnostic.end}
    (finished,) = [node for node in walk(chunk) if isinstance(node, If)]
    assert finished.end < diagnostic.start


def test_a_call_that_the_error_interrupts_is_a_piece() -> None:
    chunk, _ = partial("f(g(1), 2 = 3)")
    (statement,) = chunk.body.statements
    assert isinstance(statement, ErrorStatement)
    assert any(isinstance(node, Call) for node in walk(statement))


# --- several errors in one file


def broken_lines(text: str) -> list[int]:
    """The lines that errors are shown on."""
    source = Source("test.lua", text)
    _, diagnostics = parse_tolerant(source)
    return [source.line(diagnostic.shown[0]) for diagnostic in diagnostics]


def marked(text: str) -> tuple[str, list[int]]:
    """The text without its marks, and the lines that were marked as broken."""
    lines = text.splitlines()
    broken = [number for number, line in enumerate(lines, 1) if line.endswith("--!")]
    return "\n".join(line.removesuffix("--!").rstrip() for line in lines) + "\n", broken


DENSE = """\
local a = --!
local t = { 1, 2 --!
for i = 1 do print(i) end --!
x = = 3 --!
local function (y) return y end --!
foo.bar --!
while true print(1) end --!
local s = "unfinished --!
y = 3x --!
print(1,, 2) --!
for k v in pairs(t) do end --!
goto 5 --!
return 1 2 --!
"""
FUNCTIONS = """\
local M = {}

local a = --!

function M.one(x)
  local y = x + --!
  return y
end

function M.two(x --!
  return x
end

local t = { a = 1 b = 2 } --!

if t.a then
  print(t.a)) --!
end

for i = 1, 10 --!
  print(i)
end

while t.a < 3 od --!
  t.a = t.a + 1
end

local s = "abc --!

x = y z --!

function M.three()
  goto --!
end

M.four = funtion(x) return x end --!

local n = 12abc --!

if t.a = 3 then --!
  print("x")
end

return M
"""
OTHER_LANGUAGES = """\
local config = {
  size = , --!
  deep = { 1, 2, 3 },
}

local function first(list)
  if #list == 0 then
    return nil
  else
    return list[1 --!
  end
end

local function second(list)
  for i, v in ipairs(list) --!
    print(i, v)
  end
end

print(first(config.deep) --!

local total = 0
for i = 1, 10 do
  total = total + * i --!
end

local q = a ? b : c --!

x++ --!

x += 1 --!

if total != 3 then --!
  print(total)
end

local str = 'it's' --!

local 1x = 3 --!

call(function() return 1 end --!

local last = total
print(last) --
"""


@pytest.mark.parametrize("text", [DENSE, FUNCTIONS, OTHER_LANGUAGES], ids=["dense", "functions", "other languages"])
def test_every_broken_line_is_shown_once_and_no_other(text: str) -> None:
    program, broken = marked(text)
    assert broken_lines(program) == broken


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("local x =\nlocal y = 2\n", "="),
        ("local x =\n\nfunction f() end\n", "="),
        ("x = f(1,\nlocal y = 2\n", ","),
        ("if a\n  b()\nend\n", "a"),
        ("foo.bar\nlocal y\n", "bar"),
        ("x = 1\n) y = 2\n", ")"),
        ("x = 1\nend\ny = 2\n", "end"),
        ("local x =", "="),
    ],
)
def test_what_is_unfinished_is_shown_where_it_ends(text: str, shown: str) -> None:
    _, (diagnostic, *_) = parse_tolerant(Source("test.lua", text))
    assert text[slice(*diagnostic.shown)] == shown


def test_a_condition_that_lost_its_if_leaves_no_stray_end() -> None:
    assert broken_lines("local x = f()\nx == 1 then\n  g(x)\nend\nh()\n") == [2]


def test_many_errors_take_no_long_time() -> None:
    text = "local x = = 1\nlocal function f(a) return a end\nprint(x, f(x))\nreturn f\n" * 2000
    _, messages = tolerant(text)
    assert len(messages) == 100
