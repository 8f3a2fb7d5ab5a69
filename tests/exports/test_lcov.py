"""LCOV's tracefile, read by lcov and genhtml."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from pathlib import Path

import pytest

from export_readers import exported, needed, real_profile, run
from perilune.profiler.exporters import EXPORTERS, ProfileExportError
from perilune.profiler.model import FileProfile, Profile, Program, Totals


def hits(profile: Profile) -> Counter[tuple[str, int]]:
    return Counter({(file.path, row.line): row.hits for file in profile.files if file.sha256 for row in file.lines})


def records(text: str, kind: str) -> list[tuple[str, str, str]]:
    """The path and both values of every line such as `DA:3,10`."""
    found = []
    path = ""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key == "SF":
            path = value
        elif key == kind:
            first, _, second = value.partition(",")
            found.append((path, first, second))
    return found


def test_hits_and_calls_come_back_from_lcov(profile: Profile, tmp_path: Path) -> None:
    """lcov adds the file to itself, so what it understood comes back twice."""
    path, doubled = exported(profile, "lcov", tmp_path), tmp_path / "doubled.info"
    run(
        needed("lcov"),
        "--quiet",
        "--rc",
        "lcov_branch_coverage=0",
        "-a",
        str(path),
        "-a",
        str(path),
        "-o",
        str(doubled),
    )
    text = doubled.read_text()
    found = {(file, int(line)): int(count) for file, line, count in records(text, "DA")}
    assert found == {place: 2 * count for place, count in hits(profile).items()}
    calls: Counter[tuple[str, str]] = Counter()
    for file, count, name in records(text, "FNDA"):
        calls[file, re.sub(r":\d+$", "", name)] += int(count)
    expected: Counter[tuple[str, str]] = Counter()
    for file_profile in profile.files:
        for function in file_profile.functions if file_profile.sha256 else []:
            expected[file_profile.path, function.name] += 2 * function.calls
    assert calls == expected


def test_summary(profile: Profile, tmp_path: Path) -> None:
    summary = run(needed("lcov"), "--summary", str(exported(profile, "lcov", tmp_path)))
    counts = hits(profile)
    assert f"({len(+counts)} of {len(counts)} lines)" in summary


def test_genhtml_shows_the_hits_beside_the_source(tmp_path: Path) -> None:
    profile = real_profile("count", tmp_path)
    path = exported(profile, "lcov", tmp_path)
    run(needed("genhtml"), "--quiet", "--output-directory", str(tmp_path / "html"), str(path))
    (page,) = (tmp_path / "html").rglob("program.lua.gcov.html")
    text = unescape(re.sub(r"<[^>]*>", "", page.read_text()))
    shown = {int(line): int(count) for line, count in re.findall(r"^ +(\d+) +(\d+) :", text, re.MULTILINE)}
    assert shown == {line: count for (_, line), count in hits(profile).items()}
    assert 0 in shown.values()


def test_text_that_is_no_file_is_left_out() -> None:
    profile = Profile("count", Program("=stdin"), Totals(), files=[FileProfile("stdin")])
    with pytest.raises(ProfileExportError, match="no function in this profile came from a file"):
        EXPORTERS["lcov"].export(profile, {})
