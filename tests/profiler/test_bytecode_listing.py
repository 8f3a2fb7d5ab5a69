"""Bytecode with the counts that follow from a profile's lines, against those that the machine recorded."""

from __future__ import annotations

import pytest

from perilune.compiler.chunks import compile_chunk
from perilune.profiler.bytecode_listing import UNKNOWN, bytecode_text, costs_of_lines
from perilune.profiler.program_costs import program_costs
from perilune.profiler.session import Session

FIBONACCI = """\
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end
local t = {}
for i = 1, 12 do
  t[#t + 1] = tostring(fib(i)) .. "x"
end
table.sort(t, function(a, b) return a < b end)
print(#t)
"""

ON_ONE_LINE = "local n = 0 for i = 1, 9 do if i % 3 == 0 then n = n + 1 else n = n + 2 end end print(n)"

FAILING = """\
local function check(i) if i > 3 then error("too large") end return i end
for i = 1, 5 do pcall(check, i) end
"""


@pytest.mark.parametrize("text", [FIBONACCI, ON_ONE_LINE, FAILING])
def test_no_count_is_another_than_the_machines(text: str) -> None:
    session = Session("count")
    _, profile = session.run(text.encode(), b"@a.lua", [])
    assert session.raw is not None
    recorded = program_costs(session.raw, profile)
    derived = costs_of_lines(compile_chunk(text.encode(), b"@a.lua", is_file=True), profile.files[0])
    assert len(derived) == len(recorded)
    for of_function, truth in zip(derived, recorded, strict=True):
        assert of_function.keys() == truth.keys()
        assert {pc: cost.count for pc, cost in of_function.items() if cost != UNKNOWN}.items() <= {
            pc: cost.count for pc, cost in truth.items()
        }.items()
    known = sum(cost != UNKNOWN for function in derived for cost in function.values())
    assert known >= (1.0 if text == FIBONACCI else 0.5) * sum(len(function) for function in derived)


def test_the_text_knows_its_lines() -> None:
    _, profile = Session("count").run(FIBONACCI.encode(), b"@a.lua", [])
    proto = compile_chunk(FIBONACCI.encode(), b"@a.lua", is_file=True)
    listing = bytecode_text(proto, FIBONACCI.encode(), profile.files[0], profile)
    lines = listing.text.splitlines()
    of_concat = [source for text, source in listing.places if " CONCAT " in lines[text]]
    assert of_concat == [7]
    assert any("; " in lines[text] and "return n end" in lines[text] for text, source in listing.places if source == 2)
    (call,) = [line for line in lines if " CONCAT " in line]
    assert call.split()[:2] == ["12", "17"]


def test_without_a_profile_it_is_plain() -> None:
    proto = compile_chunk(FIBONACCI.encode(), b"@a.lua", is_file=True)
    assert bytecode_text(proto, FIBONACCI.encode(), None, None).text.startswith('.function "main chunk"')
