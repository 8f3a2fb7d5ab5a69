"""Callgrind's format: costs by line, and for calls the time spent in them.

Only time is known for calls, so it comes first among the events, and call lines leave out the rest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

from perilune.profiler.exporters import ProfileExportError
from perilune.profiler.exporters.stacks import Frame, function_names, line_costs, time_name, timed_stacks
from perilune.profiler.model import Profile
from perilune.profiler.sources import Sources

_COUNTED = [("Ir", "Instructions"), ("AllocBytes", "Allocated bytes"), ("Allocs", "Allocations")]
_FIGURES = ("instructions", "allocations", "allocations")
_NO_FILE = "???"

_Calls = dict[Frame, Counter[Frame]]
"""Nanoseconds in a function, by the line that called it."""


def export(profile: Profile, sources: Sources) -> bytes:
    """Nearly all calls of a function stand where most of its time was called from: samples do not say how they divide."""
    is_timed = profile.totals.run_ns is not None
    time = ("ns", f"{time_name(profile).capitalize()} in nanoseconds")
    held = [at for at, figure in enumerate(_FIGURES) if profile.holds(figure)]
    events = [*([time] if is_timed else []), *(_COUNTED[at] for at in held)]
    if not events:
        raise ProfileExportError(
            "callgrind holds times, instructions and allocations, and this profile has none of them"
        )
    times, calls = _times(profile)
    counts = {frame: [cost.instructions, cost.allocated_bytes, cost.allocations] for frame, cost in line_costs(profile)}
    costs: dict[Frame, dict[int, list[int]]] = defaultdict(dict)
    for frame in {**counts, **times, **calls}:
        counted = counts.get(frame, [0] * len(_COUNTED))
        costs[frame.whole][frame.line] = [*([times[frame]] if is_timed else []), *(counted[at] for at in held)]
    names = _Names(profile)
    call_counts = _call_counts(profile, calls)
    lines = ["# callgrind format", "version: 1", "creator: perilune", "positions: line"]
    lines += [f"cmd: {_plain(' '.join([profile.program.path, *profile.program.args]))}"]
    lines += [f"event: {name} : {meaning}" for name, meaning in events]
    lines += ["events: " + " ".join(name for name, _ in events), ""]
    for function, by_line in costs.items():
        lines += [f"fl={names.file(function)}", f"fn={names.function(function)}"]
        for line, cost in sorted(by_line.items()):
            lines.append(f"{line} {_numbers(cost)}")
            for callee, ns in calls.get(function._replace(line=line), Counter()).items():
                lines += [f"cfi={names.file(callee)}", f"cfn={names.function(callee)}"]
                count = call_counts[function._replace(line=line), callee]
                lines += [f"calls={count} {callee.function_line}", f"{line} {ns}"]
        lines.append("")
    every = [cost for by_line in costs.values() for cost in by_line.values()]
    lines.append(f"totals: {_numbers([sum(column) for column in zip(*every, strict=True)] or [0] * len(events))}")
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _times(profile: Profile) -> tuple[Counter[Frame], _Calls]:
    """The time of every line, and of the calls that it made. Direct recursion is no call: it would count time twice."""
    times: Counter[Frame] = Counter()
    calls: _Calls = defaultdict(Counter)
    for frames, _, self_ns in timed_stacks(profile):
        times[frames[-1]] += self_ns
        for caller, callee in dict.fromkeys((caller, callee.whole) for caller, callee in pairwise(frames)):
            if caller.whole != callee:
                calls[caller][callee] += self_ns
    return times, calls


def _call_counts(profile: Profile, calls: _Calls) -> dict[tuple[Frame, Frame], int]:
    """How often each line called each function: once, and the one that spent most time with it all the other times.

    callgrind_annotate takes the time of a call that was made no times for the caller's own.
    """
    exact = {Frame(row.name, file.path, row.line, 0): row.calls for file in profile.files for row in file.functions}
    exact |= {Frame(row.name, None, 0, 0): row.calls for row in profile.builtins}
    callers: dict[Frame, Counter[Frame]] = defaultdict(Counter)
    for caller, callees in calls.items():
        for callee, ns in callees.items():
            callers[callee][caller] = ns
    counts: dict[tuple[Frame, Frame], int] = {}
    for callee, times in callers.items():
        counts |= {(caller, callee): 1 for caller in times}
        costliest = max(times, key=times.__getitem__)
        counts[costliest, callee] = max(1, exact.get(callee, 0) - (len(times) - 1))
    return counts


class _Names:
    """Files and functions as the format writes them: in a line of their own, and not beginning like its short forms."""

    __slots__ = ("_names",)

    def __init__(self, profile: Profile) -> None:
        self._names = function_names(profile)

    def file(self, frame: Frame) -> str:
        """The file of a function."""
        return _NO_FILE if frame.path is None else _plain(frame.path)

    def function(self, frame: Frame) -> str:
        """The name of a function."""
        name = _plain(self._names.get((frame.path, frame.function, frame.function_line), frame.function))
        return f"[{name[1:-1]}]" if name.startswith("(") else name


def _plain(text: str) -> str:
    return text.replace("\n", " ").replace("\r", " ")


def _numbers(cost: list[int]) -> str:
    return " ".join(map(str, cost))
