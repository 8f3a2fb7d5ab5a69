"""The options of commands that make many runs: how many at a time, where, and with which store."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from perilune.cli.runs.running import OnProgress, default_jobs
from perilune.cli.runs.store import Store, default_path

STORE_VALUE_OPTIONS = ("--store",)
VALUE_OPTIONS = ("--jobs", "--cluster", *STORE_VALUE_OPTIONS)
SWITCHES = ("--no-store",)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options to those of a command."""
    group = parser.add_argument_group("where it runs")
    group.add_argument(
        "--jobs",
        type=_jobs,
        default=default_jobs(),
        metavar="N",
        help="so many runs at a time, each in a process of its own (default: one a processor)",
    )
    group.add_argument(
        "--cluster", metavar="ADDRESS", help="have the workers of this Dask scheduler make the runs: tcp://HOST:8786"
    )
    add_store_options(parser)


def add_store_options(parser: argparse.ArgumentParser) -> None:
    """Adds those alone that `chosen_store` obeys, to a command that makes one run after the other."""
    group = parser.add_argument_group("the store of results")
    group.add_argument(
        "--store", metavar="FILE", help="where results are kept, so that nothing is run twice (see perilune store)"
    )
    group.add_argument("--no-store", action="store_true", help="run everything, and keep nothing")


@contextmanager
def chosen_store(options: argparse.Namespace) -> Iterator[Store | None]:
    """The store that the options name, or the user's own; None where nothing is to be kept."""
    path = None if options.no_store else options.store or default_path()
    if path is None:
        yield None
        return
    with Store(path) as store:
        yield store


@contextmanager
def progress(what: str) -> Iterator[OnProgress | None]:
    """Shows on a terminal how many runs have ended, and how long the others may take; None where there is no terminal."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of runs at a time")
    return int(text)
