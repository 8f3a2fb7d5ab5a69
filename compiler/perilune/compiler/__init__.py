"""The compiler: Lua source to bytecode. Pure Python; nothing is imported before it is used."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perilune.compiler.assembler import assemble
    from perilune.compiler.assembly_text import AssemblerError
    from perilune.compiler.chunks import check_source, compile_chunk
    from perilune.compiler.diagnostics import Diagnostic, LuaSyntaxError
    from perilune.compiler.disassembler import disassemble
    from perilune.compiler.parser import parse, parse_tolerant
    from perilune.compiler.proto import Proto, dump, undump
    from perilune.compiler.resolver import resolve
    from perilune.compiler.source import Source

__all__ = [
    "AssemblerError",
    "Diagnostic",
    "LuaSyntaxError",
    "Proto",
    "Source",
    "assemble",
    "check_source",
    "compile_chunk",
    "disassemble",
    "dump",
    "parse",
    "parse_tolerant",
    "resolve",
    "undump",
]

_MODULES = {
    "assembler": ("assemble",),
    "assembly_text": ("AssemblerError",),
    "chunks": ("check_source", "compile_chunk"),
    "diagnostics": ("Diagnostic", "LuaSyntaxError"),
    "disassembler": ("disassemble",),
    "parser": ("parse", "parse_tolerant"),
    "proto": ("Proto", "dump", "undump"),
    "resolver": ("resolve",),
    "source": ("Source",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
