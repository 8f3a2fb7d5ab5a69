"""How often the line is hit on which a loop begins, for every kind of loop and every way to leave it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from perilune.profiler.session import Session

Hits = Callable[[int], int]
LOOPS: dict[
    str, tuple[str, str, Hits | None, Hits]
] = {  # the lines of a loop over x, and how often its header is hit: after n iterations, and when left in the mth
    "numeric": ("for x = 1, n do", "end", lambda n: max(n, 1), lambda m: m),
    "downward": ("for x = n, 1, -1 do", "end", lambda n: max(n, 1), lambda m: m),
    "float": ("for x = 1.0, n do", "end", lambda n: max(n, 1), lambda m: m),
    "generic": ("for x in next, numbers do", "end", lambda n: n + 1, lambda m: m),
    "pairs": ("for x in pairs(numbers) do", "end", lambda n: n + 1, lambda m: m),
    "function": ("for x in upward(n) do", "end", lambda n: n + 1, lambda m: m),
    "while": ("while done < n do", "end", lambda n: n + 1, lambda m: m),
    "repeat": ("repeat", "until done >= n", lambda n: max(n, 1), lambda m: m - 1),
    "endless": ("while true do", "end", None, lambda m: m),
}
WAYS_OUT = {
    "break": "break",
    "goto": "goto out",
    "return": "do return end",
    "error": "error(done)",
    "yield": "coroutine.yield()",
    "os.exit": "os.exit(0, true)",
}


def header_hits(kind: str, n: int, leave: str = "", m: int = 0, entered: int = 1) -> int:
    """Of a loop over n numbers that is left in its mth iteration, 0 for never."""
    begin, end, _, _ = LOOPS[kind]
    lines = [
        "local n, m = ...; n, m = tonumber(n), tonumber(m)",
        "local function upward(last) local i = 0; return function() i = i + 1; if i <= last then return i end end end",
        "local numbers, sum = {}, 0; for i = 1, n do numbers[i] = i end",
        "local function body()",
        "  local done = 0",
        f"  {begin if kind != 'repeat' else 'repeat'}",
        "    done = done + 1",
        f"    if done == m then {leave} end",
        "    sum = sum + done",
        f"  {end}",
        "  ::out::",
        "end",
        f"for i = 1, {entered} do pcall(coroutine.wrap(body)) end",
    ]
    _, profile = Session("count").run("\n".join(lines).encode(), b"=loop", [str(n), str(m)])
    rows = {row.line: row.hits for row in profile.files[0].lines}
    return rows.get(10 if kind == "repeat" else 6, 0)


@pytest.mark.parametrize("n", [0, 1, 2, 7])
@pytest.mark.parametrize("kind", [kind for kind in LOOPS if kind != "endless"])
def test_loops_that_end_by_themselves(kind: str, n: int) -> None:
    expected = LOOPS[kind][2]
    assert expected is not None
    assert header_hits(kind, n) == expected(n)
    assert header_hits(kind, n, entered=3) == 3 * expected(n)


@pytest.mark.parametrize("m", [1, 2, 6, 7])
@pytest.mark.parametrize("way", WAYS_OUT)
@pytest.mark.parametrize("kind", LOOPS)
def test_loops_that_are_left(kind: str, way: str, m: int) -> None:
    entered = 1 if way == "os.exit" else 3
    assert header_hits(kind, 7, WAYS_OUT[way], m, entered) == entered * LOOPS[kind][3](m)


NESTED = """
local i = 0
while true do
  while true do
    ::again::
    i = i + 1
    if i % 5 == 1 then goto again end
    if i % 3 == 0 then break end
  end
  if i > 20 then break end
end"""


def test_loops_that_begin_with_the_same_instruction_have_hits_of_their_own() -> None:
    i = outer = inner = jumps = 0
    while True:
        outer += 1
        while True:
            inner += 1
            i += 1
            while i % 5 == 1:
                jumps += 1
                i += 1
            if i % 3 == 0:
                break
        if i > 20:
            break
    _, profile = Session("count").run(NESTED.encode(), b"=loop")
    rows = {row.line: row.hits for row in profile.files[0].lines}
    assert (rows[3], rows[4], rows[6]) == (outer, inner, inner + jumps)
