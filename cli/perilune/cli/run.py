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
    report_error,
    startup_code,
    syntax_error_text,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from perilune.vm import Outcome, State

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
  -i         be interactive when FILE has ended; so does no FILE on a terminal
  -          run standard input; so does no FILE, unless -e or -v is given

{limits.USAGE}"""

_COMMAND_LINE = b"=(command line)"
_FAILED = 1


class Module:
    """What an option -l asks for: a module, and the global variable that it goes to."""

    __slots__ = ("name", "variable")

    def __init__(self, name: bytes, variable: bytes) -> None:
        self.name = name
        self.variable = variable


class Request:
    """What the arguments ask for.

    `pieces` are what comes before the script: chunk names and texts to run, and modules. `words` are the program's global `arg`, in which
    `script_word` is the index of the script, or of the command's name if there is none.
    """

    __slots__ = (
        "ignore_environment",
        "is_interactive",
        "limits",
        "pieces",
        "script",
        "script_word",
        "show_help",
        "show_version",
        "words",
    )

    def __init__(self) -> None:
        self.pieces: list[tuple[bytes, bytes] | Module] = []
        self.script: str | None = None
        self.words = ["perilune"]
        self.script_word = 0
        self.ignore_environment = False
        self.is_interactive = False
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
            request.pieces.append((_COMMAND_LINE, code) if option == "-e" else _module(code))
            has_code = has_code or option == "-e"
        elif argument == "-W":
            request.pieces.append((_COMMAND_LINE, b"warn('@on')"))
        elif argument == "-E":
            request.ignore_environment = True
        elif argument == "-i":
            request.is_interactive = True
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
    elif not (has_code or request.show_version or request.is_interactive):
        request.script = "-"
    return request


def _module(option: bytes) -> Module:
    """What an option -l names: the global is the module's name up to a `-`, or what stands before a `=`."""
    name, equals, module = option.partition(b"=")
    return Module(module, name) if equals else Module(option, option.partition(b"-")[0])


def main(arguments: list[str]) -> int:
    """Runs the command and returns the program's exit status."""
    request = parse(arguments)
    if request.show_help:
        from perilune.cli.streams import print_text

        print_text(USAGE)
        return 0
    if request.show_version:
        from perilune.cli.streams import print_text
        from perilune.cli.version import version_line

        print_text(version_line() + "\n")
    return run(request)


def run(request: Request) -> int:
    """Runs the pieces and then the script in one machine; the first that fails ends the run."""
    if request.script == "-" and "-" not in request.words and sys.stdin.isatty():
        request.script, request.is_interactive = None, True
    if request.ignore_environment:
        for variable in ("LUA_INIT", "LUA_PATH", "LUA_CPATH"):
            os.environ.pop(variable, None)
            os.environ.pop(variable + "_5_4", None)
    with request.limits.new_state(request.script, keeps_texts=False) as state:
        state.set_arg([os.fsencode(word) for word in request.words], request.script_word)
        status = _run_pieces(state, request)
        last_status = state.finish()
        return status if last_status is None else last_status


def _run_pieces(state: State, request: Request) -> int:
    for piece in [*startup_code(), *request.pieces]:
        if isinstance(piece, Module):
            status = _ended_by(state.require(piece.name, piece.variable))
        else:
            status = _execute(state, piece[1], piece[0], ())
        if status is not None:
            return status
    if request.script is not None:
        text, name = read_executable(request.script)[0], program_chunk_name(request.script)
        status = _execute(state, text, name, None)
        if status is not None and not (request.is_interactive and status == _FAILED):
            return status
    return _interact(state) if request.is_interactive else 0


def _interact(state: State) -> int:
    from perilune.cli.interactive import interact

    return interact(state, None if sys.stdin.isatty() else (line.rstrip("\n") for line in sys.stdin))


def _execute(state: State, text: bytes, name: bytes, arguments: tuple[bytes, ...] | None) -> int | None:
    """Runs a chunk with its arguments, None being those in `arg`; gives the exit status if that ends the program."""
    from perilune.vm import LuaError

    try:
        text = text if text.startswith(b"\x1b") else _binary_behind_comment(text) or _compile(state, text, name)
        outcome = state.run(text, name, arguments)
    except LuaError as error:
        outcome = error.outcome
    return _ended_by(outcome)


def _ended_by(outcome: Outcome) -> int | None:
    """Reports an error; gives the exit status if that is how the program ended."""
    report_error(outcome)
    return None if outcome.kind == "ok" else exit_status(outcome)


def _binary_behind_comment(text: bytes) -> bytes | None:
    """The binary chunk behind a first line that begins with `#`, if that is what the text is."""
    chunk = text.partition(b"\n")[2] if text.startswith(b"#") else b""
    return chunk if chunk.startswith(b"\x1b") else None


def _compile(state: State, text: bytes, name: bytes) -> bytes:
    from perilune.compiler.diagnostics import LuaSyntaxError

    try:
        return state.compile(text, name)
    except LuaSyntaxError as error:
        raise CommandError(syntax_error_text(error)) from error
