"""`perilune host`: runs a program that has Lua inside, and writes what its Lua code cost."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, get_args

from perilune.cli.errors import CommandError, describe, tell
from perilune.cli.forms import FORMS
from perilune.cli.host_programs import why_without_profile
from perilune.cli.output import Output, add_options
from perilune.cli.profile import interval_seconds
from perilune.profiler.instructions import ImpossibleCountError
from perilune.profiler.loaded_files import LoadedFiles
from perilune.profiler.model import RunOutcome
from perilune.profiler.renderers.figures import time_text
from perilune.profiler.scratch import scratch_folder
from perilune.profiler.session import Mode, profile_of_raw, sampling_interval_ns
from perilune.profiler.sources import split_lines
from perilune.profiler.summing import summed
from perilune.vm.host_server import CACHE_VARIABLE, VARIABLE, HostServer, HostState, cache_place, library_path

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile
    from perilune.vm.texts import Texts

DESCRIPTION = """\
Run a program that has Lua inside, with Perilune's Lua in the place of its own,
and report what its Lua code cost when it ends. Nothing in the program changes:
it is one that loads liblua5.4.so.0, as Debian's gnuplot, clingo, lighttpd,
neomutt and dnsmasq do, itself or in a process that it starts.

The report goes to standard error, the exit status is the program's, and so are
the streams. Each Lua state that ran has a report of its own; --merge adds them
up. A crash or a kill leaves what there was up to a second before.
"""

EXAMPLE = """\
example:
  perilune host -o plot.html -- gnuplot plot.gp

A program with another Lua, or with one linked into itself, cannot be profiled so,
and is told. docs/hosts.md has more.
"""

# Under which other systems' programs ask for the library as well.
_NAMES = ("liblua5.4.so.0", "liblua5.4.so", "liblua5.4.so.5.4", "liblua.so.5.4", "liblua-5.4.so")

_SIGNALLED = 128  # as shells have the end by a signal
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
_CUT_SHORT = "the process did not close it: its last moments are missing"


def main(arguments: list[str]) -> int:
    """Runs the command and returns the program's exit status; 1 if that is 0 and there is no profile."""
    parser = _parser()
    begin = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:begin])
    command = arguments[begin + 1 :]
    if not command:
        parser.error("which program? Its command line stands behind -- (see perilune host --help)")
    chosen = Output.chosen(options, FORMS)
    chosen.check(options.mode)
    if chosen.path is None and not chosen.form.is_report:
        parser.error(f"--format {chosen.form.name} needs -o FILE, or -o - for standard output")
    if options.mode != "sample" and options.interval:
        parser.error(f"--interval is for --mode sample, not --mode {options.mode}")
    library = library_path()
    if library is None:
        raise CommandError("perilune host needs Linux, where a library can take the place of another one")
    with HostServer(options.mode, sampling_interval_ns(options.mode, None, options.interval)) as server:
        status = _run(command, library, server.address)
    for state in server.states:
        if not state.is_whole and os.path.exists(f"/proc/{state.process}"):
            tell(f"{state.program} (process {state.process}) still runs: its profile ends here")
    states = [state for state in server.states if state.raw is not None and state.raw["functions"]]
    if not states:
        made = "no Lua code ran" if server.states else why_without_profile(command[0])
        tell(f"no profile: {made}")
        return status or 1
    _write_all(chosen, options.mode, states, server.texts, options.merge)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="perilune host",
        usage="perilune host [OPTION]... -- COMMAND [ARGUMENT]...",
        description=DESCRIPTION,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--mode",
        choices=get_args(Mode),
        default="sample",
        help="what to measure, as perilune profile has it (default: sample)",
    )
    parser.add_argument(
        "--interval", type=interval_seconds, metavar="MS", help="milliseconds between samples (default: 1)"
    )
    parser.add_argument("--merge", action="store_true", help="one report of all Lua states, added up")
    add_options(parser, FORMS, "standard error, for text")
    return parser


def _run(command: list[str], library: str, address: str) -> int:
    """The exit status of the command, which finds the library before the system's."""
    with scratch_folder() as folder, _signals() as take_over:
        os.chmod(folder, 0o755)  # for programs that go on as another user
        for name in _NAMES:
            os.symlink(library, os.path.join(folder, name))
        before = os.environ.get("LD_LIBRARY_PATH")
        search = f"{folder}:{before}" if before else folder
        try:
            added = {VARIABLE: address, CACHE_VARIABLE: cache_place(), "LD_LIBRARY_PATH": search}
            process = subprocess.Popen(command, env=os.environ | added)
        except OSError as error:
            status = _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE
            raise CommandError(f"cannot run {command[0]}: {describe(error)}", status) from error
        take_over.append(process)
        status = process.wait()
    return status if status >= 0 else _SIGNALLED - status


@contextmanager
def _signals() -> Iterator[list[subprocess.Popen[bytes]]]:
    """What would end this process is the program's: the terminal sends it Ctrl-C itself, the rest is handed on."""
    processes: list[subprocess.Popen[bytes]] = []

    def hand_on(number: int, _: object) -> None:
        for process in processes:
            process.send_signal(number)

    former = {number: signal.signal(number, hand_on) for number in (signal.SIGTERM, signal.SIGHUP)}
    former[signal.SIGINT] = signal.signal(signal.SIGINT, lambda number, _: None)
    try:
        yield processes
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _write_all(chosen: Output, mode: Mode, states: list[HostState], texts: Texts, merge: bool) -> None:
    raws = [state.raw for state in states if state.raw is not None]
    if merge or len(states) == 1:
        cut_short = [state for state in states if not state.is_whole]
        _write(chosen, mode, summed(raws), LoadedFiles.of(texts), bool(cut_short))
        return
    for number, (state, raw) in enumerate(zip(states, raws, strict=True), start=1):
        place = chosen.numbered(number)
        where = f" in {place.path}" if place.path is not None else ""
        took = time_text(raw["run_ns"])
        tell(f"Lua state {state.number} of {state.program}, process {state.process}, ran {took}{where}")
        _write(place, mode, raw, LoadedFiles.of(texts), not state.is_whole)


def _write(chosen: Output, mode: Mode, raw: RawProfile, loaded: LoadedFiles, is_cut_short: bool) -> None:
    try:
        profile = profile_of_raw(raw, mode, loaded)
    except ImpossibleCountError as error:  # taken in the middle of a step
        tell(f"no profile: the process ended when its counters did not agree ({error})")
        return
    profile.outcome = RunOutcome("interrupted", _CUT_SHORT) if is_cut_short else RunOutcome("ok")
    sources = {path: split_lines(text) for path, text in loaded.contents(file.path for file in profile.files).items()}
    chosen.write(profile, sources, sys.stderr, stands_apart=chosen.path is None, keeps=True)
