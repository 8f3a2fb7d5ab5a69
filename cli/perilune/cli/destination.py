"""Where a command's result goes: a file, or standard output."""

from __future__ import annotations

import sys

from perilune.cli.errors import CommandError, describe

STANDARD_OUTPUT = "-"


def write_result(content: bytes, path: str | None) -> None:
    """Writes to a file, or to standard output for None and `-`. Ends the command where that cannot be written."""
    if path is None or path == STANDARD_OUTPUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        with open(path, "wb") as file:
            file.write(content)
    except OSError as error:
        raise CommandError(f"cannot write {path}: {describe(error)}") from error
