"""What the commands share that judge a program by its figures: a saved profile, or a run that makes one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast, get_args

from perilune.cli.errors import CommandError
from perilune.cli.program import (
    Executable,
    executable,
    exit_status,
    program_chunk_name,
    read_program,
    report_error,
    syntax_error_text,
)
from perilune.cli.saved_profile import parse_profile
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.profiler.importers import is_foreign
from perilune.profiler.model import Profile
from perilune.profiler.session import Mode, Session
from perilune.profiler.sources import find_texts

MODES: tuple[str, ...] = get_args(Mode)

_PROGRAMS = ("", ".lua", ".luac", ".pasm")
_STANDARD_OUTPUT = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """A profile, and the content of its files as they ran, as far as that is known. `status` is the program's."""

    profile: Profile
    texts: dict[str, bytes]
    status: int = 0


def is_saved_profile(path: str, content: bytes) -> bool:
    """Whether a file is meant as a profile and not as a program: none of Lua's begin with a brace.

    Texts of other profilers may look like Lua, so that only the name of a file tells what it is.
    """
    if path.endswith(".json") or content.lstrip()[:1] == b"{":
        return True
    return os.path.splitext(path)[1] not in _PROGRAMS and is_foreign(content)


def read_subject(path: str) -> Executable | Profile:
    """A program, or the profile that a file holds. Ends the command where it cannot be read."""
    content = read_program(path)
    if not is_saved_profile(path, content):
        return executable(content, path)
    return parse_profile(content, path)


def saved(profile: Profile, path: str, folders: Sequence[str] = ()) -> Measured:
    """A profile from a file. Its sources are looked for here, beside that file, and in the folders."""
    return Measured(profile, find_texts(profile, ["", os.path.dirname(path), *folders])[0])


def run(program: Executable, path: str, arguments: Sequence[str], mode: str, output: int) -> Measured:
    """Runs a program, whose standard output goes to the file descriptor `output`. The message of its end is written."""
    session = Session(cast(Mode, mode))
    try:
        with _standard_output_to(output):
            code, assembly = program
            outcome, profile = session.run(code, program_chunk_name(path), arguments, assembly)
    except LuaSyntaxError as error:
        raise CommandError(syntax_error_text(error)) from error
    report_error(outcome)
    return Measured(profile, session.texts, exit_status(outcome))


@contextmanager
def _standard_output_to(descriptor: int) -> Iterator[None]:
    """Sends what the process writes there elsewhere, the machine's own writing included."""
    sys.stdout.flush()
    kept = os.dup(_STANDARD_OUTPUT)
    os.dup2(descriptor, _STANDARD_OUTPUT)
    try:
        yield
    finally:
        os.dup2(kept, _STANDARD_OUTPUT)
        os.close(kept)
