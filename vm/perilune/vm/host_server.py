"""The server behind `perilune host`: programs with Lua inside ask it to compile, and send it what they have recorded.

It listens on a socket that is no file, so that a program reaches it also with another user, root folder or directory. Who
does not know the token in its environment gets no answer.
"""

from __future__ import annotations

import os
import secrets
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from perilune.vm.raw_bytes import RawBytesError, read_raw
from perilune.vm.texts import Texts

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from perilune.vm.raw_profile import RawProfile

VARIABLE = "PERILUNE_HOST"
"""The environment variable by which programs find the server."""

LIBRARY = "liblua5.4.so.0"
"""The file beside the machine's extension that stands in for the system's."""

CACHE_VARIABLE = "PERILUNE_HOST_CACHE"
"""The environment variable by which programs find what was compiled before."""

_WAITING = 128
_LAST_WORDS = 5.0
_NUMBER = struct.Struct("=Q")
_TEXT_NUMBER = struct.Struct("=I")
_ANSWER = struct.Struct("=cIQ")
_TAKEN = b"!"


@dataclass(slots=True)
class HostState:
    """A Lua state of one of the programs, the `number`th of its process.

    `raw` is None until figures have come. They are not `is_whole` if the state or its process did not end by itself: then
    they are what there was a moment before.
    """

    process: int
    number: int
    program: str
    is_whole: bool
    raw: RawProfile | None


class HostServer:
    """Serves in a thread of its own while it is open, as in a `with` statement."""

    def __init__(self, mode: str, interval_ns: int = 0) -> None:
        """`mode` and `interval_ns` as in `State.profile_start`. Raises OSError where the system has no such sockets."""
        self.texts = Texts(lambda path: True)
        self._states: dict[tuple[int, int], HostState] = {}
        self._compiling = threading.Lock()
        self._open: set[threading.Thread] = set()
        self._token = secrets.token_hex(16).encode()
        self._name = f"perilune-{os.getpid()}-{secrets.token_hex(8)}"
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind("\0" + self._name)
        self._socket.listen(_WAITING)
        self.address = f"{self._name} {self._token.decode()} {mode} {interval_ns}"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # which wakes the thread
        self._thread.join(_LAST_WORDS)
        self._socket.close()
        for thread in list(self._open):
            thread.join(_LAST_WORDS)

    @property
    def states(self) -> list[HostState]:
        """What the programs have told, in the order in which their states began."""
        return list(self._states.values())

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._open.add(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        # A program that goes away in the middle of what it says has said nothing.
        with connection, connection.makefile("rb") as stream, suppress(OSError, RawBytesError):
            if secrets.compare_digest(stream.read(len(self._token)), self._token):
                kind = stream.read(1)
                if kind == b"C":
                    connection.sendall(self._compile(stream))
                elif kind == b"N":
                    connection.sendall(_TEXT_NUMBER.pack(self._number(*_text_of(stream))))
                elif kind == b"P":
                    self._take(stream)
                    connection.sendall(_TAKEN)
        self._open.discard(threading.current_thread())

    def _compile(self, stream: BinaryIO) -> bytes:
        begin, chunkname, folder, content = _text_of(stream)
        with self._compiling:
            number = 0
            try:
                answer, status = _chunk_of(content[begin:], chunkname), b"K"
                number = self.texts.number(content, chunkname, os.fsdecode(folder))
            except MemoryError:
                answer, status = b"", b"M"
            except Exception as error:  # noqa: BLE001  # its message is what load returns
                answer, status = str(error).encode("latin-1", "backslashreplace"), b"E"
        return _ANSWER.pack(status, number, len(answer)) + answer

    def _number(self, begin: int, chunkname: bytes, folder: bytes, content: bytes) -> int:
        """Of a text that the program has found compiled."""
        with self._compiling:
            return self.texts.number(content, chunkname, os.fsdecode(folder))

    def _take(self, stream: BinaryIO) -> None:
        told = read_raw(stream)
        state = HostState(told["process"], told["number"], told["program"], bool(told["is_whole"]), told["raw"])
        known = self._states.get((state.process, state.number))
        if known is None or state.raw is not None:
            self._states[state.process, state.number] = state


def _text_of(stream: BinaryIO) -> tuple[int, bytes, bytes, bytes]:
    """Where its code begins, its chunk name, the program's working directory, and the text."""
    (begin,) = _NUMBER.unpack(_exactly(stream, _NUMBER.size))
    chunkname, folder, content = (_exactly(stream, *_NUMBER.unpack(_exactly(stream, 8))) for _ in range(3))
    return begin, chunkname, folder, content


def cache_place() -> str:
    """What `CACHE_VARIABLE` says: the cache's folder and how its entries begin, on two lines; empty without a cache."""
    from perilune.compiler.cache import cache_folder, entry_mark

    folder = cache_folder()
    try:
        return f"{folder}\n{entry_mark().decode()}" if folder is not None and "\n" not in folder else ""
    except OSError:
        return ""


def _chunk_of(text: bytes, chunkname: bytes) -> bytes:
    from perilune.compiler.cache import compile_cached

    return compile_cached(text, chunkname)


def _exactly(stream: BinaryIO, length: int) -> bytes:
    content = stream.read(length)
    if len(content) < length:
        raise RawBytesError("the request is not whole")
    return content


def library_path() -> str | None:
    """Where the library is that stands in for Lua's; None on systems that have none."""
    from perilune.vm import _core

    path = os.path.join(os.path.dirname(_core.__file__), LIBRARY)
    return path if os.path.isfile(path) else None
