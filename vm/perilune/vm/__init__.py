"""The Lua machine from Python: a `State` runs chunks, and measures them.

Nothing here imports more than the extension, because `perilune run` waits for it.
"""

from __future__ import annotations

import os

from perilune.vm import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Literal, Self

    from perilune.vm.raw_profile import RawProfile
    from perilune.vm.timeout import TimeLimit

__all__ = ["LuaError", "Outcome", "State", "compile_text"]

_KINDS = {
    _core.OK: "ok",
    _core.ERROR: "error",
    _core.EXIT: "exit",
    _core.INTERRUPTED: "interrupted",
    _core.LIMIT: "limit",
}
_TRACEBACK = b"\nstack traceback:\n"


class LuaError(Exception):
    """A Lua program ended with an error. `outcome` has its whole message."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message.decode("utf-8", "replace"))
        self.outcome = outcome


class Outcome:
    """How a run ended: `kind` is "ok", "error", "exit" (by os.exit), "interrupted", or "limit" (one of the state's).

    `text` is the error message with its traceback, as bytes; None without an error, or where the error has no text.
    `exit_status` is what the process should end with: of one that was interrupted 130, or 143 if it was by SIGTERM.
    """

    __slots__ = ("exit_status", "kind", "text")

    def __init__(self, kind: str, text: bytes | None, exit_status: int) -> None:
        self.kind = kind
        self.text = text
        self.exit_status = exit_status

    def __repr__(self) -> str:
        return f"Outcome({self.kind!r}, {self.text!r}, {self.exit_status})"

    @property
    def message(self) -> bytes:
        """The error message without the traceback."""
        return (self.text or b"").partition(_TRACEBACK)[0]

    def check(self) -> None:
        """Raises LuaError unless the program ended well."""
        if self.kind in ("error", "interrupted", "limit"):
            raise LuaError(self)


def compile_plainly(text: bytes, chunkname: bytes) -> bytes:
    """As `compile_text`, but nothing is kept in the user's cache folder."""
    from perilune.compiler.chunks import compile_chunk
    from perilune.compiler.proto import dump

    return dump(compile_chunk(text, chunkname))


def compile_text(text: bytes, chunkname: bytes) -> bytes:
    """What Lua's load calls: the binary chunk of a text. The message of what it raises becomes load's."""
    if chunkname.startswith(b"@"):
        from perilune.compiler.cache import compile_cached

        return compile_cached(text, chunkname)
    return compile_plainly(text, chunkname)


class State:
    """A Lua machine with the standard libraries and globals of its own. Usable from one thread at a time.

    Close it, or use it in a `with` statement: that runs the finalizers of what the program left.

    With `sandbox` programs have nothing that touches the machine: of `io` only the standard streams, of `os` only times
    and `exit`, of `debug` only `traceback` and `getinfo`, neither `lfs` nor `package.loadlib`. Calling what is missing is
    an error that says so. Files are loaded (`require`, `loadfile`, `dofile`) only from below the folder `sandbox_root`,
    wherever links lead; from nowhere without it.
    """

    __slots__ = ("_catches_termination", "_core", "_is_profiled", "_sandbox_root", "_time", "is_closed", "is_sandbox")

    def __init__(
        self,
        compile: Callable[[bytes, bytes], bytes] | None = None,
        *,
        sandbox: bool = False,
        sandbox_root: str | None = None,
    ) -> None:
        root = os.fsencode(sandbox_root) if sandbox_root is not None else None
        self._core = _core.State(compile or (compile_plainly if sandbox else compile_text), sandbox, root)
        self._sandbox_root = sandbox_root
        self._time: TimeLimit | None = None
        self._catches_termination = False
        self._is_profiled = False
        self.is_closed = False
        self.is_sandbox = sandbox

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Runs all finalizers and frees the machine. A closed state can only be closed again.

        With a time limit the finalizers have what is left of it, but at least a second.
        """
        if self._time is None:
            self._core.close()
        else:
            with self._time.of_finalizers():
                self._core.close()
        self.is_closed = True

    def run(
        self,
        chunk: bytes,
        chunkname: bytes,
        args: Sequence[bytes] | None = (),
        script_name: bytes | None = None,
    ) -> Outcome:
        """Runs a chunk, binary or text, with `args` as its arguments; None means those in the global `arg`.

        `chunkname` is as in Lua: `@file.lua`, `=stdin`, or the text itself. With `script_name` the global `arg` is set
        as the stand-alone interpreter sets it. In the main thread the first Ctrl-C stops the program with an error that
        has a traceback; a second one ends the process.
        """
        from _thread import get_ident
        from sys import modules

        threading = modules.get("threading")
        main_ident = threading.main_thread().ident if threading is not None else get_ident()
        catching = get_ident() == main_ident
        if script_name is not None:
            self.set_arg([b"perilune", script_name, *(args or ())], 1)
        given = None if args is None else tuple(args)
        if self._time is None:
            kind, text, exit_status = self._core.run(chunk, chunkname, given, catching, self._catches_termination)
        else:
            with self._time:
                kind, text, exit_status = self._core.run(chunk, chunkname, given, catching, self._catches_termination)
        return Outcome(_KINDS[kind], text, exit_status)

    def set_arg(self, words: Sequence[bytes], script: int) -> None:
        """Sets the global `arg` to a command line's words: that at the index `script`, the program, is arg[0]."""
        self._core.set_arg(tuple(words), script)

    def execute(self, text: bytes, *args: bytes) -> None:
        """Runs a text and raises LuaError if it fails."""
        self.run(text, text, args).check()

    def check(self, chunk: bytes, chunkname: bytes) -> bytes | None:
        """Loads a chunk without running it; returns the message if it is not right."""
        return self._core.check(chunk, chunkname)

    def interrupt(self) -> None:
        """Stops the running program with an error. For other threads; does nothing while no program runs."""
        self._core.interrupt()

    def catch_termination(self) -> None:
        """From now on SIGTERM stops programs in the main thread as Ctrl-C does; once it did, the process ignores it.

        For a process that still has something to write before it ends. A system without this signal knows nothing of it.
        """
        self._catches_termination = True

    def set_memory_limit(self, limit: int | None) -> None:
        """The most bytes that programs may hold: beyond it they get Lua's "not enough memory".

        Not caught, that ends the program with an outcome of the kind "limit".
        """
        self._core.set_memory_limit(limit)

    def set_instruction_limit(self, count: int | None) -> None:
        """How many instructions programs may execute from now on, all runs together; they run slower meanwhile.

        The next one ends the program as `set_timeout` says, at the same place in every run. What library functions do
        inside is not counted.
        """
        self._core.set_instruction_limit(count)

    def may_load(self, path: str) -> bool:
        """Whether programs may load this file: all without a sandbox."""
        if not self.is_sandbox:
            return True
        if self._sandbox_root is None:
            return False
        root = os.path.realpath(self._sandbox_root)
        return os.path.realpath(path).startswith(os.path.join(root, ""))

    def set_timeout(self, seconds: float | None) -> None:
        """How long programs may run from now on, all runs together.

        When the time is over the program ends wherever it is, with an outcome of the kind "limit", whose text has a
        traceback. Lua code cannot catch that. A command started by os.execute or io.popen is waited for first.
        """
        from perilune.vm.timeout import TimeLimit

        self._time = TimeLimit(self._core, seconds) if seconds is not None else None

    def profile_start(
        self,
        mode: Literal["count", "sample", "trace", "oracle"] = "count",
        sampler: Literal["signal", "thread"] | None = None,
        interval_ns: int = 0,
        paused: bool = False,
    ) -> None:
        """Begins a profile of the programs that run from now on; figures of the one before are gone.

        "count" counts instructions, allocations and the stack. "sample" also looks where the program is, on average every
        `interval_ns`; 0 is the shortest interval from 0.25 to 1 ms at which that takes a hundredth of the time or less.
        It looks by a signal, or from a thread, which sees no call stacks; None takes the best that the system has.
        "trace" takes a time stamp at every instruction; "oracle" counts every instruction naively beside what "count"
        does, to check it. If `paused`, nothing is measured until the program calls `start` of its module
        `perilune.profiler`. Raises ValueError for a sampler that the system does not have, and RuntimeError while another
        profile is being made.
        """
        if self._is_profiled:
            raise RuntimeError("the state is being profiled already: end that profile first")
        self._core.profile_start(mode, sampler, interval_ns, paused)
        self._is_profiled = True

    def profile_stop(self) -> None:
        """Ends the profile. Raises RuntimeError while a program runs."""
        self._core.profile_stop()
        self._is_profiled = False

    def profile_data(self) -> RawProfile:
        """The figures of the profile that has ended."""
        return self._core.profile_data()

    def live(self) -> tuple[int, int, int]:
        """Nanoseconds since the profile began, bytes that the program holds, bytes allocated: also while it runs."""
        return self._core.live()
