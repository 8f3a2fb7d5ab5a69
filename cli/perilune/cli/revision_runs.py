"""A program as it was in many revisions, run in count mode: what `history` and `bisect` are made from."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from perilune.cli.errors import CommandError, describe, tell
from perilune.cli.limits import Limits
from perilune.cli.runs.run import Run, RunResult
from perilune.cli.runs.running import OnProgress, run_all
from perilune.cli.runs.store import Store
from perilune.profiler.comparison import compare
from perilune.profiler.model import Profile
from perilune.profiler.repeatable import inputs
from perilune.profiler.repository import Repository, Revision, RevisionError
from perilune.profiler.revisions import MovingTree, WorkTree
from perilune.profiler.scratch import scratch_folder
from perilune.profiler.sources import Sources, find_sources

_MOST_NAMED = 5
_SEARCH_PATHS = ("LUA_PATH_5_4", "LUA_PATH")


@dataclass(frozen=True, slots=True)
class Program:
    """What is run: its file, its arguments, and how far it may go."""

    path: str
    arguments: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class RevisionRun:
    """What came of a revision: a profile and the lines that ran, or why it is `skipped`.

    A program that failed is skipped, though it has a profile of what ran until then.
    """

    revision: Revision
    profile: Profile | None = None
    sources: Sources = field(default_factory=dict)
    skipped: str | None = None
    from_store: bool = False
    was_interrupted: bool = False


class RevisionRuns:
    """Runs of one program, in work trees that go from revision to revision. To be used in a `with` statement."""

    def __init__(
        self,
        repository: Repository,
        program: Program,
        *,
        jobs: int = 1,
        store: Store | None = None,
        cluster: str | None = None,
    ) -> None:
        self._repository = repository
        self._program = program
        self._store, self._cluster = store, cluster
        self._name = repository.name(program.path)
        self._here = os.getcwd()
        self._stack = ExitStack()
        self._trees: list[MovingTree] = []
        self._jobs = jobs
        self.made = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def at(self, revision: Revision, *, anew: bool = False) -> RevisionRun:
        """The run of one revision; if `anew`, whatever the store has."""
        (run,) = self._batch([revision], None if anew else self._store)
        return run

    def all(self, revisions: Sequence[Revision], on_progress: OnProgress | None = None) -> Iterator[RevisionRun]:
        """The runs of revisions, in their order. Ctrl-C ends them; the first that has been interrupted is the last."""
        done = 0
        for start in range(0, len(revisions), self._jobs):
            for run in self._batch(revisions[start : start + self._jobs], self._store):
                yield run
                if run.was_interrupted:
                    return
                done += 1
                if on_progress is not None:
                    on_progress(done, len(revisions))

    def changing_inputs(self, run: RevisionRun) -> list[str]:
        """The library functions by which the counts of a run may depend on more than its program and arguments."""
        return [] if run.profile is None else inputs(run.profile)

    def _batch(self, revisions: Sequence[Revision], store: Store | None) -> list[RevisionRun]:
        found: dict[int, RevisionRun] = {}
        runs: list[tuple[int, Run]] = []
        for place, revision in enumerate(revisions):
            run = self._run(self._tree(place), revision)
            if os.path.exists(run.file):
                runs.append((place, run))
            else:
                found[place] = RevisionRun(revision, skipped=f"it has no file {self._name}")
        for (place, run), result in zip(
            runs, run_all([run for _, run in runs], jobs=self._jobs, store=store, cluster=self._cluster), strict=True
        ):
            self.made += not result.from_store
            found[place] = self._made(revisions[place], run, result)
        return [found[place] for place in range(len(revisions))]

    def _tree(self, place: int) -> MovingTree:
        while len(self._trees) <= place:
            try:
                folder = self._stack.enter_context(scratch_folder("revision"))
            except OSError as error:
                raise CommandError(f"the temporary folder cannot hold a revision: {describe(error)}") from error
            self._trees.append(MovingTree(self._repository, folder))
        return self._trees[place]

    def _run(self, moving: MovingTree, revision: Revision) -> Run:
        """The run of a revision, where the working directory is in it."""
        try:
            tree = moving.move(revision.commit)
        except RevisionError as error:
            raise CommandError(str(error)) from error
        directory = tree.directory(self._here)
        name = tree.path(self._program.path)
        if directory != self._here:
            name = os.path.relpath(name, directory)
        words = tuple(tree.argument(word, self._here) for word in self._program.arguments)
        search_path = next((os.environ[variable] for variable in _SEARCH_PATHS if variable in os.environ), None)
        return Run(
            name,
            words,
            directory=directory,
            lua_path=None if search_path is None else _relative(tree.search_path(search_path), tree, directory),
            limits=self._limits_in(tree, directory),
        )

    def _limits_in(self, tree: WorkTree, directory: str) -> Limits:
        """The limits, whose sandbox is that of the revision."""
        limits = copy.copy(self._program.limits)
        if limits.sandbox_root is not None:
            root = tree.path(os.path.join(self._here, limits.sandbox_root))
            limits.sandbox_root = _relative(root, tree, directory)
        return limits

    def _made(self, revision: Revision, run: Run, result: RunResult) -> RevisionRun:
        profile = result.profile
        if profile is None:
            why = " ".join((result.failure or "it was not profiled").split())
            return RevisionRun(revision, skipped=why, was_interrupted=result.was_interrupted)
        sources, _ = find_sources(profile, [run.directory])
        # Paths that had to be made absolute are the same arguments.
        profile.program = replace(profile.program, args=list(self._program.arguments))
        skipped = f"it ended {profile.failure}" if profile.failure else None
        return RevisionRun(revision, profile, sources, skipped, result.from_store, result.was_interrupted)


def _relative(templates: str, tree: WorkTree, directory: str) -> str:
    """Paths, or templates of such, as they are seen from a folder: those of the tree are the same in all revisions."""
    return ";".join(
        os.path.relpath(each, directory) if each.startswith(os.path.join(tree.folder, "")) else each
        for each in templates.split(";")
    )


def tell_uncommitted(repository: Repository) -> None:
    """Says that changes which are not committed do not count."""
    files = repository.uncommitted()
    if files:
        named = ", ".join(files[:_MOST_NAMED]) + (", ..." if len(files) > _MOST_NAMED else "")
        tell(f"changes that are not committed are left out, only revisions are run: {named}")


def differing_lines(a: Profile, b: Profile) -> str:
    """The lines whose counts differ in two runs of the same program: `lines 3, 7`; empty if none do."""
    rows = compare(a, b, {}, {}).lines
    several = len({row.place.path for row in rows}) > 1
    places = [f"{row.place.path}:{row.place.line}" if several else str(row.place.line) for row in rows]
    if not places:
        return ""
    more = f" and {len(places) - _MOST_NAMED} more" if len(places) > _MOST_NAMED else ""
    return f"line{'s' if len(places) > 1 else ''} {', '.join(places[:_MOST_NAMED])}{more}"
