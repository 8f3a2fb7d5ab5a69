"""`perilune report`: a saved profile in another form."""

from __future__ import annotations

import argparse
import os
import sys

from perilune.cli.errors import CommandError, tell
from perilune.cli.forms import FORMS
from perilune.cli.output import Output, add_options
from perilune.cli.saved_profile import read_profile
from perilune.profiler.renderers.report.layout import lacks
from perilune.profiler.sources import find_sources

_WRONG_USE = 2

DESCRIPTION = """\
Show a profile that perilune profile wrote with --format json, or one of another
profiler (see perilune import), as a report or in any other format.

Sources are read from where the program ran, or from beside the profile. A file
that has changed since is named, and its figures stand without its text.
"""


def main(arguments: list[str]) -> int:
    """Returns 0 once the report is written."""
    parser = argparse.ArgumentParser(
        prog="perilune report",
        usage="perilune report [OPTION]... PROFILE",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("profile", metavar="PROFILE", help="a profile, or - for standard input")
    add_options(parser, FORMS, "standard output")
    options = parser.parse_args(arguments)
    chosen = Output.chosen(options, FORMS)
    profile = read_profile(options.profile)
    if profile.origin is None:
        chosen.check(profile.mode)
    elif (missing_figures := lacks(profile, chosen.layout)) is not None:
        raise CommandError(missing_figures, _WRONG_USE)
    sources, missing = find_sources(profile, ["", os.path.dirname(options.profile)])
    for path, what in missing.items():
        is_what = "has changed since" if what == "changed" else "is not there any more"
        tell(f"{path} {is_what}: its figures stand without its text")
    chosen.write(profile, sources, sys.stdout)
    return 0
