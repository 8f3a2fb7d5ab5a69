"""Rewrites as they are found in texts: what they make of them, and where there must be none."""

from __future__ import annotations

from textwrap import dedent

import pytest

from perilune.profiler.rewrites.finding import find
from perilune.profiler.rewrites.rewrite import Rewrite, edited
from perilune.vm import State


def found(text: str, kind: str, *lines: int) -> list[Rewrite]:
    """The rewrites of a kind for some lines, all if there are none."""
    data = dedent(text).lstrip("\n").encode()
    return [each for each in find(data, lambda line: not lines or line in lines) if each.kind == kind]


def rewritten(text: str, kind: str, *lines: int) -> str:
    """The text with its only rewrite of a kind."""
    data = dedent(text).lstrip("\n").encode()
    (rewrite,) = found(text, kind, *lines)
    return edited(data, rewrite.edits).decode()


def output(text: str) -> list[bytes]:
    """What a program shows: it collects in the table `out`, and ends well or with an error."""
    with State() as state:
        outcome = state.run(b"out = {}\n" + dedent(text).encode() + b"\nerror(table.concat(out, ' '), 0)", b"=test")
        return outcome.message.split()


# --- concat


def test_a_string_that_grows_in_a_loop_is_joined_behind_it() -> None:
    text = """
    local function join(list)
      local s = ""
      -- all of them
      for i = 1, #list do
        s = s .. list[i] .. ","  -- one
      end
      return s
    end
    """
    assert rewritten(text, "concat") == dedent(
        """
        local function join(list)
          local s = ""
          local s_parts = {}
          -- all of them
          for i = 1, #list do
            s_parts[#s_parts + 1] = list[i] .. ","  -- one
          end
          s = table.concat(s_parts)
          return s
        end
        """
    ).lstrip("\n")


def test_what_the_string_held_before_the_loop_stays_in_front() -> None:
    text = """
    local s = "a"
    for i = 1, 3 do
      for j = 1, 2 do s = s .. i end
      s = s .. ";"
    end
    out[1] = s
    """
    new = rewritten(text, "concat", 3)
    assert "local s_parts = {s}\nfor i" in new
    assert output(new) == output(text) == [b"a11;22;33;"]


def test_an_inner_loop_joins_where_the_outer_one_reads_the_string() -> None:
    text = """
    local s = ""
    for i = 1, 3 do
      for j = 1, 2 do s = s .. i end
      out[#out + 1] = s
    end
    """
    assert output(rewritten(text, "concat")) == output(text) == [b"11", b"1122", b"112233"]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_ends_and_one_line_loops_are_kept(ending: str) -> None:
    text = ending.join(["local s = ''", "for i = 1, 3 do s = s .. i end out[1] = s", "(print or type)(s)", ""])
    data = text.encode()
    (rewrite,) = [each for each in find(data, lambda line: True) if each.kind == "concat"]
    new = edited(data, rewrite.edits).decode()
    assert new.split(ending) == [
        "local s = ''",
        "local s_parts = {}",
        "for i = 1, 3 do s_parts[#s_parts + 1] = i end s = table.concat(s_parts) out[1] = s",
        "(print or type)(s)",
        "",
    ]


def test_a_call_in_parentheses_behind_the_loop_stays_a_statement_of_its_own() -> None:
    text = "local s = ''\nfor i = 1, 3 do s = s .. i end\n(print or type)(s)\n"
    assert "s = table.concat(s_parts);\n(print" in rewritten(text, "concat")


@pytest.mark.parametrize(
    "text",
    [
        "local s = '' for i = 1, 3 do s = s .. i if #s > 2 then break end end",  # the loop reads it
        "local s = '' for i = 1, 3 do s = s .. i .. s end",
        "local s = '' for i = 1, 3 do s = i .. s end",  # in front
        "local s = '' for i = 1, 3 do s = s .. i goto done end ::done:: print(s)",  # jumps over the join
        "local s = '' local function f() return s end for i = 1, 3 do s = s .. f() end",  # a closure reads it
        "local s = 1 for i = 1, 0 do s = s .. i end print(math.type(s))",  # no string
        "local s for i = 1, 3 do s = (s or '') .. i end",
        "local function f(s) for i = 1, 3 do s = s .. i end return s end",  # nobody knows
        "s = '' for i = 1, 3 do s = s .. i end",  # a global: whatever is called may read it
        "for i = 1, 3 do local s = '' s = s .. i end",  # a string of each round
        "local s = '' table.concat = nil for i = 1, 3 do s = s .. i end",
        "local table, s = {}, '' for i = 1, 3 do s = s .. i end",
        "local s, t = '' for i = 1, 3 do s, t = s .. i, 2 end",
    ],
)
def test_a_string_that_may_be_seen_meanwhile_is_left_alone(text: str) -> None:
    assert found(text, "concat") == []


def test_a_piece_that_may_be_no_string_is_told() -> None:
    (rewrite,) = found("local s = '' for _, v in pairs(t) do s = s .. v end", "concat")
    assert rewrite.assumes == "every piece is a string or a number"
    (rewrite,) = found("local s = '' for _, v in pairs(t) do s = s .. tostring(v) end", "concat")
    assert rewrite.assumes == ""


# --- append


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("table.insert(t, 1)", "t[#t + 1] = 1"),
        ("table.insert(self.items, {1, 2});", "self.items[#self.items + 1] = {1, 2};"),
        ("table.insert( t[i] , x + 1 ) -- why", "t[i][#t[i] + 1] = x + 1 -- why"),
        ("table.insert(t, (f()))", None),
        ("table.insert(t, tostring(x))", "t[#t + 1] = tostring(x)"),
        ("local insert = table.insert insert(t, x)", "local insert = table.insert t[#t + 1] = x"),
        ("local q = {} table.insert(q, f(x)) return q", "local q = {} q[#q + 1] = f(x) return q"),
        ("table.insert(t, 1, x)", None),  # in front
        ("table.insert(t, f(x))", None),  # f may append too
        ("local q = {} table.insert(q, f(x)) keep(q)", None),
        ("table.insert(t, ...)", None),
        ("table.insert(f(), x)", None),  # would be called twice
        ("table.insert(t, --[[ why ]] x)", None),
        ("local table = {} table.insert(t, x)", None),
        ("function table.insert() end table.insert(t, x)", None),
        ("local insert = table.insert insert = print insert(t, x)", None),
        ("return table.insert(t, x)", None),  # no statement of its own
    ],
)
def test_appending_by_a_call_becomes_an_assignment(before: str, after: str | None) -> None:
    rewrites = found(before, "append")
    assert [edited(before.encode(), each.edits).decode() for each in rewrites] == ([] if after is None else [after])


def test_a_call_whose_values_nobody_counts_is_told() -> None:
    (rewrite,) = found("local q = {} table.insert(q, f(x)) return #q", "append")
    assert rewrite.assumes == "`f(x)` gives exactly one value"


# --- local


def test_the_library_is_read_before_the_function() -> None:
    text = """
    -- The norm of a vector.
    local function norm(x, y)
      return math.sqrt(x * x + y * y) + math.floor(x)
    end
    """
    assert rewritten(text, "local") == dedent(
        """
        local sqrt, floor = math.sqrt, math.floor
        -- The norm of a vector.
        local function norm(x, y)
          return sqrt(x * x + y * y) + floor(x)
        end
        """
    ).lstrip("\n")


def test_a_basic_function_keeps_its_name() -> None:
    assert rewritten("for i = 1, 9 do type(i) end", "local") == "local type = type\nfor i = 1, 9 do type(i) end"


def test_what_was_set_before_is_read_before_the_function() -> None:
    text = """
    local Point = { scale = 2 }
    function Point.norm(x) return x * x end
    function twice(x) return 2 * x end
    local function work(x)
      return Point.norm(x) + twice(x) + Point.scale
    end
    out[1] = work(3)
    """
    new = rewritten(text, "local", 5)
    assert "local norm, twice, scale = Point.norm, twice, Point.scale\nlocal function work(x)" in new
    assert "  return norm(x) + twice(x) + scale\n" in new
    assert output(new) == output(text) == [b"17"]


@pytest.mark.parametrize(
    "text",
    [
        "local function f(x) return later(x) end function later(x) return x end",
        "local P = {} local function f(x) return P.n end P.n = 1",
        "local P = {n = 1} local function f(x) return P.n end function P.set(n) P.n = n end",
        "local P = {n = 1} P = other local function f(x) return P.n end",
        "local P = {n = 1} P[k] = 2 local function f(x) return P.n end",
        "local function f(x) return unknown(x) end",
        "function f(n) return n < 2 and n or f(n - 1) end",  # not there yet
        "local P = {n = 1} print(P.n)",
    ],
)
def test_what_is_set_later_or_elsewhere_is_read_where_it_is(text: str) -> None:
    assert [each for each in found(text, "local") if each.subject != "print"] == []


def test_a_field_that_stays_is_read_before_the_outermost_loop() -> None:
    text = """
    function Grid:sum()
      local sum = 0
      for y = 1, self.height do
        for x = 1, self.width do
          sum = sum + self.cells[y][x]
        end
      end
      return sum
    end
    """
    (rewrite,) = [each for each in found(text, "local", 5) if each.subject == "self.cells"]
    new = edited(dedent(text).lstrip("\n").encode(), rewrite.edits).decode()
    assert new.splitlines()[1:4] == ["  local sum = 0", "  local cells = self.cells", "  for y = 1, self.height do"]
    assert "sum = sum + cells[y][x]" in new


@pytest.mark.parametrize(
    "text",
    [
        "local t = {n = 3} for i = 1, 9 do t.n = t.n + 1 end",  # it changes
        "local t = {n = 3} for i = 1, 9 do local u = t u.n = t.n + 1 end",  # under another name
        "local t = {n = 3} for i = 1, 9 do t[k] = t.n end",  # perhaps it changes
        "local t = {n = 3} function step() t.n = 0 end for i = 1, 9 do step(t.n) end",
        "while node do sum = node.value node = node.next end",
        "for i = 1, 9 do local t = get() print(t.n) end",
        "local function f(t) for i = 1, 9 do if t then i = t.n end end end",  # there may be no table
        "local function f(t) for i = 1, 9 do i = t and t.n end end",
        "for i = 1, 9 do print(count) count = i end",
        "local _ENV = {} for i = 1, 9 do print(count) end",
        "function math.sqrt() end for i = 1, 9 do i = math.sqrt(i) end",
        "print(math.sqrt(2))",  # runs once
        "local sqrt = math.sqrt for i = 1, 9 do i = sqrt(i) end",
    ],
)
def test_what_may_change_or_is_read_once_stays(text: str) -> None:
    assert [each.subject for each in found(text, "local") if each.subject not in ("print", "k", "step", "get")] == []


def test_a_global_keeps_its_name_where_nothing_sets_it_any_more() -> None:
    assert (
        rewritten("size = 3 for i = 1, 9 do i = size end", "local")
        == "size = 3 local size = size for i = 1, 9 do i = size end"
    )
    later = "local t = {} for i = 1, 3 do t[i] = size end size = 2"
    assert (
        rewritten(later, "local")
        == "local t = {} local size_value = size for i = 1, 3 do t[i] = size_value end size = 2"
    )


def test_the_new_name_is_nobodys() -> None:
    text = "local floor = 1 for i = 1, 9 do floor = floor + math.floor(i) end out[1] = floor"
    assert "local math_floor = math.floor" in rewritten(text, "local")
    assert output(rewritten(text, "local")) == output(text) == [b"46"]


# --- numeric-for


def test_a_loop_over_a_sequence_counts() -> None:
    text = """
    for _, v in ipairs(list) do
      out[#out + 1] = v
    end
    """
    assert rewritten(text, "numeric-for") == dedent(
        """
        local list_list = list
        for i = 1, #list_list do
          local v = list_list[i]
          out[#out + 1] = v
        end
        """
    ).lstrip("\n")
    assert "for i = 1, #t do local v = t[i] f(v) end" in rewritten(
        "local t = {} for i, v in ipairs(t) do f(v) end", "numeric-for"
    )


@pytest.mark.parametrize(
    "text",
    [
        "local t = {} for i, v in ipairs(t) do t[#t + 1] = v end",
        "local t = {} for i, v in ipairs(t) do table.remove(t, i) end",
        "local t = {} for i, v in ipairs(t) do change(t) end",
        "local t = {} for i, v in ipairs(t) do t = v end",
        "local t = {} for i, v in ipairs(t) do i = 1 end",
        "local t = {} for i, t in ipairs(t) do print(t) end",
        "for i, v in ipairs(get()) do print(v) end",
        "for k, v in pairs(t) do print(v) end",
        "local ipairs = pairs for i, v in ipairs({}) do print(v) end",
        "for i, v in ipairs(t) --[[ all ]] do print(v) end",
    ],
)
def test_a_loop_whose_sequence_may_change_stays(text: str) -> None:
    assert found(text, "numeric-for") == []


# --- move-out


def test_a_table_of_constants_moves_before_the_loop_with_its_comment() -> None:
    text = """
    for y = 1, 3 do
      for x = 1, 3 do
        local around = {  -- neighbours
          {1, 0},
          {0, -1},
        }
        for _, step in ipairs(around) do out[#out + 1] = x + step[1] end
      end
    end
    """
    new = rewritten(text, "move-out", 3)
    assert new.splitlines()[:6] == [
        "local around = {  -- neighbours",
        "  {1, 0},",
        "  {0, -1},",
        "}",
        "for y = 1, 3 do",
        "  for x = 1, 3 do",
    ]
    assert output(new) == output(text)


def test_a_closure_moves_out_of_the_loops_that_it_knows_nothing_of() -> None:
    text = """
    local function work(list, sign)
      for i = 1, 3 do
        table.sort(list, function(a, b) return a * sign < b * sign end)
      end
    end
    """
    new = rewritten(text, "move-out")
    assert new.splitlines()[1:4] == [
        "  local compare = function(a, b) return a * sign < b * sign end",
        "  for i = 1, 3 do",
        "    table.sort(list, compare)",
    ]


def test_without_a_loop_a_closure_moves_before_the_function() -> None:
    text = """
    local function outer(x)
      local function double(n) return 2 * n end
      return double(x)
    end
    out[1] = outer(4)
    """
    new = rewritten(text, "move-out")
    assert new.startswith("local function double(n) return 2 * n end\nlocal function outer(x)\n  return")
    assert output(new) == output(text) == [b"8"]


def test_a_function_that_calls_itself_is_renamed_whole() -> None:
    text = """
    local fact = 7
    for i = 1, 2 do
      local function fact(n) return n < 2 and 1 or n * fact(n - 1) end
      out[i] = fact(4)
    end
    out[3] = fact
    """
    new = rewritten(text, "move-out")
    assert "local function fact2(n) return n < 2 and 1 or n * fact2(n - 1) end" in new
    assert output(new) == output(text) == [b"24", b"24", b"7"]


@pytest.mark.parametrize(
    "text",
    [
        "for i = 1, 3 do local t = {1, 2} t[1] = i end",  # changed
        "for i = 1, 3 do local t = {1, 2} keep(t) end",  # kept
        "for i = 1, 3 do local t = {1, 2} out[i] = t end",
        "for i = 1, 3 do local t = {{1}} t[1][1] = i end",
        "for i = 1, 3 do local t = {1, i} print(t[1]) end",  # no constant
        "for i = 1, 3 do local t = {} print(#t) end",  # most likely to be filled
        "for i = 1, 3 do local function f() return i end f() end",  # of this round
        "for i = 1, 3 do local function f() end f = print f() end",
        "for i = 1, 3 do out[i] = function() end end",  # kept, perhaps as a key
        "local t = {1, 2} local f = function() end print(t[1], f())",  # made once
    ],
)
def test_what_is_of_one_round_stays_in_it(text: str) -> None:
    assert found(text, "move-out") == []


# --- all kinds

BROKEN = ["local x = = 1 for i = 1, 3 do type(i) end", "for i = 1, 3 do goto nowhere type(i) end", "\x00", ""]


@pytest.mark.parametrize("text", BROKEN)
def test_a_text_with_errors_has_no_rewrites(text: str) -> None:
    assert find(text.encode(), lambda line: True) == []


def test_only_hot_lines_have_rewrites() -> None:
    text = b"local t = {}\nfor i = 1, 3 do\n  table.insert(t, i)\n  table.insert(t, i)\nend\n"
    assert {each.line for each in find(text, lambda line: line == 4)} == {4}


def test_bytes_that_are_no_text_stay_as_they_are() -> None:
    text = b"\xef\xbb\xbflocal t = {} for i = 1, 3 do table.insert(t, '\xff\xe9') end -- \x80\r\n"
    (rewrite,) = [each for each in find(text, lambda line: True) if each.kind == "append"]
    assert edited(text, rewrite.edits) == text.replace(b"table.insert(t, '\xff\xe9')", b"t[#t + 1] = '\xff\xe9'")
