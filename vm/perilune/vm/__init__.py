"""The Lua machine from Python: a `State` runs chunks, and measures them.

Nothing here imports more than the extension, because `perilune run` waits for it.
"""

from __future__ import annotations

import os
from codecs import BOM_UTF8

from perilune.vm import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Literal, Self

    from perilune.vm.raw_profile import RawProfile
    from perilune.vm.texts import Texts
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

COMPILER_MEMORY = 32 << 20
"""The bytes that the compiler may hold under any limit of memory."""

MAX_REMEMBERED = 8 << 20
"""How many bytes of texts and their chunks are kept, so that a text that is loaded again is not compiled again."""


class LuaError(Exception):
    """A Lua program ended with an error. `outcome` has its whole message."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message.decode("utf-8", "replace"))
        self.outcome = outcome


class Outcome:
    """How a run ended: `kind` is "ok", "error", "exit" (by os.exit), "interrupted", or "limit" (one of the state's).

    `text` is the error message with its traceback, as bytes; None without an error, or where the error has no text.
    `exit_status` is what the process should end with: of one that was interrupted 130, or 143 if it was by SIGTERM, 129
    if by SIGHUP.
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


def compile_plainly(text: bytes, chunkname: bytes, memory: int | None = None) -> bytes:
    """As `compile_text`, but nothing is kept in the user's cache folder."""
    from perilune.compiler.chunks import compile_chunk
    from perilune.compiler.proto import dump

    return dump(compile_chunk(text, chunkname, memory=memory))


def compile_text(text: bytes, chunkname: bytes, memory: int | None = None) -> bytes:
    """What Lua's load calls: the binary chunk of a text. The message of what it raises becomes load's.

    It is a MemoryError if the compiler could need more than so many bytes.
    """
    if chunkname.startswith(b"@"):
        from perilune.compiler.cache import compile_cached

        return compile_cached(text, chunkname, memory=memory)
    return compile_plainly(text, chunkname, memory)


def _is_main_thread() -> bool:
    from _thread import get_ident
    from sys import modules

    threading = modules.get("threading")
    return threading is None or get_ident() == threading.main_thread().ident


class _Compiler:
    """What the machine calls for a text: gives the binary chunk and the text's number among those that are kept."""

    __slots__ = ("_compile", "_known", "_known_bytes", "_remembers", "stand_ins", "texts")

    def __init__(
        self, compile: Callable[[bytes, bytes, int | None], bytes], texts: Texts | None, remembers: bool
    ) -> None:
        """`remembers` says that the same text need not be compiled again; files are left to the user's cache."""
        self._compile = compile
        self._remembers = remembers
        self._known: dict[tuple[bytes, int, bytes], tuple[bytes, int]] = {}
        self._known_bytes = 0
        self.texts = texts
        self.stand_ins: Mapping[str, bytes] = {}

    def __call__(self, content: bytes, begin: int, chunkname: bytes, memory: int | None) -> tuple[bytes, int]:
        """The chunk begins at `begin` in the content of its file; `memory` is what the machine may still allocate.

        Under a limit of memory every text is compiled, because what that needs counts.
        """
        if memory is None and self._remembers and not chunkname.startswith(b"@"):
            key = (content, begin, chunkname)
            known = self._known.get(key)
            if known is None:
                known = self._compiled(content, begin, chunkname, memory)
                self._remember(key, known)
            return known
        return self._compiled(content, begin, chunkname, memory)

    def _compiled(self, content: bytes, begin: int, chunkname: bytes, memory: int | None) -> tuple[bytes, int]:
        if self.stand_ins and chunkname.startswith(b"@"):
            stand_in = self.stand_ins.get(os.path.realpath(os.fsdecode(chunkname[1:])))
            if stand_in is not None:
                content, begin = stand_in, _first_code(stand_in)
        chunk = self._compile(content[begin:], chunkname, _allowed(memory))
        return chunk, 0 if self.texts is None else self.texts.number(content, chunkname)

    def _remember(self, key: tuple[bytes, int, bytes], known: tuple[bytes, int]) -> None:
        """Keeps a chunk, and lets those go that have been kept longest where there are too many."""
        self._known[key] = known
        self._known_bytes += _kept(key, known)
        while self._known and self._known_bytes > MAX_REMEMBERED:
            oldest = next(iter(self._known))
            self._known_bytes -= _kept(oldest, self._known.pop(oldest))


def _kept(key: tuple[bytes, int, bytes], known: tuple[bytes, int]) -> int:
    """Bytes that an entry of the compiler's memory takes, about."""
    return len(key[0]) + len(key[2]) + len(known[0]) + 300


def _first_code(content: bytes) -> int:
    """Where the code of a file begins: behind its byte order mark and a first line with `#`, whose end stays."""
    begin = len(BOM_UTF8) if content.startswith(BOM_UTF8) else 0
    if content.startswith(b"#", begin):
        end = content.find(b"\n", begin)
        return len(content) if end < 0 else end
    return begin


def _allowed(memory: int | None) -> int | None:
    """What the compiler may hold where the machine may still allocate so much."""
    return None if memory is None else max(memory, COMPILER_MEMORY)


def _unbounded(
    compile: Callable[[bytes, bytes], bytes] | None,
) -> Callable[[bytes, bytes, int | None], bytes] | None:
    return None if compile is None else lambda text, chunkname, memory: compile(text, chunkname)


def _is_below(root: str | None, path: str) -> bool:
    return root is not None and os.path.realpath(path).startswith(os.path.join(os.path.realpath(root), ""))


class State:
    """A Lua machine with the standard libraries and globals of its own. Usable from one thread at a time.

    Close it, or use it in a `with` statement: that runs the finalizers of what the program left.

    With `sandbox` programs have nothing that touches the machine: of `io` only the standard streams, of `os` only times
    and `exit`, of `debug` only `traceback` and `getinfo`, neither `lfs` nor `package.loadlib`. Calling what is missing is
    an error that says so. Files are loaded (`require`, `loadfile`, `dofile`) only from below the folder `sandbox_root`,
    wherever links lead; from nowhere without it.

    `texts` are the sources of what was loaded, as they were then, for the profile. Without `keeps_texts` there are none,
    and the machine is one that is not profiled.
    """

    __slots__ = (
        "_catches_termination",
        "_compiler",
        "_core",
        "_is_profiled",
        "_time",
        "is_closed",
        "is_sandbox",
        "texts",
    )

    def __init__(
        self,
        compile: Callable[[bytes, bytes], bytes] | None = None,
        *,
        sandbox: bool = False,
        sandbox_root: str | None = None,
        keeps_texts: bool = True,
    ) -> None:
        root = os.fsencode(sandbox_root) if sandbox_root is not None else None
        self.texts: Texts | None = None
        if keeps_texts:
            from perilune.vm.texts import Texts

            self.texts = Texts(lambda path: not sandbox or _is_below(sandbox_root, path))
        compiler = _Compiler(
            _unbounded(compile) or (compile_plainly if sandbox else compile_text), self.texts, remembers=compile is None
        )
        self._compiler = compiler
        self._core = _core.State(compiler, sandbox, root)
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
        """Does what `finish` does, if it has not been done, and frees the machine. A closed state can only be closed again."""
        if self._time is None:
            self._core.close()
        else:
            with self._time.of_finalizers():
                self._core.close()
        self.is_closed = True

    def finish(self) -> int | None:
        """Runs the finalizers of all that programs left. Programs cannot run any more, but a profile can still be ended.

        So that it includes what finalizers do; what is live at the end is then what was live before they ran. With a time
        limit they have what is left of it, but at least a second, and with one of instructions at least a million. The
        first Ctrl-C ends the one that runs. One that calls os.exit ends the process: its status is the answer, None if
        there was none.
        """
        catching = _is_main_thread()
        if self._time is None:
            return self._core.finish(catching, self._catches_termination)
        with self._time.of_finalizers():
            return self._core.finish(catching, self._catches_termination)

    def run(
        self,
        chunk: bytes,
        chunkname: bytes,
        args: Sequence[bytes] | None = (),
        script_name: bytes | None = None,
        text: bytes | None = None,
        *,
        prints: bool = False,
    ) -> Outcome:
        """Runs a chunk, binary or text, with `args` as its arguments; None means those in the global `arg`.

        `chunkname` is as in Lua: `@file.lua`, `=stdin`, or the text itself. With `script_name` the global `arg` is set
        as the stand-alone interpreter sets it. `text` is what a binary chunk was compiled from. With `prints` the
        global `print` gets the chunk's results. In the main thread the first Ctrl-C stops the program with an error that
        has a traceback; a second one ends the process.
        """
        if script_name is not None:
            self.set_arg([b"perilune", script_name, *(args or ())], 1)
        given = None if args is None else tuple(args)
        number = 0 if text is None or self.texts is None else self.texts.number(text, chunkname)
        return self._run(chunk, chunkname, given, number, prints)

    def require(self, module: bytes, variable: bytes) -> Outcome:
        """Calls the global `require` with a module's name; what it returns becomes the value of a global variable."""
        return self._run(b"", b"", (module,), module_global=variable)

    def _run(
        self,
        chunk: bytes,
        chunkname: bytes,
        args: tuple[bytes, ...] | None,
        number: int = 0,
        prints: bool = False,
        module_global: bytes | None = None,
    ) -> Outcome:
        catching = _is_main_thread()
        request = (chunk, chunkname, args, catching, self._catches_termination, number, prints, module_global)
        if self._time is None:
            kind, message, exit_status = self._core.run(*request)
        else:
            with self._time:
                kind, message, exit_status = self._core.run(*request)
        return Outcome(_KINDS[kind], message, exit_status)

    def compile(self, text: bytes, chunkname: bytes) -> bytes:
        """The binary chunk of a program, made or found in the user's cache within the state's limits.

        Raises LuaSyntaxError, and LuaError with an outcome of the kind "limit" where a limit is reached.
        """
        from perilune.compiler.cache import compile_cached

        is_file = chunkname.startswith(b"@") or chunkname == b"=stdin"

        def compile_within(memory: int | None) -> bytes:
            return compile_cached(text, chunkname, is_file=is_file, memory=_allowed(memory))

        if self._time is None:
            chunk, limit = self._core.bounded(compile_within)
        else:
            with self._time:
                chunk, limit = self._core.bounded(compile_within)
        if limit is not None:
            name = chunkname[1:] if is_file else b"the program"
            raise LuaError(Outcome("limit", name + b": " + limit, 1))
        return chunk

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

    def end(self) -> None:
        """Ends the running program as a limit of time does, so that nothing in it can catch that. For other threads."""
        self._core.time_over(0.0)

    def stand_in(self, texts: Mapping[str, bytes]) -> None:
        """From now on, what is loaded from the files with these real paths has these texts; the files must be there."""
        self._compiler.stand_ins = texts

    def catch_termination(self) -> None:
        """From now on SIGTERM and SIGHUP stop programs in the main thread as Ctrl-C does; then the process ignores them.

        For a process that still has something to write before it ends. A system without a signal knows nothing of it.
        """
        self._catches_termination = True

    def set_memory_limit(self, limit: int | None) -> None:
        """The most bytes that programs may hold: beyond it they get Lua's "not enough memory".

        Not caught, that ends the program with an outcome of the kind "limit". A text is compiled only where what the
        compiler could hold meanwhile has room too, or `COMPILER_MEMORY` has room for it.
        """
        self._core.set_memory_limit(limit)

    def set_instruction_limit(self, count: int | None) -> None:
        """How many instructions programs may execute from now on, all runs together; they run slower meanwhile.

        The next one ends the program as `set_timeout` says, at the same place in every run. What library functions do
        inside is not counted.
        """
        self._core.set_instruction_limit(count)

    def set_timeout(self, seconds: float | None) -> None:
        """How long programs may run from now on, all runs together.

        When the time is over the program ends wherever it is, with an outcome of the kind "limit", whose text has a
        traceback. Lua code cannot catch that. So does the compiler. A command started by os.execute or io.popen is waited for first.
        """
        from perilune.vm.timeout import TimeLimit

        self._time = TimeLimit(self._core, seconds) if seconds is not None else None

    def profile_start(
        self,
        mode: Literal["count", "sample", "trace", "oracle"] = "count",
        sampler: Literal["signal", "thread", "steps"] | None = None,
        interval_ns: int = 0,
        paused: bool = False,
    ) -> None:
        """Begins a profile of the programs that run from now on; figures of the one before are gone.

        "count" counts instructions, allocations and the stack. "sample" also looks where the program is, on average every
        `interval_ns`; 0 is the shortest interval from 0.25 to 1 ms at which that takes a hundredth of the time or less.
        A timer's signal has it look, or a thread; None takes the best that the system has. "steps", for tests, looks at
        every instruction of the processor.
        "trace" takes a time stamp at every instruction; "oracle" counts every instruction naively beside what "count"
        does, to check it. If `paused`, nothing is measured until the program calls `start` of its module
        `perilune.profiler`. Raises ValueError for a sampler that the system does not have, and RuntimeError while another
        profile is being made.
        """
        if self._is_profiled:
            raise RuntimeError("the state is being profiled already: end that profile first")
        if self.texts is None:
            raise RuntimeError("the state keeps no texts, which a profile needs")
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
