"""How a profile calls the texts that a machine loaded: one name for each, and what makes it the same file elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from perilune.profiler.instructions import source_path
from perilune.profiler.quick_dataclasses import dataclass

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawFunction
    from perilune.vm.texts import Text, Texts

_NO_TEXT = 0
_BINARY = "binary chunk"
_OTHERS = "other texts"


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What a function's text is in the profile; the fields are those of `FileProfile`."""

    path: str
    sha256: str | None = None
    location: str | None = None
    is_binary: bool = False


class LoadedFiles:
    """The files of a run's functions, by the number of their text and, for those without one, by their chunk name.

    A file is called as the program called it first. Another file of that name, which a program that changes its directory
    can load, is called by where it is; another text of that name, as of a module that was saved while the program ran,
    has a number behind its name.
    """

    def __init__(self, texts: Iterable[Text] = (), folder: str | None = None) -> None:
        """`folder` is where the run began, which relative paths start from."""
        self._counts: dict[str, int] = {}
        self._by_text: dict[int, LoadedFile] = {}
        self._by_name: dict[tuple[int, bytes | None], LoadedFile] = {}
        self._texts: dict[str, Text] = {}
        called: dict[str | bytes, str] = {}
        for text in texts:
            identity = text.place or text.chunkname
            if identity not in called:
                written = source_path(text.chunkname)
                is_taken = written in self._counts and text.place is not None
                called[identity] = _seen_from(folder, text.place or "") if is_taken else written
            name = self._free(called[identity], "text")
            self._texts[name] = text
            self._by_text[text.number] = _loaded(name, text, folder)

    @classmethod
    def of(cls, texts: Texts | None) -> LoadedFiles:
        """Those of a machine."""
        return cls() if texts is None else cls(texts, texts.folder)

    def file(self, function: RawFunction) -> LoadedFile:
        """The file of a function."""
        number, source = function["text"], function["source"]
        known = self._by_text.get(number) or self._by_name.get((number, source))
        if known is None:
            kind = _BINARY if number == _NO_TEXT else _OTHERS
            path = source_path(source)
            path = self._free(f"{path} ({kind})" if path in self._counts else path, kind)
            known = LoadedFile(path, is_binary=number == _NO_TEXT)
            self._by_name[number, source] = known
        return known

    def adopt(self, file: LoadedFile) -> int:
        """Takes in a file of another run, and gives the number that its functions have here as that of their text."""
        number = min([0, *self._by_text]) - 1
        self._by_text[number] = file
        self._free(file.path, "text")
        return number

    def contents(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The texts of files by their names, as far as they are kept."""
        texts = [(path, self._texts[path].content) for path in paths if path in self._texts]
        return {path: content for path, content in texts if content is not None}

    def _free(self, name: str, kind: str) -> str:
        """The name itself the first time, then with a number that tells it from the others."""
        free = name
        while free in self._counts:
            self._counts[name] += 1
            free = f"{name} ({kind} {self._counts[name]})"
        self._counts[free] = 1
        return free


def _loaded(name: str, text: Text, folder: str | None) -> LoadedFile:
    if text.place is None:
        return LoadedFile(name)
    is_there = os.path.realpath(os.path.join(folder or "", name)) == text.place
    return LoadedFile(name, text.sha256, None if is_there else _seen_from(folder, text.place))


def _seen_from(folder: str | None, place: str) -> str:
    """A real path as it is written in a folder: relative where it lies below that."""
    return place if folder is None else place.removeprefix(os.path.join(os.path.realpath(folder), ""))
