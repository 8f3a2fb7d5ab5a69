"""Files that are read whole, and written whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from contextlib import suppress

LARGEST_FILE = 100_000_000  # bytes that are read for an editor
_READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_whole(path: str, most: int = LARGEST_FILE) -> bytes:
    """The content of a file. Raises OSError, also for what is no file, like a pipe or a device, which may never end."""
    try:
        descriptor = os.open(path, _READING)
    except ValueError as error:  # no name of a file
        raise OSError(errno.EINVAL, str(error), path) from error
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Not a file", path)
        content = stream.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
    return content


def write_whole(path: str, content: bytes) -> None:
    """Writes a file so that whoever reads it finds the old content or the new one. It keeps its permissions.

    Raises OSError, and then nothing is left of it.
    """
    folder, name = os.path.split(path)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        with suppress(FileNotFoundError):
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
