"""What the commands that run programs share: reading a program, naming it, and reporting how it ended."""

from __future__ import annotations

import os
import sys

from perilune.cli.errors import CommandError, describe, tell_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from perilune.compiler.diagnostics import LuaSyntaxError
    from perilune.vm import Outcome

Executable = tuple[bytes, "bytes | None"]
"""What the machine can run, a source or a binary chunk, and the assembly text whose lines that has, if it has."""

LARGEST_FILE = 1 << 28
"""The most bytes that a file may have that a command reads."""

_LIMIT = 124  # as timeout(1) has it


def read_program(path: str, status: int = 1) -> bytes:
    """The content of a file, or of standard input for `-`. Ends the command with `status` where that cannot be read."""
    try:
        if path == "-":
            content = sys.stdin.buffer.read(LARGEST_FILE + 1)
        else:
            with open(path, "rb") as file:
                content = file.read(LARGEST_FILE + 1)
    except IsADirectoryError as error:
        raise CommandError(f"cannot read {path}: {describe(error)}", status) from error
    except OSError as error:
        raise CommandError(f"cannot open {path}: {describe(error)}", status) from error
    except ValueError as error:  # a zero byte
        raise CommandError(f"cannot open {path}: {error}", status) from error
    if len(content) > LARGEST_FILE:  # a device, for instance, that never ends
        raise CommandError(f"cannot read {path}: it is larger than {LARGEST_FILE >> 20} MiB", status)
    return content


def read_executable(path: str) -> Executable:
    """The program in a file. Ends the command where that cannot be read."""
    return executable(read_program(path), path)


def executable(content: bytes, path: str) -> Executable:
    """What a file's content is as a program. Ends the command on an error in assembly text (`.pasm`)."""
    if not path.endswith(".pasm"):
        return content, None
    lines_are_its_own = b".source" not in content
    return assembled(content, path), content if lines_are_its_own else None


def assembled(text: bytes, name: str) -> bytes:
    """The binary chunk of an assembly text, whose functions come from the file `name`. Ends the command on an error."""
    from perilune.compiler.assembler import assemble
    from perilune.compiler.assembly_text import AssemblerError
    from perilune.compiler.proto import dump

    try:
        return dump(assemble(text.decode("utf-8", "surrogateescape"), b"@" + os.fsencode(name)))
    except AssemblerError as error:
        raise CommandError(f"{name}:{error.line}:{error.column}: {error.message}") from error


def startup_code() -> list[tuple[bytes, bytes]]:
    """What the environment variable LUA_INIT asks to run first: chunk name and text of code, or of a file behind a `@`."""
    for variable in ("LUA_INIT_5_4", "LUA_INIT"):
        value = os.environ.get(variable)
        if value is not None:
            if value.startswith("@"):
                return [(os.fsencode(value), read_program(value[1:]))]
            return [(b"=" + variable.encode(), os.fsencode(value))]
    return []


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
        tell_bytes(b"perilune: " + outcome.text + b"\n")


def exit_status(outcome: Outcome) -> int:
    """The exit status that the program's end asks for."""
    return _LIMIT if outcome.kind == "limit" else outcome.exit_status
