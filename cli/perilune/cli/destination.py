"""Where a command's result goes: a file, which is written whole or left as it was, or a standard stream."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress

from perilune.cli.streams import unwritable, write_output

STANDARD_OUTPUT = "-"

_STREAMS = (1, 2)


def write_result(content: bytes, path: str | None) -> None:
    """Writes to a file, or to standard output for None and `-`. Ends the command where that cannot be written.

    A pipe that nobody reads any more is a BrokenPipeError.
    """
    if path is None or path == STANDARD_OUTPUT:
        write_output(content)
        return
    try:
        write_file(path, content)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(path, error) from error


def write_file(path: str, content: bytes) -> None:
    """Makes the content that of a file, or raises OSError and leaves the file as it was.

    It is written beside the file, which it then replaces with the same permissions; links stay what they are. Devices,
    pipes and what a standard stream goes to anyway are written as they stand, and so is a file in a folder that cannot
    be written.
    """
    before = _status(path)
    stream = _stream_of(before)
    if stream is not None:
        _write_all(stream, content)
    elif before is not None and not stat.S_ISREG(before.st_mode):
        _write_as_it_stands(path, content)
    else:
        _replace(os.path.realpath(path), content, before)


def check_writable(path: str) -> None:
    """Ends the command if a file cannot be written, before the work whose result it is to hold."""
    folder = os.path.dirname(os.path.realpath(path))
    try:
        before = _status(path)
        if before is None:
            # What says why a file cannot be made there.
            if not stat.S_ISDIR(os.stat(folder).st_mode):
                raise _os_error(errno.ENOTDIR)
            _check_access(folder, os.W_OK | os.X_OK)
        elif stat.S_ISDIR(before.st_mode):
            raise _os_error(errno.EISDIR)
        elif _stream_of(before) is None:
            _check_access(path, os.W_OK)
    except OSError as error:
        raise unwritable(path, error) from error


def _check_access(path: str, mode: int) -> None:
    if not os.access(path, mode):
        raise _os_error(errno.EACCES)


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _stream_of(status: os.stat_result | None) -> int | None:
    """The standard stream that goes to the file already: one more opening would write over what that has written."""
    if status is None:
        return None
    for stream in _STREAMS:
        try:
            if os.path.samestat(os.fstat(stream), status):
                return stream
        except OSError:
            continue
    return None


def _write_all(descriptor: int, content: bytes) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def _write_as_it_stands(path: str, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)


def _replace(path: str, content: bytes, before: os.stat_result | None) -> None:
    if before is not None:
        _check_access(path, os.W_OK)
    beside = os.path.join(os.path.dirname(path), f".perilune-{os.getpid()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    except PermissionError:
        if before is None:
            raise
        _write_as_it_stands(path, content)
        return
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
            if before is not None:
                _take_over(descriptor, before)
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _take_over(descriptor: int, before: os.stat_result) -> None:
    """Gives a file the owner and the permissions of the one that it replaces, as far as the user may."""
    if not hasattr(os, "fchown"):
        return
    attempts: list[Callable[[], None]] = [
        lambda: os.fchown(descriptor, before.st_uid, before.st_gid),
        lambda: os.fchmod(descriptor, stat.S_IMODE(before.st_mode)),
    ]
    for attempt in attempts:
        with suppress(PermissionError):
            attempt()
