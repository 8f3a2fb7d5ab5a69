"""What is checked around an edit is what is found in the whole text, version after version."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.compiler.chunks import check_source
from perilune.compiler.rechecking import Rechecking
from perilune.compiler.source import Source

STATEMENTS = (
    "local a, b <const> = 1, 2\n",
    "local c <close> = nil\n",
    "function f(x)\n  local y = x + a\n  b = y\n  return function() return y, b end\nend\n",
    "local function g(...)\n  for i = 1, 10 do\n    if i == a then goto next end\n    print(i, ...)\n    ::next::\n  end\nend\n",
    "for k, v in pairs(t) do\n  print(k, v)\nend\n",
    "print(a, b, c)\n",
    "x = { 1, 2, key = function() return a end }\n",
    "(f or g)(x)\n",
    "-- a comment\n",
    "local s = [[\n  text\n]]\n",
    "repeat local z = 1 until z\n",
    "if x then\n  y = 2\nelseif z then\n  y = 3\nend\n",
)
TYPED = (
    *(
        "x",
        "(",
        ")",
        "1",
        " ",
        "\n",
        " end ",
        " = ",
        '"',
        "local z = 1\n",
        "--[[",
        "]]",
        "--",
        "function q()\n",
        "::l::",
    ),
    *("goto l ", "break ", "return ", "local b ", "local a <const> = 1\n", "if a then\n", "b = 1\n", "...", ";", "do "),
)


@st.composite
def versions(draw: st.DrawFn) -> list[str]:
    """A text and what edits make of it, one after the other; now and then one is undone."""
    text = "".join(draw(st.lists(st.sampled_from(STATEMENTS), min_size=5, max_size=60)))
    texts = [text]
    for _ in range(draw(st.integers(1, 6))):
        if draw(st.integers(0, 3)) == 0:
            texts.append(draw(st.sampled_from(texts)))
            continue
        text = texts[-1]
        at = draw(st.integers(0, len(text)))
        removed = draw(st.sampled_from((0, 0, 1, 3, 20)))
        texts.append(text[:at] + draw(st.sampled_from(TYPED)) + text[at + removed :])
    return texts


@given(versions())
@settings(max_examples=400, deadline=None)
def test_every_version_has_the_errors_of_the_whole(texts: list[str]) -> None:
    known = Rechecking()
    for text in texts:
        found, whole = known.check(Source("test.lua", text)), check_source(Source("test.lua", text), limits=False)
        assert found == whole, text
        assert [error.shown for error in found] == [error.shown for error in whole]


@st.composite
def long_versions(draw: st.DrawFn) -> list[str]:
    """A text in which edits are far from each other, and stay while others are made."""
    pieces = [
        draw(st.sampled_from(STATEMENTS)) + f"print({n})\n-- {'.' * 1500}\n" for n in range(draw(st.integers(20, 40)))
    ]
    texts = ["".join(pieces)]
    for _ in range(draw(st.integers(2, 6))):
        place = draw(st.integers(0, len(pieces) - 1))
        match draw(st.sampled_from(("type", "type", "type", "restore", "move", "copy", "delete"))):
            case "type":
                at = draw(st.integers(0, min(80, len(pieces[place]))))
                pieces[place] = pieces[place][:at] + draw(st.sampled_from(TYPED)) + pieces[place][at:]
            case "restore":
                pieces[place] = draw(st.sampled_from(STATEMENTS))
            case "move":
                pieces.insert(draw(st.integers(0, len(pieces) - 1)), pieces.pop(place))
            case "copy":
                pieces.insert(place, draw(st.sampled_from(pieces)))
            case _:
                pieces[place] = ""
        texts.append("".join(pieces))
    return texts


@given(long_versions())
@settings(max_examples=60, deadline=None)
def test_every_version_with_distant_edits_has_the_errors_of_the_whole(texts: list[str]) -> None:
    known = Rechecking()
    for text in texts:
        found, whole = known.check(Source("test.lua", text)), check_source(Source("test.lua", text), limits=False)
        assert found == whole, text
        assert [error.shown for error in found] == [error.shown for error in whole]


def test_what_an_edit_hides_from_an_assignment_far_away_is_a_constant_again() -> None:
    middle = "".join(f"print({n})\n" for n in range(1000))
    text = f"local c <const> = 1\n{middle}local c = 2\n{middle}c = 3\n"
    known = Rechecking()
    assert known.check(Source("test.lua", text)) == []
    (error,) = known.check(Source("test.lua", text.replace("local c = 2\n", "")))
    assert error.message == "attempt to assign to const variable 'c'"


def test_an_error_comes_and_goes() -> None:
    text = "".join(f"local function f{n % 9}(x)\n  return x + {n}\nend\nprint(f{n % 9})\n" for n in range(60))
    known = Rechecking()
    assert known.check(Source("test.lua", text)) == []
    (error,) = known.check(Source("test.lua", text.replace("x + 20\n", "x + \n")))
    assert (error.message, error.line) == ("unexpected symbol near 'end'", 83)
    assert known.check(Source("test.lua", text.replace("x + 20\n", "x + 2\n"))) == []
