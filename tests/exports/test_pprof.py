"""pprof's format, read by pprof-format and by speedscope's importer."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

from export_readers import exported, line_sums, own_times, run_node, speedscope
from perilune.profiler.model import Profile
from sampled_profile import sampled_profile

COUNTED = {"alloc_objects": "allocations", "alloc_space": "allocated_bytes", "instructions": "instructions"}


def decoded(profile: Profile, folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(run_node("pprof.cjs", exported(profile, "pprof", folder)))
    return value


def leaf_sums(value: dict[str, Any], kind: str) -> Counter[tuple[str, int | str]]:
    """The sum for every innermost line; what has no path has its name and no line."""
    index = [name for name, _ in value["types"]].index(kind)
    functions = {function["id"]: function for function in value["functions"]}
    places: dict[int, tuple[str, int | str]] = {}
    for location in value["locations"]:
        (line,) = location["lines"]
        function = functions[line["function"]]
        places[location["id"]] = (function["path"], line["line"]) if function["path"] else ("", function["name"])
    sums: Counter[tuple[str, int | str]] = Counter()
    for sample in value["samples"]:
        sums[places[sample["locations"][0]]] += sample["values"][index]
    return +sums


def test_counts_come_back(profile: Profile, tmp_path: Path) -> None:
    value = decoded(profile, tmp_path)
    for kind, field in COUNTED.items():
        assert leaf_sums(value, kind) == line_sums(profile, field)
    assert sum(leaf_sums(value, "instructions").values()) == profile.totals.instructions


def test_time_comes_back(timed_profile: Profile, tmp_path: Path) -> None:
    value = decoded(timed_profile, tmp_path)
    assert value["types"][-1] == value["periodType"] == ["time", "nanoseconds"]
    assert leaf_sums(value, "time") == own_times(timed_profile)


def test_what_readers_rely_on(profile: Profile, tmp_path: Path) -> None:
    value = decoded(profile, tmp_path)
    assert value["strings"][0] == ""
    assert len(set(value["strings"])) == len(value["strings"])
    for table in ("functions", "locations", "mappings"):
        identities = [entry["id"] for entry in value[table]]
        assert 0 not in identities and len(set(identities)) == len(identities)
    assert all(len(sample["values"]) == len(value["types"]) for sample in value["samples"])
    assert value["default"] == value["types"][-1][0]
    assert value["mappings"][0]["path"] == profile.program.path
    assert gzip.decompress(exported(profile, "pprof", tmp_path).read_bytes())


def test_samples_and_stacks(tmp_path: Path) -> None:
    value = decoded(sampled_profile(), tmp_path)
    assert sum(leaf_sums(value, "samples").values()) == sampled_profile().totals.samples
    assert (value["period"], value["duration"]) == (1_000_000, 1_010_000_000)
    functions = {function["id"]: function["name"] for function in value["functions"]}
    names = {
        location["id"]: (functions[location["lines"][0]["function"]], location["lines"][0]["line"])
        for location in value["locations"]
    }
    deepest = max(value["samples"], key=lambda sample: (len(sample["locations"]), sample["values"][-1]))
    assert [names[location] for location in deepest["locations"]] == [("fib", 2), ("fib", 3), ("main chunk", 6)]


def test_speedscope_reads_it(profile: Profile, tmp_path: Path) -> None:
    (found,) = speedscope(exported(profile, "pprof", tmp_path))
    timed = profile.totals.run_ns is not None
    expected = ("nanoseconds", profile.totals.run_ns) if timed else ("none", profile.totals.instructions)
    assert (found["unit"], found["total"]) == expected
