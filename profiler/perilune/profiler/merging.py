"""Several runs of one program as one set of counters: what was measured adds up, what was counted is that of one run.

Pure. Merged are the counters and not the profiles, so that every sum of the profile holds for a profile of many runs too.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

from perilune.profiler.instructions import Identity, Instruction, functions_of, identified, no_clock
from perilune.profiler.loaded_files import LoadedFile, LoadedFiles
from perilune.profiler.model import Profile, Range
from perilune.profiler.shares import interval_of_share

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawFunction, RawProfile, RawSampling

_OTHER_WORK = 2
"""A run with this many times the instructions of another has not done the same: it found a file that the other made."""
_LEADING = 5
_SUMMED = ("ticks", "samples", "waiting", "gc_driven")
_MEANS = ("gc_ticks", "compile_ticks", "outside_ticks")
_COUNTED = ("counts", "allocations", "allocated_bytes")
_LINE_FIGURES = ("hits", "instructions", "allocations", "allocated_bytes")
_FUNCTION_FIGURES = ("calls", "instructions", "allocations", "allocated_bytes")
_TOTALS = ("instructions", "allocations", "allocated_bytes", "peak_bytes", "peak_depth")

_Subject = tuple[str, str, int]
"""A path, the name of a function, "" for a line, and a line's number."""
_Node = tuple[int, int, int, str | None]
"""Index of the parent, id of the function, line, name of the library function."""


class MergedRuns:
    """The runs of one program, added up.

    Times are the mean of a run. Samples are those of all runs, so that errors shrink with their number. Counts, bytes and
    depths are those of the first run; what differs in the others is in `mark`. A function that the first run did not load
    has its times, and no counts.
    """

    def __init__(self, raw: RawProfile, loaded: LoadedFiles) -> None:
        self.count = 1
        self.loaded = loaded
        self._first = raw
        self._functions = [cast("RawFunction", dict(function)) for function in raw["functions"]]
        self._sums: list[dict[str, array[int]]] = []
        self._places: dict[tuple[LoadedFile, Identity], int] = {}
        self._files: dict[str, LoadedFile] = {}
        by_id = {function["id"]: index for index, function in enumerate(self._functions)}
        for function, file, identity in identified(raw["functions"], loaded.file):
            self._places.setdefault((file, identity), by_id[function["id"]])
            self._files[file.path] = file
        self._sums = [_sums(function) for function in self._functions]
        self._adopted: dict[LoadedFile, int] = {}
        self._builtins = {row[0]: list(row[1:]) for row in _by_name(raw["builtins"])}
        self._zones: dict[bytes, list[int | None]] = {zone[0]: list(zone[1:]) for zone in raw["zones"]}
        self._run_times = [raw["run_ns"]]
        self._wall_ns = raw["wall_ns"]
        self._cpu_ns = raw["cpu_ns"]
        self._means = {name: cast("dict[str, int]", raw)[name] for name in _MEANS}
        self._gc_work = raw["collector"]["work"]
        self._sampling = None if raw["sampling"] is None else _Samples(raw["sampling"])
        self._counts = _counts(raw)
        self._ranges: dict[_Subject | None, dict[str, tuple[int, int]]] | None = None
        self._next_id = 1 + max((function["id"] for function in self._functions), default=0)

    @property
    def run_times(self) -> Sequence[int]:
        """What each run took, in nanoseconds."""
        return self._run_times

    @property
    def agree(self) -> bool:
        """Whether all runs counted the same."""
        return self._ranges is None

    @property
    def ranges(self) -> list[Range]:
        """The figures of the whole run that differ between runs."""
        return [] if self._ranges is None else _differing(self._ranges[None])

    def obstacle(self, raw: RawProfile, loaded: LoadedFiles) -> str | None:
        """Why a run cannot be added; None if it can."""
        for function in raw["functions"]:
            file = loaded.file(function)
            if self._files.get(file.path, file) != file:
                return f"{file.path} changed meanwhile"
        counts = sorted((_instructions_of(self._first), _instructions_of(raw)))
        if counts[1] > _OTHER_WORK * counts[0]:
            return f"it executed {_instructions_of(raw):,} instructions, not {_instructions_of(self._first):,}"
        return None

    def add(self, raw: RawProfile, loaded: LoadedFiles) -> None:
        """Adds a run that nothing prevents from being added."""
        self.count += 1
        ids = self._add_functions(raw, loaded)
        for name, _, ticks, samples in _by_name(raw["builtins"]):
            row = self._builtins.setdefault(name, [0, 0, 0])
            row[1] += ticks
            row[2] += samples
        for zone_name, _, ns, _, _, cpu_ns in raw["zones"]:
            zone = self._zones.setdefault(zone_name, [0, 0, 0, 0, 0])
            zone[1] = (zone[1] or 0) + ns
            zone[4] = None if zone[4] is None or cpu_ns is None else zone[4] + cpu_ns
        self._run_times.append(raw["run_ns"])
        self._wall_ns += raw["wall_ns"]
        self._cpu_ns = None if self._cpu_ns is None or raw["cpu_ns"] is None else self._cpu_ns + raw["cpu_ns"]
        for name in _MEANS:
            self._means[name] += cast("dict[str, int]", raw)[name]
        self._gc_work += raw["collector"]["work"]
        if self._sampling is not None and raw["sampling"] is not None:
            self._sampling.add(raw["sampling"], ids)
        if _counts(raw) != self._counts:
            self._widen(raw, loaded)

    def raw(self) -> RawProfile:
        """The counters of all runs as those of one."""
        if self.count == 1:
            return self._first
        functions = []
        for function, sums in zip(self._functions, self._sums, strict=True):
            merged = dict(function)
            for name, added in sums.items():
                values = (value // self.count for value in added) if name == "ticks" else added
                merged[name] = array("Q", values).tobytes()
            functions.append(cast("RawFunction", merged))
        merged = dict(self._first)
        merged.update({name: ticks // self.count for name, ticks in self._means.items()})
        merged |= {
            "functions": functions,
            "builtins": [(name, row[0], row[1] // self.count, row[2]) for name, row in self._builtins.items()],
            "zones": [self._zone(name, values) for name, values in self._zones.items()],
            "run_ns": sum(self._run_times) // self.count,
            "wall_ns": self._wall_ns // self.count,
            "cpu_ns": None if self._cpu_ns is None else self._cpu_ns // self.count,
            "collector": {**self._first["collector"], "work": self._gc_work},
            "sampling": None if self._sampling is None else self._sampling.raw(),
        }
        return cast("RawProfile", merged)

    def mark(self, profile: Profile) -> None:
        """Writes into the rows of the runs' profile between which ends their counts lie, where these differ."""
        if self._ranges is None:
            return
        for file in profile.files:
            for line in file.lines:
                line.ranges = _differing(self._ranges.get((file.path, "", line.line), {}))
            for row in file.functions:
                row.ranges = _differing(self._ranges.get((file.path, row.name, row.line), {}))

    def leading_error(self) -> float | None:
        """The largest error of the shares of the lines that lead; None where nothing is sampled."""
        if self._sampling is None:
            return None
        whole = self._sampling.all
        by_line: dict[tuple[int, int], int] = {}
        for index, (function, sums) in enumerate(zip(self._functions, self._sums, strict=True)):
            samples = sums["samples"]
            if any(samples):
                lines = array("I", function["lines"]) or array("I", bytes(4 * len(samples)))
                file = self._file_number(index)
                for line, found in zip(lines, samples, strict=False):
                    if found:
                        by_line[file, line] = by_line.get((file, line), 0) + found
        leading = sorted(by_line.values(), reverse=True)[:_LEADING] or [0]
        shares = [found / whole if whole else 0.0 for found in leading]
        return max(interval_of_share(share, whole).error(share) for share in shares)

    def _file_number(self, index: int) -> int:
        return self._functions[index]["text"]

    def _add_functions(self, raw: RawProfile, loaded: LoadedFiles) -> dict[int, int]:
        """Adds to the functions, and gives their ids by those that they have in the run."""
        ids = {}
        begin = self._next_id
        for function, file, identity in identified(raw["functions"], loaded.file):
            place = self._places.get((file, identity))
            if place is None:
                place = self._adopt(function, file, begin)
                self._places[file, identity] = place
            sums = self._sums[place]
            for name, added in _sums(function).items():
                if any(added):
                    sums[name] = array("Q", map(int.__add__, sums[name], added)) if name in sums else added
            ids[function["id"]] = self._functions[place]["id"]
        return ids

    def _adopt(self, function: RawFunction, file: LoadedFile, begin: int) -> int:
        """A function that the first run did not have. Ids keep their distances, by which the functions of a chunk are known."""
        known = self._files.setdefault(file.path, file)
        if known not in self._adopted:
            self._adopted[known] = self.loaded.adopt(known)
        nothing = {name: bytes(len(cast("dict[str, bytes]", function)[name])) for name in _BLANK}
        parent = function["parent"]
        copy = {
            **function,
            **nothing,
            "id": begin + function["id"],
            "parent": None if parent is None else begin + parent,
            "text": self._adopted[known],
            "entries": 0,
            "live_kinds": [],
        }
        self._next_id = max(self._next_id, begin + function["id"] + 1)
        self._functions.append(cast("RawFunction", copy))
        self._sums.append({name: array("Q", bytes(8 * len(sums))) for name, sums in _sums(function).items()})
        return len(self._functions) - 1

    def _zone(self, name: bytes, values: list[int | None]) -> tuple[bytes, int, int, int, int, int | None]:
        calls, ns, size, allocations, cpu_ns = values
        mean_cpu_ns = None if cpu_ns is None else cpu_ns // self.count
        return name, calls or 0, (ns or 0) // self.count, size or 0, allocations or 0, mean_cpu_ns

    def _widen(self, raw: RawProfile, loaded: LoadedFiles) -> None:
        if self._ranges is None:
            first = _figures(self._first, self.loaded)
            self._ranges = {
                subject: {name: (value, value) for name, value in figures.items()} for subject, figures in first.items()
            }
        others = _figures(raw, loaded)
        for subject in {**self._ranges, **others}:
            other = others.get(subject, {})
            known = self._ranges.setdefault(subject, dict.fromkeys(other, (0, 0)))
            for name, (low, high) in known.items():
                value = other.get(name, 0)
                known[name] = (min(low, value), max(high, value))


_BLANK = ("counts", "taken", "aborted", "allocations", "allocated_bytes", "live_bytes", "peak_live_bytes")


class _Samples:
    """What the samplers of several runs found."""

    def __init__(self, sampling: RawSampling) -> None:
        self._first = sampling
        self.all = 0
        self._elsewhere = dict.fromkeys(("gc_samples", "compile_samples", "outside_samples"), 0)
        self._nodes: list[_Node] = [(0, 0, 0, None)]
        self._places: dict[_Node, int] = {}
        self._samples = [0]
        self._waits = [0]
        self._knows_waiting = True
        self._waiting = dict.fromkeys(("samples", "gc", "compile", "outside"), 0)
        self._builtins: dict[str, int] = {}
        self.add(sampling, {node[1]: node[1] for node in sampling["tree"]})

    def add(self, sampling: RawSampling, ids: dict[int, int]) -> None:
        """Adds the samples of a run. `ids` are the functions' here by those that they had in the run."""
        self.all += sampling["samples"]
        for name in self._elsewhere:
            self._elsewhere[name] += cast("dict[str, int]", sampling)[name]
        waiting = sampling["waiting"]
        waits = [0] * len(sampling["tree"]) if waiting is None else waiting["tree"]
        places = [0]
        for (parent, id, line, builtin, samples), waited in zip(sampling["tree"][1:], waits[1:], strict=True):
            node = (places[parent], ids[id] if builtin is None else 0, line, builtin)
            place = self._places.setdefault(node, len(self._nodes))
            if place == len(self._nodes):
                self._nodes.append(node)
                self._samples.append(0)
                self._waits.append(0)
            self._samples[place] += samples
            self._waits[place] += waited
            places.append(place)
        if waiting is None:
            self._knows_waiting = False
            return
        for name in self._waiting:
            self._waiting[name] += cast("dict[str, int]", waiting)[name]
        for builtin, waited in waiting["builtins"].items():
            self._builtins[builtin] = self._builtins.get(builtin, 0) + waited

    def raw(self) -> RawSampling:
        """All samples as those of one run."""
        waiting = {**self._waiting, "builtins": self._builtins, "tree": self._waits}
        tree = [(*node, samples) for node, samples in zip(self._nodes, self._samples, strict=True)]
        return cast(
            "RawSampling",
            {
                **self._first,
                **self._elsewhere,
                "samples": self.all,
                "tree": tree,
                "waiting": waiting if self._knows_waiting else None,
            },
        )


def _sums(function: RawFunction) -> dict[str, array[int]]:
    """What adds up of a function's counters."""
    counters = cast("dict[str, bytes | None]", function)
    return {name: array("Q", values) for name in _SUMMED if (values := counters[name]) is not None}


def _by_name(builtins: Iterable[tuple[str, int, int, int]]) -> Iterable[tuple[str, int, int, int]]:
    """The library functions, each once."""
    sums: dict[str, tuple[int, int, int]] = {}
    for name, *figures in builtins:
        before = sums.get(name, (0, 0, 0))
        sums[name] = (before[0] + figures[0], before[1] + figures[1], before[2] + figures[2])
    return ((name, *figures) for name, figures in sums.items())


def _counts(raw: RawProfile) -> object:
    """All that is exact, to be compared."""
    functions = [
        (
            function["id"],
            function["first_line"],
            function["entries"],
            *(cast("dict[str, bytes]", function)[name] for name in _COUNTED),
        )
        for function in raw["functions"]
    ]
    return functions, [(name, calls) for name, calls, *_ in _by_name(raw["builtins"])], _totals(raw)


def _instructions_of(raw: RawProfile) -> int:
    return sum(sum(array("Q", function["counts"])) for function in raw["functions"])


def _totals(raw: RawProfile) -> dict[str, int]:
    figures = cast("dict[str, int]", raw)
    return {"instructions": _instructions_of(raw), **{name: figures[name] for name in _TOTALS[1:]}}


def _figures(raw: RawProfile, loaded: LoadedFiles) -> dict[_Subject | None, dict[str, int]]:
    """The exact figures of every line and function, and, by None, of the whole run."""
    found: dict[_Subject | None, dict[str, int]] = {None: _totals(raw)}
    for function in functions_of(raw, no_clock, loaded.file):
        path = function.path
        of_function = found.setdefault((path, function.name, function.first_line), dict.fromkeys(_FUNCTION_FIGURES, 0))
        of_function["calls"] += function.calls
        for instruction in function.instructions:
            of_line = found.setdefault((path, "", instruction.line), dict.fromkeys(_LINE_FIGURES, 0))
            of_line["hits"] = max(of_line["hits"], instruction.hits)
            for figures in (of_function, of_line):
                _add(figures, instruction)
    return found


def _add(figures: dict[str, int], instruction: Instruction) -> None:
    figures["instructions"] += instruction.count
    figures["allocations"] += instruction.allocations
    figures["allocated_bytes"] += instruction.allocated_bytes


def _differing(figures: dict[str, tuple[int, int]]) -> list[Range]:
    return [Range(name, low, high) for name, (low, high) in figures.items() if low != high]
