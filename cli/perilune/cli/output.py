"""In which form a profile is written, and where: what `profile` and `report` share."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TextIO

from perilune.cli.errors import CommandError, describe
from perilune.cli.forms import FORMS, Form, form_of_path
from perilune.profiler.exporters import ProfileExportError
from perilune.profiler.model import Profile
from perilune.profiler.renderers import terminal
from perilune.profiler.renderers.report.layout import METRICS, SORT_KEYS, Layout, LineRange, complaint
from perilune.profiler.sources import Sources

_PLAIN_WIDTH = 80
_WRONG_USE = 2
_STANDARD_OUTPUT = "-"

VALUE_OPTIONS = ("--format", "-o", "--output", "--top", "--sort", "--metric", "--line-range")
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
    parser.add_argument("--sort", choices=SORT_KEYS, default="share", help="order of lines, functions (default: share)")
    parser.add_argument("--top", type=row_count, default=10, metavar="N", help="rows a table; 0 for all (default: 10)")
    parser.add_argument(
        "--line-range", type=_line_range, metavar="A:B", help="only these lines of the program, or of FILE:A:B"
    )
    parser.add_argument("--pairs", action="store_true", help="show which opcodes follow each other")
    parser.add_argument("--exact", action="store_true", help="write counts with all their digits")


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
        if form.is_binary and path in (None, _STANDARD_OUTPUT) and sys.stdout.isatty():
            raise CommandError(f"--format {form.name} is not for a terminal: give a file with -o", _WRONG_USE)
        layout = Layout(
            top=options.top,
            sort=options.sort,
            exact=options.exact,
            metric=options.metric,
            lines=options.line_range,
            pairs=options.pairs,
        )
        return cls(form, path, layout)

    def of(self, content: bytes) -> Output:
        """The same output of a content that is made already."""
        return replace(self, form=replace(self.form, render=lambda *_: content))

    def check(self, mode: str) -> None:
        """Ends the command where a profile of this mode lacks what is asked for."""
        message = complaint(mode, self.layout)
        if message is None and self.form.needs_time and mode == "count":
            message = f"--format {self.form.name} needs times, which --mode count does not take"
        if message is not None:
            raise CommandError(message, _WRONG_USE)

    def write(self, profile: Profile, sources: Sources, stream: TextIO, stands_apart: bool = False) -> None:
        """Writes the profile; what cannot be put where it should go is put into a file of its own, which is named.

        `stream` is for an output without a path; an empty line goes before what `stands_apart`.
        """
        is_stream = self.path is None or self.path == _STANDARD_OUTPUT
        if self.path == _STANDARD_OUTPUT:
            stream = sys.stdout
        if is_stream and self._is_colored(stream):
            layout = replace(self.layout, width=shutil.get_terminal_size().columns)
            print(end="\n" if stands_apart else "", file=stream)
            terminal.print_colored(profile, sources, layout, stream)
            stream.flush()
            return
        content = self._content(profile, sources)
        try:
            if is_stream:
                _write_to_stream(stream, b"\n" + content if stands_apart else content)
            else:
                _write_file(self.path or "", content)
        except BrokenPipeError:
            _leave(stream)  # its reader has seen enough
        except OSError as error:
            if is_stream:
                _leave(stream)
            place = stream.name if is_stream else self.path
            raise CommandError(f"cannot write {place}: {describe(error)}; {_keep(content, self.form)}") from error

    def _is_colored(self, stream: TextIO) -> bool:
        return self.form.name == "text" and stream.isatty() and os.environ.get("TERM") != "dumb"

    def _content(self, profile: Profile, sources: Sources) -> bytes:
        layout = replace(self.layout, width=_PLAIN_WIDTH)
        try:
            return self.form.render(profile, sources, layout)
        except ProfileExportError as error:
            json = FORMS["json"]
            raise CommandError(f"{error}; {_keep(json.render(profile, sources, layout), json)}") from error


def _write_to_stream(stream: TextIO, content: bytes) -> None:
    stream.flush()
    stream.buffer.write(content)
    stream.buffer.flush()


def _leave(stream: TextIO) -> None:
    """Makes a stream that cannot be written one that takes everything, so that Python does not fail at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _write_file(path: str, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)


def _keep(content: bytes, form: Form) -> str:
    """Puts a report into a new file of the temporary folder, and says where it is, or why it is lost."""
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
