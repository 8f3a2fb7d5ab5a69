"""What the documents show of a command is what the command writes: their `console` blocks are run.

A block shows a command behind `$ ` and below it lines of its output, in order; `...` stands for any that are left out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import RunPerilune

ROOT = Path(__file__).parents[2]


def documented_commands(document: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a document, each with the lines that it shows."""
    text = (ROOT / document).read_text(encoding="utf-8")
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for session in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = session.rstrip("\n").split("\n")
            yield command, shown


def not_written(shown: list[str], written: list[str]) -> str | None:
    """The first shown line that the command did not write where it is shown."""
    rest = iter(written)
    may_skip = False
    for line in shown:
        if line == "...":
            may_skip = True
            continue
        found = next((other for other in rest if other == line or not may_skip), None)
        if found != line:
            return line
        may_skip = False
    return None if may_skip or next(rest, None) is None else "(the end of the output)"


@pytest.mark.parametrize(
    ("shown", "is_right"),
    [
        (["a", "b", "c"], True),
        (["...", "c"], True),
        (["a", "..."], True),
        (["a", "...", "c"], True),
        (["a", "b"], False),
        (["a", "c"], False),
        (["...", "d"], False),
        (["...", "b", "a", "..."], False),
    ],
)
def test_how_lines_are_left_out(shown: list[str], is_right: bool) -> None:
    assert (not_written(shown, ["a", "b", "c"]) is None) == is_right


@pytest.mark.parametrize(
    "document",
    [
        "examples/README.md",
        "docs/compare.md",
        "docs/budgets.md",
        "docs/grow.md",
        "docs/suggest.md",
        "docs/suite.md",
    ],
)
def test_documents_show_what_is_written(
    perilune: RunPerilune, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, document: str
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    commands = 0
    for command, shown in documented_commands(document):
        name, *arguments = shlex.split(command)
        if name == "cat":
            (tmp_path / arguments[0]).write_text("\n".join(shown) + "\n")
            continue
        assert name == "perilune"
        result = perilune(*arguments)
        missing = not_written(shown, (result.output + result.errors).splitlines())
        assert missing is None, f"{command}\nshows what was not written: {missing}\n{result.output}{result.errors}"
        commands += 1
    assert commands
