"""What a compilation leaves behind: nothing that only Python's cyclic collector could find."""

from __future__ import annotations

import gc

import pytest

from perilune.compiler.chunks import compile_chunk

PROGRAMS = [
    b"local a, b <const> = ..., 2 return a + b, x, _ENV",
    b"local function f(p, ...) local q = p; return function() q = q + 1; return f(q, _ENV) end end function o:m() end",
    b"do local x; goto out; local y; do goto out end end ::out:: goto done ::done::",
    b"while a do local b = a; if b then break end end repeat local c = 1 until c",
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_compilation_leaves_no_circles(program: bytes) -> None:
    compile_chunk(program, b"=x")  # what is made once is made
    gc.collect()
    gc.disable()
    try:
        compile_chunk(program, b"=x")
        assert gc.collect() == 0
    finally:
        gc.enable()
