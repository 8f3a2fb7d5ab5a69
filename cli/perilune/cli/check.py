"""`perilune check`: the static errors of files, one line each."""

from __future__ import annotations

import argparse
import sys

from perilune.cli.errors import CommandError, tell
from perilune.cli.program import read_program
from perilune.cli.streams import print_text
from perilune.compiler.chunks import check_source
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.source import Source

OWN_STANDARD = "5.4"
STANDARD_NAMES = ("5.1", "5.2", "5.3", OWN_STANDARD, "luajit")
"""With its own, those of `standard_lexer.STANDARDS`, which is imported where one of them is asked for."""


def main(arguments: list[str]) -> int:
    """Returns 0 where all files are valid, 1 where one has an error, 2 where one cannot be read."""
    parser = argparse.ArgumentParser(
        prog="perilune check",
        description="Report the syntax errors of Lua files without running them, as FILE:LINE:COLUMN: MESSAGE. With --std "
        "they are those of another version of Lua, of each file the first, as its luac reports it.",
        epilog="Exit status: 0 if all files are valid, 1 if one has an error, 2 if one cannot be read.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a Lua file, or - for standard input")
    parser.add_argument(
        "--std", choices=STANDARD_NAMES, default=OWN_STANDARD, help=f"the version (default: {OWN_STANDARD})"
    )
    options = parser.parse_args(arguments)
    status = 0
    for path in options.files:
        try:
            text = read_program(path, status=2)
        except CommandError as error:
            tell(str(error))
            status = error.status
            continue
        found = error_texts("stdin" if path == "-" else path, text, options.std)
        for error_text in found:
            print_text((error_text if sys.stdout.isatty() else error_text.partition("\n")[0]) + "\n")
        status = max(status, 1 if found else 0)
    return status


def error_texts(path: str, text: bytes, standard: str = OWN_STANDARD) -> list[str]:
    """For every error its place and message, the source line, and a caret under the place: three lines each."""
    source = Source.from_bytes(path, text, is_file=True)
    if standard == OWN_STANDARD:
        found = check_source(source)
    else:
        from perilune.compiler.standard_parser import check_standard

        found = check_standard(source, standard)
    return [LuaSyntaxError.from_diagnostic(source, diagnostic).render() for diagnostic in found]
