"""A program of a git revision, run where that revision's files are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from perilune.cli.errors import CommandError
from perilune.profiler.repository import RevisionError
from perilune.profiler.revisions import WorkTree, work_tree

_SEARCH_PATHS = ("LUA_PATH", "LUA_PATH_5_4")


@contextmanager
def at_revision(path: str, revision: str) -> Iterator[tuple[str, WorkTree]]:
    """Goes where the working directory is in a revision, and gives the program's path there and the revision's files.

    Ends the command where there is no git, no repository, no such revision, or where it lacks the file.
    """
    here = os.getcwd()
    try:
        with work_tree(path, revision) as tree:
            there = tree.directory(here)
            name = tree.path(path)
            if there != here:
                name = os.path.relpath(name, there)
            kept = {variable: os.environ[variable] for variable in _SEARCH_PATHS if variable in os.environ}
            os.environ.update({variable: tree.search_path(value) for variable, value in kept.items()})
            os.chdir(there)
            try:
                yield name, tree
            finally:
                os.chdir(here)
                os.environ.update(kept)
    except RevisionError as error:
        raise CommandError(str(error)) from error
