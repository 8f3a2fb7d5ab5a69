"""How many figures an edit leaves where they are: nearly all, and none on what it was not measured on."""

from __future__ import annotations

import random
from dataclasses import dataclass

from perilune.lsp.document import Document
from perilune.profiler.line_map import Origin, Version
from perilune.profiler.region_map import Measured

BODIES = (
    ("  local s = 0", "  for i = 1, x do", "    s = s + i", "  end", "  return s"),
    ("  if x then", "    g(x)", "  end"),
    ("  return x + 1",),
)
BROKEN = ("x = (", "local", "if x then", "for i =", 'local s = "', "function h(", "foo.", "end")
SEQUENCES = (
    *range(25),
    195306357240,  # a function loses its end, another is copied, and a stray end makes a program of it
    255997655272,  # a block is begun above others, and one of those is empty now
)
LEAST = 0.97


@dataclass(frozen=True)
class Line:
    """A line of a text, with the measured line that it is; None for one that was typed or copied."""

    text: str
    measured: int | None = None


Function = list[Line]


def measured_functions(generator: random.Random, count: int) -> list[Function]:
    """Functions of different names, many with equal bodies, each followed by a call."""
    functions: list[Function] = []
    line = 0
    for n in range(count):
        texts = [f"local function f{n}(x)", *generator.choice(BODIES), "end", f"f{n}({n})"]
        functions.append([Line(text, line + place) for place, text in enumerate(texts, 1)])
        line += len(texts)
    return functions


def edit(generator: random.Random, functions: list[Function]) -> list[Function]:
    """Functions after one more edit."""
    edited = [list(function) for function in functions]
    place = generator.randrange(len(edited))
    match generator.choice(("move", "swap", "duplicate", "comment", "type", "delete", "space")):
        case "move":
            edited.insert(generator.randrange(len(edited)), edited.pop(place))
        case "swap":
            other = generator.randrange(len(edited))
            edited[place], edited[other] = edited[other], edited[place]
        case "duplicate":
            edited.insert(place + 1, [Line(line.text) for line in edited[place]])
        case "comment":
            edited[place] = [Line("-- " + line.text) for line in edited[place]]
        case "type":
            edited[place].insert(generator.randrange(len(edited[place]) + 1), Line(generator.choice(BROKEN)))
        case "delete":
            del edited[place][generator.randrange(len(edited[place]))]
        case _:
            edited[place] = [Line("  " + line.text, line.measured) for line in edited[place]]
            edited[place].insert(0, Line("-- a comment"))
    return edited


def text_of(functions: list[Function]) -> str:
    return "".join(f"{line.text}\n" for function in functions for line in function)


def test_nearly_all_unchanged_statements_keep_their_figures_and_undoing_gives_back_the_others() -> None:
    kept = unchanged = 0
    for seed in SEQUENCES:
        generator = random.Random(seed)
        functions = measured_functions(generator, 40)
        measured = Document.from_text("test.lua", text_of(functions))
        figures = Measured(Version(measured.source), measured.lines)
        versions = [functions]
        for _ in range(5):
            versions.append(edit(generator, versions[-1]))
        for version in versions[1:]:
            document = Document.from_text("test.lua", text_of(version))
            found = figures.origins(document.source, document.lines)
            for number, line in enumerate((line for function in version for line in function), 1):
                origin = found.get(number)
                shows = origin.line if origin is not None and not origin.changed else None
                if line.text.strip() == "end":
                    continue  # no statement: where a line was deleted it ends another one than before, which has its figure
                if line.measured is not None:
                    unchanged += 1
                    kept += shows == line.measured
                assert shows in (None, line.measured), f"line {number} of\n{text_of(version)}"
        fresh = Measured(Version(measured.source), measured.lines)
        assert fresh.origins(document.source, document.lines) == found, "what was asked before does not matter"
        assert figures.origins(measured.source, measured.lines) == {
            line: Origin(line) for line in range(1, len(measured.lines) + 1)
        }, "undone"
    assert kept / unchanged >= LEAST
