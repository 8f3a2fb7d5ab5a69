"""`perilune disasm`: a program's bytecode beside its source, with counts if it is to run first."""

from __future__ import annotations

import argparse

from perilune.cli.destination import write_result
from perilune.cli.listing import annotated_listing, listing
from perilune.cli.program import exit_status, program_chunk_name, read_executable, report_error


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
    text = read_executable(options.file)[0]
    plain = listing(text, options.file)
    if not options.profile:
        _write(plain)
        return 0
    from perilune.profiler.session import Session

    session = Session("count")
    outcome, profile = session.run(text, program_chunk_name(options.file), options.arguments)
    report_error(outcome)
    _write(annotated_listing(text, options.file, session.raw, profile))
    return exit_status(outcome)


def _write(listing: str) -> None:
    write_result(listing.encode("utf-8", "replace"), None)
