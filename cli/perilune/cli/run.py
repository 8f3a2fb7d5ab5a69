"""`perilune run`: runs a program as the `lua` command does, with its options, `arg` table, messages and exit statuses.

It parses its arguments by hand and imports little, because a program's start must not wait for Python.
"""

from __future__ import annotations

import os
import sys

from perilune.cli import limits
from perilune.cli.errors import CommandError
from perilune.cli.limits import Limits
from perilune.cli.program import (
    exit_status,
    program_chunk_name,
    read_executable,
    read_program,
    report_error,
    syntax_error_text,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from perilune.vm import State

USAGE = f"""\
usage: perilune run [OPTION]... [FILE [ARGUMENT]...]

Run a Lua 5.4 program. Everything behind FILE goes to the program: in the table
arg, and as the arguments of its main chunk.

  -e CODE    run a piece of code first; without FILE, that is all
  -l NAME    require a module into the global of its name, or -l GLOBAL=NAME
  -W         turn warnings on
  -E         ignore the environment variables LUA_INIT, LUA_PATH and LUA_CPATH
  -v         print the version
  --         end of the options
  -          run standard input; so does no FILE, unless -e or -v is given

{limits.USAGE}"""

_COMMAND_LINE = b"=(command line)"


class Request:
    """What the arguments ask for.

    `pieces` are chunk names and texts to run before the script. `words` are the program's global `arg`, in which
    `script_word` is the index of the script, or of the command's name if there is none.
    """

    __slots__ = (
        "ignore_environment",
        "limits",
        "pieces",
        "script",
        "script_word",
        "show_help",
        "show_version",
        "words",
    )

    def __init__(self) -> None:
        self.pieces: list[tuple[bytes, bytes]] = []
        self.script: str | None = None
        self.words = ["perilune"]
        self.script_word = 0
        self.ignore_environment = False
        self.limits = Limits()
        self.show_version = False
        self.show_help = False


def parse(arguments: list[str]) -> Request:
    """Reads the arguments. Raises CommandError for an option that does not exist or lacks its value."""
    request = Request()
    has_code = False
    index = 0
    while index < len(arguments):
        argument = arguments[index]
        index += 1
        if argument == "--":
            break
        if argument == "-" or not argument.startswith("-"):
            index -= 1
            break
        option, value = argument[:2], argument[2:]
        if option in ("-e", "-l"):
            if not value:
                if index == len(arguments):
                    raise CommandError(f"'{argument}' needs argument\n{USAGE}", 2)
                value = arguments[index]
                index += 1
            code = value.encode("utf-8", "surrogateescape")
            request.pieces.append((_COMMAND_LINE, code if option == "-e" else _require(code)))
            has_code = has_code or option == "-e"
        elif argument == "-W":
            request.pieces.append((_COMMAND_LINE, b"warn('@on')"))
        elif argument == "-E":
            request.ignore_environment = True
        elif argument == "-v":
            request.show_version = True
        elif argument in ("-h", "--help"):
            request.show_help = True
        elif (behind := request.limits.take(arguments, index - 1)) >= index:
            index = behind
        else:
            raise CommandError(f"unrecognized option '{argument}'\n{USAGE}", 2)
    request.words += arguments
    if index < len(arguments):
        request.script, request.script_word = arguments[index], index + 1
    elif not has_code and not request.show_version:
        request.script = "-"
    return request


def _require(text: bytes) -> bytes:
    """The code of an option -l: the global is the module's name up to a `-`, or what stands before a `=`."""
    name, equals, module = text.partition(b"=")
    if not equals:
        name, module = text.partition(b"-")[0], text
    return b"_G[" + _quoted(name) + b"] = require(" + _quoted(module) + b")"


def _quoted(text: bytes) -> bytes:
    return b'"' + b"".join(b"\\%03d" % byte for byte in text) + b'"'


def main(arguments: list[str]) -> int:
    """Runs the command and returns the program's exit status."""
    request = parse(arguments)
    if request.show_help:
        print(USAGE, end="")
        return 0
    if request.show_version:
        from perilune.cli.version import version_line

        print(version_line(), flush=True)
    return run(request)


def run(request: Request) -> int:
    """Runs the pieces and then the script in one machine; the first that fails ends the run."""
    if request.script == "-" and sys.stdin.isatty():
        raise CommandError(f"which program?\n{USAGE}", 2)
    if request.ignore_environment:
        for variable in ("LUA_INIT", "LUA_PATH", "LUA_CPATH"):
            os.environ.pop(variable, None)
            os.environ.pop(variable + "_5_4", None)
    with request.limits.new_state(request.script) as state:
        state.set_arg([os.fsencode(word) for word in request.words], request.script_word)
        for name, text in [*_startup_code(), *request.pieces]:
            status = _execute(state, text, name, ())
            if status is not None:
                return status
        if request.script is not None:
            text, name = read_executable(request.script), program_chunk_name(request.script)
            status = _execute(state, text, name, None)
            if status is not None:
                return status
    return 0


def _startup_code() -> list[tuple[bytes, bytes]]:
    """What the environment variable LUA_INIT asks to run first: code, or a file behind a `@`."""
    for variable in ("LUA_INIT_5_4", "LUA_INIT"):
        value = os.environ.get(variable)
        if value is not None:
            if value.startswith("@"):
                return [(os.fsencode(value), read_program(value[1:]))]
            return [(b"=" + variable.encode(), os.fsencode(value))]
    return []


def _execute(state: State, text: bytes, name: bytes, arguments: tuple[bytes, ...] | None) -> int | None:
    """Runs a chunk with its arguments, None being those in `arg`; gives the exit status if that ends the program."""
    text = text if text.startswith(b"\x1b") else _binary_behind_comment(text) or _compile(text, name)
    outcome = state.run(text, name, arguments)
    report_error(outcome)
    return None if outcome.kind == "ok" else exit_status(outcome)


def _binary_behind_comment(text: bytes) -> bytes | None:
    """The binary chunk behind a first line that begins with `#`, if that is what the text is."""
    chunk = text.partition(b"\n")[2] if text.startswith(b"#") else b""
    return chunk if chunk.startswith(b"\x1b") else None


def _compile(text: bytes, name: bytes) -> bytes:
    from perilune.compiler.cache import compile_cached
    from perilune.compiler.diagnostics import LuaSyntaxError

    try:
        return compile_cached(text, name, is_file=name.startswith(b"@") or name == b"=stdin")
    except LuaSyntaxError as error:
        raise CommandError(syntax_error_text(error)) from error
