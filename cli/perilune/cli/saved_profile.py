"""Reading a profile from a file: one that was saved as JSON, or what another profiler wrote."""

from __future__ import annotations

import os

from perilune.cli.errors import CommandError
from perilune.cli.program import read_program
from perilune.profiler.foreign_sources import attach
from perilune.profiler.importers import read_profile as read_any
from perilune.profiler.model import Profile, ProfileFormatError


def read_profile(path: str) -> Profile:
    """The profile in a file, or on standard input for `-`. Ends the command where there is none."""
    return parse_profile(read_program(path), path)


def parse_profile(content: bytes, path: str) -> Profile:
    """The profile that the content of a file is. Ends the command where it is not one."""
    try:
        profile = read_any(content, "stdin" if path == "-" else path)
    except ProfileFormatError as error:
        raise CommandError(f"{path} cannot be read as a profile: {error}") from error
    attach(profile, ["", os.path.dirname(path)])
    return profile
