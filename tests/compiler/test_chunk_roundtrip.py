"""Binary chunks."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.compiler.chunks import compile_chunk
from perilune.compiler.proto import ChunkError, Constant, LocalVariable, Proto, UpvalueDescription, dump, undump

TEXT = b"local x <close> = nil; local function f(...) return x, ..., 1.5, 'a\\0b', nil end; return f(true, 1 << 62)"


def test_undump_inverts_dump_on_a_program() -> None:
    chunk = dump(compile_chunk(TEXT, b"@t.lua"))
    assert dump(undump(chunk)) == chunk


names = st.none() | st.binary(max_size=9)
constants: st.SearchStrategy[Constant] = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats(allow_nan=False)
    | st.binary(max_size=60)
)
numbers = st.integers(0, 0xFFFFFFFF)
bytes_ = st.integers(0, 255)


@st.composite
def protos(draw: st.DrawFn, depth: int = 2, outer_source: bytes | None = None) -> Proto:
    # a chunk has no way to say that a function lacks the source that the one around it has
    sources = names if outer_source is None else st.just(outer_source) | st.binary(max_size=9)
    proto = Proto(draw(sources), draw(names), draw(numbers), draw(numbers))
    proto.parameters = draw(bytes_)
    proto.is_vararg = draw(st.booleans())
    proto.slots = draw(bytes_)
    proto.code.extend(draw(st.lists(numbers, max_size=6)))
    proto.constants = draw(st.lists(constants, max_size=4))
    if draw(st.booleans()):
        place = st.tuples(numbers, st.integers(1, 0xFFFFFFFF), numbers, numbers, numbers)
        proto.ranges = draw(st.lists(place, min_size=1, max_size=3))
        proto.word_ranges.extend(draw(st.integers(0, len(proto.ranges) - 1)) for _ in proto.code)
        proto.loops = draw(st.lists(st.tuples(numbers, numbers, numbers), max_size=2))
    for _ in range(draw(st.integers(0, 2))):
        proto.upvalues.append(UpvalueDescription(draw(names), draw(st.booleans()), draw(bytes_), draw(bytes_)))
        proto.locals.append(LocalVariable(draw(st.binary(max_size=9)), draw(numbers), draw(numbers), draw(bytes_)))
    if depth:
        proto.protos = draw(st.lists(protos(depth=depth - 1, outer_source=proto.source), max_size=2))
    return proto


@given(protos())
def test_undump_inverts_dump(proto: Proto) -> None:
    chunk = dump(proto)
    assert dump(undump(chunk)) == chunk


def test_a_cut_chunk_is_refused() -> None:
    chunk = dump(compile_chunk(TEXT, b"@t.lua"))
    for end in range(0, len(chunk), 7):
        with pytest.raises(ChunkError):
            undump(chunk[:end])
    with pytest.raises(ChunkError):
        undump(chunk + b"\0")


@given(st.binary(max_size=200))
def test_undump_raises_nothing_but_chunk_errors(tail: bytes) -> None:
    chunk = dump(compile_chunk(b"return 1", b"=t"))
    with contextlib.suppress(ChunkError):
        undump(chunk[:18] + tail)
