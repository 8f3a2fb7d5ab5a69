"""Language features at every place of programs, whole and broken: there is always an answer, and it fits the text."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from perilune.lsp.features.completion import complete
from perilune.lsp.features.document_symbols import flat, outline
from perilune.lsp.features.language_hints import language_hints
from perilune.lsp.features.navigation import definitions, highlights, module_member, references
from perilune.lsp.features.ranges import folds, selections
from perilune.lsp.features.rename import RenameError, renamable
from perilune.lsp.features.semantic_tokens import semantic_tokens
from perilune.lsp.features.signature_help import signature_help
from perilune.lsp.features.symbol_hover import describe
from perilune.lsp.occurrences import Role
from perilune.lsp.syntax import MAX_SIZE, Syntax

LUA = Path(__file__).parents[1] / "lua"
PROGRAMS = sorted(path for path in LUA.rglob("*.lua") if path.stat().st_size < 4000)

AT_OFFSET: list[Callable[[Syntax, int], object]] = [
    definitions,
    highlights,
    describe,
    module_member,
    selections,
    lambda syntax, offset: references(syntax, offset, True),
    lambda syntax, offset: complete(syntax, syntax.text, offset),
    lambda syntax, offset: signature_help(syntax, syntax.text, offset),
]


def syntax_of(data: bytes) -> Syntax:
    return Syntax("test.lua", data)


def ask_everything(data: bytes, offsets: Iterator[int] | range) -> None:
    syntax = syntax_of(data)
    size = len(syntax.text)
    for token in semantic_tokens(syntax):
        assert 0 <= token.start < token.end <= size
    for symbol, _ in flat(outline(syntax)):
        assert symbol.start <= symbol.name_start <= symbol.name_end <= symbol.end
    for fold in folds(syntax):
        assert fold.first < fold.last
    language_hints(syntax, ())
    for offset in offsets:
        for feature in AT_OFFSET:
            feature(syntax, offset)
        try:
            span, _ = renamable(syntax, offset)
            assert span.start <= offset <= span.end
        except RenameError:
            pass


@pytest.mark.parametrize("path", PROGRAMS[::40], ids=lambda path: path.stem)
def test_every_feature_answers_at_every_offset(path: Path) -> None:
    data = path.read_bytes()[:1200]
    ask_everything(data, range(len(data) + 1))


def test_every_feature_answers_in_broken_programs() -> None:
    chance = random.Random(5)
    for path in chance.sample(PROGRAMS, 60):
        data = path.read_bytes()
        start = chance.randrange(len(data))
        cut = data[: chance.randrange(len(data))] + data[start : start + chance.randrange(200)]
        size = len(cut)
        ask_everything(cut, iter([0, size, size + 5, *(chance.randrange(size + 1) for _ in range(8))]))


def test_a_text_that_is_too_large_has_no_names() -> None:
    syntax = syntax_of(b"x = 1\n" * (MAX_SIZE // 6 + 1))
    assert not syntax.is_whole
    assert definitions(syntax, 5) == []
    assert complete(syntax, "pri", 3).proposals
    assert selections(syntax, 0)


def test_the_references_of_a_local_are_the_resolvers() -> None:
    for path in PROGRAMS[::3]:
        syntax = syntax_of(path.read_bytes())
        for variable in syntax.resolution.variables:
            declaration = variable.declaration
            if declaration is None or not variable.name or syntax.errors:
                continue
            found = {(span.start, span.end) for span in references(syntax, declaration.start, False)}
            assert found == {(use.start, use.end) for use in variable.references}, path
            assert [(s.start, s.end) for use in variable.references for s in definitions(syntax, use.start)] == [
                (declaration.start, declaration.end)
            ] * len(variable.references)


def test_declared_once_each() -> None:
    for path in PROGRAMS[::7]:
        syntax = syntax_of(path.read_bytes())
        for variable in syntax.resolution.variables:
            places = syntax.occurrences_of((variable,))
            declared = [place for place in places if place.role is Role.DECLARATION]
            assert len(declared) == 1 or syntax.errors


def test_texts_that_nest_and_repeat_without_end_are_answered() -> None:
    for part in ("a.", "(", "f(", "--[[", "[[ ", "local ", "function ", "a:b().", "x = {", "x = '\\"):
        text = part * 4000
        syntax = syntax_of(text.encode())
        assert len(syntax.names.occurrences) <= len(text)
        complete(syntax, text, len(text))
        signature_help(syntax, text, len(text))
        language_hints(syntax, ())
        assert outline(syntax) is not None
