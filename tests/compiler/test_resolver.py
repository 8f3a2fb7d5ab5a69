"""Names, labels and static errors."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from perilune.compiler.chunks import check_source, compile_chunk
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.nodes import Chunk
from perilune.compiler.parser import parse, parse_tolerant
from perilune.compiler.resolver import resolve
from perilune.compiler.source import Source
from perilune.compiler.symbols import CONSTANT, GLOBAL, LOCAL, UPVALUE, Resolution


def resolved(text: str) -> tuple[Chunk, Resolution]:
    source = Source("test", text)
    chunk, diagnostics = parse(source)
    assert chunk is not None and not diagnostics
    return chunk, resolve(chunk, source)


def error_of(text: str) -> str:
    with pytest.raises(LuaSyntaxError) as caught:
        compile_chunk(text.encode("latin-1"), b"=t")
    return str(caught.value)


MANY = ", ".join(f"a{i}" for i in range(201))

ERRORS = [
    ("break", "t:1: break outside loop at line 1"),
    ("while x do\n local function f() break end end", "t:2: break outside loop at line 2"),
    ("do goto x end\n\n", "t:3: no visible label 'x' for <goto> at line 1"),
    ("function f()\n goto x\n end\n\n::x::", "t:5: no visible label 'x' for <goto> at line 2"),
    ("goto c; do ::c:: end", "t:1: no visible label 'c' for <goto> at line 1"),
    ("goto x; local y ::x:: print()", "t:1: <goto x> at line 1 jumps into the scope of local 'y'"),
    ("repeat goto c; local x; ::c:: until x", "t:1: <goto c> at line 1 jumps into the scope of local 'x'"),
    ("::a::\n ;; ::a:: ;\nprint(1)", "t:3: label 'a' already defined on line 2"),
    ("::a:: do ::a:: end", "t:1: label 'a' already defined on line 1"),
    ("local x <const> = 1\nx =\n 2", "t:2: attempt to assign to const variable 'x'"),
    ("local x <const> = {}\nfunction x() end\n\nprint()", "t:4: attempt to assign to const variable 'x'"),
    ("local x <const> = {}; return function() x = 1 end", "t:1: attempt to assign to const variable 'x'"),
    ("local x <close> = nil; x, y = 1", "t:1: attempt to assign to const variable 'x'"),
    ("local x\n <\nfoo\n>\n\n= 1", "t:6: unknown attribute 'foo'"),
    ("local x <close>, y <close> = 1, 2", "t:1: multiple to-be-closed variables in local list"),
    ("function f() g({x = h(...) return 1 end", "t:1: cannot use '...' outside a vararg function near '...'"),
    ("function f() return ... end", "t:1: cannot use '...' outside a vararg function near '...'"),
    (f"local {MANY}", "t:1: too many local variables (limit is 200) in main function near <eof>"),
    (
        f"\nfunction f()\nlocal {MANY}\nend",
        "t:4: too many local variables (limit is 200) in function at line 2 near 'end'",
    ),
    # The first error wins, whatever its kind.
    ("local x <const> = 1; x = 2; y = = 2", "t:1: attempt to assign to const variable 'x'"),
    ("y = = 2; local x <const> = 1; x = 2", "t:1: unexpected symbol near '='"),
    ("goto foo x =", "t:1: unexpected symbol near <eof>"),
]


@pytest.mark.parametrize(("text", "message"), ERRORS, ids=[text[:40] for text, _ in ERRORS])
def test_errors_have_the_reference_words_and_line(text: str, message: str) -> None:
    assert error_of(text) == message


@pytest.mark.reference
@pytest.mark.skipif(shutil.which("luac5.4") is None, reason="the reference compiler is not installed")
@pytest.mark.parametrize("text", [text for text, _ in ERRORS], ids=[text[:40] for text, _ in ERRORS])
def test_errors_agree_with_the_reference(text: str, tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text(text, encoding="latin-1")
    process = subprocess.run(["luac5.4", "-p", "t"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert process.stderr.strip() == "luac5.4: " + error_of(text)


VALID = [
    "goto continue; local x; ::continue::",
    "do goto l1 end; local x; ::l1:: ; ::l2::",
    "do ::a:: end ::a:: goto a",
    "for i = 1, 3 do if i then goto c end local z ::c:: end",
    "local self <const> = 1; function a:b() self = 2 end",
    "do local a <const> = 1 end a = 2",
    "local x <const> = 1; for x = 1, 2 do x = 3 end",
    "while 1 do repeat break until true end",
    "return function(...) return ... end, ...",
]


@pytest.mark.parametrize("text", VALID)
def test_valid_programs_have_no_errors(text: str) -> None:
    compile_chunk(text.encode(), b"=t")
    assert check_source(Source("t", text)) == []


def test_every_name_knows_what_it_means() -> None:
    chunk, result = resolved(
        "local a, k <const> = 1, 2; function g() local b = a; return b, k, print, function() return a end end"
    )
    main, g, inner = result.functions
    assert [variable.name for variable in result.variables] == ["a", "k", "b"]
    a, k, b = result.variables
    assert [name.reference.kind for name in a.references if name.reference] == [UPVALUE, UPVALUE]
    assert [name.reference.kind for name in b.references if name.reference] == [LOCAL]
    assert [name.reference.kind for name in k.references if name.reference] == [CONSTANT]
    assert k.constant == 2 and k.slot == -1
    assert a.captured and not b.captured
    assert [name.name for name in result.global_names] == ["g", "print"]
    assert all(name.reference is not None and name.reference.kind == GLOBAL for name in result.global_names)
    assert [(u.name, u.in_stack, u.index) for u in g.upvalues] == [("a", True, 0), ("_ENV", False, 0)]
    assert [(u.name, u.in_stack, u.index) for u in inner.upvalues] == [("a", False, 0)]
    assert chunk.scope is main and inner.parent is g


def test_env_can_be_a_local_variable_or_an_upvalue() -> None:
    _, result = resolved("local _ENV = {}; x = 1; function f() return y end")
    kinds = [name.reference.environment.kind for name in result.global_names if name.reference.environment]  # type: ignore[union-attr]
    assert kinds == [LOCAL, LOCAL, UPVALUE]


def test_variables_are_visible_from_behind_their_statement_to_the_end_of_their_block() -> None:
    text = "local x = x; do local x = 2; f() end g(x)"
    _, result = resolved(text)
    outer, inner = result.variables
    assert result.visible(text.index("= x")) == {}
    assert result.visible(text.index("f()")) == {"x": inner}
    assert result.visible(text.index("g(x)")) == {"x": outer}


def test_labels_know_their_gotos() -> None:
    _, result = resolved("goto a; ::a:: do goto a end")
    (label,) = result.labels
    assert len(label.gotos) == 2
    assert all(goto.target is label for goto in label.gotos)


def test_all_errors_of_a_broken_file_are_reported() -> None:
    source = Source("t", "local x <const> = 1\nx = 2\nlocal y = = 3\ngoto nowhere\n")
    messages = [(d.line, d.message) for d in check_source(source)]
    assert (2, "attempt to assign to const variable 'x'") in messages
    assert (3, "unexpected symbol near '='") in messages
    assert any("nowhere" in message for _, message in messages)


def test_any_tree_is_resolved() -> None:
    text = "local t = {1, x = function(a) return a.b:c(...) end} for i = 1, # do while t do if"
    for end in range(len(text)):
        source = Source("t", text[:end])
        chunk, _ = parse_tolerant(source)
        resolve(chunk, source)


@pytest.mark.parametrize(
    "text",
    [
        "return " + "+".join(["x"] * 30_000),
        "return " + " < ".join(["x"] * 30_000),
        "if " + " and x or ".join(["y"] * 30_000) + " then f() end",
        "f" + "()" * 30_000,
        "return a" + ".b" * 30_000,
        "a" + ":b()" * 30_000,
    ],
    ids=["arithmetic", "comparisons", "conditions", "calls", "fields", "methods"],
)
def test_long_chains_need_no_deep_recursion(text: str) -> None:
    assert compile_chunk(text.encode(), b"=t").slots <= 4
