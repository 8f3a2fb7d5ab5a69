"""Repositories with a past, made at once by `git fast-import`, for tests of what walks through revisions."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

Files = dict[str, str | None]
"""What a commit changes: the files' new texts, None for one that goes."""

_SECONDS = 1_700_000_000


def git(folder: Path, *arguments: str) -> str:
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def make_history(folder: Path, commits: Sequence[Files]) -> list[str]:
    """A repository on a branch `main`, its files checked out; the names of its commits, which are called 1, 2, ..."""
    git(folder, "init", "-q", "-b", "main")
    stream = b""
    for number, files in enumerate(commits, 1):
        message = str(number).encode()
        stream += b"commit refs/heads/main\nmark :%d\ncommitter A <a@example.org> %d +0000\n" % (
            number,
            _SECONDS + 60 * number,
        )
        stream += b"data %d\n%s\n" % (len(message), message)
        for name, text in files.items():
            if text is None:
                stream += f"D {name}\n".encode()
            else:
                content = text.encode()
                stream += f"M 644 inline {name}\ndata {len(content)}\n".encode() + content + b"\n"
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=stream, check=True, capture_output=True)
    git(folder, "checkout", "-q", "-f", "main")
    return git(folder, "rev-list", "--reverse", "main").split()
