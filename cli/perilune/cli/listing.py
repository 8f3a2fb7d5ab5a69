"""A program's bytecode as text beside the source it was made from, plain or with what every instruction cost."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from perilune.cli.errors import CommandError
from perilune.cli.program import program_chunk_name, read_program, syntax_error_text
from perilune.compiler.chunks import compile_chunk
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.disassembler import disassemble
from perilune.compiler.proto import SIGNATURE, ChunkError, Proto, undump
from perilune.profiler.bytecode_listing import legend, margins, shown_source
from perilune.profiler.model import Profile
from perilune.profiler.program_costs import program_costs

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile


def listing(text: bytes, path: str, written: Sequence[Mapping[int, str]] = ()) -> str:
    """The bytecode of a program, source or binary chunk, that was read from `path`. Ends the command on an error in it."""
    proto = _load(text, path)
    return disassemble(proto, _source_text(text, proto), written)


def annotated_listing(text: bytes, path: str, raw: RawProfile | None, profile: Profile) -> str:
    """The listing with how often every instruction ran, and the share and time it took where there are times."""
    costs = program_costs(raw, profile) if raw is not None else []
    return legend(profile) + listing(text, path, margins(costs, profile))


def _load(text: bytes, path: str) -> Proto:
    try:
        if text.startswith(SIGNATURE):
            return undump(text)
        return compile_chunk(text, program_chunk_name(path), is_file=True)
    except LuaSyntaxError as error:
        raise CommandError(syntax_error_text(error)) from error
    except ChunkError as error:
        raise CommandError(f"{path}: {error}") from error


def _source_text(text: bytes, proto: Proto) -> str | None:
    """The source to show: the file itself, or for a binary chunk the file that it says it was made from."""
    if text.startswith(SIGNATURE):
        path = os.fsdecode(proto.source[1:]) if proto.source is not None and proto.source[:1] == b"@" else None
        if path is None or not os.path.isfile(path):
            return None
        text = read_program(path)
    return shown_source(text)
