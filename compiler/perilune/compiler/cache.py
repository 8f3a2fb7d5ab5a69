"""Compiled files, kept in the user's cache folder so that a program's second start needs no compiler.

An entry holds what it was made from: the compiler's fingerprint, the chunk name and the whole source. It is used only if
all of these are equal, so that its file name needs no strong hash; and the machine verifies every chunk that it loads,
so that a damaged entry does no harm. `PERILUNE_NO_CACHE=1` switches it off.
"""

from __future__ import annotations

import os
import sys
from binascii import crc32

MAX_BYTES = 64 << 20
"""How large the folder may grow; then the least recently written entries go until three quarters are left."""

_MARK = b"Perilune cache 1\n"


def compile_cached(text: bytes, name: bytes, *, is_file: bool = False) -> bytes:
    """The binary chunk of a program; parameters and errors as in `compile_chunk`."""
    folder = cache_folder()
    if folder is None:
        return _compile(text, name, is_file)
    header = b"\0".join((_MARK + _fingerprint(), b"%d" % is_file, name, b"%d" % len(text), text, b""))
    path = os.path.join(folder, f"{crc32(header):08x}{len(header):x}.luac")
    chunk = _read(path, header)
    if chunk is None:
        chunk = _compile(text, name, is_file)
        _write(path, header + chunk)
    return chunk


def cache_folder() -> str | None:
    """Where entries are; None where the cache is off."""
    if os.environ.get("PERILUNE_NO_CACHE") not in (None, "", "0"):
        return None
    folder = os.environ.get("PERILUNE_CACHE_DIR")
    if folder:
        return folder
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "perilune") if os.path.isabs(base) else None


def _compile(text: bytes, name: bytes, is_file: bool) -> bytes:
    from perilune.compiler.chunks import compile_chunk
    from perilune.compiler.proto import dump

    return dump(compile_chunk(text, name, is_file=is_file))


def _fingerprint() -> bytes:
    """Changes with the compiler's files and the Python that runs them."""
    files = sorted(
        (entry.name, entry.stat().st_mtime_ns, entry.stat().st_size)
        for entry in os.scandir(os.path.dirname(__file__))
        if entry.is_file()
    )
    return repr((sys.hexversion, files)).encode()


def _read(path: str, header: bytes) -> bytes | None:
    try:
        with open(path, "rb") as file:
            entry = file.read()
    except OSError:
        return None
    return entry[len(header) :] if entry.startswith(header) else None


def _write(path: str, entry: bytes) -> None:
    """Puts an entry into its place at once; a folder that cannot be written is no error."""
    folder = os.path.dirname(path)
    temporary = f"{path}.{os.getpid()}"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with open(temporary, "xb") as file:
            file.write(entry)
        os.replace(temporary, path)
        _prune(folder)
    except OSError:
        pass


def _prune(folder: str) -> None:
    entries = sorted((entry.stat().st_mtime_ns, entry.stat().st_size, entry.path) for entry in os.scandir(folder))
    total = sum(size for _, size, _ in entries)
    if total <= MAX_BYTES:
        return
    for _, size, path in entries:
        os.unlink(path)
        total -= size
        if total <= MAX_BYTES * 3 // 4:
            break
