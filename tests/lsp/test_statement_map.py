"""Figures follow statements through edits: what is shown was measured on what it stands at, and unchanged lines keep theirs."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.compiler.parser import parse
from perilune.compiler.source import Source
from perilune.profiler.line_map import Version, map_lines

BODY = ["local s = 0", "for i = 1, n do", "  s = s + i * 2", "end", "return s"]
EXAMPLES = Path(__file__).parents[2] / "examples"
BREAKS = (
    "",
    "local x = (\n",
    "if then\n",
    "function\n",
    "x = = 1\n",
    "until x\n",
    "local t = {\n",
    "for i = do\n",
    "\\\n",
)


def version(text: str) -> Version:
    return Version(Source.from_bytes("a.lua", text.encode(), is_file=True))


def figures(old: str, new: str) -> dict[int, int]:
    """The lines of the new text that show figures, and which line's."""
    origins = map_lines(version(old), version(new))
    return {line: origin.line for line, origin in origins.items() if not origin.changed}


def function(name: str) -> str:
    return "\n".join([f"local function {name}(n)", *(f"  {line}" for line in BODY), "end\n"])


@pytest.mark.parametrize("order", list(permutations("abcd")))
@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("is_first", [True, False])
def test_functions_with_equal_bodies_in_every_order(order: tuple[str, ...], broken: str, is_first: bool) -> None:
    old = "".join(map(function, "abcd"))
    text = "".join(map(function, order))
    new = broken + text if is_first else text + broken
    lines = [(name, index) for name in order for index in range(7)]
    skipped = new[: new.index("local function " + order[0])].count("\n")
    for after, before in figures(old, new).items():
        if skipped < after <= skipped + 28:
            name, index = lines[after - 1 - skipped]
            assert before == 1 + "abcd".index(name) * 7 + index
    if not broken:
        assert len(figures(old, new)) == 28


@pytest.mark.parametrize(
    ("begin", "end"), [("--[[", "]]"), ("local text = [[", "]]"), ("--[==[", "]==]"), ("--[[", "")]
)
def test_what_is_no_code_any_more_shows_nothing(begin: str, end: str) -> None:
    old = "".join(map(function, "ab"))
    new = f"{begin}\n{function('a')}{end}\n{function('b')}"
    assert set(figures(old, new).values()) <= set(range(8, 15))
    assert all(after > 8 for after in figures(old, new))


def test_formatting_and_comments_are_no_change() -> None:
    old = "local s=0 for i=1,10 do\ns=s+i;f{1,2}\nend -- end\nlog('x', s)\nfoo(a,b)\n"
    new = "local s = 0   for i = 1, 10 do -- loop\n\n\t s = s + i f{1, 2} --[[ inner ]]\nend\nlog('x', s)\nfoo(\n  a,\n  b\n)\n"
    assert figures(old, new) == {1: 1, 3: 2, 4: 3, 5: 4, 6: 5}


def test_ten_thousand_lines() -> None:
    functions = [f"local function f{n}(n)\n" + "\n".join(BODY) + "\nend\n" for n in range(1500)]
    old = "".join(functions)
    moved = [*functions[1:700], "print(1)\n", *functions[701:], functions[0]]
    kept = figures(old, "".join(moved))
    assert len(kept) == 1499 * 7
    assert all(after != before for after, before in kept.items() if after < 699 * 7)


def parses(text: str) -> bool:
    return not parse(Source.from_bytes("a.lua", text.encode(), is_file=True))[1]


# --- random edits with a ground truth


@dataclass
class Piece:
    """A statement of a made program. A copy has a tag of its own, and that of what it was copied from."""

    opening: str
    tag: int
    body: list[Piece] = field(default_factory=list)
    closing: str = ""
    name: str | None = None
    copied: int | None = None
    hidden: tuple[str, str] | None = None


@dataclass
class Line:
    text: str
    piece: Piece | None
    is_end: bool = False
    parent: int = 0
    is_hidden: bool = False


def pieces(block: list[Piece]) -> Iterator[Piece]:
    for piece in block:
        yield piece
        yield from pieces(piece.body)


def rendered(block: list[Piece], parent: int = 0, depth: int = 0, hidden: bool = False) -> Iterator[Line]:
    for piece in block:
        is_hidden = hidden or piece.hidden is not None
        if piece.hidden is not None:
            yield Line(piece.hidden[0], None)
        yield Line("  " * depth + piece.opening, piece, False, parent, is_hidden)
        if piece.closing:
            yield from rendered(piece.body, piece.tag, depth + 1, is_hidden)
            yield Line("  " * depth + piece.closing, piece, True, parent, is_hidden)
        if piece.hidden is not None:
            yield Line(piece.hidden[1], None)


class Editor:
    """Makes a program and edits it as people do."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.tags = count(1)
        self.names = count(1)
        self.levels = count(0)
        self.program = [self.function(1) for _ in range(chance.randint(2, 6))]
        self.program += [Piece(f"print({n})", next(self.tags)) for n in range(chance.randint(0, 3))]

    def function(self, depth: int) -> Piece:
        name = f"f{next(self.names)}" if depth else "inner"
        body = self.block(self.chance.choice((0, 0, 0, 1, 2)))
        if depth and self.chance.random() < 0.4:
            body.insert(0, self.function(depth - 1))
        return Piece(f"local function {name}(n)", next(self.tags), body, "end", name)

    def block(self, kind: int) -> list[Piece]:
        loop = Piece("for i = 1, n do", next(self.tags), [Piece("s = s + i * 2", next(self.tags))], "end")
        block = [Piece("local s = 0", next(self.tags)), loop]
        if kind:
            block.append(Piece(f"s = s + {kind}", next(self.tags)))
        return [*block, Piece("return s", next(self.tags))]

    def copy(self, piece: Piece) -> Piece:
        body = [self.copy(inner) for inner in piece.body]
        return Piece(piece.opening, next(self.tags), body, piece.closing, piece.name, piece.copied or piece.tag)

    def blocks(self) -> list[list[Piece]]:
        return [self.program, *(piece.body for piece in pieces(self.program) if piece.name and piece.hidden is None)]

    def functions(self) -> list[tuple[list[Piece], Piece]]:
        return [(block, piece) for block in self.blocks() for piece in block if piece.name and piece.hidden is None]

    def edit(self) -> None:
        functions = self.functions()
        if not functions:
            return
        block, piece = self.chance.choice(functions)
        place = self.chance.randrange(len(self.program) + 1)
        kind = self.chance.choice(
            ("move", "swap", "copy", "rename", "hide", "delete", "insert", "remove", "hoist", "wrap")
        )
        if kind == "move":
            block.remove(piece)
            block.insert(self.chance.randrange(len(block) + 1), piece)
        elif kind == "swap":
            other = self.chance.choice(block)
            a, b = block.index(piece), block.index(other)
            block[a], block[b] = block[b], block[a]
        elif kind == "copy":
            copy = self.copy(piece)
            if self.chance.random() < 0.5:
                self.rename(copy)
            self.program.insert(place, copy)
        elif kind == "rename":
            if sum(other.name == piece.name for other in pieces(self.program)) == 1:
                self.rename(piece)
        elif kind == "hide":
            level = "=" * next(self.levels)
            piece.hidden = (self.chance.choice(("--", "text = ")) + f"[{level}[", f"]{level}]")
        elif kind == "delete":
            block.remove(piece)
        elif kind == "insert":
            piece.body.insert(0, Piece(f"new({next(self.tags)})", next(self.tags)))
        elif kind == "remove" and piece.body:
            del piece.body[self.chance.randrange(len(piece.body))]
        elif kind == "hoist":
            block.remove(piece)
            self.program.insert(min(place, len(self.program)), piece)
        elif kind == "wrap":
            block[block.index(piece)] = Piece(f"if new{next(self.tags)} then", next(self.tags), [piece], "end")

    def rename(self, piece: Piece) -> None:
        piece.name = f"g{next(self.names)}"
        piece.opening = f"local function {piece.name}(n)"


def wrong_figures(old: list[Line], new: list[Line], is_damaged: bool = False) -> list[str]:
    """The lines whose figures are not theirs."""
    alive = {line.piece.tag for line in new if line.piece is not None and not line.is_hidden}
    parents = {line.piece.tag: line.parent for line in old if line.piece is not None}
    wrong = []
    text = "\n".join(line.text for line in new)
    for after, before in figures("\n".join(line.text for line in old), text).items():
        now = new[after - 1]
        then = old[before - 1].piece
        assert then is not None
        if now.text.strip() == old[before - 1].text.strip() == "end" and is_damaged and parses(text):
            continue  # it ends something else now than it did when it was made
        is_gone = now.is_hidden and not is_damaged  # what is damaged may be the marks that hide
        known = now.piece.tag if now.piece is not None and not is_gone else None
        if known == then.tag and now.is_end == old[before - 1].is_end:
            continue
        if now.piece is not None and now.piece.copied == then.tag and then.tag not in alive:
            continue  # cut and pasted
        if (
            now.piece is not None
            and now.piece.copied == then.tag
            and is_damaged
            and any(line.is_hidden for line in new)
        ):
            continue  # it may be the original that is hidden now
        if (
            known in parents
            and parents[known or 0] == parents[then.tag]
            and now.text.strip() == old[before - 1].text.strip()
        ):
            continue  # equal ones in one block
        wrong.append(f"{after} {now.text!r} shows what was measured on {before} {old[before - 1].text!r}")
    return wrong


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(0, 1 << 32), st.integers(1, 5), st.sampled_from(BREAKS))
def test_no_figure_stands_where_it_was_not_measured(seed: int, edits: int, broken: str) -> None:
    editor = Editor(random.Random(seed))
    old = list(rendered(editor.program))
    for _ in range(edits):
        editor.edit()
    new = list(rendered(editor.program))
    assert wrong_figures(old, new) == []
    if broken:
        new.insert(editor.chance.randrange(len(new) + 1), Line(broken.rstrip("\n"), None))
        assert wrong_figures(old, new, is_damaged=True) == []
    place = editor.chance.randrange(len(new)) if new else 0
    is_name = bool(new) and new[place].text.lstrip().startswith("local function")
    if new and not (
        is_name and any(line.piece is not None and line.piece.copied for line in new)
    ):  # else a copy has the name
        del new[place]
        assert wrong_figures(old, new, is_damaged=True) == []


def test_undo_brings_every_figure_back() -> None:
    text = "".join(map(function, "abcd"))
    assert len(figures(text, text.replace("s = s", "t = s"))) < 28
    assert figures(text, text) == {line: line for line in range(1, 29)}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.lua")), ids=lambda path: path.name)
@pytest.mark.parametrize("seed", range(5))
def test_lines_that_an_ordinary_edit_leaves_alone_keep_their_figures(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    old = path.read_text().splitlines()
    lines = [(number, line) for number, line in enumerate(old, 1)]
    for _ in range(10):
        place = chance.randrange(len(lines))
        number, line = lines[place]
        is_call = re.fullmatch(r"\s*[\w.:]+ ?\(.*\)|\s*[\w., ]+ = .*[^{(,]", line) is not None
        kind = chance.choice(("insert", "comment", "spaces", "delete", "change"))
        if kind == "insert" and is_call:
            lines.insert(place, (0, f"  new({chance.randrange(1000)})"))
        elif kind == "comment":
            lines.insert(place, (0, "-- a comment"))
        elif kind == "spaces":
            lines[place] = (number, "   " + line)
        elif kind == "delete" and is_call:
            del lines[place]
        elif kind == "change" and is_call:
            lines[place] = (0, line + " changed()")
    text = "\n".join(line for _, line in lines)
    if not parses(text):
        pytest.skip("the edits made no program")
    kept = figures("\n".join(old), text)
    measurable = set(figures("\n".join(old), "\n".join(old)))
    unchanged = {after: number for after, (number, _) in enumerate(lines, 1) if number in measurable}
    right = sum(kept.get(after) == number for after, number in unchanged.items())
    assert right >= 0.97 * len(unchanged)
    assert all(unchanged.get(after) == before for after, before in kept.items())
