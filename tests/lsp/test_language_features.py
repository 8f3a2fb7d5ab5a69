"""Language features on small texts: outline, hover, hints, folds, selections, tokens, rename."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from lsp_fixtures import cursor
from perilune.compiler.chunks import compile_chunk
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.proto import Proto
from perilune.lsp.declared_globals import read_luacheckrc, read_luarc
from perilune.lsp.features.document_symbols import OutlineSymbol, outline
from perilune.lsp.features.language_hints import language_hints
from perilune.lsp.features.ranges import folds, selections
from perilune.lsp.features.rename import RenameError, rename, renamed_text
from perilune.lsp.features.semantic_tokens import semantic_tokens
from perilune.lsp.features.symbol_hover import describe
from perilune.lsp.standard_library import FILE, library, members, metamethods
from perilune.lsp.syntax import Syntax
from perilune.lsp.workspace_files import WorkspaceFiles, find_module, module_names

LUA = Path(__file__).parents[1] / "lua"


def syntax_of(text: str) -> Syntax:
    return Syntax("test.lua", dedent(text).lstrip("\n").encode())


def at(text: str) -> tuple[Syntax, int]:
    document, offset = cursor(text)
    return Syntax("test.lua", document.data), offset


def tree(symbols: list[OutlineSymbol]) -> list[object]:
    return [(symbol.name, tree(symbol.children)) if symbol.children else symbol.name for symbol in symbols]


def test_the_outline_nests_functions_and_shows_what_tables_hold() -> None:
    text = """
        local M = { size = 1, run = function() end }
        local limit <const> = 5
        function M.make(a)
          local inner = 1
          local function deep() return inner end
          return { call = function() end }
        end
        function M:method() end
        M.late = function() end
        count = 0
        on("event", function() local function hidden() end end)
    """
    assert tree(outline(syntax_of(text))) == [
        ("M", ["run"]), "limit", ("M.make", ["deep", "call"]), "M:method", "M.late", "count", "hidden",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("local li$0mit <const> = 5\nprint(limit)", ["local limit <const> = 5", "local variable", "1 use here"]),
        (
            "-- Adds.\nlocal function add(a, b) end\nad$0d(1, 2)",
            ["local function add(a, b)", "Adds.", "defined on line 2"],
        ),
        ("print(str$0ing.format('x'))", ["The library `string`."]),
        ("print(string.for$0mat('x'))", ["string.format(format, ...)", "Lua 5.4"]),
        ("local form = string.format\nfo$0rm('x')", ["local form = string.format", "values put in"]),
        ("local M = {}\nM.__ind$0ex = M", ["M.__index = M", "a key is looked for"]),
        ("goto do$0ne\n::done::", ["::done::", "label"]),
        ("local x <clo$0se> = nil", ["goes out of scope"]),
        ("nobody$0()", ["global variable, not set in this file"]),
    ],
)
def test_hover(text: str, parts: list[str]) -> None:
    explanation = describe(*at(text))
    assert explanation is not None
    for part in parts:
        assert part in explanation.markdown


@pytest.mark.parametrize("text", ["-- com$0ment", "x = 'str$0ing'", "$0", "if$0 x then end", "x = 12$0"])
def test_hover_has_nothing_to_say_where_no_name_is(text: str) -> None:
    assert describe(*at(text)) is None


def hinted(text: str, *known: str) -> list[tuple[str, str]]:
    """What is hinted at, each with the text that it is about."""
    syntax = syntax_of(text)
    return [(syntax.text[p.start : p.end], p.message) for p in language_hints(syntax, known)]


def test_hints_of_what_is_unused() -> None:
    assert hinted("local used, unused = 1, 2\nprint(used)") == [("unused", "local variable 'unused' is never used")]
    assert hinted("local function helper() return helper() end") == [
        ("helper", "local function 'helper' is never used")
    ]
    assert hinted("local total = 0\ntotal = 1") == [("total", "local variable 'total' is set but never read")]
    assert not hinted("local first, second = print()\nprint(second)\nlocal _ignored = 1")
    assert not hinted("local file <close> = nil\nfor i = 1, 2 do print(1) end\nfunction f(unused) end")


def test_hints_of_what_is_never_reached() -> None:
    never = "this code is never reached"
    assert hinted("local function f(a)\n  do return a end\n  print(a)\n  print(a)\nend\nf()") == [
        ("print(a)\n  print(a)", never)
    ]
    assert hinted("while true do print(1) end\nprint(2)") == [("print(2)", never)]
    assert hinted("if x then error('a') else do return end end\nprint(2)", "x") == [("print(2)", never)]
    assert not hinted("if x then error('a') end\nprint(2)", "x")
    assert not hinted("while true do if x then break end end\nprint(2)", "x")
    assert not hinted(
        """
        for i = 1, 2 do
          if i == 1 then goto continue else error("x") end
          ::continue::
          print(i)
          if i then break end
          print(i)
        end
        """
    )


def test_hints_of_shadowing() -> None:
    text = "local x = 1\nlocal function f(x) return x end\nprint(f(x))"
    assert hinted(text) == [("x", "'x' hides the local variable of line 1")]
    assert hinted("local s = 'a'\nprint(s)\nlocal s = 1\nprint(s)") == [
        ("s", "'s' declares again the local variable of line 1")
    ]
    assert not hinted("local s = 'a'\nlocal s = s:upper()\nprint(s)")
    assert not hinted("local print = print\nfor i = 1, 2 do print(i) end\nfor i = 1, 2 do print(i) end")


def test_hints_of_undefined_globals() -> None:
    assert hinted("print(missing, known)", "known") == [
        ("missing", "global variable 'missing' is not set in any open file")
    ]
    assert not hinted("if jit then jit.off() end\nmade = 1\nprint(made, unpack or table.unpack, arg[1])")
    assert not hinted("setmetatable(_G, {})\nprint(anything)")
    assert not hinted("local _ENV = {}\nprint(anything)")


def test_globals_are_declared_for_other_tools() -> None:
    luacheck = b"""
        std = "lua54+love"
        globals = { "a", "b.field" }
        read_globals = { c = { fields = { "no" } }, ["d"] = {}, 3 }
        files["spec"] = { globals = { "e" } }
        files.x.new_read_globals = { "f" }
        exclude_files = { "no" }
        local broken =
    """
    assert read_luacheckrc(luacheck) == {*"abcdef", "love"}
    luals = b'{ // LuaLS\n "diagnostics": { "globals": ["a", "// b", 1,], /* , */ }, "Lua.diagnostics.globals": ["c"] }'
    assert read_luarc(luals) == {"a", "// b", "c"}
    assert read_luarc(b"{") == read_luarc(b"[1]") == read_luarc(b"") == set()


def test_what_a_test_runner_gives_is_defined_in_its_tests() -> None:
    specification = "describe('a', function() before_each(f) it('b', function() assert.is_nil(spy) end) end)"
    assert hinted(specification) == [("f", "global variable 'f' is not set in any open file")]
    assert len(hinted("it('b', print)\ndescribe('a')")) == 2


def test_no_hints_while_the_text_is_broken() -> None:
    assert not hinted("local unused\nprint(anything)\nlocal function f(")


def test_folds() -> None:
    text = """
        -- one
        -- two
        local a = require "a"
        local b = require "b"
        if a then
          print(1)
        elseif b then
          print(2)
        else
          print(3)
        end
        local t = {
          1,
        }
        --[[ long
        ]]
        -- #region x
        f(function()
          return 1
        end)
        -- #endregion
    """
    assert [(fold.first, fold.last, fold.kind) for fold in folds(syntax_of(text))] == [
        (1, 2, "comment"), (3, 4, "imports"), (5, 6, ""), (7, 8, ""), (9, 10, ""), (12, 13, ""), (15, 16, "comment"),
        (17, 21, "region"), (18, 19, ""),
    ]  # fmt: skip


def test_selections_grow() -> None:
    syntax, offset = at("print(a.b + 1, 'te$0xt here')\n")
    chain = [syntax.text[span.start : span.end] for span in selections(syntax, offset)]
    assert chain == [
        "text", "text here", "'text here'", "print(a.b + 1, 'text here')", "print(a.b + 1, 'text here')\n",
    ]  # fmt: skip


def test_tokens_say_what_names_are() -> None:
    syntax = syntax_of("local x <const> = 1\nlocal function f(p) return x + p + G end\nprint(f(x), t.a, t:b(), _G)\n")
    found = [(syntax.text[t.start : t.end], t.type, t.modifiers) for t in semantic_tokens(syntax)]
    assert found == [
        ("x", "variable", ("declaration", "readonly")),
        ("const", "modifier", ()),
        ("f", "function", ("declaration",)),
        ("p", "parameter", ("declaration",)),
        ("x", "variable", ("readonly",)),
        ("p", "parameter", ()),
        ("G", "variable", ("global",)),
        ("print", "function", ("global", "defaultLibrary")),
        ("f", "function", ()),
        ("x", "variable", ("readonly",)),
        ("t", "variable", ("global",)),
        ("a", "property", ()),
        ("t", "variable", ("global",)),
        ("b", "method", ()),
        ("_G", "variable", ("global", "defaultLibrary")),
    ]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("local x$0 = 1\nlocal function f() x = x + 1 end", "y", "local y = 1\nlocal function f() y = y + 1 end"),
        ("goto a$0\n::a::", "b", "goto b\n::b::"),
        ("local x = 1\ndo local x = 2\nprint(x$0) end\nprint(x)", "y", "local x = 1\ndo local y = 2\nprint(y) end\nprint(x)"),
        ("local M = {}\nM.a$0 = 1\nprint(M.a, N.a)", "b", "local M = {}\nM.b = 1\nprint(M.b, N.a)"),
        ("local M = {}\nfunction M:go() self:go$0() end", "run", "local M = {}\nfunction M:run() self:run() end"),
        ("count = 1\nprint(count$0, _G.count)", "n", "n = 1\nprint(n, _G.n)"),
    ],
)  # fmt: skip
def test_rename(text: str, name: str, expected: str) -> None:
    syntax, offset = at(text)
    renaming = rename(syntax, offset, name)
    assert renamed_text(syntax.text, renaming.places, name) == expected
    assert (renaming.warning is None) == ("M" not in text and "count" not in text)


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("local x$0 = 1\nlocal y = 2\nprint(x, y)", "y", "another meaning"),
        ("local x$0 = 1\nprint(x)", "print", "another meaning"),
        ("local x$0 = 1", "end", "keyword"),
        ("local x$0 = 1", "a b", "not a name"),
        ("local a\nlocal function f() local b = 1; return a$0, b end", "b", "another meaning"),
        ("do goto a$0 ::a:: ::b:: end", "b", "another meaning"),
        ("print$0(1)", "write", "standard library"),
        ("-- nothing$0", "x", "no name"),
        ("function M:f() return self$0 end", "x", "not declared"),
    ],
)  # fmt: skip
def test_rename_is_refused(text: str, name: str, message: str) -> None:
    syntax, offset = at(text)
    with pytest.raises(RenameError, match=message):
        rename(syntax, offset, name)


def code(proto: Proto) -> object:
    """What a function does, without the names that are only for messages."""
    return proto.code, proto.constants, [code(inner) for inner in proto.protos]


def test_a_renamed_local_changes_nothing_but_names() -> None:
    checked = 0
    for path in sorted(LUA.rglob("*.lua"))[::9]:
        syntax = Syntax("test.lua", path.read_bytes())
        try:
            before = compile_chunk(path.read_bytes(), b"=t", is_file=True)
        except LuaSyntaxError:
            continue
        for variable in syntax.resolution.variables[:12]:
            assert variable.declaration is not None
            try:
                places = rename(syntax, variable.declaration.start, "renamed_").places
            except RenameError:
                continue
            text = renamed_text(syntax.text, places, "renamed_")
            after = compile_chunk(text.encode("latin-1"), b"=t", is_file=True)
            assert code(after) == code(before), (path, variable.name)
            checked += 1
    assert checked > 100


def test_the_library_is_complete_and_said_once() -> None:
    assert {"string.format", "file*.read", "utf8.charpattern", "coroutine.close", "math.ult"} <= set(library())
    assert all(entry.documentation.endswith(".") for entry in [*library().values(), *metamethods().values()])
    assert len(metamethods()) == 29
    assert set(members(FILE)) == {"close", "flush", "lines", "read", "seek", "setvbuf", "write"}


def test_modules_are_found_beside_the_program_and_in_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "lib" / "deep").mkdir(parents=True)
    (tmp_path / "app").mkdir()
    for name in ("app/near.lua", "lib/far.lua", "lib/deep/init.lua"):
        (tmp_path / name).write_text("function made() end\nreturn {}\n")
    program = str(tmp_path / "app" / "main.lua")
    folders = [str(tmp_path)]
    assert find_module("near", program, folders) == str(tmp_path / "app" / "near.lua")
    assert find_module("far", program, folders) == str(tmp_path / "lib" / "far.lua")
    assert find_module("deep", program, folders) == str(tmp_path / "lib" / "deep" / "init.lua")
    assert find_module("lib.far", program, folders) == str(tmp_path / "lib" / "far.lua")
    assert find_module("..app.near", program, folders) is None
    assert {"near", "app", "lib", "far"} <= set(module_names(program, folders, ""))
    assert module_names(program, folders, "lib.f") == ["lib.far"]


def test_workspace_files_are_read_again_when_they_change(tmp_path: Path) -> None:
    files = WorkspaceFiles()
    path = tmp_path / "a.lua"
    path.write_text("function first() end\n")
    assert [s.name for held in files.symbols([str(tmp_path)], []) for s, _ in held.symbols] == ["first"]
    path.write_text("function second_one() end\n")
    assert [s.name for held in files.symbols([str(tmp_path)], []) for s, _ in held.symbols] == ["second_one"]
    assert files.known_globals() == {"second_one"}
    assert files.symbols([str(tmp_path)], [str(path)]) == []
