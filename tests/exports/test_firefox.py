"""The Firefox Profiler's format, read by its own command line, profiler-cli."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from export_readers import READERS, exported, function_sums, installed_node, line_sums, run
from perilune.profiler.model import Profile
from sampled_profile import sampled_profile

Query = Callable[..., Any]

NS_PER_MS = 1_000_000


CLI = READERS / "node_modules/@firefox-devtools/profiler-cli/dist/profiler-cli.js"
STARTS_WITHIN = 60.0
"""Seconds. The command that starts the reader's server itself waits for half a second only."""


@pytest.fixture
def query() -> Iterator[Query]:
    """Loads a file into the reader; then asks it questions, which it answers in JSON."""
    node = installed_node()
    with (
        tempfile.TemporaryDirectory(prefix="pq") as sessions,
        contextlib.ExitStack() as servers,
    ):  # a short path: sockets

        def load(path: Path) -> Callable[..., Any]:
            env = {**os.environ, "PROFILER_CLI_SESSION_DIR": sessions}
            server = subprocess.Popen(
                [node, CLI, "--daemon", path, "--session", "s"], env=env, stdout=subprocess.DEVNULL
            )
            servers.callback(server.wait)
            servers.callback(server.terminate)

            log = Path(sessions) / "s.log"
            give_up = time.monotonic() + STARTS_WITHIN
            while not (log.exists() and "Profile loaded" in log.read_text()):
                assert server.poll() is None and time.monotonic() < give_up, "the reader did not start"
                time.sleep(0.05)

            def ask(*question: str) -> Any:
                return json.loads(run(node, str(CLI), *question, "--session", "s", "--json", env=env))

            return ask

        yield load


def functions(answer: dict[str, Any], figure: str) -> Counter[str]:
    return +Counter({row["name"]: round(row[figure], 6) for row in answer["functions"]})


def by_name(sums: Counter[tuple[str, str]]) -> Counter[str]:
    names: Counter[str] = Counter()
    for (_, name), amount in sums.items():
        names[name] += amount
    return names


def merged(answer: dict[str, Any]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for row in answer["functions"]:
        sums[row["name"]] += round(row["selfSamples"])
    return +sums


def test_counts_come_back(profile: Profile, tmp_path: Path, query: Query) -> None:
    ask = query(exported(profile, "firefox", tmp_path))
    first = 0 if profile.totals.run_ns is None else 1
    instructions = ask("thread", "functions", "--thread", f"t-{first}")
    assert merged(instructions) == by_name(function_sums(profile, "instructions"))
    assert sum(merged(instructions).values()) == profile.totals.instructions
    allocated = ask("thread", "functions", "--thread", f"t-{first + 1}")
    assert merged(allocated) == by_name(function_sums(profile, "allocated_bytes"))
    assert (instructions["weightType"], allocated["weightType"]) == ("samples", "bytes")


def test_time_comes_back(timed_profile: Profile, tmp_path: Path, query: Query) -> None:
    answer = query(exported(timed_profile, "firefox", tmp_path))("thread", "samples", "--thread", "t-0")
    assert answer["weightType"] == "tracing-ms"
    total = sum(category["samples"] for category in answer["categoryBreakdown"]["categories"])
    assert total == pytest.approx((timed_profile.totals.run_ns or 0) / NS_PER_MS, abs=1e-5)
    collector = [row["samples"] for row in answer["categoryBreakdown"]["categories"] if row["name"] == "Collector"]
    assert sum(collector) == pytest.approx((timed_profile.totals.gc_ns or 0) / NS_PER_MS, abs=1e-5)


def test_self_and_total_times_of_functions(tmp_path: Path, query: Query) -> None:
    answer = query(exported(sampled_profile(), "firefox", tmp_path))("thread", "functions", "--thread", "t-0")
    expected = {row.name: (row.self_ns, row.total_ns) for file in sampled_profile().files for row in file.functions}
    expected["join"] = (100 * NS_PER_MS, 250 * NS_PER_MS)  # table.concat is a function of its own
    expected["table.concat"] = (150 * NS_PER_MS, 150 * NS_PER_MS)
    own, total = functions(answer, "selfSamples"), functions(answer, "totalSamples")
    for name, times in expected.items():
        assert (own[name] * NS_PER_MS, total[name] * NS_PER_MS) == times


def test_lines_come_back(profile: Profile, tmp_path: Path) -> None:
    """Of the lines the reader tells nothing without their source, so this follows the tables."""
    value = json.loads(exported(profile, "firefox", tmp_path).read_bytes())
    shared = value["shared"]
    for table in ("stackTable", "frameTable", "funcTable", "sources"):
        lengths = {len(column) for column in shared[table].values() if isinstance(column, list)}
        assert lengths == {shared[table]["length"]}
    for prefix in enumerate(shared["stackTable"]["prefix"]):
        assert prefix[1] is None or prefix[1] < prefix[0]
    fields = {"Instructions": "instructions", "Allocated bytes": "allocated_bytes"}
    for thread in value["threads"][-2:]:
        sums: Counter[tuple[str, int]] = Counter()
        for stack, weight in zip(thread["samples"]["stack"], thread["samples"]["weight"], strict=True):
            frame = shared["stackTable"]["frame"][stack]
            source = shared["funcTable"]["source"][shared["frameTable"]["func"][frame]]
            path = shared["stringArray"][shared["sources"]["filename"][source]]
            sums[path, shared["frameTable"]["line"][frame]] += weight
        assert sums == line_sums(profile, fields[thread["name"]])
