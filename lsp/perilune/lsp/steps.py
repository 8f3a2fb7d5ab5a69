"""How far a command of Perilune is that makes several runs, from what it says on standard error."""

from __future__ import annotations

import re

from perilune.lsp.editor import Progress

_STEP = re.compile(rb"^perilune: (?:(\d+)/(\d+) )?(.*)$")


class Steps:
    """Shows the lines `perilune: 3/10 what` of a command started with `--progress`.

    The number is of the step that has ended, or, with `begins`, of the one that begins.
    """

    def __init__(self, progress: Progress, begins: bool = False) -> None:
        self._progress = progress
        self._not_ended = int(begins)
        self._waiting = b""

    def hear(self, chunk: bytes) -> None:
        """Takes in what the command writes to standard error."""
        *lines, self._waiting = (self._waiting + chunk).split(b"\n")
        for line in lines:
            if match := _STEP.match(line):
                number, count, what = match.groups()
                done = None
                if number is not None:
                    done = min(99, 100 * (int(number) - self._not_ended) // max(1, int(count)))
                self._progress.report(what.decode("utf-8", "replace"), done)
