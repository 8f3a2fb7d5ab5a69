"""The budget files of workspace folders, `perilune-budget.toml`, read again when they have changed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from perilune.lsp.document import Document
from perilune.lsp.features.diagnostics import Problem
from perilune.lsp.whole_file import read_whole
from perilune.profiler.budget_file import DEFAULT_BUDGET_FILE, Entry, budgets_of, read_budget_file
from perilune.profiler.budgets import Budget, BudgetError
from perilune.profiler.model import Profile

_LARGEST = 1_000_000
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)$")
_KEY = re.compile(r': (?:files|functions)\."(?P<key>.+?)"(?:[:.]|$)')


@dataclass
class BudgetFile:
    """What a budget file says, and what is wrong with it."""

    document: Document
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    _known: tuple[Profile, dict[str, list[Budget]], list[Problem]] | None = field(default=None, repr=False)

    @property
    def folder(self) -> str:
        """The folder that it is in, from which its paths count."""
        return os.path.dirname(self.document.path)

    def budgets(self, profile: Profile, directory: str) -> Mapping[str, list[Budget]]:
        """The budgets of a run's files, by the paths that these have in its profile; the program ran in `directory`."""
        return self._of(profile, directory)[0]

    def problems_in(self, profile: Profile, directory: str) -> list[Problem]:
        """What is wrong with it, seen from a run too: a function that a file has not, for instance."""
        return [*self.problems, *self._of(profile, directory)[1]]

    def line_of(self, origin: str) -> int:
        """The line of the entry that a budget comes from, or a message speaks of; 1 where that cannot be told."""
        place, named = _AT_LINE.search(origin), _KEY.search(origin)
        if place is not None:
            return min(int(place[1]), len(self.document.lines))
        quoted = f'"{named["key"]}"' if named is not None else ""
        return next((number for number, line in enumerate(self.document.lines, 1) if quoted in line), 1)

    def _of(self, profile: Profile, directory: str) -> tuple[dict[str, list[Budget]], list[Problem]]:
        known = self._known
        if known is None or known[0] is not profile:
            by_path: dict[str, list[Budget]] = {}
            problems = []
            for entry in self.entries:
                try:
                    for budget in budgets_of(entry, profile, self.folder, directory):
                        by_path.setdefault(budget.path, []).append(budget)
                except BudgetError as error:
                    problems.append(_problem(self.document, str(error)))
            self._known = known = profile, by_path, problems
        return known[1], known[2]


class BudgetFiles:
    """Those of a session. Usable from several threads."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[tuple[int, int], BudgetFile]] = {}

    def of(self, folder: str) -> BudgetFile | None:
        """The budget file of a folder, None where there is none."""
        path = os.path.join(folder, DEFAULT_BUDGET_FILE)
        try:
            status = os.stat(path)
            stamp = status.st_mtime_ns, status.st_size
            known = self._files.get(path)
            if known is None or known[0] != stamp:
                known = self._files[path] = stamp, _read(Document.from_file(path, read_whole(path, _LARGEST)))
        except OSError:
            self._files.pop(path, None)
            return None
        return known[1]


def _read(document: Document) -> BudgetFile:
    try:
        entries = read_budget_file(document.data.decode("utf-8", "replace"), document.path)
    except BudgetError as error:
        return BudgetFile(document, problems=(_problem(document, str(error)),))
    return BudgetFile(document, tuple(entries))


def _problem(document: Document, message: str) -> Problem:
    """What a message says, at the entry that it speaks of."""
    line = BudgetFile(document).line_of(message)
    text = message.removeprefix(f"{document.path}: ")
    return Problem(document.line_start(line), document.line_end(line), text)
