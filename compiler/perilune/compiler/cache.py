"""Compiled files, kept in the user's cache folder so that a program's second start needs no compiler.

An entry holds what it was made from: the compiler's fingerprint, the chunk name and the whole source. It is used only if
all of these are equal, so that its file name needs no strong hash. The chunk behind them has its length and a checksum:
an entry in which a bit has changed is made anew. `PERILUNE_NO_CACHE=1` switches the cache off.
"""

from __future__ import annotations

import os
import sys
from binascii import crc32

from perilune.compiler.user_cache import user_cache_folder

MAX_BYTES = 64 << 20
"""How large the folder may grow; then the least recently written entries go until three quarters are left."""

MAX_ENTRIES = 8192
"""How many entries there may be; then they go likewise."""

_MARK = b"Perilune cache 2\n"
_PREFIX = "chunk-"
_NUMBER_SIZE = 8
_NEVER_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe in the folder would never answer


def compile_cached(text: bytes, name: bytes, *, is_file: bool = False, memory: int | None = None) -> bytes:
    """The binary chunk of a program; parameters and errors as in `compile_chunk`."""
    folder = cache_folder()
    try:
        mark = entry_mark() if folder is not None else b""
    except OSError:
        folder = None
    if folder is None:
        return _compile(text, name, is_file, memory)
    header = b"\0".join((mark, b"%d" % is_file, name, b"%d" % len(text), text, b""))
    path = os.path.join(folder, f"{_PREFIX}{crc32(header):08x}{len(header):x}.luac")
    chunk = _read(path, header)
    if chunk is None:
        chunk = _compile(text, name, is_file, memory)
        _write(path, header + _sealed(chunk))
    return chunk


def cache_folder() -> str | None:
    """Where entries are; None where the cache is off or has no place."""
    if os.environ.get("PERILUNE_NO_CACHE") not in (None, "", "0"):
        return None
    folder = os.environ.get("PERILUNE_CACHE_DIR")
    return folder or user_cache_folder()


def entry_mark() -> bytes:
    """What the entries of this compiler begin with, up to a zero. Raises OSError where the compiler has no files."""
    return _MARK + _fingerprint()


def _compile(text: bytes, name: bytes, is_file: bool, memory: int | None) -> bytes:
    from perilune.compiler.chunks import compile_chunk
    from perilune.compiler.proto import dump

    return dump(compile_chunk(text, name, is_file=is_file, memory=memory))


def _fingerprint() -> bytes:
    """Changes with the compiler's files and the Python that runs them. Raises OSError where there are no files."""
    files = sorted(
        (entry.name, entry.stat().st_mtime_ns, entry.stat().st_size)
        for entry in os.scandir(os.path.dirname(__file__))
        if entry.is_file()
    )
    return repr((sys.hexversion, files)).encode()


def _sealed(chunk: bytes) -> bytes:
    content = len(chunk).to_bytes(_NUMBER_SIZE, "little") + chunk
    return content + crc32(content).to_bytes(_NUMBER_SIZE, "little")


def _unsealed(content: bytes) -> bytes | None:
    """The chunk, if it is as it was sealed to the last bit."""
    chunk = content[_NUMBER_SIZE:-_NUMBER_SIZE]
    return chunk if _sealed(chunk) == content else None


def _read(path: str, header: bytes) -> bytes | None:
    """The chunk of an entry that is whole and was made from what the header says; the folder may hold anything."""
    try:
        with open(os.open(path, os.O_RDONLY | _NEVER_WAIT), "rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                return None
            entry = file.read()
    except OSError:
        return None
    return _unsealed(entry[len(header) :]) if entry.startswith(header) else None


def _write(path: str, entry: bytes) -> None:
    """Puts an entry into its place at once; a folder that cannot be written is no error."""
    if len(entry) > MAX_BYTES // 4:
        return
    folder = os.path.dirname(path)
    beside = f"{path}.{os.getpid()}"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        try:
            with open(beside, "xb") as file:
                file.write(entry)
            os.replace(beside, path)
        except FileExistsError:
            return  # another thread writes it, or a process of this number was killed when it did: that goes in time
        except BaseException:
            _delete(beside)
            raise
        _prune(folder)
    except OSError:
        pass


def _prune(folder: str) -> None:
    """Makes room. What is not the cache's own stays; what other processes delete meanwhile is gone."""
    entries = []
    for entry in os.scandir(folder):
        if entry.name.startswith(_PREFIX):
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            entries.append((status.st_mtime_ns, status.st_size, entry.path))
    total = sum(size for _, size, _ in entries)
    if total <= MAX_BYTES and len(entries) <= MAX_ENTRIES:
        return
    count = len(entries)
    for _, size, path in sorted(entries):
        if total <= MAX_BYTES * 3 // 4 and count <= MAX_ENTRIES * 3 // 4:
            break
        _delete(path)
        total -= size
        count -= 1


def _delete(path: str) -> None:
    try:  # noqa: SIM105  # contextlib takes longer to import than a small program to run
        os.unlink(path)
    except OSError:
        pass
