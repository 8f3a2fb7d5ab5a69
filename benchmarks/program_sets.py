"""The programs that are measured: those beside this file, the examples, Lua-Benchmarks, and folders of programs of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from measuring import CommandFailed, usage_of

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
EXAMPLES = HERE.parent / "examples"


class Program(NamedTuple):
    """A program with its arguments, and the file that is its standard input."""

    name: str
    words: list[str]
    standard_input: Path | None = None


_OWN = ("fib", "gc_pauses", "methods", "pipeline", "queens", "server_loop", "sieve", "sorting", "strings", "trees")
_EXAMPLES = {
    "nbody": ["200000"],
    "json": ["30000"],
    "wordcount": [str(EXAMPLES / "json.lua")] * 2000,  # counts the words of one file often
}

# The sizes of https://github.com/gligneul/Lua-Benchmarks, smaller where a run would take minutes.
_LUA_BENCHMARKS = {
    "ack": ["3", "9"],
    "fixpoint-fact": ["2000"],
    "heapsort": ["6", "200000"],
    "mandel": [],
    "qt": [],
    "queen": ["11"],
    "sieve": ["3000"],
    "binary-trees": ["15"],
    "n-body": ["1000000"],
    "fannkuch-redux": ["10"],
    "fasta": ["1500000"],
    "spectral-norm": ["700"],
}
# The kernels of its scimark.lua, and how often each doubles its rounds: without that it runs until the time is enough.
_SCIMARK = {"FFT": 9, "SOR": 9, "MC": 23, "SPARSE": 12, "LU": 6}
_NUCLEOTIDES = "100000"


def own_programs() -> list[Program]:
    """What the project has."""
    programs = [Program(name, [str(PROGRAMS / f"{name}.lua")]) for name in _OWN]
    return programs + [Program(name, [str(EXAMPLES / f"{name}.lua"), *words]) for name, words in _EXAMPLES.items()]


def lua_benchmarks(folder: Path, interpreter: list[str], scratch: Path) -> list[Program]:
    """The programs of a checkout of Lua-Benchmarks; their input is made in the folder `scratch`. Raises CommandFailed."""
    missing = [name for name in (*_LUA_BENCHMARKS, "scimark", "k-nucleotide") if not (folder / f"{name}.lua").exists()]
    if missing:
        raise CommandFailed(f"{folder}: no checkout of Lua-Benchmarks: {missing[0]}.lua is not there")
    programs = [Program(f"lb/{name}", [str(folder / f"{name}.lua"), *words]) for name, words in _LUA_BENCHMARKS.items()]
    rounds = str(PROGRAMS / "scimark_rounds.lua")
    for kernel, doublings in _SCIMARK.items():
        words = [rounds, str(folder / "scimark.lua"), kernel, str(doublings)]
        programs.append(Program(f"lb/scimark {kernel}", words))
    sequence = scratch / "fasta.txt"
    sequence.write_bytes(
        usage_of([*interpreter, str(folder / "fasta.lua"), _NUCLEOTIDES], keeps_output=True).output,
    )
    programs.append(Program("lb/k-nucleotide", [str(folder / "k-nucleotide.lua")], sequence))
    return programs


def programs_of(folder: Path, arguments: Mapping[str, list[str]]) -> list[Program]:
    """Each Lua file of a folder, with the arguments that are given for its name. Raises CommandFailed if it has none."""
    files = sorted(folder.glob("*.lua"))
    if not files:
        raise CommandFailed(f"{folder}: no Lua files")
    unknown = sorted(arguments.keys() - {path.stem for path in files})
    if unknown:
        raise CommandFailed(f"{folder}: no {unknown[0]}.lua, for which arguments are given")
    return [Program(path.stem, [str(path), *arguments.get(path.stem, [])]) for path in files]


def chosen(programs: Iterable[Program], patterns: list[str]) -> list[Program]:
    """Those whose names fit one of the patterns, all if there is none. Raises CommandFailed for one that nothing fits."""
    programs = list(programs)
    for pattern in patterns:
        if not any(fnmatchcase(program.name, pattern) for program in programs):
            raise CommandFailed(f"no program {pattern}: there are {', '.join(program.name for program in programs)}")
    return [each for each in programs if not patterns or any(fnmatchcase(each.name, pattern) for pattern in patterns)]
