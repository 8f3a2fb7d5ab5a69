"""From the bytes of a program to its compiled main function, and to everything that is wrong with it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from perilune.compiler.codegen import generate
from perilune.compiler.diagnostics import Diagnostic, LuaSyntaxError
from perilune.compiler.parser import parse, parse_tolerant
from perilune.compiler.proto import Proto
from perilune.compiler.resolver import resolve
from perilune.compiler.source import Source

_ID_SIZE = 59


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


def compile_chunk(text: bytes, name: bytes, *, is_file: bool = False) -> Proto:
    """Compiles a program. `name` is its chunk name (`@file.lua`, `=stdin`, or a string's own text).

    A file may begin with a byte order mark and a `#` line. Raises only LuaSyntaxError, for the error that the
    reference implementation would report.
    """
    source = Source.from_bytes(display_name(name), text, is_file)
    with _collector_paused():
        chunk, diagnostics = parse(source)
        if diagnostics or chunk is None:
            raise LuaSyntaxError.from_diagnostic(source, first_error(source, diagnostics[0]))
        resolution = resolve(chunk, source)
        if resolution.errors:
            raise LuaSyntaxError.from_diagnostic(source, resolution.errors[0][1])
        return generate(chunk, resolution, source, name)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keeps Python's cyclic collector from reading the growing tree again and again: half the time of a compilation."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def first_error(source: Source, syntax_error: Diagnostic) -> Diagnostic:
    """The error that comes first in a source with a syntax error: a semantic one may stand before it."""
    chunk, _ = parse_tolerant(source)
    for noticed, diagnostic in resolve(chunk, source).errors:
        if noticed < syntax_error.start:
            return diagnostic
    return syntax_error


def check_source(source: Source) -> list[Diagnostic]:
    """All static errors of a source, in the order of their places; the whole of it is read, whatever its state."""
    with _collector_paused():
        chunk, diagnostics = parse_tolerant(source)
        resolution = resolve(chunk, source)
    found = [(diagnostic.start, diagnostic) for diagnostic in diagnostics] + resolution.errors
    if not found:
        try:
            generate(chunk, resolution, source, b"=?")
        except LuaSyntaxError as error:
            start = source.line_starts[error.line - 1] + error.column - 1
            return [Diagnostic(error.message, error.line, error.column, start, start)]
    found.sort(key=lambda error: error[0])
    return [diagnostic for _, diagnostic in found]
