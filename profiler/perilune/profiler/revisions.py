"""The files of a git revision in a temporary folder of their own, so that they can run beside those that are edited.

Neither the user's files nor the repository's index are touched, and no hook runs: the revision is read into an index of
its own, which is written out elsewhere.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

_SHORT = 12  # digits of a commit's name
_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")


class RevisionError(Exception):
    """The files of a revision cannot be had; the message says why."""


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


@contextmanager
def work_tree(path: str, revision: str) -> Iterator[WorkTree]:
    """The revision's files of the repository that holds a file, until the context ends.

    Raises RevisionError where there is no git, no repository, no such revision, or where it lacks the file.
    """
    real = os.path.realpath(path)
    top = _top(real)
    commit = _commit(top, revision)
    name = os.path.relpath(real, top).replace(os.sep, "/")
    if _git(top, "cat-file", "-e", f"{commit}:{name}").returncode:
        raise RevisionError(f"{revision} has no file {name}")
    with tempfile.TemporaryDirectory(prefix="perilune-revision-", ignore_cleanup_errors=True) as folder:
        tree = os.path.realpath(os.path.join(folder, "tree"))
        os.mkdir(tree)
        index = {"GIT_INDEX_FILE": os.path.join(folder, "index")}
        for step in (("read-tree", commit), ("checkout-index", "--all", "--force", f"--prefix={tree}/")):
            done = _git(top, *step, environment=index)
            if done.returncode:
                raise RevisionError(f"git cannot write the files of {revision}: {_complaint(done)}")
        yield WorkTree(top, tree, commit[:_SHORT])


def earlier_text(path: str, sha256: str, most: int = 50) -> bytes | None:
    """The content that a file had in one of its latest revisions, by its hash; None where git does not know it."""
    return next((content for _, content in _latest(path, most) if _hash_of(content) == sha256), None)


def revision_of(path: str, sha256: str | None, most: int = 50) -> str | None:
    """The commit that a file of that content belongs to: HEAD if it has it, else the latest that changed it to that.

    `-dirty` stands behind HEAD's name where no revision has it, as git writes it; None where git does not know the file.
    """
    try:
        head = _commit(_top(os.path.realpath(path)), "HEAD")[:_SHORT]
    except RevisionError:
        return None
    for place, (commit, content) in enumerate(_latest(path, most)):
        if _hash_of(content) == sha256:
            return commit[:_SHORT] if place else head
    return f"{head}-dirty"


def _latest(path: str, most: int) -> Iterator[tuple[str, bytes]]:
    """A file's latest revisions, newest first, each with its content."""
    real = os.path.realpath(path)
    try:
        top = _top(real)
    except RevisionError:
        return
    name = os.path.relpath(real, top).replace(os.sep, "/")
    commits = _git(top, "rev-list", f"--max-count={most}", "HEAD", "--", name).stdout.decode("ascii", "replace").split()
    for commit in commits:
        done = _git(top, "cat-file", "--filters", f"{commit}:{name}")
        if not done.returncode:
            yield commit, done.stdout


def _hash_of(content: bytes) -> str:
    from hashlib import sha256

    return sha256(content).hexdigest()


def _top(path: str) -> str:
    """The folder of the repository that a path is in."""
    done = _git(os.path.dirname(path), "rev-parse", "--show-toplevel")
    top = os.fsdecode(done.stdout.rstrip(b"\r\n"))
    if done.returncode or not top:
        complaint = _complaint(done)
        known = "not a git repository" in complaint or not complaint
        raise RevisionError(
            f"{os.path.basename(path)} is in no git repository" if known else f"git cannot be used here: {complaint}"
        )
    return os.path.realpath(top)


def _commit(top: str, revision: str) -> str:
    """The name of the commit that a revision means."""
    done = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if done.returncode or not revision.strip():
        raise RevisionError(f"git knows no revision '{revision}' here")
    return done.stdout.decode("ascii", "replace").split()[-1]


def _git(
    folder: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    # What a hook or a terminal of the user's set must not lead to another repository than the file's.
    variables = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    variables |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", **(environment or {})}
    try:
        return subprocess.run(
            ["git", "-C", folder, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=variables,
            check=False,
        )
    except FileNotFoundError as error:
        missing = (
            "git is not installed, or not on the path" if os.path.isdir(folder) else f"there is no folder {folder}"
        )
        raise RevisionError(missing) from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the revision's name
        raise RevisionError(f"git cannot be run: {error}") from error


def _complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else ""
