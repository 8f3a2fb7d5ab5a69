"""What the commands that run programs share: reading a program, naming it, and reporting how it ended."""

from __future__ import annotations

import os
import sys

from perilune.cli.errors import CommandError, describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from perilune.compiler.diagnostics import LuaSyntaxError
    from perilune.vm import Outcome

_LIMIT = 124  # as timeout(1) has it


def read_program(path: str, status: int = 1) -> bytes:
    """The content of a file, or of standard input for `-`. Ends the command with `status` where that cannot be read."""
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        with open(path, "rb") as file:
            return file.read()
    except IsADirectoryError as error:
        raise CommandError(f"cannot read {path}: {describe(error)}", status) from error
    except OSError as error:
        raise CommandError(f"cannot open {path}: {describe(error)}", status) from error


def read_executable(path: str) -> bytes:
    """What the machine can run of a file: its content, or of assembly text (`.pasm`) the binary chunk."""
    text = read_program(path)
    return assembled(text, path) if path.endswith(".pasm") else text


def assembled(text: bytes, name: str) -> bytes:
    """The binary chunk of an assembly text, whose functions come from the file `name`. Ends the command on an error."""
    from perilune.compiler.assembler import assemble
    from perilune.compiler.assembly_text import AssemblerError
    from perilune.compiler.proto import dump

    try:
        return dump(assemble(text.decode("utf-8", "surrogateescape"), b"@" + os.fsencode(name)))
    except AssemblerError as error:
        raise CommandError(f"{name}:{error.line}:{error.column}: {error.message}") from error


def program_chunk_name(path: str) -> bytes:
    """The name that a program's functions carry as their source."""
    return b"=stdin" if path == "-" else b"@" + os.fsencode(path)


def syntax_error_text(error: LuaSyntaxError) -> str:
    """Lua's message, and on a terminal the line with a caret under the place."""
    message = str(error).encode("latin-1", "replace").decode("utf-8", "replace")
    if not sys.stderr.isatty():
        return message
    return message + "\n" + error.render().partition("\n")[2]


def report_error(outcome: Outcome) -> None:
    """Writes the message of a program that an error ended to standard error, with its traceback."""
    if outcome.text is not None:
        sys.stderr.flush()
        sys.stderr.buffer.write(b"perilune: " + outcome.text + b"\n")
        sys.stderr.buffer.flush()


def exit_status(outcome: Outcome) -> int:
    """The exit status that the program's end asks for."""
    return _LIMIT if outcome.kind == "limit" else outcome.exit_status
