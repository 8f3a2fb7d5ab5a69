"""`perilune grow`: runs a program at several sizes, and tells how the cost of each line grows with them."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from dataclasses import replace
from typing import Final

from perilune.cli import limits
from perilune.cli.command_words import CommandWords
from perilune.cli.destination import STANDARD_OUTPUT, check_writable, write_result
from perilune.cli.errors import CommandError, encoded, tell
from perilune.cli.growth_runs import GrowthRuns, Reach, SizedRuns, Where
from perilune.cli.limits import Limits
from perilune.cli.output import row_count
from perilune.cli.program import read_program
from perilune.cli.runs import options as run_options
from perilune.cli.runs.run import Run
from perilune.lsp.document import Document
from perilune.lsp.run_comment import read_comment
from perilune.lsp.run_options import RunOptions
from perilune.profiler.growth.model import Growth
from perilune.profiler.growth.sizes import Sizes, WrongSizes
from perilune.profiler.growth.words import SPECIAL
from perilune.profiler.model import Profile
from perilune.profiler.renderers.growth import report
from perilune.profiler.renderers.json import render as render_profile
from perilune.profiler.renderers.report.table import plain_text, print_styled
from perilune.profiler.sources import Sources, find_texts, split_lines

_VALUE_OPTIONS = (
    "--over",
    "--over-args",
    "--over-stdin",
    "--over-generator",
    "--seconds",
    "--at",
    "--top",
    "--save-profile",
    "--format",
    "-o",
    "--output",
    *run_options.VALUE_OPTIONS,
    *limits.VALUE_OPTIONS,
)
_SWITCHES = ("--time", "--json", "--progress", *run_options.SWITCHES, *limits.SWITCHES, "-h", "--help")
_WORDS = CommandWords(_VALUE_OPTIONS, _SWITCHES)

_TEXT: Final = "text"
_JSON: Final = "json"
_HTML: Final = "html"
_PNG: Final = "png"
_SVG: Final = "svg"
_FORMATS = (_TEXT, _JSON, _HTML, _PNG, _SVG)
_SUFFIXES = {".json": _JSON, ".html": _HTML, ".htm": _HTML, ".png": _PNG, ".svg": _SVG}
_WIDTH, _TOP, _SECONDS = 100, 10, 10.0
_EXTRA = "pip install 'perilune[grow]'"

DESCRIPTION = """\
Run a program at several sizes, and tell how what each line, each function and
the whole run costs grows with the size: constant, log n, n, n log n, n^2, n^3,
n^k, 2^n. Counts are exact, so few runs say much; what these sizes cannot tell
apart is said to be uncertain.

how the size reaches the program:
  --over-args "{n}"        as an argument
  --over-stdin "{n}\\n"     as its standard input; @inputs/{n}.txt is a file
  --over-generator FILE    a Lua program that is given the size, and writes the
                           standard input
or in the file itself:
  ---@profile over="n=1000,2000,4000" overArgs="{n}"

Without sizes they double until a run takes four million instructions, or
--seconds are up.
"""

EPILOG = """\
Exit status: 0 if the growth could be told; 1 if the program fails at a size, or
its counts differ between two runs of the same size, 2 for wrong options.
"""


def main(arguments: list[str]) -> int:
    """Returns 0 if the growth could be told."""
    parser = _parser()
    ours, path, program_arguments = _WORDS.split(arguments)
    options = parser.parse_args(ours)
    if path is None:
        parser.error("which program? (see perilune grow --help)")
    misplaced = _WORDS.misplaced(arguments, program_arguments)
    if misplaced is not None:
        tell(f"{misplaced} went to the program: put it before {path}, or -- behind {path}")
    if path == STANDARD_OUTPUT:
        parser.error("the program must be in a file")
    form = options.format or _SUFFIXES.get(os.path.splitext(options.output or "")[1].lower(), _TEXT)
    _check_place(form, options.output)
    if options.save_profile not in (None, STANDARD_OUTPUT):
        check_writable(options.save_profile)
    _check_extra("numpy")
    if form in (_HTML, _PNG, _SVG):
        _check_extra("matplotlib")
    comment = _comment_of(path)
    sizes = _sizes(options.over or comment.sizes)
    reach = Reach.parse(
        options.over_args or comment.over_arguments,
        options.over_stdin or comment.over_input,
        options.over_generator or comment.over_generator,
        program_arguments,
    )
    if not reach.is_used(sizes):
        braces = f"{{{sizes.name}}}"
        parser.error(
            f'how does {sizes.name} reach the program? --over-args "{braces}" gives it as an argument '
            "(see perilune grow --help)"
        )
    program = Run(path, mode="sample" if options.time else "count", limits=Limits.chosen(options))
    where = Where(1 if options.time else options.jobs, options.cluster)
    with run_options.chosen_store(options) as store:
        runs = GrowthRuns(program, sizes, reach, where, store, options.progress)
        found = runs.automatic(options.seconds) if sizes.values is None else runs.at(sizes.values)
    if options.save_profile is not None:
        write_result(render_profile(found.profiles[max(found.profiles)]).encode(), options.save_profile)
    growth = _growth(found, sizes, options.at)
    _write(growth, _sources(growth, list(found.profiles.values())[-1]), form, options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="perilune grow",
        usage="perilune grow [OPTION]... FILE [OPTION]... [--] [ARGUMENT]...",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--over", metavar="NAME=SIZES", help="what grows, and the sizes, ascending, three or more: n=1000,2000,4000"
    )
    parser.add_argument(
        "--over-args", metavar="WORDS", help="arguments in which {n} stands for the size; those behind FILE follow them"
    )
    parser.add_argument("--over-stdin", metavar="PATTERN", help="the standard input; @PATTERN is the name of a file")
    parser.add_argument("--over-generator", metavar="FILE", help="a Lua program that writes the standard input")
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=_SECONDS,
        metavar="S",
        help=f"how long to run at sizes that are not given (default: {_SECONDS:g})",
    )
    parser.add_argument(
        "--time", action="store_true", help="take times too; they are not exact, and say less about growth"
    )
    parser.add_argument(
        "--at",
        type=_size,
        metavar="N",
        help="the size to predict the shares of lines for (default: 10^6, or far beyond)",
    )
    parser.add_argument(
        "--top", type=row_count, default=_TOP, metavar="N", help="rows a table; 0 for all (default: 10)"
    )
    parser.add_argument("--save-profile", metavar="FILE", help="write the profile of the largest run there, as JSON")
    parser.add_argument(
        "--format",
        choices=_FORMATS,
        metavar="FORMAT",
        help=f"how to write it: {', '.join(_FORMATS)} (default: by the ending of -o, else text)",
    )
    parser.add_argument("--json", action="store_const", const=_JSON, dest="format", help="short for --format json")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: standard output)")
    parser.add_argument("--progress", action="store_true", help="say on standard error what is being run")
    run_options.add_options(parser)
    limits.add_options(parser)
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 1e6:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds above 0")
    return seconds


def _size(text: str) -> int:
    try:
        size = float(text)
    except ValueError:
        size = 0.0
    if not 1 <= size < 1 << 53:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size from 1 on")
    return int(size)


def _check_place(form: str, output: str | None) -> None:
    if output not in (None, STANDARD_OUTPUT):
        check_writable(output)
    elif form == _PNG and sys.stdout.isatty():
        raise CommandError("--format png is not for a terminal: give a file with -o", 2)


def _check_extra(module: str) -> None:
    """Ends the command where a library is missing that is not among those that Perilune always needs."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise CommandError(f"{module} is needed to tell growth, and is not installed: {_EXTRA}")


def _comment_of(path: str) -> RunOptions:
    """What the file says about its runs. Ends the command where that makes no sense."""
    text = read_program(path)
    document = Document.from_file(path, text)
    comment = read_comment(document)
    for problem in comment.problems:
        line = document.line_at(problem.start)
        tell(f"{path}:{line}: {problem.message}")
    return comment.options


def _sizes(text: str | None) -> Sizes:
    try:
        return Sizes() if text is None else Sizes.parse(text)
    except WrongSizes as error:
        raise CommandError(f"--over: {error}", 2) from error


def _growth(found: SizedRuns, sizes: Sizes, at: int | None) -> Growth:
    from perilune.profiler.growth.growing import growth_of

    values = sorted(found.profiles)
    growth = growth_of([found.profiles[size] for size in values], values, sizes.name, at)
    notes = list(found.notes)
    if len(set(growth.whole.leading.values)) == 1:
        notes.append(f"every run cost the same: {sizes.name} changes nothing, and may not reach the program")
    return replace(growth, notes=notes)


def _sources(growth: Growth, largest: Profile) -> Sources:
    texts, _ = find_texts(largest, ["", os.path.dirname(growth.program.path)])
    return {path: split_lines(text) for path, text in texts.items()}


def _write(growth: Growth, sources: Sources, form: str, options: argparse.Namespace) -> None:
    if form == _JSON:
        content = json.dumps(growth.to_json(), separators=(",", ":")).encode() + b"\n"
    elif form == _HTML:
        from perilune.profiler.renderers.growth_page import render

        content = render(growth, sources).encode("utf-8", "replace")
    elif form in (_PNG, _SVG):
        from perilune.profiler.renderers.growth_plot import plot

        content = plot(growth, form)
    else:
        _write_text(growth, sources, options)
        return
    write_result(content, options.output)


def _write_text(growth: Growth, sources: Sources, options: argparse.Namespace) -> None:
    is_stream = options.output in (None, STANDARD_OUTPUT)
    encoding = sys.stdout.encoding if is_stream else "utf-8"
    is_terminal = is_stream and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if is_terminal else _WIDTH
    lines = report(growth, sources, width, options.top, ascii_only=not _has(encoding))
    if is_terminal and os.environ.get("TERM") != "dumb":
        print_styled(lines, width, sys.stdout)
    else:
        text = plain_text(lines)
        write_result(encoded(text if _has(encoding) else text.replace("…", "..."), encoding), options.output)


def _has(encoding: str) -> bool:
    """Whether an encoding has the characters of `n²` and its like."""
    try:
        SPECIAL.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
