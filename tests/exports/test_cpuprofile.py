"""The .cpuprofile, by the rules with which Visual Studio Code reads it, and by speedscope's importer."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from export_readers import exported, line_sums, own_times, real_profile, speedscope
from perilune.profiler.model import CallNode, Profile, Program, Totals
from perilune.profiler.sources import read_sources
from sampled_profile import sampled_profile

US = 1000
"""Nanoseconds in a microsecond, the format's unit."""


class Model:
    """What Visual Studio Code makes of a profile.

    A sample lasts until the next one, the last until the end. A node's total is its own time and its children's. Nodes
    with the same name, file and place are one row, whose figures are the sums of theirs; a line of the editor shows the
    sum of the rows that begin there, counting lines from 0 in nodes.
    """

    def __init__(self, value: dict[str, Any]) -> None:
        nodes = {node["id"]: node for node in value["nodes"]}
        samples, deltas = value["samples"], value["timeDeltas"]
        self.duration = value["endTime"] - value["startTime"]
        self_times: Counter[int] = Counter()
        last = self.duration - deltas[0]
        for sample, lasting in zip(samples, deltas[1:], strict=False):
            self_times[sample] += lasting
            last -= lasting
        self_times[samples[-1]] += last
        totals: dict[int, int] = {}

        def total(identity: int) -> int:
            if identity not in totals:
                totals[identity] = self_times[identity] + sum(map(total, nodes[identity]["children"]))
            return totals[identity]

        self.rows: dict[tuple[str, str, int], Counter[str]] = {}
        for identity, node in nodes.items():
            frame = node["callFrame"]
            row = self.rows.setdefault((frame["functionName"], frame["url"], frame["lineNumber"]), Counter())
            row["self"] += self_times[identity]
            row["total"] += total(identity)
            for tick in node.get("positionTicks", []):
                assert tick["line"] - 1 == frame["lineNumber"]  # ticks count lines from 1
                row["ticks"] += tick["ticks"]

    def row(self, name: str) -> Counter[str]:
        return next(row for (function, _, _), row in self.rows.items() if function == name)

    def lines(self, figure: str) -> Counter[tuple[str, int]]:
        found: Counter[tuple[str, int]] = Counter()
        for (_, url, line), row in self.rows.items():
            if line >= 0 and row[figure]:
                found[url, line + 1] += row[figure]
        return found


def read(path: Path) -> Model:
    value = json.loads(path.read_bytes())
    assert value["endTime"] - value["startTime"] == sum(value["timeDeltas"])
    assert len(value["samples"]) == len(value["timeDeltas"])
    assert all(isinstance(delta, int) and delta >= 0 for delta in value["timeDeltas"])
    identities = [node["id"] for node in value["nodes"]]
    children = [child for node in value["nodes"] for child in node["children"]]
    assert sorted(children) == identities[1:] == list(range(2, len(identities) + 1))
    return Model(value)


def test_every_line_has_its_time(tmp_path: Path) -> None:
    model = read(exported(sampled_profile(), "cpuprofile", tmp_path, {}))
    assert model.duration == 1_000_000
    own = own_times(sampled_profile())
    assert model.lines("self") == {place: ns // US for place, ns in own.items() if place[0]}
    totals = {place: ns // US for place, ns in line_sums(sampled_profile(), "total_ns").items()}
    functions = {("main.lua", 1): 650_000 + 930_000, ("lib/text.lua", 2): 250_000}
    assert model.lines("total") == {**totals, **functions}


def test_functions_have_their_total_with_recursion_counted_once(tmp_path: Path) -> None:
    model = read(exported(sampled_profile(), "cpuprofile", tmp_path))
    for row in (row for file in sampled_profile().files for row in file.functions):
        assert model.row(row.name)["total"] == (row.total_ns or 0) // US
    assert model.row("table.concat") == {"self": 150_000, "total": 150_000}
    elsewhere = [model.row(name)["self"] for name in ("(collector)", "(compiler)", "(outside)")]
    assert elsewhere == [40_000, 20_000, 10_000]


def test_ticks_are_samples(tmp_path: Path) -> None:
    model = read(exported(sampled_profile(), "cpuprofile", tmp_path))
    assert (model.row("fib:2")["ticks"], model.row("fib:3")["ticks"]) == (300, 350)


def test_functions_that_call_each_other_have_their_total_once(tmp_path: Path) -> None:
    """even:2 calls odd:5, which calls even:3; the code in an outermost function's first line is that function's."""
    profile = Profile("sample", Program("a.lua"), Totals(run_ns=10_000_000))
    even_again = CallNode("even", "a.lua", 2, 3, 4, 4_000_000)
    odd = CallNode("odd", "a.lua", 5, 5, 3, 3_000_000, [even_again])
    profile.call_tree = CallNode("", None, 0, 0, 0, 0, [CallNode("even", "a.lua", 2, 2, 3, 3_000_000, [odd])])
    model = read(exported(profile, "cpuprofile", tmp_path, {}))
    assert model.row("even") == {"self": 3_000, "total": 10_000, "ticks": 3}
    assert model.row("odd") == {"self": 3_000, "total": 7_000, "ticks": 3}
    assert model.row("even:3") == {"self": 4_000, "total": 4_000, "ticks": 4}


def test_times_of_lines_without_calls(tmp_path: Path) -> None:
    """Times are rounded to microseconds where they begin and end, so a line is at most one off, and the sum is exact."""
    profile = real_profile("trace", tmp_path)
    model = read(exported(profile, "cpuprofile", tmp_path, {}))
    assert model.duration == round((profile.totals.run_ns or 0) / US)
    found = model.lines("self")
    for place, ns in line_sums(profile, "self_ns").items():
        parts = sum(line == place[1] - 1 and url == place[0] for _, url, line in model.rows)
        assert found[place] == pytest.approx(ns / US, abs=parts)


def test_files_that_are_what_ran_can_be_opened(tmp_path: Path) -> None:
    profile = real_profile("trace", tmp_path)
    sources = read_sources(profile)
    urls = {url for _, url, _ in read(exported(profile, "cpuprofile", tmp_path, sources)).rows}
    assert (tmp_path / "program.lua").as_uri() in urls
    (tmp_path / "program.lua").write_text("changed")
    urls = {url for _, url, _ in read(exported(profile, "cpuprofile", tmp_path)).rows}
    assert profile.program.path in urls


def test_speedscope_reads_it(timed_profile: Profile, tmp_path: Path) -> None:
    (found,) = speedscope(exported(timed_profile, "cpuprofile", tmp_path))
    total = round((timed_profile.totals.run_ns or 0) / US)
    assert (found["unit"], found["total"]) == ("microseconds", total)
    assert sum(frame["self"] for frame in found["frames"]) == total
