"""The files of a git revision in a temporary folder of their own, so that they can run beside those that are edited.

Neither the user's files nor the repository's index are touched: the revision is read into an index of its own, which is
written out elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from perilune.profiler.repository import SHORT, Repository, RevisionError, complaint_of
from perilune.profiler.scratch import scratch_folder


@dataclass(frozen=True, slots=True)
class WorkTree:
    """A revision's files. `top` is the repository's folder, `folder` the temporary one that stands for it."""

    top: str
    folder: str
    commit: str

    def path(self, path: str) -> str:
        """Where a file or folder is in the work tree; one outside of the repository stays where it is."""
        real = os.path.realpath(path)
        if real == self.top:
            return self.folder
        if not real.startswith(os.path.join(self.top, "")):
            return path
        return os.path.join(self.folder, os.path.relpath(real, self.top))

    def directory(self, path: str) -> str:
        """The same of a folder that a program runs in: it is made where the revision has none."""
        mapped = self.path(path)
        os.makedirs(mapped, exist_ok=True)
        return mapped

    def argument(self, word: str, directory: str) -> str:
        """A program's argument. A relative path that names a file of the user's which the revision lacks is made absolute.

        `directory` is where the program runs in the user's files.
        """
        original = os.path.join(directory, word)
        is_path = bool(word) and not os.path.isabs(word) and os.path.exists(original)
        return os.path.abspath(original) if is_path and not os.path.exists(self.path(original)) else word

    def search_path(self, templates: str) -> str:
        """LUA_PATH: folders of the repository in it are those of the work tree."""
        return ";".join(self.path(part) if os.path.isabs(part) else part for part in templates.split(";"))


class MovingTree:
    """A work tree that goes from revision to revision: only what differs is written.

    What programs have written into it meanwhile is gone, and what they changed is as it was. `folder` is an empty one of
    the caller's, who removes it.
    """

    def __init__(self, repository: Repository, folder: str) -> None:
        self._repository = repository
        self._tree = os.path.realpath(os.path.join(folder, "tree"))
        self._environment = {"GIT_INDEX_FILE": os.path.join(folder, "index"), "GIT_WORK_TREE": self._tree}
        self._written: set[str] = set()
        os.mkdir(self._tree)

    def move(self, commit: str) -> WorkTree:
        """The files of a commit. Raises RevisionError where git cannot write them."""
        self._remove_others()
        done = self._repository.git("read-tree", "--reset", "-u", commit, environment=self._environment)
        if done.returncode:
            raise RevisionError(f"git cannot write the files of {commit[:SHORT]}: {complaint_of(done)}")
        self._written = {path for folder, names in self._walk() for path in (folder, *names)}
        return WorkTree(self._repository.top, self._tree, commit[:SHORT])

    def _remove_others(self) -> None:
        """Removes what git has not written; what is gone or changed, git writes again."""
        for folder, names in self._walk():
            for path in names:
                if path not in self._written:
                    with suppress(OSError):
                        os.unlink(path)
            if folder != self._tree and folder not in self._written:
                with suppress(OSError):
                    os.rmdir(folder)

    def _walk(self) -> Iterator[tuple[str, list[str]]]:
        """Every folder and the files and links in it, those below first."""
        for folder, names, files in os.walk(self._tree, topdown=False):
            links = [name for name in names if os.path.islink(os.path.join(folder, name))]
            yield folder, [os.path.join(folder, name) for name in (*files, *links)]


@contextmanager
def work_tree(path: str, revision: str) -> Iterator[WorkTree]:
    """The revision's files of the repository that holds a file, until the context ends.

    Raises RevisionError where there is no git, no repository, no such revision, or where it lacks the file.
    """
    repository = Repository.of(path)
    commit, name = repository.commit(revision), repository.name(path)
    if not repository.has(commit, name):
        raise RevisionError(f"{revision} has no file {name}")
    with scratch_folder("revision") as folder:
        yield MovingTree(repository, folder).move(commit)


def earlier_text(path: str, sha256: str, most: int = 50) -> bytes | None:
    """The content that a file had in one of its latest revisions, by its hash; None where git does not know it."""
    try:
        found = _latest(Repository.of(path), path, most)
    except RevisionError:
        return None
    return next((content for _, content in found if _hash_of(content) == sha256), None)


def revision_of(path: str, sha256: str | None, most: int = 50) -> str | None:
    """The commit that a file of that content belongs to: HEAD if it has it, else the latest that changed it to that.

    `-dirty` stands behind HEAD's name where no revision has it, as git writes it; None where git does not know the file.
    """
    try:
        repository = Repository.of(path)
        head = repository.commit("HEAD")[:SHORT]
    except RevisionError:
        return None
    for place, (commit, content) in enumerate(_latest(repository, path, most)):
        if _hash_of(content) == sha256:
            return commit[:SHORT] if place else head
    return f"{head}-dirty"


def _latest(repository: Repository, path: str, most: int) -> Iterator[tuple[str, bytes]]:
    """A file's latest revisions, newest first, each with its content."""
    name = repository.name(path)
    for commit in repository.latest(name, most):
        content = repository.content(commit, name)
        if content is not None:
            yield commit, content


def _hash_of(content: bytes) -> str:
    from hashlib import sha256

    return sha256(content).hexdigest()
