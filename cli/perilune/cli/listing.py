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
from perilune.profiler.model import Profile
from perilune.profiler.program_costs import InstructionCost, program_costs
from perilune.profiler.renderers.figures import printable, share_text, time_text
from perilune.profiler.shares import time_share, times_lead
from perilune.profiler.sources import split_lines

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile


_LEGEND = "; in the margin: how often the instruction ran, and its place in the function\n"
_LEGEND_WITH_TIMES = (
    "; in the margin: how often the instruction ran, its share of the run's time, its time, its place in the function\n"
)


def listing(text: bytes, path: str, margins: Sequence[Mapping[int, str]] = ()) -> str:
    """The bytecode of a program, source or binary chunk, that was read from `path`. Ends the command on an error in it."""
    proto = _load(text, path)
    return disassemble(proto, _source_text(text, proto), margins)


def annotated_listing(text: bytes, path: str, raw: RawProfile | None, profile: Profile) -> str:
    """The listing with how often every instruction ran, and the share and time it took where times can be believed."""
    costs = program_costs(raw, profile) if raw is not None else []
    margins = [{pc: _margin(cost, profile) for pc, cost in function.items()} for function in costs]
    return (_LEGEND_WITH_TIMES if times_lead(profile) else _LEGEND) + listing(text, path, margins)


def _margin(cost: InstructionCost, profile: Profile) -> str:
    count = f"{cost.count:>15,}"
    if not times_lead(profile):
        return count
    share = share_text(time_share(profile, cost.self_ns)) if cost.self_ns else ""
    return f"{count}{share:>8}{time_text(cost.self_ns or None):>9}"


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
    return "\n".join(printable(line) for line in split_lines(text))
