"""Tokens: their types, their texts, and where they are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from perilune.compiler.grammar import load_grammar
from perilune.compiler.lexer import Lexer
from perilune.compiler.source import Source

LEXER = Lexer(load_grammar())


def tokens(text: str, is_file: bool = False) -> list[tuple[str, str]]:
    found = LEXER.tokens(Source("test.lua", text, is_file))
    return list(zip(found.types, found.texts, strict=True))


def test_keywords_names_and_operators_take_the_longest_text() -> None:
    assert tokens("endx end a...b .. . // / == = ~= ~ << <= < :: :") == [
        ("NAME", "endx"),
        ("END", "end"),
        ("NAME", "a"),
        ("VARARG", "..."),
        ("NAME", "b"),
        ("CONCAT", ".."),
        ("DOT", "."),
        ("PRODUCT", "//"),
        ("PRODUCT", "/"),
        ("COMPARISON", "=="),
        ("EQUAL", "="),
        ("COMPARISON", "~="),
        ("TILDE", "~"),
        ("SHIFT", "<<"),
        ("COMPARISON", "<="),
        ("LESSTHAN", "<"),
        ("LABEL", "::"),
        ("COLON", ":"),
        ("$END", ""),
    ]


def test_comments_are_skipped() -> None:
    assert tokens("--[[ a\n]] x --[==[ ]] ]==] y --[ z\n--[=x\n--") == [("NAME", "x"), ("NAME", "y"), ("$END", "")]


def test_numbers() -> None:
    for text in ("0", "3.", ".5", "3e1", "3.e-10", "0x.8", "0xA.", "0Xep1", "0x.1P-4", "1e+5"):
        assert tokens(text) == [("NUMBER", text), ("$END", "")]
    assert tokens("0xe+1")[0] == ("NUMBER", "0xe")
    assert tokens("3-4") == [("NUMBER", "3"), ("MINUS", "-"), ("NUMBER", "4"), ("$END", "")]


def test_what_only_looks_like_a_token_is_one_bad_token() -> None:
    for text in ("3x", "1..2", "0x", "1e", "0xp1", "'a\\q'", '"abc', "[==[ x ]] ", "[==", "--[[ x", "!", "\xe9", "\0"):
        assert tokens(text) == [("BAD", text), ("$END", "")]
    assert tokens("'ab\nc") == [("BAD", "'ab"), ("NAME", "c"), ("$END", "")]


def test_long_strings_close_at_their_own_level() -> None:
    assert tokens("[==[ ]] ]=] ]==]x") == [("STRING", "[==[ ]] ]=] ]==]"), ("NAME", "x"), ("$END", "")]
    assert tokens("[[]]") == [("STRING", "[[]]"), ("$END", "")]
    assert tokens("a[b[1]]")[-3:] == [("RSQB", "]"), ("RSQB", "]"), ("$END", "")]


def test_escapes() -> None:
    for escape in (
        "\\n",
        "\\\n",
        "\\\r\n",
        "\\z \n  ",
        "\\x0F",
        "\\u{7FFFFFFF}",
        "\\u{0000000000041}",
        "\\0",
        "\\255",
        "\\0009",
    ):
        assert tokens(f"'{escape}'") == [("STRING", f"'{escape}'"), ("$END", "")]


def test_a_file_may_begin_with_a_mark_and_a_line_for_the_shell() -> None:
    for beginning in ("#!/usr/bin/lua", "\xef\xbb\xbf", "\xef\xbb\xbf# x"):
        source = Source("test.lua", f"{beginning}\nx", is_file=True)
        found = LEXER.tokens(source)
        assert found.types == ["NAME", "$END"]
        assert source.line_column(found.start(0)) == (2, 1)
        assert tokens(source.text)[0] != ("NAME", "x")
    assert tokens("#", is_file=True) == [("$END", "")]


def test_lines_end_as_lua_ends_them() -> None:
    source = Source("test.lua", "a\nb\r\nc\rd\n\re\n\n")
    assert [source.line_text(line) for line in range(1, 8)] == ["a", "b", "c", "d", "e", "", ""]
    assert [source.line_column(source.text.index(c)) for c in "abcde"] == [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]
    assert source.line(1) == 1
    assert source.line(len(source.text)) == 7


def test_a_carriage_return_in_a_skipped_first_line_ends_nothing() -> None:
    source = Source("test.lua", "#a\rb\nx", is_file=True)
    assert source.line(source.text.index("x")) == 2


@given(st.text(alphabet=st.characters(max_codepoint=255)))
def test_tokens_and_what_is_between_them_are_the_whole_text(text: str) -> None:
    found = LEXER.tokens(Source("test.lua", text))
    at = 0
    for index, token in enumerate(found.texts):
        start, end = found.start(index), found.ends[index]
        assert at <= start and text[start:end] == token
        at = end
    assert at == len(text)
    assert found.types.count("$END") == 1 and found.types[-1] == "$END"


def test_comments_are_found_and_what_looks_like_one_is_not() -> None:
    text = "#!lua -- no\n-- one\nx = '-- no' --[[ two\n-- ]] y = [[ --no ]] -- three\n--[==[ ]] ]==]--"
    source = Source("test.lua", text, is_file=True)
    comments = list(LEXER.comments(source))
    assert [comment for _, comment in comments] == ["-- one", "--[[ two\n-- ]]", "-- three", "--[==[ ]] ]==]", "--"]
    assert all(text.startswith(comment, offset) for offset, comment in comments)


@given(st.text("-[]= \n\r\\z1e.'\"x", max_size=40))
def test_tokens_comments_and_white_space_are_the_whole_text(text: str) -> None:
    source = Source("test.lua", text)
    found = LEXER.tokens(source)
    pieces = [(found.start(i), found.texts[i]) for i in range(len(found.ends))]
    pieces += LEXER.comments(source)
    rest = list(text)
    for start, piece in pieces:
        assert text.startswith(piece, start)
        rest[start : start + len(piece)] = [" "] * len(piece)
    assert "".join(rest).isspace() or not rest
