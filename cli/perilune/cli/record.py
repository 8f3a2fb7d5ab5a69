"""`perilune record`: runs a command in which Lua is embedded, and writes what its Lua cost."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence

from perilune.cli.errors import CommandError, describe, tell
from perilune.cli.forms import FORMS
from perilune.cli.host_command import run_host, why_no_lua
from perilune.cli.output import VALUE_OPTIONS as OUTPUT_OPTIONS
from perilune.cli.output import Output, add_options
from perilune.cli.streams import print_text
from perilune.profiler.foreign_sources import attach
from perilune.profiler.model import Profile, ProfileFormatError, Program
from perilune.profiler.recordings import NONE, Recording, profile_of_recordings, read_recording
from perilune.profiler.scratch import scratch_folder
from perilune.profiler.sources import find_sources

_RECORDER = os.path.join(os.path.dirname(__file__), "recorder.lua")
_PROBE_FILE = "perilune_recorder.so"
_INIT_VARIABLES = ("LUA_INIT", "LUA_INIT_5_2", "LUA_INIT_5_3", "LUA_INIT_5_4")
_VALUE_OPTIONS = ("--interval", *OUTPUT_OPTIONS)
_SUFFIX = ".recording"
_WITHOUT_LUA = "programs"

DESCRIPTION = """\
Run a command in which Lua is embedded, of Lua 5.1 to 5.4 or LuaJIT, and report
what the lines of its Lua cost: lua5.1 to lua5.4, luajit, and programs that load
Lua as a shared library. The report goes to standard error when the command has
ended; the exit status is the command's. What was recorded before a crash is in
the report.

Times are of the processor, by samples: 250 a second on most systems. The report
says what recording cost.

Programs with a Lua of their own built in load the recorder by a line of their
start-up file, dofile("recorder.lua"): --print-recorder writes that file. It does
nothing but under perilune record. docs/hosts/ has a page for many programs.
"""


def main(arguments: list[str]) -> int:
    """Returns the command's exit status, as shells have it for one that a signal ended; 1 if there is no profile."""
    parser = _parser()
    ours, command = _split(arguments)
    options = parser.parse_args(ours)
    if options.print_recorder:
        with open(_RECORDER, encoding="utf-8") as file:
            print_text(file.read())
        return 0
    if not command:
        parser.error("which command? (see perilune record --help)")
    chosen = Output.chosen(options, FORMS)
    if chosen.path is None and not chosen.form.is_report:
        parser.error(f"--format {chosen.form.name} needs -o FILE, or -o - for standard output")
    chosen.check("count" if options.hits else "sample")
    with scratch_folder() as folder:
        os.chmod(folder, 0o1777)  # servers give up their rights before they begin
        started = time.monotonic_ns()
        status = run_host(command, _environment(folder, options.hits, options.interval))
        wall_ns = time.monotonic_ns() - started
        recordings, programs = _recordings(folder), _programs(folder)
    profile = _profile(recordings, command, wall_ns)
    if profile is None:
        tell(f"nothing was recorded: {_why_nothing(recordings, programs or [shutil.which(command[0]) or command[0]])}")
        return status or 1
    sources, _ = find_sources(profile, [""])
    chosen.write(profile, sources, sys.stderr, stands_apart=chosen.path is None, keeps=True)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="perilune record",
        usage="perilune record [OPTION]... [--] COMMAND [ARGUMENT]...",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--hits", action="store_true", help="count how often every line runs, exactly: many times slower, and no times"
    )
    parser.add_argument(
        "--interval",
        type=_interval,
        default=1.0,
        metavar="MS",
        help="processor time between two samples (default: 1, or what the system's clock has, often 4)",
    )
    parser.add_argument("--print-recorder", action="store_true", help="write the recorder to standard output, and end")
    add_options(parser, FORMS, "standard error")
    return parser


def _interval(text: str) -> float:
    try:
        interval = float(text)
    except ValueError:
        interval = 0.0
    if not 0.1 <= interval <= 10_000:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of milliseconds from 0.1 to 10000")
    return interval


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Our options, and the command, which begins with the first word that is none of them."""
    at = 0
    while at < len(arguments) and arguments[at].startswith("-"):
        if arguments[at] == "--":
            return list(arguments[:at]), list(arguments[at + 1 :])
        at += 2 if arguments[at] in _VALUE_OPTIONS else 1
    return list(arguments[:at]), list(arguments[at:])


def _environment(folder: str, counts_lines: bool, interval_ms: float) -> dict[str, str]:
    """What the command and its children find in their environment."""
    given = dict(os.environ)
    probe = _probe(folder)
    given["PERILUNE_RECORDER_FOLDER"] = folder
    given["PERILUNE_RECORDER_INTERVAL_NS"] = str(round(interval_ms * 1e6))
    given["PERILUNE_RECORDER_MODE"] = "hits" if counts_lines else "sample"
    if probe is not None:
        given["PERILUNE_RECORDER_PROBE"] = probe
        given["LD_PRELOAD"] = ":".join(filter(None, (probe, given.get("LD_PRELOAD"))))
    for variable in _INIT_VARIABLES:
        if variable in os.environ:
            given["PERILUNE_RECORDER_" + variable] = os.environ[variable]
        given[variable] = "@" + _RECORDER
    return given


def _probe(folder: str) -> str | None:
    """The recorder in C, under a name that the dynamic linker can take; None where there is none, which is told."""
    from importlib.util import find_spec

    core = find_spec("perilune.vm._core")
    path = os.path.join(os.path.dirname(core.origin or ""), _PROBE_FILE) if core is not None else ""
    if not os.path.exists(path):
        tell("there is no recorder in C for this system: only LuaJIT and standalone interpreters can be recorded")
        return None
    if not set(path) & set(" :"):  # which separate what is preloaded
        return path
    link = os.path.join(folder, _PROBE_FILE)
    os.symlink(path, link)
    return link


def _recordings(folder: str) -> list[Recording]:
    recordings = []
    for name in sorted(os.listdir(folder)):
        if not name.endswith(_SUFFIX):
            continue
        try:
            with open(os.path.join(folder, name), "rb") as file:
                recordings.append(read_recording(file.read()))
        except OSError as error:
            raise CommandError(f"cannot read what was recorded: {describe(error)}") from error
        except ProfileFormatError as error:
            tell(f"a recording is damaged and left out: {error}")
    return recordings


def _profile(recordings: list[Recording], command: Sequence[str], wall_ns: int) -> Profile | None:
    """The profile; None if nothing at all was seen of any Lua."""
    if not any(recording.stacks for recording in recordings):
        return None
    profile = profile_of_recordings(recordings, Program(command[0], list(command[1:])), wall_ns)
    attach(profile, ["", *filter(os.path.isdir, command[1:])])  # a host may call its files as seen from their folder
    return profile


def _programs(folder: str) -> list[str]:
    """The programs that ran without any Lua state, as far as they could be asked, the last one first."""
    try:
        with open(os.path.join(folder, _WITHOUT_LUA), encoding="utf-8", errors="surrogateescape") as file:
            return list(dict.fromkeys(reversed(file.read().splitlines())))
    except OSError:
        return []


def _why_nothing(recordings: list[Recording], programs: list[str]) -> str:
    states = [state for recording in recordings for state in recording.states.values()]
    if not states:
        return why_no_lua(programs)
    if all(state.method == NONE for state in states):
        return "this LuaJIT was built without its profiler"
    return "Lua was seen, but it ran for less than the time between two samples (--hits counts its lines all the same)"
