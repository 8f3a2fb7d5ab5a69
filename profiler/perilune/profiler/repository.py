"""A git repository and what it knows of a file's past. Nothing of it is changed, and none of its hooks runs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SHORT = 12
"""How many digits of a commit's name are shown."""

_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
_SETTINGS = (f"core.hooksPath={os.devnull}", "core.fsmonitor=false", "core.sparseCheckout=false")
_FIELD = "\x1f"
_LOG_FORMAT = _FIELD.join(("%H", "%P", "%an", "%cI", "%s"))


class RevisionError(Exception):
    """What git was asked for cannot be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit: its name, its parents', its author, when it was made (ISO 8601), and the first line of its message."""

    commit: str
    parents: tuple[str, ...] = ()
    author: str = ""
    date: str = ""
    subject: str = ""

    @property
    def short(self) -> str:
        """The name as it is shown."""
        return self.commit[:SHORT]

    @property
    def is_merge(self) -> bool:
        """Whether it brings in what others committed."""
        return len(self.parents) > 1


@dataclass(frozen=True, slots=True)
class Repository:
    """`top` is the real path of the folder that the user's files are in."""

    top: str

    @staticmethod
    def of(path: str) -> Repository:
        """The repository that a file is in. Raises RevisionError where there is none, or no git."""
        real = os.path.realpath(path)
        if not os.path.isdir(os.path.dirname(real)):
            raise RevisionError(f"there is no folder {os.path.dirname(path) or os.path.dirname(real)}")
        done = run_git(os.path.dirname(real), "rev-parse", "--show-toplevel")
        top = os.fsdecode(done.stdout.rstrip(b"\r\n"))
        if done.returncode or not top:
            complaint = complaint_of(done)
            known = "not a git repository" in complaint or not complaint
            raise RevisionError(
                f"{os.path.basename(real)} is in no git repository"
                if known
                else f"git cannot be used here: {complaint}"
            )
        return Repository(os.path.realpath(top))

    def name(self, path: str) -> str:
        """What git calls a file."""
        return os.path.relpath(os.path.realpath(path), self.top).replace(os.sep, "/")

    def commit(self, revision: str) -> str:
        """The name of the commit that a revision means. Raises RevisionError where it means none."""
        done = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if done.returncode or not revision.strip():
            raise RevisionError(f"git knows no revision '{revision}' here")
        return done.stdout.decode("ascii", "replace").split()[-1]

    def has(self, commit: str, name: str) -> bool:
        """Whether a commit has a file."""
        return self.git("cat-file", "-e", f"{commit}:{name}").returncode == 0

    def content(self, commit: str, name: str) -> bytes | None:
        """A file of a commit, as it would be written into the user's folder; None where the commit has none."""
        done = self.git("cat-file", "--filters", f"{commit}:{name}")
        return None if done.returncode else done.stdout

    def latest(self, name: str, most: int) -> list[str]:
        """The latest commits that changed a file, newest first."""
        return self._names("rev-list", f"--max-count={most}", "HEAD", "--", name)

    def oldest(self, commit: str, name: str) -> str | None:
        """The first commit on the line of first parents that leads to a commit which touched a file."""
        found = self._names("rev-list", "--first-parent", commit, "--", name)
        return found[-1] if found else None

    def revisions(self, oldest: str, newest: str) -> list[Revision]:
        """The commits from one to another, both included, oldest first, by first parents.

        Raises RevisionError where one is no revision, or no way leads from the oldest to the newest.
        """
        first, last = self.commit(oldest), self.commit(newest)
        if self.git("merge-base", "--is-ancestor", first, last).returncode:
            raise RevisionError(f"{oldest} is no ancestor of {newest}")
        return [
            *self._log("--max-count=1", first),
            *self._log("--first-parent", "--reverse", f"{first}..{last}"),
        ]

    def uncommitted(self) -> list[str]:
        """The files that git knows and that are not as they were committed last."""
        listing = self.git("status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules").stdout
        return [os.fsdecode(entry[3:]) for entry in listing.split(b"\0") if entry[2:3] == b" "]

    def diff(self, before: str, after: str, names: Sequence[str], context: int = 1) -> str:
        """What changed in some files from one commit to another, with as many lines around each change."""
        options = ("--no-color", "--no-ext-diff", "--no-textconv", f"-U{context}", "--find-renames")
        return self.git("diff", *options, before, after, "--", *names).stdout.decode("utf-8", "replace")

    def git(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
        """What git does there. Raises RevisionError where it cannot be run."""
        return run_git(self.top, *arguments, environment=environment)

    def _names(self, *arguments: str) -> list[str]:
        return self.git(*arguments).stdout.decode("ascii", "replace").split()

    def _log(self, *arguments: str) -> list[Revision]:
        done = self.git("log", f"--format={_LOG_FORMAT}", "--no-show-signature", *arguments)
        found = []
        for line in done.stdout.decode("utf-8", "replace").splitlines():
            commit, parents, author, date, subject = line.split(_FIELD, 4)
            found.append(Revision(commit, tuple(parents.split()), author, date, subject))
        return found


def run_git(
    folder: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """What git does in a folder. Raises RevisionError where it cannot be run."""
    # What a hook or a terminal of the user's set must not lead to another repository than the file's.
    variables = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    variables |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1"}
    variables |= environment or {}
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    try:
        return subprocess.run(
            ["git", "-C", folder, *settings, *arguments],
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


def complaint_of(done: subprocess.CompletedProcess[bytes]) -> str:
    """Why git did not do what it was asked for."""
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else ""
