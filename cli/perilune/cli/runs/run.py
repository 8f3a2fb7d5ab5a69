"""A run of a program to be made, and what came of one."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property

from perilune.cli.limits import Limits
from perilune.profiler.model import Profile
from perilune.profiler.renderers import json
from perilune.profiler.session import Mode

INTERRUPTED = "it was not run to its end: interrupted"
"""The failure of runs that Ctrl-C kept from their end."""


@dataclass(frozen=True)
class Run:
    """A program and all that its counts depend on.

    `path` is how the program is called, seen from `directory`, in which it runs; the profile calls it so too. `input` is
    its standard input, None if that is empty. `lua_path` stands in for the environment's LUA_PATH, `variables` are names and
    values that it has besides.
    """

    path: str
    arguments: tuple[str, ...] = ()
    input: bytes | None = None
    directory: str = field(default_factory=os.getcwd)
    mode: Mode = "count"
    lua_path: str | None = None
    limits: Limits = field(default_factory=Limits)
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def file(self) -> str:
        """The program's file, seen from here."""
        return os.path.join(self.directory, self.path)

    def environment(self) -> dict[str, str]:
        """The environment that the program runs in."""
        environment = {**os.environ, **dict(self.variables)}
        if self.lua_path is not None:
            environment["LUA_PATH"] = environment["LUA_PATH_5_4"] = self.lua_path
        return environment


@dataclass(frozen=True)
class RunResult:
    """What came of a run.

    `content` is the profile as `renderers.json` writes it, the same bytes wherever the run was made; None where there is
    none. A program that an error ended, or that exited with a status, has a `failure`, in one line, and a profile of what
    ran until then. `exit_status` is None where the process crashed, was killed, or could not begin. `seconds` are those
    of the run, which a result `from_store` took when it was made.
    """

    run: Run
    content: bytes | None = None
    failure: str | None = None
    exit_status: int | None = None
    seconds: float = 0.0
    from_store: bool = False

    @cached_property
    def profile(self) -> Profile | None:
        """The profile, read from the content when it is first asked for."""
        return None if self.content is None else json.parse(self.content)

    @property
    def was_interrupted(self) -> bool:
        """Whether Ctrl-C kept the run from its end."""
        return self.failure == INTERRUPTED
