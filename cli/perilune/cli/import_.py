"""`perilune import`: a profile of another profiler as one of ours."""

from __future__ import annotations

import argparse
import os

from perilune.cli.destination import check_writable, write_result
from perilune.cli.errors import CommandError, tell
from perilune.cli.program import read_program
from perilune.profiler.foreign_sources import attach
from perilune.profiler.importers import IMPORTERS, read_profile
from perilune.profiler.model import ProfileFormatError

_NS_PER_MS = 1_000_000
_LONGEST_INTERVAL_MS = 60_000

DESCRIPTION = """\
Turn a profile that another profiler wrote into one of Perilune's, as JSON. Its
format is found out from its content.

report, export, compare and the editor read such files as they are. Importing
keeps what the source files hold now, so that the editor's figures stay with
their statements when the files are edited afterwards.
"""


def main(arguments: list[str]) -> int:
    """Returns 0 once the profile is written."""
    parser = argparse.ArgumentParser(
        prog="perilune import",
        usage="perilune import [OPTION]... FILE [-o FILE]",
        description=DESCRIPTION,
        epilog=_formats(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", help="a profile in any of the formats below, or - for standard input")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: standard output)")
    parser.add_argument(
        "--interval",
        type=_interval,
        metavar="MS",
        help="milliseconds that a sample stands for, where the file does not tell (default: 10)",
    )
    parser.add_argument(
        "--sources", action="append", default=[], metavar="FOLDER", help="look for source files below it too"
    )
    parser.add_argument(
        "--path-map",
        action="append",
        default=[],
        type=_folders,
        metavar="FROM=TO",
        help="files that the profile has in the folder FROM are in TO",
    )
    options = parser.parse_args(arguments)
    if options.output is not None:
        check_writable(options.output)
    name = "stdin" if options.file == "-" else options.file
    try:
        profile = read_profile(read_program(options.file), name, options.interval)
    except ProfileFormatError as error:
        raise CommandError(f"{name} cannot be read as a profile: {error}") from error
    folders = ["", os.path.dirname(options.file), *options.sources]
    for path in attach(profile, folders, dict(options.path_map), options.sources):
        tell(f"{path} was not found: its figures stand without its text")
    from perilune.profiler.renderers.json import render

    write_result(render(profile).encode("utf-8", "replace"), options.output)
    return 0


def _formats() -> str:
    return "\n".join(["formats:", *(f"  {each.name:<13} {each.written_by}" for each in IMPORTERS.values())])


def _interval(text: str) -> int:
    try:
        milliseconds = float(text)
    except ValueError:
        milliseconds = 0.0
    if not 0 < milliseconds <= _LONGEST_INTERVAL_MS:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of milliseconds above 0")
    return max(1, round(milliseconds * _NS_PER_MS))


def _folders(text: str) -> tuple[str, str]:
    before, separator, now = text.partition("=")
    if not before or not separator or not now:
        raise argparse.ArgumentTypeError(f"'{text}' is not FROM=TO")
    return before, now
