"""Several Lua states as one: what each of them did adds up, unlike in `merging.py`, where each run did the same.

Pure. The functions of all stand beside each other with ids of their own, and attribution finds those that are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawFunction, RawProfile, RawSampling, RawWaiting

_ADDED = (
    "wall_ns",
    "run_ns",
    "gc_ticks",
    "compile_ticks",
    "outside_ticks",
    "started_bytes",
    "current_bytes",
    "peak_bytes",
    "allocated_bytes",
    "released_bytes",
    "allocations",
    "outside_allocations",
    "outside_bytes",
    "outside_live_bytes",
    "outside_peak_live_bytes",
    "before_live_bytes",
    "before_peak_live_bytes",
    "paused_bytes",
    "closing_bytes",
)
_SAMPLES = ("samples", "gc_samples", "compile_samples", "outside_samples")
_WAITING = ("samples", "gc", "compile", "outside")
_COLLECTED = ("cycles", "work", "freed_bytes", "freed_objects")

_Figures = dict[str, int]


def summed(raws: Sequence[RawProfile]) -> RawProfile:
    """The counters of all as those of one: at least one, whose texts are numbered alike and which took the same figures.

    Peaks of memory add up too, as if all had been largest at the same time; the stack's is that of the deepest.
    """
    if len(raws) == 1:
        return raws[0]
    offsets = [0]
    for raw in raws:
        offsets.append(offsets[-1] + 1 + max((function["id"] for function in raw["functions"]), default=0))
    parts = list(zip(raws, offsets, strict=False))
    deepest, deepest_offset = max(parts, key=lambda part: part[0]["peak_depth"])
    cpu_times = [raw["cpu_ns"] for raw in raws]
    total = dict(raws[0]) | _added(raws, _ADDED)
    total |= {
        "functions": [_moved(function, offset) for raw, offset in parts for function in raw["functions"]],
        "builtins": _builtins(raws),
        "sampling": _sampling(parts),
        "cpu_ns": None if None in cpu_times else sum(cast("list[int]", cpu_times)),
        "live_kinds": [kind for raw in raws for kind in raw["live_kinds"]],
        "collector": _added([raw["collector"] for raw in raws], _COLLECTED)
        | {"walked": [walked for raw in raws for walked in raw["collector"]["walked"]]},
        "zones": [zone for raw in raws for zone in raw["zones"]],
        "current_depth": max(raw["current_depth"] for raw in raws),
        "peak_depth": deepest["peak_depth"],
        "peak_chain": [
            (id if builtin else id + deepest_offset, line, builtin) for id, line, builtin in deepest["peak_chain"]
        ],
        "peak_chain_length": deepest["peak_chain_length"],
        "peak_chain_depth": deepest["peak_chain_depth"],
    }
    return cast("RawProfile", total)


def _added(figures: Sequence[object], names: Sequence[str]) -> _Figures:
    return {name: sum(cast("_Figures", each)[name] for each in figures) for name in names}


def _moved(function: RawFunction, offset: int) -> RawFunction:
    parent = function["parent"]
    moved = {"id": function["id"] + offset, "parent": None if parent is None else parent + offset}
    return cast("RawFunction", function | moved)


def _builtins(raws: Sequence[RawProfile]) -> list[tuple[str, int, int, int]]:
    sums: dict[str, tuple[int, int, int]] = {}
    for raw in raws:
        for name, calls, ticks, samples in raw["builtins"]:
            before = sums.get(name, (0, 0, 0))
            sums[name] = (before[0] + calls, before[1] + ticks, before[2] + samples)
    return [(name, *figures) for name, figures in sorted(sums.items())]


def _sampling(parts: Sequence[tuple[RawProfile, int]]) -> RawSampling | None:
    samplings = [raw["sampling"] for raw, _ in parts]
    found = [sampling for sampling in samplings if sampling is not None]
    if len(found) < len(samplings):
        return None
    tree: list[tuple[int, int, int, str | None, int]] = [
        (0, 0, 0, None, sum(sampling["tree"][0][4] for sampling in found))
    ]
    for sampling, (_, offset) in zip(found, parts, strict=True):
        moved = len(tree) - 1  # all trees have one root
        tree += [
            (parent + moved if parent else 0, id + offset if builtin is None else 0, line, builtin, samples)
            for parent, id, line, builtin, samples in sampling["tree"][1:]
        ]
    total = dict(found[0]) | _added(found, _SAMPLES) | {"tree": tree, "waiting": _waiting(found)}
    return cast("RawSampling", total)


def _waiting(samplings: Sequence[RawSampling]) -> RawWaiting | None:
    waitings = [sampling["waiting"] for sampling in samplings]
    found = [waiting for waiting in waitings if waiting is not None]
    if len(found) < len(waitings):
        return None
    builtins: _Figures = {}
    for waiting in found:
        for name, samples in waiting["builtins"].items():
            builtins[name] = builtins.get(name, 0) + samples
    tree = [sum(waiting["tree"][0] for waiting in found), *(n for waiting in found for n in waiting["tree"][1:])]
    return cast("RawWaiting", _added(found, _WAITING) | {"builtins": builtins, "tree": tree})
