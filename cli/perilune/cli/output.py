"""In which form a profile is written, and where: what `profile` and `report` share."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Mapping
from typing import TextIO

from perilune.cli.destination import STANDARD_OUTPUT, check_writable, write_file
from perilune.cli.errors import CommandError, describe, leave, tell
from perilune.cli.forms import FORMS, Form, form_of_path
from perilune.cli.streams import unwritable, write_stream
from perilune.profiler.cpu_times import by_cpu, has_cpu_times
from perilune.profiler.exporters import ProfileExportError
from perilune.profiler.model import Profile
from perilune.profiler.quick_dataclasses import dataclass, replace
from perilune.profiler.renderers.report.layout import CLOCKS, METRICS, SORT_KEYS, Layout, LineRange, complaint
from perilune.profiler.sources import Sources

_PLAIN_WIDTH = 80
_WRONG_USE = 2

VALUE_OPTIONS = ("--format", "-o", "--output", "--top", "--sort", "--metric", "--clock", "--line-range")
"""The options of `add_options` that take a value."""

SWITCHES = ("--exact", "--pairs")
"""Those that do not."""


def add_options(parser: argparse.ArgumentParser, forms: Mapping[str, Form], default_place: str) -> None:
    """The options that `Output.chosen` reads."""
    parser.add_argument(
        "--format",
        choices=tuple(forms),
        metavar="FORMAT",
        help=f"how to write it: {', '.join(forms)} (default: by the ending of -o, else text)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help=f"where to write it, - for standard output (default: {default_place})",
    )
    parser.add_argument("--metric", choices=METRICS, help="which figures lead (default: time where it was measured)")
    add_clock_option(parser)
    parser.add_argument("--sort", choices=SORT_KEYS, default="share", help="order of lines, functions (default: share)")
    parser.add_argument("--top", type=row_count, default=10, metavar="N", help="rows a table; 0 for all (default: 10)")
    parser.add_argument(
        "--line-range", type=_line_range, metavar="A:B", help="only these lines of the program, or of FILE:A:B"
    )
    parser.add_argument("--pairs", action="store_true", help="show which opcodes follow each other")
    parser.add_argument("--exact", action="store_true", help="write counts with all their digits")


def add_clock_option(parser: argparse.ArgumentParser) -> None:
    """The option that `on_clock` obeys."""
    parser.add_argument(
        "--clock",
        choices=CLOCKS,
        default="wall",
        help="whose time is shown: the clock's, or the processor's, which is without waiting (default: wall)",
    )


def on_clock(profile: Profile, clock: str) -> Profile:
    """The profile with the times of a clock; with those that it has, which is told, where it lacks the others."""
    if clock == "wall" or profile.clock == clock:
        return profile
    if has_cpu_times(profile):
        return by_cpu(profile)
    tell("the processor times of lines are not known here: times are those of the clock")
    return profile


def row_count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of rows")
    return int(text)


def _line_range(text: str) -> LineRange:
    try:
        return LineRange.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Output:
    """A form and a place; `path` None stands for the command's own stream."""

    form: Form
    path: str | None
    layout: Layout

    @classmethod
    def chosen(cls, options: argparse.Namespace, forms: Mapping[str, Form]) -> Output:
        """What the options say. Without --format the ending of the output file decides.

        Ends the command for a binary form that would go to a terminal.
        """
        path: str | None = options.output
        form = forms[options.format] if options.format else form_of_path(path or "", forms)
        if form.is_binary and path in (None, STANDARD_OUTPUT) and sys.stdout.isatty():
            raise CommandError(f"--format {form.name} is not for a terminal: give a file with -o", _WRONG_USE)
        layout = Layout(
            top=options.top,
            sort=options.sort,
            exact=options.exact,
            metric=options.metric,
            lines=options.line_range,
            pairs=options.pairs,
            clock=options.clock,
        )
        return cls(form, path, layout)

    def of(self, content: bytes) -> Output:
        """The same output of a content that is made already."""
        return replace(self, form=replace(self.form, render=lambda *_: content, has_both_clocks=True))

    def numbered(self, number: int) -> Output:
        """The same for the profile with this number, of several: `p.json`, `p.2.json`. A stream takes them all."""
        if number == 1 or self.path in (None, STANDARD_OUTPUT):
            return self
        stem, suffix = os.path.splitext(self.path or "")
        return replace(self, path=f"{stem}.{number}{suffix}")

    def check(self, mode: str) -> None:
        """Ends the command where a profile of this mode lacks what is asked for, or has no place to go to."""
        message = complaint(mode, self.layout)
        if message is None and self.form.needs_time and mode == "count":
            message = f"--format {self.form.name} needs times, which --mode count does not take"
        if message is not None:
            raise CommandError(message, _WRONG_USE)
        if self.path is not None and self.path != STANDARD_OUTPUT:
            check_writable(self.path)

    def write(
        self, profile: Profile, sources: Sources, stream: TextIO, stands_apart: bool = False, keeps: bool = False
    ) -> None:
        """Writes the profile. Ends the command where it cannot; a pipe that nobody reads any more is a BrokenPipeError.

        `stream` is for an output without a path; an empty line goes before what `stands_apart`. If it `keeps`, what
        cannot be put where it should go is put into a file of its own, which is named.
        """
        if not self.form.has_both_clocks:
            profile = on_clock(profile, self.layout.clock)
        is_stream = self.path is None or self.path == STANDARD_OUTPUT
        if self.path == STANDARD_OUTPUT:
            stream = sys.stdout
        try:
            if is_stream and self._is_colored(stream):
                self._print_colored(profile, sources, stream, stands_apart)
                return
            content = self._content(profile, sources, keeps)
            if is_stream:
                write_stream(stream, b"\n" + content if stands_apart else content)
            else:
                write_file(self.path or "", content)
        except BrokenPipeError:
            raise
        except OSError as error:
            told = not (is_stream and stream is sys.stderr and error.errno == errno.EBADF)
            place = ("standard error" if stream is sys.stderr else "standard output") if is_stream else self.path
            message = str(unwritable(place, error))
            if keeps and told:
                message += f"; {_keep(self._content(profile, sources, keeps), self.form)}"
            raise CommandError(message) from error

    def _print_colored(self, profile: Profile, sources: Sources, stream: TextIO, stands_apart: bool) -> None:
        import shutil

        from perilune.profiler.renderers.terminal import print_colored

        layout = replace(self.layout, width=shutil.get_terminal_size().columns)
        try:
            print(end="\n" if stands_apart else "", file=stream)
            print_colored(profile, sources, layout, stream)
            stream.flush()
        except OSError:
            leave(stream)
            raise

    def _is_colored(self, stream: TextIO) -> bool:
        return self.form.name == "text" and stream.isatty() and os.environ.get("TERM") != "dumb"

    def _content(self, profile: Profile, sources: Sources, keeps: bool) -> bytes:
        layout = replace(self.layout, width=_PLAIN_WIDTH)
        try:
            return self.form.render(profile, sources, layout)
        except ProfileExportError as error:
            json = FORMS["json"]
            kept = f"; {_keep(json.render(profile, sources, layout), json)}" if keeps else ""
            raise CommandError(f"{error}{kept}") from error


def _keep(content: bytes, form: Form) -> str:
    """Puts a report into a new file of the temporary folder, and says where it is, or why it is lost."""
    import tempfile  # seldom needed, and long in coming

    try:
        descriptor, path = tempfile.mkstemp(prefix="perilune-profile-", suffix=form.suffixes[0])
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
        except OSError:
            os.unlink(path)
            raise
    except OSError as error:
        return f"the temporary folder cannot keep it either: {describe(error)}"
    return f"the profile is in {path}"
