"""Measures the speed of Perilune beside other Luas, in one command: ratios of programs with their spread, means, and growth.

    python benchmarks/speed.py [--lua-benchmarks FOLDER] [--programs FOLDER] [--puc-source FOLDER] [--json FILE] [NAME...]

Runs are made in turns, the start-up of each engine is subtracted, the fastest run of each counts, and behind a ratio stands
its range in single rounds. Without names it runs all programs. What is missing on a machine is said, and the rest measured.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from engines import Engine, installed_engines
from measuring import CommandFailed, geometric_mean
from program_sets import Program, chosen, lua_benchmarks, own_programs, programs_of
from puc_build import build_puc
from ratios import CLOCKS, Row, means, measure, start_seconds
from size_growth import INSTRUCTIONS, LINES, Step, instructions, lines

PARTS = ("ratios", "lines", "instructions")
_NAME_WIDTH = 20
_RATIO_WIDTH = 18
_MOST_TRAINING = 8
_RUN, _PROFILES = "run", ("sample", "count")


class Comparison(NamedTuple):
    """One engine's time over another's: the geometric mean, the largest, the program that has it, and of how many."""

    mean: float
    largest: float
    program: str
    programs: int


def main() -> int:
    """Prints the tables."""
    options = _parser().parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            _measure(options, Path(scratch))
        except CommandFailed as error:
            print(f"speed.py: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="programs to run, * stands for anything (default: all)"
    )
    parser.add_argument("--runs", type=_count, default=5, metavar="N", help="rounds of each program (default: 5)")
    parser.add_argument("--engines", metavar="NAME,...", help="which to run, of those that the command lists first")
    parser.add_argument("--parts", default=",".join(PARTS), metavar="NAME,...", help="of %(default)s")
    parser.add_argument(
        "--clock", choices=CLOCKS, default=CLOCKS[0], help="user time alone, or with the system's (default)"
    )
    parser.add_argument("--lua-benchmarks", type=Path, metavar="FOLDER", help="a checkout of gligneul/Lua-Benchmarks")
    parser.add_argument(
        "--programs", type=Path, metavar="FOLDER", help="a folder of Lua programs, in place of the project's"
    )
    parser.add_argument(
        "--arguments",
        action="append",
        default=[],
        metavar="'NAME ARGUMENT...'",
        help="what NAME.lua of that folder gets; may be repeated",
    )
    parser.add_argument(
        "--puc-source",
        type=Path,
        metavar="FOLDER",
        help="build PUC Lua from there with -O3 and profile-guided, and run it",
    )
    parser.add_argument("--largest", action="store_true", help="go to 10^10 instructions, which takes minutes")
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well, - for standard output alone")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of rounds")
    return int(text)


def _measure(options: argparse.Namespace, scratch: Path) -> None:
    parts = _among(options.parts, PARTS, "part")
    report = sys.stderr if options.json == "-" else sys.stdout

    def say(text: str = "") -> None:
        print(text, file=report, flush=True)

    engines, missing = installed_engines()
    programs = chosen(_programs(options, engines, scratch), options.names)
    if options.puc_source is not None:
        training = [program.words for program in own_programs()[:_MOST_TRAINING]]
        engines.insert(1, build_puc(options.puc_source.resolve(), scratch, training))
    if options.engines is not None:
        wanted = _among(options.engines, [engine.name for engine in engines], "engine")
        engines = [engine for engine in engines if engine.name in wanted]
    say(f"{platform.machine()}, Python {platform.python_version()}")
    for engine in engines:
        say(f"{engine.name:<{_NAME_WIDTH}}{engine.description}")
    for sentence in missing:
        say(sentence)
    found: dict[str, object] = {
        "engines": {engine.name: {"command": engine.command, "description": engine.description} for engine in engines},
        "missing": missing,
    }
    if "ratios" in parts:
        found["ratios"] = _print_ratios(say, programs, engines, options)
    if "lines" in parts:
        say("\nloading a source, a line")
        found["lines"] = _print_growth(say, lines(engines, LINES))
    if "instructions" in parts:
        say("\nexecuting, an instruction")
        sizes = INSTRUCTIONS if options.largest else INSTRUCTIONS[:-1]
        found["instructions"] = _print_growth(say, instructions(engines, sizes))
    if options.json == "-":
        print(json.dumps(found, indent=1))
    elif options.json is not None:
        Path(options.json).write_text(json.dumps(found, indent=1) + "\n")


def _among(text: str, names: Sequence[str], kind: str) -> list[str]:
    wanted = text.split(",")
    for name in wanted:
        if name not in names:
            raise CommandFailed(f"no {kind} {name}: there are {', '.join(names)}")
    return wanted


def _programs(options: argparse.Namespace, engines: Sequence[Engine], scratch: Path) -> list[Program]:
    if options.arguments and options.programs is None:
        raise CommandFailed("--arguments is for the programs of --programs")
    programs = own_programs()
    if options.programs is not None:
        words = [shlex.split(text) for text in options.arguments]
        programs = programs_of(options.programs.resolve(), {name: given for name, *given in words})
    if options.lua_benchmarks is not None:
        programs += lua_benchmarks(options.lua_benchmarks.resolve(), engines[0].command, scratch)
    return programs


def _print_ratios(
    say: Callable[..., None], programs: Sequence[Program], engines: Sequence[Engine], options: argparse.Namespace
) -> object:
    starts = start_seconds(engines, options.clock)
    say(
        f"\nstart-up, {options.clock} time: "
        + ", ".join(f"{name} {1000 * spent:.1f} ms" for name, spent in starts.items())
    )
    first, *others = engines
    say(f"\n{options.clock} time of programs without it; {first.name} in seconds, the others as ratios to that")
    say(f"{'':<{_NAME_WIDTH}}{first.name:>9}" + "".join(f"{engine.name:>{_RATIO_WIDTH}}" for engine in others))
    rows = []
    for row in measure(programs, engines, starts, options.runs, options.clock):
        rows.append(row)
        say(_row_text(row, first, others))
    average = means(rows, engines)
    say(
        f"{'geometric mean':<{_NAME_WIDTH + 9}}"
        + "".join(f"{average[engine.name]:.2f}".rjust(_RATIO_WIDTH - 12).ljust(_RATIO_WIDTH) for engine in others)
    )
    beside = _beside(rows, engines)
    for name, found in beside.items():
        say(
            f"{name}: {found.mean:.2f}, at most {found.largest:.2f} ({found.program}), "
            f"over the {found.programs} programs that both run"
        )
    for row in rows:
        for name, reason in row.failures.items():
            say(f"{row.program} does not run in {name}: {reason}")
    return {
        "clock": options.clock,
        "runs": options.runs,
        "start_seconds": starts,
        "programs": {row.program: {name: each._asdict() for name, each in row.ratios.items()} for row in rows},
        "failures": {row.program: row.failures for row in rows if row.failures},
        "geometric_means": average,
        "comparisons": {name: found._asdict() for name, found in beside.items()},
    }


def _row_text(row: Row, first: Engine, others: Sequence[Engine]) -> str:
    base = row.ratios.get(first.name)
    text = f"{row.program[: _NAME_WIDTH - 1]:<{_NAME_WIDTH}}" + (f"{base.seconds:>9.3f}" if base else f"{'-':>9}")
    for engine in others:
        ratio = row.ratios.get(engine.name)
        if ratio is None:
            cell = "-"
        elif math.isnan(ratio.ratio):
            cell = f"{ratio.seconds:.3f} s"
        else:
            cell = f"{ratio.ratio:.2f} ({ratio.lowest:.2f}-{ratio.highest:.2f})"
        text += f"{cell:>{_RATIO_WIDTH}}"
    return text


def _beside(rows: Sequence[Row], engines: Sequence[Engine]) -> dict[str, Comparison]:
    """Our run beside each other Lua, and our profiles beside our run."""
    found = {}
    for engine in engines:
        pair = (engine.name, _RUN) if engine.name in _PROFILES else (_RUN, engine.name)
        both = [row for row in rows if pair[0] in row.ratios and pair[1] in row.ratios]
        if engine.name != _RUN and both:
            each = {row.program: row.ratios[pair[0]].seconds / row.ratios[pair[1]].seconds for row in both}
            worst = max(each, key=lambda name: each[name])
            found[f"{pair[0]} beside {pair[1]}"] = Comparison(
                geometric_mean(each.values()), each[worst], worst, len(both)
            )
    return found


def _print_growth(say: Callable[..., None], steps: Iterator[tuple[str, Step]]) -> object:
    """Prints each step as it comes."""
    say(f"{'size':>14}  {'engine':<{_NAME_WIDTH}}{'seconds':>10}{'ns each':>12}{'peak MB':>10}{'bytes each':>12}")
    found: dict[str, list[object]] = {}
    for name, step in steps:
        found.setdefault(name, []).append(step._asdict())
        say(
            f"{step.size:>14,}  {name:<{_NAME_WIDTH}}{step.seconds:>10.3f}{1e9 * step.seconds_each:>12,.2f}"
            f"{step.peak_bytes / 1e6:>10.1f}{step.bytes_each:>12,.2f}"
        )
    return found


if __name__ == "__main__":
    sys.exit(main())
