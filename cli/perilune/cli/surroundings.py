"""What stands around a program that is profiled: files that run first, texts in place of files, output as it comes."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator

from perilune.cli.errors import CommandError
from perilune.cli.program import exit_status, read_program, report_error, startup_code
from perilune.profiler.quick_dataclasses import dataclass
from perilune.profiler.session import Session
from perilune.vm import State

VALUE_OPTIONS = ("--preload", "--text")
SWITCHES = ("--flush",)

_FLUSH_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the options say: chunk names and texts to run first, texts by real path, whether output is flushed."""

    preloaded: list[tuple[bytes, bytes]]
    texts: dict[str, bytes]
    flushes: bool

    @classmethod
    def chosen(cls, options: argparse.Namespace) -> Surroundings:
        """Reads the files that the options name. Ends the command where that cannot be done."""
        texts = {}
        for pair in options.text:
            file, equals, copy = pair.rpartition("=")
            if not equals:
                raise CommandError(f"--text: '{pair}' is not FILE=COPY", 2)
            texts[os.path.realpath(file)] = read_program(copy)
        preloaded = []
        for path in options.preload:
            text = texts.get(os.path.realpath(path))
            preloaded.append((b"@" + os.fsencode(path), read_program(path) if text is None else text))
        return cls(preloaded, texts, options.flush)

    def text_of(self, path: str) -> bytes | None:
        """The text that stands in for a file."""
        return self.texts.get(os.path.realpath(path)) if self.texts else None

    def prepare(self, state: State) -> State:
        """Runs in a fresh machine what comes before the program. Ends the command where that fails."""
        if self.texts:
            state.stand_in(self.texts)
        for what, pieces in (("the code of LUA_INIT", startup_code()), ("what --preload names", self.preloaded)):
            for name, text in pieces:
                outcome = state.run(text, name)
                if outcome.kind != "ok":
                    report_error(outcome)
                    raise CommandError(f"{what} failed", exit_status(outcome))
        return state

    @contextlib.contextmanager
    def flushing(self) -> Iterator[None]:
        """Writes out, a few times a second, what the program has written so far, if that was asked for.

        Beside the program and not at every line, so that its lines cost what they cost without.
        """
        flush = _flush_of_the_system() if self.flushes else None
        if flush is None:
            yield
            return
        finished = threading.Event()

        def work() -> None:
            while not finished.wait(_FLUSH_SECONDS):
                flush()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield
        finally:
            finished.set()
            thread.join()

    def end_when_told(self, running: Callable[[], Session]) -> None:
        """With `--flush` somebody watches, who may send SIGUSR1 to end a program that catches what Ctrl-C does.

        `running` gives the session that runs now: a program may be run several times.
        """
        if not self.flushes or not hasattr(signal, "pthread_sigmask"):
            return
        told = {signal.SIGUSR1}
        signal.pthread_sigmask(signal.SIG_BLOCK, told)  # in all threads that begin from now on

        def wait() -> None:
            signal.sigwait(told)
            while True:  # the program may be about to wait for input
                running().end()
                time.sleep(_FLUSH_SECONDS)

        threading.Thread(target=wait, daemon=True).start()


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options to those of a command."""
    group = parser.add_argument_group("around the program")
    group.add_argument(
        "--preload",
        action="append",
        default=[],
        metavar="FILE",
        help="run this Lua file first, unmeasured: stand-ins for a host's functions, for instance",
    )
    group.add_argument(
        "--text",
        action="append",
        default=[],
        metavar="FILE=COPY",
        help="where FILE is loaded, program or module, take the text of COPY: what an editor has not saved",
    )
    group.add_argument(
        "--flush",
        action="store_true",
        help="write the program's output out as it comes, not a buffer at a time; SIGUSR1 ends the program",
    )


def _flush_of_the_system() -> Callable[[], object] | None:
    """`fflush(stdout)` of the C library, None where that cannot be called."""
    import ctypes

    try:
        library = ctypes.CDLL(None)
        stream = ctypes.c_void_p.in_dll(library, "__stdoutp" if sys.platform == "darwin" else "stdout")
    except (OSError, TypeError, ValueError):  # Windows has neither
        return None
    return lambda: library.fflush(stream)
