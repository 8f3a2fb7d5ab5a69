"""`perilune export`: a saved profile in the format of another tool, or sent to a server of continuous profiles."""

from __future__ import annotations

import argparse
import os
import sys

from perilune.cli.destination import STANDARD_OUTPUT, write_result
from perilune.cli.errors import CommandError, tell
from perilune.cli.output import add_clock_option, on_clock
from perilune.cli.push import add_options as add_push_options
from perilune.cli.push import push
from perilune.cli.saved_profile import read_profile
from perilune.profiler.exporters import EXPORTERS, Exporter, ProfileExportError
from perilune.profiler.model import Profile
from perilune.profiler.sources import Sources, find_sources

DESCRIPTION = """\
Turn a profile that perilune profile wrote with --format json, or one of another
profiler (see perilune import), into a file that another tool opens, or send it
to a server of continuous profiles.
"""

_WRONG_USE = 2


def main(arguments: list[str]) -> int:
    """Returns 0 once the file is written, or the server has the profile."""
    parser = argparse.ArgumentParser(
        prog="perilune export",
        usage="perilune export PROFILE [--format FORMAT] [-o FILE]\n"
        "       perilune export PROFILE --push URL [--service SERVICE] [OPTION]...",
        description=DESCRIPTION,
        epilog=_formats(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("profile", metavar="PROFILE", help="a profile, or - for standard input")
    parser.add_argument(
        "--format", choices=tuple(EXPORTERS), metavar="FORMAT", help="the format (default: by the ending of -o)"
    )
    add_clock_option(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: standard output)")
    add_push_options(parser)
    options = parser.parse_args(arguments)
    if options.push is not None:
        return _push(options)
    exporter = _exporter(options.format, options.output or "")
    if exporter.is_binary and options.output in (None, STANDARD_OUTPUT) and sys.stdout.isatty():
        raise CommandError(f"{exporter.name} is not for a terminal: give a file with -o", _WRONG_USE)
    profile, sources = _read(options)
    try:
        write_result(exporter.export(profile, sources), options.output)
    except ProfileExportError as error:
        raise CommandError(f"{options.profile}: {error}") from error
    return 0


def _push(options: argparse.Namespace) -> int:
    if options.output is not None:
        raise CommandError("--push sends the profile and writes no file: give it without -o", _WRONG_USE)
    profile, sources = _read(options)
    tell(f"sent to {push(profile, sources, options)}")
    return 0


def _read(options: argparse.Namespace) -> tuple[Profile, Sources]:
    """The profile, by the clock that is asked for, and its sources as far as they are known."""
    profile = on_clock(read_profile(options.profile), options.clock)
    sources, missing = find_sources(profile, ["", os.path.dirname(options.profile)])
    for path, what in missing.items():
        if what == "changed":
            tell(f"{path} has changed since: the lines are those of the text that ran")
    return profile, sources


def _formats() -> str:
    rows = [(exporter.name, exporter.suffix, exporter.tools) for exporter in EXPORTERS.values()]
    return "\n".join(["formats:", *(f"  {name:<11} {suffix:<17} {tools}" for name, suffix, tools in rows)])


def _exporter(name: str | None, path: str) -> Exporter:
    if name is not None:
        return EXPORTERS[name]
    for exporter in EXPORTERS.values():
        if path.endswith(exporter.suffix):
            return exporter
    raise CommandError(f"which format? --format takes {', '.join(EXPORTERS)}", _WRONG_USE)
