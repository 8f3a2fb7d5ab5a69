"""What the tests of the command line share: the types of their fixtures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Result:
    """The exit status of a command, and what it and the Lua program wrote."""

    status: int
    output: str
    errors: str


class RunPerilune(Protocol):
    """Runs the command line in this process, in an empty folder."""

    def __call__(self, *arguments: str, standard_input: str = "") -> Result: ...


class WriteFile(Protocol):
    """Writes a file into the folder that commands run in."""

    def __call__(self, name: str, text: str) -> None: ...
