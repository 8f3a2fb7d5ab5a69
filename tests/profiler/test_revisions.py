"""The files of a git revision beside those that are edited."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from perilune.profiler.repository import RevisionError
from perilune.profiler.revisions import earlier_text, work_tree

AUTHOR = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *AUTHOR, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits, the second tagged `second`; then an edit that is not committed, and a file that git does not know."""
    folder = tmp_path / "repository"
    (folder / "lib").mkdir(parents=True)
    git(folder, "init", "-q")
    for number in (1, 2):
        (folder / "main.lua").write_text(f"print({number})\n")
        (folder / "lib" / "m.lua").write_text(f"return {number}\n")
        git(folder, "add", ".")
        git(folder, "commit", "-qm", str(number))
    git(folder, "tag", "second")
    (folder / "main.lua").write_text("print(3)\n")
    (folder / "data.txt").write_text("data")
    return folder


def test_the_files_are_those_of_the_revision_and_go_with_the_context(repository: Path) -> None:
    before = git(repository, "status", "--porcelain")
    with work_tree(str(repository / "main.lua"), "HEAD~1") as tree:
        assert Path(tree.path(str(repository / "main.lua"))).read_text() == "print(1)\n"
        assert (Path(tree.directory(str(repository / "lib"))) / "m.lua").read_text() == "return 1\n"
        assert git(repository, "status", "--porcelain") == before
        folder = tree.folder
    assert not os.path.exists(folder)
    assert (repository / "main.lua").read_text() == "print(3)\n"
    assert git(repository, "worktree", "list").count("\n") == 0


def test_the_folder_goes_however_the_run_ends(repository: Path) -> None:
    with pytest.raises(KeyboardInterrupt), work_tree(str(repository / "main.lua"), "second") as tree:
        raise KeyboardInterrupt
    assert not os.path.exists(os.path.dirname(tree.folder))


def test_arguments_that_name_files_which_the_revision_lacks_are_absolute(repository: Path) -> None:
    with work_tree(str(repository / "main.lua"), "HEAD") as tree:
        words = [tree.argument(word, str(repository)) for word in ("data.txt", "lib/m.lua", "12", "", "--fast")]
        assert words == [str(repository / "data.txt"), "lib/m.lua", "12", "", "--fast"]
        assert tree.directory("/") == "/"
        assert tree.search_path(f"{repository}/lib/?.lua;./?.lua;;") == f"{tree.folder}/lib/?.lua;./?.lua;;"


def test_a_hook_does_not_run(repository: Path) -> None:
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {repository}/hooked\n")
    hook.chmod(0o755)
    with work_tree(str(repository / "main.lua"), "HEAD"):
        pass
    assert not (repository / "hooked").exists()


@pytest.mark.parametrize("revision", ["nowhere", "", "--help", "HEAD~9", "a\0b"])
def test_an_unknown_revision_is_said(repository: Path, revision: str) -> None:
    with (
        pytest.raises(RevisionError, match=r"no revision|zero|null"),
        work_tree(str(repository / "main.lua"), revision),
    ):
        pass


def test_a_file_that_the_revision_lacks_is_said(repository: Path) -> None:
    with (
        pytest.raises(RevisionError, match=r"HEAD has no file data\.txt"),
        work_tree(str(repository / "data.txt"), "HEAD"),
    ):
        pass


def test_a_file_in_no_repository_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "alone.lua").write_text("")
    with (
        pytest.raises(RevisionError, match=r"alone\.lua is in no git repository"),
        work_tree(str(tmp_path / "alone.lua"), "HEAD"),
    ):
        pass


def test_no_git_is_said(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(RevisionError, match="git is not installed"), work_tree(str(repository / "main.lua"), "HEAD"):
        pass


def test_an_earlier_text_is_found_by_its_hash(repository: Path) -> None:
    path = str(repository / "main.lua")
    assert earlier_text(path, hashlib.sha256(b"print(1)\n").hexdigest()) == b"print(1)\n"
    assert earlier_text(path, hashlib.sha256(b"never\n").hexdigest()) is None
    assert earlier_text("/", "") is None
