"""Temporary folders that go when they are not needed any more, also those of processes that were killed."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

PREFIX = "perilune-"
_OURS = re.compile(rf"{PREFIX}(?:[a-z]+-)?[a-z0-9_]{{8}}")
_NEW_SECONDS = 60  # in which a folder's owner has locked it for sure


@contextmanager
def scratch_folder(kind: str = "") -> Iterator[str]:
    """An empty folder that is removed with the context; `kind` is a word in its name. Raises OSError.

    Its process holds a lock on it, which ends with the process, however it ends: the next process that makes such a folder
    removes those that nobody holds. Windows has no such lock, and keeps the folder of a process that was killed.
    """
    _sweep()
    prefix = f"{PREFIX}{kind}-" if kind else PREFIX
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        lock = _locked(folder)
        try:
            yield folder
        finally:
            if lock is not None:
                os.close(lock)


@cache
def _sweep() -> None:
    """Removes, once in a process, what processes left behind that are gone."""
    if sys.platform == "win32":
        return
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if _OURS.fullmatch(entry.name) and _is_old(entry):
                _remove_abandoned(entry.path)


def _is_old(entry: os.DirEntry[str]) -> bool:
    """Whether a folder of this user was made so long ago that it would be locked, if anybody needed it."""
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    is_own = sys.platform != "win32" and status.st_uid == os.getuid()
    return stat.S_ISDIR(status.st_mode) and is_own and time.time() - status.st_mtime > _NEW_SECONDS


def _remove_abandoned(folder: str) -> None:
    lock = _locked(folder)
    if lock is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked(folder: str) -> int | None:
    """A descriptor that holds the lock on a folder; None if another process holds it, or there are no locks here."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
