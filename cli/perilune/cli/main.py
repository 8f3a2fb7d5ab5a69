"""The `perilune` command: picks the sub-command and turns its errors into messages and exit statuses.

`run` must start fast, so nothing here imports more than it needs before the sub-command is known.
"""

from __future__ import annotations

import os
import sys

from perilune.cli.errors import CommandError, tell, tell_bytes
from perilune.cli.streams import die_of_broken_pipes, flush_output, hold_streams, print_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

USAGE = """\
usage: perilune COMMAND ...

Perilune runs Lua 5.4 programs and shows, line by line, what they cost.

  perilune run FILE [ARGUMENT...]      run a program, as lua does
  perilune profile FILE [ARGUMENT...]  run it and report the cost of every line
  perilune host -- COMMAND...          profile the Lua inside another program
  perilune record -- COMMAND           the same of the Lua in any program
  perilune report PROFILE              show a saved profile, in any format
  perilune export PROFILE              turn it into a file for another tool
  perilune import FILE                 read what another profiler wrote
  perilune compare A B                 show what B costs more or less than A
  perilune history FILE [ARGUMENT...]  show its cost through git's revisions
  perilune bisect FILE [ARGUMENT...]   find the revision that made it dearer
  perilune suggest FILE [ARGUMENT...]  try rewrites of its hot lines, and tell
  perilune grow FILE                   tell how its costs grow with a size n
  perilune check-budget FILE...        fail if it costs more than it may
  perilune suite FOLDER                profile many programs, and all as one
  perilune store ls                    show the results of runs that are kept
  perilune check FILE...               report syntax errors, running nothing
  perilune disasm FILE                 show the bytecode beside the source
  perilune asm FILE                    turn such a listing back into bytecode
  perilune lsp                         start the language server for editors

  perilune FILE [ARGUMENT...]          short for perilune run FILE
  perilune                             run what is typed, or standard input
  perilune COMMAND --help              explain a command and its options
  perilune --version                   print the version

Try:  perilune profile examples/nbody.lua 5000
"""

_COMMANDS = (
    "run",
    "profile",
    "host",
    "record",
    "report",
    "export",
    "import",
    "compare",
    "history",
    "bisect",
    "suggest",
    "grow",
    "check-budget",
    "suite",
    "store",
    "check",
    "disasm",
    "asm",
    "lsp",
)

# As shells have the end by a signal.
_INTERRUPTED = 130
_BROKEN_PIPE = 141
_INTERNAL_ERROR = 70  # EX_SOFTWARE of sysexits.h

_SHOW_TRACEBACK = "PERILUNE_TRACEBACK"
_LONGEST_ERROR = 200


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns the exit status."""
    is_process = arguments is None
    if arguments is None:
        arguments = sys.argv[1:]
        hold_streams()
        # These have a report to write even when nobody reads the program's output any more.
        if arguments[:1] not in (["profile"], ["host"], ["record"], ["lsp"]):
            die_of_broken_pipes()
    try:
        return _flushed(arguments, is_process)
    except CommandError as error:
        tell(str(error))
        return error.status
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        return _BROKEN_PIPE
    except MemoryError:
        tell("not enough memory")
        return 1
    except Exception as error:  # noqa: BLE001  # whatever it is, its place is told and not a page of Python
        return _report_internal_error(error)


def _flushed(arguments: list[str], is_process: bool) -> int:
    """Runs a command; the status of one whose output cannot be written says so."""
    try:
        status = _dispatch(arguments, is_process)
    except SystemExit:  # argparse has printed its help, or an error
        tell_bytes(b"")
        flush_output()
        raise
    tell_bytes(b"")
    flush_output()
    return status


def _report_internal_error(error: Exception) -> int:
    if os.environ.get(_SHOW_TRACEBACK):
        raise error
    place = ""
    step = error.__traceback__
    while step is not None:
        place = f"{os.path.basename(step.tb_frame.f_code.co_filename)}:{step.tb_lineno}"
        step = step.tb_next
    what = f"{type(error).__name__}: {error}".partition("\n")[0][:_LONGEST_ERROR]
    tell(f"internal error at {place}: {what}; please report it ({_SHOW_TRACEBACK}=1 shows more)")
    return _INTERNAL_ERROR


def _dispatch(arguments: list[str], is_process: bool) -> int:
    command = arguments[0] if arguments else "-i" if sys.stdin.isatty() else "-"
    if command == "run" or not arguments or _is_program(command):
        from perilune.cli.run import main as run_main

        return run_main(arguments[1:] if command == "run" else arguments)
    if command in _COMMANDS:
        return _main_of(command, is_process)(arguments[1:])
    if command in ("-h", "--help", "help"):
        print_text(USAGE)
        return 0
    if command in ("-V", "--version"):
        from perilune.cli.version import version_line

        print_text(version_line() + "\n")
        return 0
    raise CommandError(_unknown(command), status=2)


def _main_of(command: str, is_process: bool) -> Callable[[list[str]], int]:
    """What a command is run by. Its modules are imported without Python's collector, which would find nothing in them.

    Nor does it look at them later, where the process is the command's.
    """
    import gc
    from importlib import import_module

    name = "import_" if command == "import" else command.replace("-", "_")
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        run: Callable[[list[str]], int] = import_module(f"perilune.cli.{name}").main
    finally:
        if was_enabled:
            gc.enable()
    if is_process:
        gc.freeze()
    return run


def _is_program(argument: str) -> bool:
    """Whether the command line means `run` without saying so, as programs do that start themselves again by arg[-1]."""
    if argument in _COMMANDS:
        return False
    if argument[:2] in ("-e", "-l", "-W", "-E", "-v", "-i") or argument in ("-", "--"):
        return True
    return argument.endswith(".lua") or os.path.lexists(argument)  # which says why it cannot be opened


def _unknown(command: str) -> str:
    from difflib import get_close_matches

    if command.startswith("-"):
        return f"unknown option '{command}' (see perilune --help)"
    close = get_close_matches(command, _COMMANDS, n=1)
    return f"unknown command '{command}'" + (f": did you mean '{close[0]}'?" if close else " (see perilune --help)")
