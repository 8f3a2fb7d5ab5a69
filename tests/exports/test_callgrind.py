"""Callgrind's format, read by callgrind_annotate, which must have nothing to complain about."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from export_readers import exported, function_sums, line_sums, needed, own_times, run, speedscope
from perilune.profiler.model import Profile
from sampled_profile import SOURCES, sampled_profile

COUNTED = {"Ir": "instructions", "AllocBytes": "allocated_bytes", "Allocs": "allocations"}
FIGURE = r"([\d,]+) \([ \d.]+%\)|0|\."


def annotated(path: Path, event: str, *options: str, folder: Path | None = None) -> str:
    """The report on one event, with nothing left out for being small. It looks for sources in `folder`."""
    program = needed("callgrind_annotate")
    return run(program, f"--show={event}", f"--sort={event}", "--threshold=100", *options, str(path), folder=folder)


def number(text: str) -> int:
    return int(re.split(r" ?\(", text.strip())[0].replace(",", "").replace(".", "0") or 0)


def total(report: str) -> int:
    found = re.search(r"^([\d,]+) .*PROGRAM TOTALS$", report, re.MULTILINE)
    assert found is not None
    return number(found[1])


def functions(report: str) -> Counter[tuple[str, str]]:
    """The figure of every function, by path and name."""
    found: Counter[tuple[str, str]] = Counter()
    for row in re.finditer(
        r"^ *([\d,]+ \([ \d.]+%\)|0)  +(?:\* +)?(\S+?\.lua|\?\?\?|\[string .*\]):(.+)$", report, re.MULTILINE
    ):
        found[row[2], row[3].removesuffix(" []")] += number(row[1])
    return +found


def test_counts_come_back(profile: Profile, tmp_path: Path) -> None:
    path = exported(profile, "callgrind", tmp_path)
    for event, field in COUNTED.items():
        report = annotated(path, event, "--auto=no")
        assert total(report) == sum(line_sums(profile, field).values())
        found: Counter[tuple[str, str]] = Counter()
        for (file, name), amount in functions(report).items():
            found[file, re.sub(r":\d+$", "", name)] += amount  # functions of one name have their lines added
        assert found == function_sums(profile, field)


def test_time_comes_back(timed_profile: Profile, tmp_path: Path) -> None:
    report = annotated(exported(timed_profile, "callgrind", tmp_path), "ns", "--auto=no")
    assert total(report) == timed_profile.totals.run_ns
    found: Counter[str] = Counter()
    for (file, _), amount in functions(report).items():
        found[file] += amount
    expected: Counter[str] = Counter()
    for (file, _), ns in own_times(timed_profile).items():
        expected[file or "???"] += ns
    assert found == expected


def test_total_times_and_calls(tmp_path: Path) -> None:
    path = exported(sampled_profile(), "callgrind", tmp_path)
    found = functions(annotated(path, "ns", "--auto=no", "--inclusive=yes"))
    expected = {(file.path, row.name): row.total_ns for file in sampled_profile().files for row in file.functions}
    assert {key: found[key] for key in expected} == expected
    calls = annotated(path, "ns", "--auto=no", "--tree=calling")
    assert dict(re.findall(r" > +\S+:(\S+) \(([\d,]+)x\)", calls)) == {
        "fib": "21,891",
        "join": "100",
        "table.concat": "100",
    }


def test_the_time_of_a_function_with_several_callers_is_its_own(tmp_path: Path) -> None:
    profile = sampled_profile()
    assert profile.call_tree is not None
    caller, callee = profile.call_tree.children[2], profile.call_tree.children[0].children[0]
    caller.children.append(callee)
    path = exported(profile, "callgrind", tmp_path)
    found = functions(annotated(path, "ns", "--auto=no"))
    assert (found["main.lua", "main chunk"], found["main.lua", "fib"]) == (30_000_000, 670_000_000)
    calls = annotated(path, "ns", "--auto=no", "--tree=calling")
    assert re.findall(r" > +\S+:fib \(([\d,]+)x\)", calls) == ["21,891"]


def test_lines_come_back_beside_their_source(tmp_path: Path) -> None:
    for name, lines in SOURCES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    path = exported(sampled_profile(), "callgrind", tmp_path)
    for event, field in {**COUNTED, "ns": "self_ns"}.items():
        _, *sections = annotated(path, event, "--context=100", folder=tmp_path).split("-- Auto-annotated source: ")
        sums = own_times(sampled_profile()) if event == "ns" else line_sums(sampled_profile(), field)
        expected = {place: amount for place, amount in sums.items() if place[0]}
        found: Counter[tuple[str, int]] = Counter()
        for section in sections:
            name = section.partition("\n")[0]
            for index, line in enumerate(SOURCES[name]):
                row = re.search(rf"^ *({FIGURE}) +{re.escape(line)}$", section, re.MULTILINE)
                assert row is not None, line
                found[name, index + 1] = number(row[1])
        assert +found == expected


def test_speedscope_reads_it(tmp_path: Path) -> None:
    """It leaves out what has less than a ten-thousandth of the time, of which this profile has nothing."""
    found = speedscope(exported(sampled_profile(), "callgrind", tmp_path))[0]
    assert found["total"] == sampled_profile().totals.run_ns
