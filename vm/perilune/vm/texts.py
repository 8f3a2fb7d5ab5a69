"""The texts that a machine compiled, as they were then: their files may be saved anew, or lie elsewhere, when it ends."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator

MAX_BYTES = 64 << 20
"""How much of the texts is kept. Of those beyond it no more is known than their names and digests."""

MAX_TEXTS = 10_000
"""How many texts have a number of their own; those beyond share the number `OTHERS`."""

NO_TEXT = 0
"""The number of what came in a binary chunk."""

OTHERS = 1
_FIRST = 2


class Text:
    """A text and where it came from. `place` is the real path of its file; None if there is no file of its name.

    `content` is None if it was too much to keep. The `chunkname` is the one that it had first.
    """

    __slots__ = ("chunkname", "content", "number", "place", "sha256")

    def __init__(self, number: int, chunkname: bytes, place: str | None, content: bytes | None, sha256: str) -> None:
        self.number = number
        self.chunkname = chunkname
        self.place = place
        self.content = content
        self.sha256 = sha256


class Texts:
    """All texts of a machine, each under a number.

    The same text of the same file is one, whatever path leads to the file; so is the same text under the same chunk name
    where there is no file. `folder` is the working directory that the machine began in.
    """

    __slots__ = ("_by_identity", "_inodes", "_kept_bytes", "_may_read", "folder")

    def __init__(self, may_read: Callable[[str], bool]) -> None:
        """`may_read` says whether a path may be looked at, which a program can make up."""
        self._may_read = may_read
        self._by_identity: dict[tuple[str | bytes, str], Text] = {}
        self._inodes: dict[tuple[int, int], str] = {}
        self._kept_bytes = 0
        try:
            self.folder: str | None = os.getcwd()
        except OSError:  # it was deleted
            self.folder = None

    def __iter__(self) -> Iterator[Text]:
        """In the order of their first loads."""
        return iter(self._by_identity.values())

    def number(self, content: bytes, chunkname: bytes, folder: str = "") -> int:
        """The number of a text that is being loaded now, by a process that works in a folder: "" is this one."""
        is_file = chunkname[:1] == b"@"
        place = self._place(os.path.join(folder, os.fsdecode(chunkname[1:]))) if is_file else None
        sha256 = hashlib.sha256(content).hexdigest()
        identity = (place or chunkname, sha256)
        text = self._by_identity.get(identity)
        if text is None:
            number = _FIRST + len(self._by_identity)
            if number >= _FIRST + MAX_TEXTS:
                return OTHERS
            is_kept = self._kept_bytes + len(content) <= MAX_BYTES
            self._kept_bytes += len(content) if is_kept else 0
            text = Text(number, chunkname, place, content if is_kept else None, sha256)
            self._by_identity[identity] = text
        return text.number

    def _place(self, path: str) -> str | None:
        """What identifies the file of a path: a real path, the first one of those that lead to the file."""
        try:
            if not (self._may_read(path) and os.path.isfile(path)):
                return None
            place = os.path.realpath(path)
            inode = _inode(place)
            known = self._inodes.setdefault(inode, place)
            if known != place and not (os.path.exists(known) and _inode(known) == inode):
                known = self._inodes[inode] = place  # the number of a file that is gone is given to another one
        except (OSError, ValueError):
            return None
        return known


def _inode(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino
