"""Reading a profile that was saved as JSON."""

from __future__ import annotations

from perilune.cli.errors import CommandError
from perilune.cli.program import read_program
from perilune.profiler.model import Profile, ProfileFormatError
from perilune.profiler.renderers import json as json_renderer


def read_profile(path: str) -> Profile:
    """The profile in a file, or on standard input for `-`. Ends the command where there is none."""
    return parse_profile(read_program(path), path)


def parse_profile(content: bytes, path: str) -> Profile:
    """The profile that the content of a file is. Ends the command where it is not one."""
    try:
        return json_renderer.parse(content)
    except ProfileFormatError as error:
        raise CommandError(f"{path} cannot be read as a profile: {error}") from error
