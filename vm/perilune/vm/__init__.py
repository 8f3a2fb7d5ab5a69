"""The Lua machine from Python: a `State` runs chunks, and measures them.

Nothing here imports more than the extension, because `perilune run` waits for it.
"""

from __future__ import annotations

from perilune.vm import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Literal, Self

    from perilune.vm.raw_profile import RawProfile

__all__ = ["LuaError", "Outcome", "State", "compile_text"]

_KINDS = {_core.OK: "ok", _core.ERROR: "error", _core.EXIT: "exit", _core.INTERRUPTED: "interrupted"}
_TRACEBACK = b"\nstack traceback:\n"


class LuaError(Exception):
    """A Lua program ended with an error. `outcome` has its whole message."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message.decode("utf-8", "replace"))
        self.outcome = outcome


class Outcome:
    """How a run ended: `kind` is "ok", "error", "exit" (by os.exit) or "interrupted".

    `text` is the error message with its traceback, as bytes; None without an error, or where the error has no text.
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
        if self.kind in ("error", "interrupted"):
            raise LuaError(self)


def compile_text(text: bytes, chunkname: bytes) -> bytes:
    """What Lua's load calls: the binary chunk of a text. The message of what it raises becomes load's."""
    if chunkname.startswith(b"@"):
        from perilune.compiler.cache import compile_cached

        return compile_cached(text, chunkname)
    from perilune.compiler.chunks import compile_chunk
    from perilune.compiler.proto import dump

    return dump(compile_chunk(text, chunkname))


class State:
    """A Lua machine with the standard libraries and globals of its own. Usable from one thread at a time.

    Close it, or use it in a `with` statement: that runs the finalizers of what the program left.
    """

    __slots__ = ("_core",)

    def __init__(self, compile: Callable[[bytes, bytes], bytes] = compile_text) -> None:
        self._core = _core.State(compile)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Runs all finalizers and frees the machine. A closed state can only be closed again."""
        self._core.close()

    def run(
        self,
        chunk: bytes,
        chunkname: bytes,
        args: Sequence[bytes] = (),
        script_name: bytes | None = None,
    ) -> Outcome:
        """Runs a chunk, binary or text, with `args` as its arguments.

        `chunkname` is as in Lua: `@file.lua`, `=stdin`, or the text itself. With `script_name` the global `arg` is set
        as the stand-alone interpreter sets it. In the main thread the first Ctrl-C stops the program with an error that
        has a traceback; a second one ends the process.
        """
        from _thread import get_ident
        from sys import modules

        threading = modules.get("threading")
        main_ident = threading.main_thread().ident if threading is not None else get_ident()
        kind, text, exit_status = self._core.run(
            chunk, chunkname, tuple(args), script_name, catch_interrupts=get_ident() == main_ident
        )
        return Outcome(_KINDS[kind], text, exit_status)

    def execute(self, text: bytes, *args: bytes) -> None:
        """Runs a text and raises LuaError if it fails."""
        self.run(text, text, args).check()

    def check(self, chunk: bytes, chunkname: bytes) -> bytes | None:
        """Loads a chunk without running it; returns the message if it is not right."""
        return self._core.check(chunk, chunkname)

    def interrupt(self) -> None:
        """Stops the running program with an error. For other threads; does nothing while no program runs."""
        self._core.interrupt()

    def set_memory_limit(self, limit: int | None) -> None:
        """The most bytes that programs may hold: beyond it they get Lua's "not enough memory"."""
        self._core.set_memory_limit(limit)

    def profile_start(
        self,
        mode: Literal["count", "sample", "trace", "oracle"] = "count",
        sampler: Literal["signal", "thread"] | None = None,
        interval_ns: int = 1_000_000,
    ) -> None:
        """Begins a profile of the programs that run from now on; figures of the one before are gone.

        "count" counts instructions, allocations and the stack. "sample" also looks where the program is, on average every
        `interval_ns`: by a signal, or from a thread, which sees no call stacks; None takes the best that the system has.
        "trace" takes a time stamp at every instruction; "oracle" counts every instruction naively beside what "count"
        does, to check it. Raises ValueError for a sampler that the system does not have.
        """
        self._core.profile_start(mode, sampler, interval_ns)

    def profile_stop(self) -> None:
        """Ends the profile."""
        self._core.profile_stop()

    def profile_data(self) -> RawProfile:
        """The figures of the profile that has ended."""
        return self._core.profile_data()

    def live(self) -> tuple[int, int, int]:
        """Nanoseconds since the profile began, bytes that the program holds, bytes allocated: also while it runs."""
        return self._core.live()
