"""The `perilune` command: picks the sub-command and turns its errors into messages and exit statuses.

`run` must start fast, so nothing here imports more than it needs before the sub-command is known.
"""

from __future__ import annotations

import os
import sys

from perilune.cli.errors import CommandError

USAGE = """\
usage: perilune COMMAND ...

Perilune runs Lua 5.4 programs and shows, line by line, what they cost.

  perilune run FILE [ARGUMENT...]      run a program, as lua does
  perilune profile FILE [ARGUMENT...]  run it and report the cost of every line
  perilune report PROFILE              show a saved profile, in any format
  perilune export PROFILE              turn it into a file for another tool
  perilune compare A B                 show what B costs more or less than A
  perilune check-budget FILE...        fail if it costs more than it may
  perilune check FILE...               report syntax errors, running nothing
  perilune disasm FILE                 show the bytecode beside the source
  perilune asm FILE                    turn such a listing back into bytecode
  perilune lsp                         start the language server for editors

  perilune FILE [ARGUMENT...]          short for perilune run FILE
  perilune COMMAND --help              explain a command and its options
  perilune --version                   print the version

Try:  perilune profile examples/nbody.lua 5000
"""

_COMMANDS = ("run", "profile", "report", "export", "compare", "check-budget", "check", "disasm", "asm", "lsp")

_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns the exit status."""
    if arguments is None:
        arguments = sys.argv[1:]
        _die_of_broken_pipes(arguments)
    try:
        return _dispatch(arguments)
    except CommandError as error:
        print(f"perilune: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return _INTERRUPTED


def _die_of_broken_pipes(arguments: list[str]) -> None:
    """Ends the process when nobody reads its output any more, as a command in a pipe should.

    Python would turn that into an exception, and a Lua program that ignores write errors would run on. `profile` has a
    report to write even then.
    """
    if arguments[:1] in (["profile"], ["lsp"]):
        return
    import _signal  # type: ignore[import-not-found]  # what signal is made of; signal itself takes longer to import than a small program to run

    if hasattr(_signal, "SIGPIPE"):
        _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)


def _dispatch(arguments: list[str]) -> int:
    command = arguments[0] if arguments else ""
    if command == "run" or _is_program(command):
        from perilune.cli.run import main as run_main

        return run_main(arguments[1:] if command == "run" else arguments)
    if command in _COMMANDS:
        from importlib import import_module

        status: int = import_module(f"perilune.cli.{command.replace('-', '_')}").main(arguments[1:])
        return status
    if command in ("-h", "--help", "help"):
        print(USAGE, end="")
        return 0
    if command in ("-V", "--version"):
        from perilune.cli.version import version_line

        print(version_line())
        return 0
    if not command:
        print(USAGE, end="", file=sys.stderr)
        return 2
    raise CommandError(_unknown(command), status=2)


def _is_program(argument: str) -> bool:
    """Whether the command line means `run` without saying so, as programs do that start themselves again by arg[-1]."""
    if argument in _COMMANDS:
        return False
    return argument[:2] in ("-e", "-l", "-W", "-E", "-v") or argument == "-" or os.path.isfile(argument)


def _unknown(command: str) -> str:
    from difflib import get_close_matches

    if command.startswith("-"):
        return f"unknown option '{command}' (see perilune --help)"
    if command.endswith(".lua"):
        return f"cannot open {command}"
    close = get_close_matches(command, _COMMANDS, n=1)
    return f"unknown command '{command}'" + (f": did you mean '{close[0]}'?" if close else " (see perilune --help)")
