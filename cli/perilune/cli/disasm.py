"""`perilune disasm`: a program's bytecode beside its source, with counts if it is to run first."""

from __future__ import annotations

import argparse
import os
import sys

from perilune.cli.errors import CommandError
from perilune.cli.program import exit_status, program_chunk_name, read_program, report_error, syntax_error_text
from perilune.compiler.chunks import compile_chunk
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.disassembler import disassemble
from perilune.compiler.proto import SIGNATURE, ChunkError, Proto, undump
from perilune.profiler.renderers.terminal import printable
from perilune.profiler.sources import split_lines


def main(arguments: list[str]) -> int:
    """Writes the listing to standard output; with --profile the exit status is the program's."""
    parser = argparse.ArgumentParser(
        prog="perilune disasm",
        description="Show the bytecode of a Lua file, or of a binary chunk, beside the source it was made from.",
        epilog="perilune asm turns the listing back into bytecode.",
    )
    parser.add_argument(
        "--profile", action="store_true", help="run the program first and show how often everything ran"
    )
    parser.add_argument("file", metavar="FILE", help="a Lua file or binary chunk, or - for standard input")
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT", help="for the program, with --profile"
    )
    options = parser.parse_args(arguments)
    if options.arguments[:1] == ["--profile"]:
        options.profile = True
        del options.arguments[0]
    text = read_program(options.file)
    proto = _load(text, options.file)
    source = _source_text(text, proto)
    if not options.profile:
        _write(disassemble(proto, source))
        return 0
    from perilune.profiler.attribution import program_counts
    from perilune.profiler.session import Session

    session = Session()
    outcome, _ = session.run(text, program_chunk_name(options.file), options.arguments)
    report_error(outcome)
    _write(disassemble(proto, source, program_counts(session.raw) if session.raw is not None else None))
    return exit_status(outcome)


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


def _write(listing: str) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(listing.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
