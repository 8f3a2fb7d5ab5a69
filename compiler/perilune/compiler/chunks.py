"""From the bytes of a program to its compiled main function, and to everything that is wrong with it."""

from __future__ import annotations

import gc
from typing import Final

from perilune.compiler.codegen import generate
from perilune.compiler.diagnostics import Diagnostic, LuaSyntaxError
from perilune.compiler.parser import parse, parse_tolerant
from perilune.compiler.proto import Proto
from perilune.compiler.resolver import resolve
from perilune.compiler.source import Source
from perilune.compiler.symbols import Resolution

_ID_SIZE: Final = 59

# What the compiler holds at most: benchmarks/compiler_growth.py --memory shows it for every kind of construct.
_BYTES_PER_CHARACTER: Final = 20
_BYTES_PER_LINE: Final = 90
_BYTES_PER_ESCAPE: Final = 700
_BYTES_PER_TOKEN: Final = 600


def display_name(name: bytes) -> str:
    """How messages show a chunk's name: `=name` and `@file` without the sign, anything else as `[string "..."]`.

    Names are cut as Lua cuts them.
    """
    text = name.decode("latin-1")
    if text.startswith("="):
        return text[1 : _ID_SIZE + 1]
    if text.startswith("@"):
        text = text[1:]
        return text if len(text) <= _ID_SIZE else "..." + text[len(text) - _ID_SIZE + 3 :]
    line, newline, _ = text.partition("\n")
    room = _ID_SIZE - len('[string "..."]')
    if not newline and len(line) <= room + 3 - 3:
        return f'[string "{line}"]'
    return f'[string "{line[:room]}..."]'


def compile_chunk(text: bytes, name: bytes, *, is_file: bool = False, memory: int | None = None) -> Proto:
    """Compiles a program. `name` is its chunk name (`@file.lua`, `=stdin`, or a string's own text).

    A file may begin with a byte order mark and a `#` line. Raises LuaSyntaxError, for the error that the reference
    implementation would report, and MemoryError for a text that may take more than so many bytes to compile, which its
    length and its tokens decide: the same text always needs the same.
    """
    most_tokens = None
    if memory is not None:
        most_tokens = (memory - memory_of_characters(text)) // _BYTES_PER_TOKEN
        if most_tokens < 0:
            raise MemoryError("not enough memory")
    source = Source.from_bytes(display_name(name), text, is_file)
    source.most_tokens = most_tokens
    with CollectorPaused():
        chunk, diagnostics = parse(source)
        if diagnostics or chunk is None:
            raise LuaSyntaxError.from_diagnostic(source, first_error(source, diagnostics[0]))
        resolution = resolve(chunk, source)
        if resolution.errors:
            raise LuaSyntaxError.from_diagnostic(source, resolution.errors[0][1])
        proto = generate(chunk, resolution, source, name)
        resolution.release()
        return proto


def memory_of_characters(text: bytes) -> int:
    """The most bytes that compiling a text takes beside what its tokens take."""
    lines = text.count(b"\n") + text.count(b"\r")
    escapes = text.count(b"\\")
    return _BYTES_PER_CHARACTER * len(text) + _BYTES_PER_LINE * lines + _BYTES_PER_ESCAPE * escapes


def memory_of_tokens(count: int) -> int:
    """The most bytes that compiling so many tokens takes."""
    return _BYTES_PER_TOKEN * count


class CollectorPaused:
    """Keeps Python's cyclic collector from reading the growing tree again and again: half the time of a compilation."""

    __slots__ = ("_was_enabled",)

    def __enter__(self) -> None:
        self._was_enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *raised: object) -> None:
        if self._was_enabled:
            gc.enable()


def first_error(source: Source, syntax_error: Diagnostic) -> Diagnostic:
    """The error that comes first in a source with a syntax error: a semantic one may stand before it."""
    chunk, _ = parse_tolerant(source)
    for noticed, diagnostic in resolve(chunk, source).errors:
        if noticed < syntax_error.start:
            return diagnostic
    return syntax_error


def check_source(source: Source, limits: bool = True) -> list[Diagnostic]:
    """All static errors of a source, in the order of their places; the whole of it is read, whatever its state.

    Without `limits` it is not found out whether a function is too large for the machine, which takes as long again.
    """
    with CollectorPaused():
        chunk, diagnostics = parse_tolerant(source)
        resolution = resolve(chunk, source)
    found = in_order(diagnostics, resolution)
    if not found and limits:
        try:
            generate(chunk, resolution, source, b"=?")
        except LuaSyntaxError as error:
            start = source.line_starts[error.line - 1] + error.column - 1
            return [Diagnostic(error.message, error.line, error.column, start, start)]
    return found


def in_order(syntax_errors: list[Diagnostic], resolution: Resolution) -> list[Diagnostic]:
    """The errors of both kinds, in the order in which they are noticed."""
    found = [(diagnostic.start, diagnostic) for diagnostic in syntax_errors] + resolution.errors
    found.sort(key=lambda error: error[0])
    return [diagnostic for _, diagnostic in found]
