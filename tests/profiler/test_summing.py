"""States that did different things add up, and what they have in common is one row."""

from __future__ import annotations

from perilune.profiler.attribution import attribute
from perilune.profiler.loaded_files import LoadedFiles
from perilune.profiler.model import Program
from perilune.profiler.summing import summed
from raw_profiles import raw_function, raw_profile

SHARED = raw_function([("LOADI", 1, 3, 2, 1, 64), ("RETURN", 1, 3, 0, 0, 0)], sampled=True, entries=3)
OTHER = raw_function([("LOADI", 2, 5, 4, 2, 10), ("RETURN", 2, 5, 0, 0, 0)], sampled=True, source="@b.lua", text=2)


def sampling(tree: list[tuple[int, int, int, str | None, int]]) -> dict[str, object]:
    samples = sum(node[4] for node in tree)
    found = {"sampler": "thread", "interval_ns": 1000, "samples": samples, "tree": tree, "waiting": None}
    return found | {"gc_samples": 0, "compile_samples": 0, "outside_samples": 0}


def test_one_is_itself() -> None:
    raw = raw_profile(SHARED)
    assert summed([raw]) is raw


def test_figures_add_up_and_functions_meet() -> None:
    first = raw_profile(SHARED, sampling=sampling([(0, 0, 0, None, 0), (0, 0, 1, None, 2)]), builtins=[("f", 2, 0)])
    second = raw_profile(
        SHARED,
        {**OTHER, "id": 1},
        sampling=sampling([(0, 0, 0, None, 0), (0, 0, 1, None, 2), (1, 1, 2, None, 3), (2, 0, 0, "f", 1)]),
        builtins=[("f", 3, 0)],
        peak_depth=9,
        peak_chain=[(0, 1, None), (1, 2, None)],
    )
    total = summed([first, second])
    assert (total["run_ns"], total["allocations"], total["peak_bytes"]) == (2000, 40, 3000)
    profile = attribute(total, "sample", Program("a.lua"), LoadedFiles())
    assert [(file.path, [(line.line, line.hits) for line in file.lines]) for file in profile.files] == [
        ("a.lua", [(1, 6)]),
        ("b.lua", [(2, 5)]),
    ]
    assert [(row.name, row.calls) for row in profile.builtins] == [("f", 5)]
    assert profile.totals.stack.peak_depth == 9
    assert [entry.line for entry in profile.totals.stack.peak_chain] == [1, 2]
    assert profile.call_tree is not None
    (above,) = profile.call_tree.children
    assert (above.line, above.samples) == (1, 4)
    (below,) = above.children
    assert (below.line, below.samples, [child.function for child in below.children]) == (2, 3, ["f"])
