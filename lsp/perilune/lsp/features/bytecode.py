"""A file's bytecode beside its source, with what a run knows of its instructions."""

from __future__ import annotations

import os
from dataclasses import dataclass

from perilune.compiler.chunks import compile_chunk
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.lsp.document import Document
from perilune.lsp.measurement import View
from perilune.profiler.bytecode_listing import bytecode_text


@dataclass(frozen=True, slots=True)
class Listing:
    """The text, and in pairs which of its lines, from 0, is of which line of the document, from 1."""

    text: str
    lines: list[tuple[int, int]]


def listing(document: Document, view: View | None) -> Listing:
    """The bytecode of the text that ran, whose lines lead to where they are now; of the document if none did.

    A text with a syntax error has none: the listing says so, in a comment.
    """
    measurement = None if view is None else view.measurement
    measured = document if measurement is None else measurement.document
    name = b"@" + os.fsencode(os.path.basename(measured.path))
    try:
        proto = compile_chunk(measured.data, name, is_file=True)
    except LuaSyntaxError as error:
        message = str(error).encode("latin-1", "replace").decode("utf-8", "replace")
        return Listing(f"; no bytecode: {message}\n", [])
    if view is None or measurement is None:
        plain = bytecode_text(proto, measured.data, None, None)
        return Listing(plain.text, plain.places)
    found = bytecode_text(proto, measured.data, measurement.file, measurement.profile)
    now = {origin.line: line for line, origin in view.origins.items()}
    return Listing(found.text, [(line, now[source]) for line, source in found.places if source in now])
