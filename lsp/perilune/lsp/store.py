"""What outlives the server: values by kind and key, in the folder `.perilune` of a workspace.

Every value is a file of its own, written whole or not at all. A file that is not ours, broken, or of another version is
passed over, with a line in the log. The folder is never larger than its bound: what was written longest ago goes first.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import logging
import os
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from perilune.lsp.whole_file import read_whole, write_whole

FOLDER = ".perilune"
VERSION = 2
MAX_BYTES = 64_000_000

_FORMAT = "perilune-store"
_ENDING = ".json.gz"
_LARGEST_VALUE = 512_000_000  # unpacked
_OURS = re.compile(r"[a-z]+-[0-9a-f]{24}\.json\.gz")
_IGNORE_ALL = "*\n"

logger = logging.getLogger(__name__)


_UNUSABLE = (OSError, EOFError, ValueError, KeyError, RecursionError, MemoryError)


class Store:
    """The stored values of one workspace folder. Usable from several threads, and by several servers at once."""

    def __init__(self, workspace: str, max_bytes: int = MAX_BYTES) -> None:
        self.workspace = workspace
        self._folder = os.path.join(workspace, FOLDER)
        self._max_bytes = max_bytes
        self._writing = threading.Lock()

    def read(self, kind: str, key: str) -> Any:
        """The value under a key, None if there is none that can be used."""
        path = self._path(kind, key)
        try:
            entry = _entry(path)
            if (entry.get("kind"), entry.get("key")) != (kind, key):
                raise ValueError("about something else")
            return entry["value"]
        except FileNotFoundError:
            return None
        except _UNUSABLE as error:
            logger.warning("%s is ignored: %s", path, error)
            return None

    def keys(self, kind: str) -> list[str]:
        """The keys of all values of a kind."""
        found = []
        for file in self._entries():
            with suppress(*_UNUSABLE):
                key = _entry(file.path).get("key") if file.name.startswith(f"{kind}-") else None
                found += [key] if isinstance(key, str) else []
        return found

    def write(self, kind: str, key: str, value: Any) -> bool:
        """Keeps a value, made of what JSON has; says whether that could be done. A value replaces the one before."""
        entry = {"format": _FORMAT, "version": VERSION, "kind": kind, "key": key, "value": value}
        path = self._path(kind, key)
        with self._writing:
            try:
                self._make_folder()
                content = gzip.compress(json.dumps(entry, separators=(",", ":")).encode(), compresslevel=1, mtime=0)
                if len(content) > self._max_bytes:
                    logger.warning("%s is not kept: it would take %d bytes", path, len(content))
                    return False
                write_whole(path, content)
                self._drop_oldest(path)
            except OSError as error:
                logger.warning("%s is not kept: %s", path, error.strerror)
                return False
        return True

    def remove(self, kind: str, key: str) -> None:
        """Forgets a value."""
        with suppress(OSError):
            os.unlink(self._path(kind, key))

    def remove_all(self, kind: str) -> None:
        """Forgets all values of a kind."""
        for entry in self._entries():
            if entry.name.startswith(f"{kind}-"):
                with suppress(OSError):
                    os.unlink(entry.path)

    def _path(self, kind: str, key: str) -> str:
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        return os.path.join(self._folder, f"{kind}-{digest}{_ENDING}")

    def _make_folder(self) -> None:
        """The folder keeps itself out of version control, so that nobody needs to be told."""
        os.makedirs(self._folder, exist_ok=True)
        ignore = os.path.join(self._folder, ".gitignore")
        if not os.path.exists(ignore):
            write_whole(ignore, _IGNORE_ALL.encode())

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        with suppress(OSError), os.scandir(self._folder) as entries:
            yield from (entry for entry in entries if _OURS.fullmatch(entry.name))

    def _drop_oldest(self, newest: str) -> None:
        ages = []
        for entry in self._entries():
            with suppress(OSError):
                status = entry.stat()
                ages.append((entry.path == newest, status.st_mtime_ns, status.st_size, entry.path))
        total = sum(size for _, _, size, _ in ages)
        for _, _, size, path in sorted(ages):
            if total <= self._max_bytes:
                return
            with suppress(OSError):
                os.unlink(path)
                total -= size


def _entry(path: str) -> dict[str, Any]:
    """What a file holds. Raises one of the errors that make it unusable."""
    with gzip.GzipFile(fileobj=io.BytesIO(read_whole(path))) as stream:
        content = stream.read(_LARGEST_VALUE + 1)
    if len(content) > _LARGEST_VALUE:
        raise ValueError("too large")
    entry = json.loads(content)
    if not isinstance(entry, dict) or entry.get("format") != _FORMAT:
        raise ValueError("not written by Perilune")
    if entry.get("version") != VERSION:
        raise ValueError(f"of version {entry.get('version')!r}, not {VERSION}")
    return entry
