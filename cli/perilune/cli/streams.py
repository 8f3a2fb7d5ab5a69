"""The standard streams of the process: closed, full, or at the end of a pipe that nobody reads.

Nothing here imports more than it needs, because `perilune run` waits for it.
"""

from __future__ import annotations

import os
import sys

from perilune.cli.errors import CommandError, describe, encoded, leave

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_NAMES = ("stdin", "stdout", "stderr")


def hold_streams() -> None:
    """Puts something into the place of streams that are closed, which answers every use with the same error.

    The next file that is opened would take the place, and get what is written to the stream.
    """
    for descriptor, name in enumerate(_NAMES):
        try:
            os.fstat(descriptor)
        except OSError:
            held = os.open(os.devnull, os.O_WRONLY if descriptor == 0 else os.O_RDONLY)
            if held != descriptor:
                os.dup2(held, descriptor)
                os.close(held)
            os.set_inheritable(descriptor, True)
        if getattr(sys, name) is None:
            is_output = descriptor > 0
            errors = "backslashreplace" if name == "stderr" else "strict"
            mode = "w" if is_output else "r"
            stream = open(descriptor, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def die_of_broken_pipes() -> None:
    """From now on ends the process when nobody reads its output any more, as a command in a pipe should.

    Python would turn that into an exception, and a Lua program that ignores write errors would run on.
    """
    import _signal  # type: ignore[import-not-found]  # what signal is made of; signal itself takes longer to import than a small program to run

    if hasattr(_signal, "SIGPIPE"):
        _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)


def write_stream(stream: TextIO, content: bytes) -> None:
    """Writes to a stream at once. After an OSError the stream takes everything."""
    try:
        stream.flush()
        if content:  # to write nothing fails on some devices
            stream.buffer.write(content)
            stream.buffer.flush()
    except OSError:
        leave(stream)
        raise


def write_output(content: bytes) -> None:
    """Writes to standard output. Ends the command where it cannot; a pipe that nobody reads is a BrokenPipeError."""
    try:
        write_stream(sys.stdout, content)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable("standard output", error) from error


def print_text(text: str) -> None:
    """Writes to standard output, in its encoding and with file names as they are. Ends the command where it cannot."""
    write_output(encoded(text, sys.stdout.encoding))


def flush_output() -> None:
    """Writes what has been printed to standard output and is not there yet. Ends the command where it cannot."""
    if not sys.stdout.closed:
        write_output(b"")


def unwritable(place: str | None, error: OSError) -> CommandError:
    """The error that ends a command whose result cannot be put into its place."""
    return CommandError(f"cannot write {place}: {describe(error)}")
