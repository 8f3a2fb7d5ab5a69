"""Which programs a suite has, and how each of them is run."""

from __future__ import annotations

import copy
import glob
import os
from collections.abc import Iterable, Iterator, Sequence

from perilune.cli.errors import CommandError
from perilune.cli.limits import Limits
from perilune.cli.program import read_program
from perilune.cli.runs.run import Run
from perilune.lsp.launch import Surroundings, WrongRun, settle
from perilune.lsp.requires import reach
from perilune.lsp.run_options import RunOptions

_ENDING = ".lua"


def programs(patterns: Iterable[str]) -> list[str]:
    """The files that folders, patterns and paths stand for, each once, a pattern's in the order of their names.

    A folder stands for the `.lua` files in it and below, without hidden ones, and without those that others of them
    require: these are their modules. Ends the command for what stands for nothing.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        if os.path.isdir(pattern):
            of_pattern = _programs_below(pattern)
        elif os.path.exists(pattern):
            of_pattern = [pattern]
        else:
            of_pattern = sorted(path for path in glob.glob(pattern, recursive=True) if os.path.isfile(path))
        if not of_pattern:
            raise CommandError(f"no program fits '{pattern}'")
        found |= dict.fromkeys(os.path.normpath(path) for path in of_pattern)
    return list(found)


def run_of(path: str, arguments: Sequence[str], limits: Limits) -> Run:
    """How a program is run: as its `---@profile` comment says, and in the folder in which its modules are found.

    That is one from its own up to the current one. Arguments and limits that are given go before the comment's.
    """
    said = RunOptions(arguments=tuple(arguments) or None)
    try:
        job = settle(os.path.abspath(path), said, "count", Surroundings(os.getcwd(), {}))
    except WrongRun as error:
        raise CommandError(f"{path}: {error}") from error
    if job.preload:
        raise CommandError(f"{path}: preload: what runs first is not for programs of a suite")
    bounded = copy.copy(limits)
    bounded.seconds = limits.seconds or job.time_limit
    bounded.memory = limits.memory or job.memory_limit
    seen = os.path.relpath(job.path, job.directory)
    return Run(
        job.path if seen.startswith(os.pardir) else seen,
        job.arguments,
        None if job.input is None else read_program(job.input),
        job.directory,
        lua_path=job.lua_path,
        limits=bounded,
        variables=job.environment,
    )


def _programs_below(folder: str) -> list[str]:
    files = list(_files_below(folder))
    real = {os.path.realpath(path): path for path in files}
    modules: set[str] = set()
    for path in real:
        for directory in {os.path.realpath(folder), os.path.dirname(path), os.getcwd()}:
            modules |= reach(path, directory).files - {path}
    return [path for place, path in real.items() if place not in modules]


def _files_below(folder: str) -> Iterator[str]:
    for parent, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(_ENDING) and not name.startswith("."):
                yield os.path.join(parent, name)
