"""What completion and signature help offer at the cursor, in whole and in broken texts."""

from __future__ import annotations

import pytest

from lsp_fixtures import cursor
from perilune.lsp.features.completion import Proposal, complete, requiring
from perilune.lsp.features.signature_help import signature_help
from perilune.lsp.syntax import Syntax


def proposals(text: str) -> dict[str, Proposal]:
    document, offset = cursor(text)
    syntax = Syntax("test.lua", document.data)
    return {proposal.name: proposal for proposal in complete(syntax, syntax.text, offset).proposals}


def helped(text: str) -> tuple[str, int] | None:
    document, offset = cursor(text)
    syntax = Syntax("test.lua", document.data)
    help = signature_help(syntax, syntax.text, offset)
    return (help.signature.label, help.active) if help else None


@pytest.mark.parametrize(
    ("text", "offered", "not_offered"),
    [
        ("local apple = 1\nlocal function f(pear) local plum = 1\n  p$0 end", "apple pear plum f print pairs", "x"),
        ("do local inner = 1 end\ni$0", "io ipairs if", "inner"),
        ("local x = x$0", "", "x"),
        ("for key, value in pairs(t) do k$0 end", "key value", ""),
        ("local M = {}\nfunction M.add(a) end\nM.size = 1\nM.$0", "add size", "print if"),
        ("local M = { deep = { one = 1, two = 2 } }\nprint(M.deep.$0)", "one two", "deep"),
        ("local M = {}\nfunction M:go() end\nM.size = 1\nM:$0", "go", "size"),
        ("string.$0", "format rep sub", "insert"),
        ("local s = string\ns.$0", "format rep", ""),
        ("math.f$0loor(1)", "floor fmod", ""),
        ("('x'):$0", "rep format", "insert"),
        ("local s = 'x'\ns:$0", "rep upper", ""),
        ("local f = io.open('x')\nf:$0", "read write seek", ""),
        ("_G.$0", "print string", ""),
        ("settings = { depth = 1 }\nprint(settings.$0", "depth", ""),
        ("local A = {}\nA.__index = A\nfunction A.new() return setmetatable({ n = 1 }, A) end\nfunction A:m() self.$0 end",
         "n new m", ""),
        ("local A = {}\nfunction A.new() end\nfunction A:m() end\nlocal a = A.new()\na:$0", "m", ""),
        ("goto $0\n::done::", "done", "print"),
        ("local x <$0", "const close", "print"),
        ("local x = foo.\nlocal y = 2\ny$0", "y", ""),
        ("function f(alpha, beta)\n  if al$0", "alpha beta", ""),
        ("local function f(alpha\n  al$0", "alpha", ""),
        ("if x then\n  local seen = 1\n  print(s$0", "seen string", ""),
        ("return setmetatable({}, { __$0 })", "__index __add __close", ""),
    ],
)  # fmt: skip
def test_what_is_offered(text: str, offered: str, not_offered: str) -> None:
    found = proposals(text)
    assert set(offered.split()) <= set(found)
    assert not set(not_offered.split()) & set(found)


@pytest.mark.parametrize(
    "text",
    ["-- a comment pri$0", "print('a string pri$0')", "--[[ long\npri$0 ]]", "x = [==[ pri$0 ]==]", "local na$0", "x = 12$0",
     "local function na$0", "function f(a, b$0) end", "::la$0"],
)  # fmt: skip
def test_nothing_is_offered_in_text_and_where_a_new_name_is_made(text: str) -> None:
    assert not proposals(text)


def test_functions_come_with_signature_and_documentation() -> None:
    found = proposals("--- Adds two numbers.\nlocal function add(a, b) end\n$0")
    assert (found["add"].kind, found["add"].detail) == ("function", "add(a, b)")
    assert found["add"].documentation == "Adds two numbers."
    assert found["print"].detail == "print(...)"
    assert found["print"].documentation
    assert found["add"].order < found["print"].order < found["while"].order


def test_a_tree_of_an_older_text_serves_as_well() -> None:
    old = "local apple = 1\nlocal function f(pear)\n  return pear\nend\nprint(f(apple))\n"
    syntax = Syntax("test.lua", old.encode())
    new = old.replace("return pear", "local plum = 2\n  return p")
    found = {proposal.name for proposal in complete(syntax, new, new.index("return p") + 8).proposals}
    assert {"apple", "pear", "plum", "print"} <= found
    behind = old + "ap"
    assert "apple" in {proposal.name for proposal in complete(syntax, behind, len(behind)).proposals}


def test_the_module_that_is_being_named() -> None:
    assert requiring('local x = require "a.b', 22) == (19, "a.b")
    assert requiring("require('", 9) == (9, "")
    assert requiring("print('a", 8) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("print($0", ("print(...)", 0)),
        ("string.rep('x', $0)", ("string.rep(s, n, [separator])", 1)),
        ("('x'):rep($0)", ("string.rep(n, [separator])", 0)),
        ("local function add(a, b) end\nadd(1, $0)", ("add(a, b)", 1)),
        ("local function add(a, b) end\nadd((2 + 3) * 4, { 1, 2, $0 })", ("add(a, b)", 1)),
        ("local M = {}\nfunction M:go(speed) end\nM:go($0", ("M:go(speed)", 0)),
        ("local M = { run = function(fast, far) end }\nM.run(true, $0", ("M.run(fast, far)", 1)),
        ("print(string.format('%d, %d', 1, $0", ("string.format(format, ...)", 1)),
        ("print(1)$0", None),
        ("f(function() $0 end)", None),
        ("local function f(a, $0", None),
        ("-- print($0", None),
        ("if (a and $0) then end", None),
    ],
)  # fmt: skip
def test_signatures(text: str, expected: tuple[str, int] | None) -> None:
    assert helped(text) == expected
