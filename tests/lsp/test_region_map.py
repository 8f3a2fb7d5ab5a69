"""An edit is compared where it was made; what that shows is what comparing the whole texts shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.compiler.source import Source
from perilune.lsp.document import Document
from perilune.profiler.line_map import Origin, Version, map_lines
from perilune.profiler.region_map import Measured

BODIES = ("  x = x + 1\n", "  print(x)\n", "  g()\n", "  for i = 1, x do\n    g(i)\n  end\n", "  local y = f(x)\n")
OTHERS = ("print(1)\n", "x = 1\n", "-- c\n", "\n", "if a then\n  b()\nend\n", "local s = [[\n a\n]]\n", "q() r()\n")
TYPED = ("x", "(", "1", " ", "\n", "end", " = ", '"', "local z = 1\n", "--[[", "function f1(x)\n")

functions = st.builds(
    lambda name, body: f"local function f{name}(x)\n{''.join(body)}  return x\nend\n",
    st.integers(0, 12),
    st.lists(st.sampled_from(BODIES), max_size=4),
)
blocks = st.lists(functions | st.sampled_from(OTHERS), min_size=3, max_size=16)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str]:
    """A text, and what some edits make of it."""
    old = draw(blocks)
    new = [*old]
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(new) - 1))
        match draw(st.sampled_from(("copy", "delete", "swap", "comment", "type", "indent", "rename", "move"))):
            case "copy":
                new.insert(place, draw(st.sampled_from(new)))
            case "delete":
                new[place] = "\n"
            case "swap":
                other = draw(st.integers(0, len(new) - 1))
                new[place], new[other] = new[other], new[place]
            case "rename":
                new[place] = new[place].replace("function f", f"function g{draw(st.integers(0, 2))}")
            case "move":
                new.insert(draw(st.integers(0, len(new) - 1)), new.pop(place))
            case "comment":
                new[place] = f"--[[\n{new[place]}]]\n"
            case "type":
                at = draw(st.integers(0, len(new[place])))
                new[place] = new[place][:at] + draw(st.sampled_from(TYPED)) + new[place][at:]
            case _:
                new[place] = "".join("  " + line for line in new[place].splitlines(keepends=True))
    return "".join(old), "".join(new)


@given(edited())
@settings(max_examples=300, deadline=None)
def test_the_region_of_an_edit_shows_what_the_whole_shows(texts: tuple[str, str]) -> None:
    before, after = (Document.from_text("test.lua", text) for text in texts)
    old, new = Version(before.source), Version(after.source)
    found = Measured(old, before.lines).origins(after.source, after.lines)
    whole = map_lines(old, new)
    for line, origin in found.items():
        expected = whole.get(line)
        if not origin.changed and expected is not None and not expected.changed:
            assert origin == expected
        if not origin.changed and origin != expected and not (new.outline.is_broken or "[[" in texts[0]):
            assert before.lines[origin.line - 1].split() == after.lines[line - 1].split()
    if not new.outline.is_broken:
        missing = [line for line, origin in whole.items() if not origin.changed and found.get(line) != origin]
        assert missing == []


def test_a_keystroke_leaves_all_other_functions_what_they_are() -> None:
    text = "".join(f"local function f{n}(x)\n  return x + {n}\nend\n" for n in range(50))
    broken = text.replace("return x + 20\n", "return x + (20\n")
    before, after = Document.from_text("test.lua", text), Document.from_text("test.lua", broken)
    found = Measured(Version(before.source), before.lines).origins(after.source, after.lines)
    lost = {line for line in range(1, 151) if found.get(line) != Origin(line)}
    assert lost == {62, 60, 63, 66}, (
        "the line, and where functions beside it end, which nobody knows while it is broken"
    )


def test_a_large_text_is_prepared_once_and_compared_whole_if_it_must_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perilune.profiler.region_map._LARGE", 100)
    text = "".join(f"local function f{n}(x)\n  return x + {n}\nend\n" for n in range(50))
    before, after = Document.from_text("test.lua", text), Document.from_text("test.lua", text.replace("x + 2", "x - 2"))
    version = Version(before.source)
    measured = Measured(version, before.lines)
    found = measured.origins(after.source, after.lines)
    assert found == Measured(Version(before.source), before.lines).origins(after.source, after.lines)
    assert found[62] == Origin(62, changed=True) and found[3] == Origin(3)
    everything = Document.from_text("test.lua", text.replace("x +", "x -"))
    assert {
        line for line, origin in measured.origins(everything.source, everything.lines).items() if origin.changed
    } == set(range(2, 150, 3))


def test_what_may_stand_for_another_statement_has_no_figures_while_the_text_is_broken() -> None:
    functions = [f"local function f{n}(x)\n  return x + {n}\nend\n" for n in range(50)]
    functions[20] = "local function f20(x)\n  if x then\n    g(x)\n  end\nend\n"
    text = "".join(functions)
    emptied = text.replace("    g(x)\n", "").replace("local function f24", "if x then\nlocal function f24")
    _, new, found = origins_by_regions(text, emptied)
    line = new.lines.index("if x then") + 1
    assert not found[61].changed
    assert line not in found or found[line].changed, "the other is empty now, and so resembles less what it was"


def test_undoing_gives_everything_back() -> None:
    text = "local function f(x)\n  return x\nend\n\nf(1)\n"
    before = Document.from_text("test.lua", text)
    measured = Measured(Version(before.source), before.lines)
    edited = Document.from_text("test.lua", text.replace("return x", "return"))
    assert measured.origins(edited.source, edited.lines)[2].changed
    assert measured.origins(before.source, before.lines) == {line: Origin(line) for line in range(1, 7)}


def origins_by_regions(before: str, after: str) -> tuple[Document, Document, dict[int, Origin]]:
    """What the regions alone show: were the whole compared, it would be with a text that is empty."""
    old, new = Document.from_text("test.lua", before), Document.from_text("test.lua", after)
    return old, new, Measured(Version(old.source), old.lines).origins(Source("unread", ""), new.lines)


@pytest.mark.parametrize(
    "edit",
    (
        lambda text: text.replace("x + 5\n", "x + (5\n").replace("x + 45\n", "x - 45\n"),
        lambda text: text.replace("f7(x)", "g7(x)"),
        lambda text: text.replace("local function f30(x)\n", "") + "\n",
        lambda text: text.replace("x + 3\n", "x + 3 + 1\n") + "local function f20(x)\n  return x + 20\nend\n",
        lambda text: text.replace("f1(x)\n  return x + 1\n", "f1(x)\n\n  return x + 1\n").replace(
            "x + 44\n", "x +\n44\n"
        ),
        lambda text: "-- first\n" + text.replace("f10(x)\n  return x + 10\nend\n", "f10(x)\nend\n") + "-- last\n",
    ),
    ids=("two edits", "a new name", "a line gone", "a copy far away", "only spaces", "both ends and the middle"),
)
def test_distant_edits_are_compared_where_they_are(edit: Callable[[str], str]) -> None:
    text = "".join(f"local function f{n}(x)\n  return x + {n}\nend\n" for n in range(50))
    old, new, found = origins_by_regions(text, edit(text))
    whole = map_lines(Version(old.source), Version(new.source))
    unchanged = {line: origin for line, origin in whole.items() if not origin.changed}
    assert len(unchanged) >= 98
    assert {line: found.get(line) for line in unchanged} == unchanged


def test_what_went_from_one_region_to_another_is_found() -> None:
    functions = [f"local function f{n}(x)\n  return x + {n}\nend\n" for n in range(50)]
    moved = [*functions]
    moved[5], moved[40] = moved[40], moved[5]
    _, _, found = origins_by_regions("".join(functions), "".join(moved))
    assert found[17] == Origin(122) and found[122] == Origin(17)


def test_a_copy_beside_an_edit_has_no_figures() -> None:
    functions = [f"local function f{n}(x)\n  return x + {n}\nend\n" for n in range(50)]
    copied = [functions[40], *functions[:20], "print(1)\n", *functions[20:]]
    _, _, found = origins_by_regions("".join(functions), "".join(copied))
    for line in (1, 2, 3, 125, 126, 127):
        assert line not in found or found[line].changed
