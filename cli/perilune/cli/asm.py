"""`perilune asm`: assembly text to a binary chunk, and to its run."""

from __future__ import annotations

import argparse
import os
import sys

from perilune.cli.destination import STANDARD_OUTPUT, write_result
from perilune.cli.errors import CommandError
from perilune.cli.program import assembled, exit_status, read_program, report_error


def main(arguments: list[str]) -> int:
    """Returns 0, or with --run the program's exit status."""
    parser = argparse.ArgumentParser(
        prog="perilune asm",
        description="Turn assembly text, such as perilune disasm prints, into a binary chunk that perilune run takes.",
        epilog="Without -o and --run the chunk goes to FILE with the ending .luac.",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="where to put the chunk; - for standard output")
    parser.add_argument("--run", action="store_true", help="run it")
    parser.add_argument("file", metavar="FILE", help="assembly text, or - for standard input")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT", help="for the program, with --run")
    options = parser.parse_args(arguments)
    if options.arguments[:1] == ["--run"]:
        options.run = True
        del options.arguments[0]
    name = "stdin" if options.file == "-" else options.file
    chunk = assembled(read_program(options.file), name)
    if options.output is not None or not options.run:
        path = options.output or os.path.splitext(name)[0] + ".luac"
        if path == STANDARD_OUTPUT and sys.stdout.isatty():
            raise CommandError("a binary chunk is not for a terminal: give a file with -o")
        write_result(chunk, path)
    return _run(chunk, name, options.arguments) if options.run else 0


def _run(chunk: bytes, name: str, arguments: list[str]) -> int:
    from perilune.vm import State

    with State(keeps_texts=False) as state:
        script = os.fsencode(name)
        outcome = state.run(chunk, b"@" + script, [os.fsencode(argument) for argument in arguments], script)
        report_error(outcome)
    return exit_status(outcome)
