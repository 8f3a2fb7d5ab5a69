"""`perilune store`: shows, clears and exports the results of runs that are kept."""

from __future__ import annotations

import argparse
import json
import os
import re
import time

from perilune.cli.destination import write_result
from perilune.cli.errors import CommandError, describe
from perilune.cli.limits import size_in_bytes
from perilune.cli.output import row_count
from perilune.cli.runs.store import VARIABLE, Entry, Store, default_path
from perilune.cli.streams import print_text
from perilune.profiler.renderers.figures import bytes_text, count_text, plural, printable
from perilune.profiler.renderers.report.table import Column, plain_text, table

_WIDTH = 100
_DAY_SECONDS = 86_400
_DEFAULT_DAYS = 90.0
_DEFAULT_SIZE = "1G"
_TIME = "%Y-%m-%d %H:%M"
_UNSAFE = re.compile(r"[^\w.-]+")

DESCRIPTION = """\
Show, clear or export the results of runs that suite, grow, history and bisect
made. They are kept, so that what has not changed is not run again. A result
holds for the content of the program and of the modules it loaded, the
arguments, the input, the limits, and this build of Perilune.
"""

EPILOG = f"""\
The store is the file that --store or the environment variable {VARIABLE}
names, or results.sqlite in the folder perilune of your data folder. {VARIABLE}=off
keeps nothing. Several processes may use a store at once.
"""


def main(arguments: list[str]) -> int:
    """Returns 0; ends the command where the store cannot be used."""
    options = _parser().parse_args(arguments)
    path = options.store or default_path()
    if path is None:
        raise CommandError("no store: give its file with --store")
    if not os.path.exists(path):
        raise CommandError(f"no store at {path}: nothing has been kept yet")
    with Store(path) as store:
        {"ls": _list, "gc": _collect, "export": _export}[options.action](store, options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="perilune store",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--store", metavar="FILE", help="the store (default: see below)")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("ls", help="show what is stored, last used first", allow_abbrev=False)
    _add_pattern(listed)
    listed.add_argument("--top", type=row_count, default=20, metavar="N", help="rows; 0 for all (default: 20)")
    listed.add_argument("--format", choices=("text", "json"), default="text", help="how to write it (default: text)")
    collected = actions.add_parser("gc", help="forget what is of no use any more", allow_abbrev=False)
    collected.add_argument(
        "--max-size", default=_DEFAULT_SIZE, metavar="SIZE", help="keep no more than that (default: %(default)s)"
    )
    collected.add_argument(
        "--unused-days",
        type=_days,
        default=_DEFAULT_DAYS,
        metavar="N",
        help="forget what has not been used for so long (default: %(default)g)",
    )
    exported = actions.add_parser("export", help="write profiles into a folder, as JSON", allow_abbrev=False)
    _add_pattern(exported)
    exported.add_argument("-o", "--output", required=True, metavar="FOLDER", help="where to write them")
    return parser


def _add_pattern(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pattern", nargs="?", default="*", help="only programs whose path fits it, as *sort.lua")


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of days")
    return days


def _list(store: Store, options: argparse.Namespace) -> None:
    entries = store.entries(options.pattern, options.top or None)
    if options.format == "json":
        print_text(json.dumps([_json(entry) for entry in entries], separators=(",", ":")) + "\n")
        return
    columns: list[Column[Entry]] = [
        Column("id", lambda entry: (str(entry.id), "")),
        Column("instr", lambda entry: (count_text(entry.instructions), "")),
        Column("status", lambda entry: (str(entry.exit_status), "")),
        Column("size", lambda entry: (bytes_text(entry.bytes), "")),
        Column("used", lambda entry: (time.strftime(_TIME, time.localtime(entry.used)), "dim")),
        Column("", lambda entry: ("" if entry.is_current else "old", "dim"), False),
        Column("program", lambda entry: (printable(" ".join([entry.program, *entry.arguments])), ""), False),
    ]
    count, size = store.totals()
    if entries:
        print_text(plain_text(table("Stored results", columns, entries, 0, _WIDTH)))
    print_text(f"{plural(count, 'result', exact=True)}, {bytes_text(size)}, in {store.path}\n")


def _json(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "program": entry.program,
        "arguments": list(entry.arguments),
        "instructions": entry.instructions,
        "exit_status": entry.exit_status,
        "seconds": entry.seconds,
        "bytes": entry.bytes,
        "used": entry.used,
        "current": bool(entry.is_current),
    }


def _collect(store: Store, options: argparse.Namespace) -> None:
    gone = store.collect(size_in_bytes(options.max_size, "--max-size"), options.unused_days * _DAY_SECONDS)
    count, size = store.totals()
    print_text(f"{plural(gone, 'result', exact=True)} forgotten; {count:,} left, {bytes_text(size)}\n")


def _export(store: Store, options: argparse.Namespace) -> None:
    folder = options.output
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise CommandError(f"cannot make the folder {folder}: {describe(error)}") from error
    count = 0
    for entry in store.entries(options.pattern):
        content = store.content(entry.id)
        if content is not None:  # of one that was collected meanwhile
            name = f"{_UNSAFE.sub('-', entry.program).strip('-.')}-{entry.id}.json"
            write_result(content, os.path.join(folder, name))
            count += 1
    print_text(f"{plural(count, 'profile', exact=True)} written into {folder}\n")
