"""Offsets in bytes and an editor's positions say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position, PositionEncodingKind

from perilune.lsp.document import Document
from perilune.lsp.protocol import Positions

TEXTS = st.text(st.sampled_from("ab\n\ré€🌙\x0c\u2028"), max_size=40)
ENCODINGS = {
    PositionEncodingKind.Utf8: lambda text: len(text.encode()),
    PositionEncodingKind.Utf16: lambda text: len(text.encode("utf-16-le")) // 2,
    PositionEncodingKind.Utf32: len,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS, data=st.data())
def test_every_place_between_two_characters_is_there_and_back(
    encoding: PositionEncodingKind, text: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(text)))
    if text[place - 1 : place + 1] == "\r\n":
        return  # no position lies inside a line end
    before = text[:place]
    line_begin = max(before.rfind("\n"), before.rfind("\r")) + 1
    line = before.replace("\r\n", "\n").replace("\r", "\n").count("\n")
    positions = Positions(Document.from_text("x", text), encoding)
    expected = Position(line, ENCODINGS[encoding](before[line_begin:]))
    assert positions.position(len(before.encode())) == expected
    assert positions.offset(expected) == len(before.encode())


@given(TEXTS, st.integers(0, 99), st.integers(0, 99))
def test_any_position_is_an_offset_in_the_text(text: str, line: int, character: int) -> None:
    document = Document.from_text("x", text)
    for encoding in ENCODINGS:
        assert 0 <= Positions(document, encoding).offset(Position(line, character)) <= len(document.data)


def test_a_range_takes_whole_characters() -> None:
    positions = Positions(Document.from_text("x", "a🌙b"), PositionEncodingKind.Utf16)
    spanned = positions.range(2, 3)
    assert (spanned.start.character, spanned.end.character) == (1, 3)


@given(TEXTS)
def test_lines_are_luas(text: str) -> None:
    document = Document.from_text("x", text)
    lines = [line.encode("latin-1") for line in document.lines]
    for number, line in enumerate(lines, 1):
        assert document.data[document.line_start(number) : document.line_end(number)] == line
        assert b"\n" not in line and b"\r" not in line
