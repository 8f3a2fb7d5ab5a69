"""Trees and ranges of valid programs; stock Lark on the same grammar is the oracle."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark, Tree, UnexpectedInput

from compiler.corpus import lua_files, mutated
from compiler.trees import assert_nested, walk
from perilune.compiler import grammar, tablegen
from perilune.compiler.nodes import (
    Assignment,
    Binary,
    Block,
    Call,
    Chunk,
    Expression,
    Function,
    FunctionStatement,
    LocalFunction,
    MethodCall,
    Node,
    Statement,
    children,
)
from perilune.compiler.parser import parse
from perilune.compiler.source import Source


def tree(text: str) -> Chunk:
    chunk, diagnostics = parse(Source("test.lua", text))
    assert chunk is not None and diagnostics == []
    return chunk


def only_statement(text: str) -> Any:
    (statement,) = tree(text).body.statements
    return statement


def outline(node: Any) -> Any:
    """An expression as nested tuples."""
    match node:
        case Binary():
            return (outline(node.left), node.operator, outline(node.right))
        case _ if hasattr(node, "operand"):
            return (node.operator, outline(node.operand))
        case _ if hasattr(node, "expression"):
            return [outline(node.expression)]
        case _:
            return getattr(node, "name", getattr(node, "value", node))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b - c", (("a", "+", "b"), "-", "c")),
        ("a .. b .. c", ("a", "..", ("b", "..", "c"))),
        ("a ^ b ^ c", ("a", "^", ("b", "^", "c"))),
        ("-a ^ b", ("-", ("a", "^", "b"))),
        ("a ^ -b", ("a", "^", ("-", "b"))),
        ("not a == b", (("not", "a"), "==", "b")),
        ("a or b and c", ("a", "or", ("b", "and", "c"))),
        (
            "a < b | c ~ d & e << f .. g + h * i",
            ("a", "<", ("b", "|", ("c", "~", ("d", "&", ("e", "<<", ("f", "..", ("g", "+", ("h", "*", "i")))))))),
        ),
        ("a == b ~= c", (("a", "==", "b"), "~=", "c")),
        ("(a + b) * #c", ([("a", "+", "b")], "*", ("#", "c"))),
        ("- - 1", ("-", ("-", 1))),
    ],
)
def test_operators_bind_as_in_lua(text: str, expected: Any) -> None:
    assert outline(only_statement(f"x = {text}").values[0]) == expected


def test_a_parenthesis_on_the_next_line_continues_a_call() -> None:
    statement = only_statement("f\n(g).x = 1")
    assert isinstance(statement, Assignment)
    assert isinstance(statement.targets[0].object, Call)  # type: ignore[attr-defined]


def test_targets_come_in_the_order_of_the_source() -> None:
    statement = only_statement("a, b.c, d[1] = 1, 2")
    assert [text_of("a, b.c, d[1] = 1, 2", target) for target in statement.targets] == ["a", "b.c", "d[1]"]
    assert [value.value for value in statement.values] == [1, 2]


def text_of(text: str, node: Node) -> str:
    return text[node.start : node.end]


EVERYTHING = """
local a <const>, b <close> = 1, nil
local c
local function d(e, f, ...) return e, ... end
function g.h.i:j(k) end
function l(...) end
function m() return; end
::n:: goto n;
do break end
while true do x = 1 end
repeat local y until false
if a then elseif b then z() else w = 'v' end
for i = 1, 2 do end
for i = 1, 2, 3 do end
for i, j in pairs, t do end
a.b['c'].d, e = f:g('h'){i}"j"(), {1; k = 2, [3] = 4,}
(l).m(function(...) return ... end)
return - not #~a ^ 2, (b)
"""


def test_every_node_starts_and_ends_with_its_tokens() -> None:
    chunk = tree(EVERYTHING)
    found = {type(node).__name__: text_of(EVERYTHING, node) for node in walk(chunk)}
    lines = dict.fromkeys(EVERYTHING.strip().splitlines())
    for name in ("LocalFunction", "While", "Repeat", "If", "NumericFor", "GenericFor", "FunctionStatement", "Return"):
        assert found[name] in lines or f"{found[name]};" in lines or found[name] in EVERYTHING
    assert found["Do"] == "do break end"
    assert found["Label"] == "::n::"
    assert found["Goto"] == "goto n"
    assert found["Break"] == "break"
    assert found["NumericFor"] in ("for i = 1, 2 do end", "for i = 1, 2, 3 do end")
    assert found["GenericFor"] == "for i, j in pairs, t do end"
    assert found["KeyedItem"] == "[3] = 4"
    assert found["NamedItem"] == "k = 2"
    assert found["Unary"].startswith(("-", "not", "#", "~"))


def test_the_range_of_a_function_begins_with_its_keyword() -> None:
    text = "local function f() end function a.b:c() end x = function() end"
    local, method, assigned = tree(text).body.statements
    assert (
        isinstance(local, LocalFunction) and isinstance(method, FunctionStatement) and isinstance(assigned, Assignment)
    )
    assert text_of(text, local.function) == "function f() end"
    assert text_of(text, local) == "local function f() end"
    assert text_of(text, method.function) == text_of(text, method) == "function a.b:c() end"
    assert text_of(text, method.target) == "a.b:c"
    assert method.function.is_method and not local.function.is_method
    assert text_of(text, assigned.values[0]) == "function() end"


def test_offsets_of_operators_and_arguments() -> None:
    text = "x = a.b (1) + o:m  {} .. f 's'"
    positions = {
        text_of(text, node): text[node.operator_start if isinstance(node, Binary) else node.open :]
        for node in walk(tree(text))
        if isinstance(node, Binary | Call | MethodCall)
    }
    assert positions["a.b (1)"].startswith("(1)")
    assert positions["o:m  {}"].startswith("{}")
    assert positions["f 's'"].startswith("'s'")
    assert positions["a.b (1) + o:m  {}"].startswith("+ o")


def test_blocks_span_their_statements() -> None:
    text = "do  x = 1 y = 2  end do end"
    first, second = tree(text).body.statements
    assert text_of(text, first.body) == "x = 1 y = 2"  # type: ignore[attr-defined]
    assert text_of(text, second.body) == ""  # type: ignore[attr-defined]


def test_clauses_begin_with_their_keyword() -> None:
    text = "if a then b() elseif c then d() else e() end"
    clauses = only_statement(text).clauses
    assert [text_of(text, clause) for clause in clauses] == ["if a then b()", "elseif c then d()"]


def test_semicolons_are_no_statements() -> None:
    assert len(tree(";;; x = 1;; y = 2;").body.statements) == 2
    assert tree("").body.statements == []


def test_a_parameter_list_may_end_in_dots() -> None:
    function = only_statement("x = function(a, b, ...) end").values[0]
    assert isinstance(function, Function) and function.vararg is not None
    assert [parameter.name for parameter in function.parameters] == ["a", "b"]
    assert only_statement("x = function(...) end").values[0].parameters == []


# --- the oracle


@pytest.fixture(scope="module")
def lark() -> Lark:
    with open(grammar._GRAMMAR, encoding="utf-8") as file:
        return tablegen.make_lark(file.read(), propagate_positions=True)


# The class of the node that each alternative makes; the others make lists, or nodes of which Lark keeps only a token.
_CLASSES = {
    "call_statement": "CallStatement",
    "assignment_statement": "Assignment",
    "label": "Label",
    "break_statement": "Break",
    "goto": "Goto",
    "do": "Do",
    "while_statement": "While",
    "repeat": "Repeat",
    "if_statement": "If",
    "if_else": "If",
    "numeric_for": "NumericFor",
    "numeric_for_step": "NumericFor",
    "generic_for": "GenericFor",
    "function_statement": "FunctionStatement",
    "method_statement": "FunctionStatement",
    "local_function": "LocalFunction",
    "local": "LocalStatement",
    "local_values": "LocalStatement",
    "return_nothing": "Return",
    "return_semicolon": "Return",
    "return_values": "Return",
    "return_values_semicolon": "Return",
    "plain_name": "AttributedName",
    "attributed_name": "AttributedName",
    "binary": "Binary",
    "unary": "Unary",
    "nil": "Nil",
    "true": "TrueLiteral",
    "false": "FalseLiteral",
    "number": "Number",
    "string": "String",
    "string_argument": "String",
    "parenthesis": "Parenthesis",
    "name": "Name",
    "field": "Field",
    "index": "Index",
    "call": "Call",
    "method_call": "MethodCall",
    "empty_table": "Table",
    "table": "Table",
    "table_trailing": "Table",
    "positional_item": "PositionalItem",
    "named_item": "NamedItem",
    "keyed_item": "KeyedItem",
}
Shape = list[tuple[str, int, int]]


def shape_of_lark(root: Tree[Any]) -> Shape:
    shape = []
    for node in root.iter_subtrees():
        name = _CLASSES.get(node.data)
        if name:
            shape.append((name, node.meta.start_pos, node.meta.end_pos))
        if node.data == "method_statement":
            # Our target is a Field, which spans what Lark has as two children.
            shape.append(("Field", node.children[0].meta.start_pos, node.children[1].end_pos))  # type: ignore[union-attr]
    return sorted(shape)


def shape_of_ours(chunk: Chunk) -> Shape:
    classes = set(_CLASSES.values())
    nodes = [(type(node).__name__, node.start, node.end) for node in walk(chunk)]
    return sorted(node for node in nodes if node[0] in classes)


def test_stock_lark_makes_the_same_tree(lark: Lark) -> None:
    assert shape_of_ours(tree(EVERYTHING)) == shape_of_lark(lark.parse(EVERYTHING))


@pytest.mark.corpus
def test_stock_lark_makes_the_same_trees_of_installed_programs(lark: Lark, corpus_share: int) -> None:
    for path in lua_files()[:: corpus_share * 2]:
        source = Source.from_bytes(path.name, path.read_bytes(), is_file=True)
        chunk, diagnostics = parse(source)
        # What a file may begin with is no matter of the grammar; blanks keep the offsets.
        text = " " * source.begin + source.text[source.begin :]
        try:
            tree_of_lark = lark.parse(text)
        except UnexpectedInput:  # what is installed as Lua need not be
            assert diagnostics, path
            continue
        assert chunk is not None and not diagnostics, path
        assert shape_of_ours(chunk) == shape_of_lark(tree_of_lark), path
        assert_nested(chunk, len(text))


@pytest.mark.corpus
def test_stock_lark_gives_the_same_verdicts(lark: Lark, corpus_share: int) -> None:
    for path in lua_files()[:: corpus_share * 2]:
        if path.stat().st_size > 30_000:
            continue
        for seed in range(4):
            text = mutated(path.read_bytes(), seed).decode("latin-1")
            try:
                lark.parse(text)
                valid = True
            except UnexpectedInput:
                valid = False
            _, diagnostics = parse(Source("test.lua", text))
            assert valid == (not diagnostics), (path, seed)


# --- properties

_WORDS = st.sampled_from(
    re.findall(r"\S+", EVERYTHING + " and or // .. == << >> ~= <= >= < > % | & :: \\ 'a 3x [[ --[[")
)


@given(st.lists(_WORDS, max_size=30).map(" ".join))
@settings(max_examples=300)
def test_parse_never_raises_and_its_ranges_nest(text: str) -> None:
    chunk, diagnostics = parse(Source("test.lua", text))
    assert chunk is not None
    assert len(diagnostics) <= 1
    assert_nested(chunk, len(text))


def test_the_text_of_every_node_parses_to_the_same_node_again() -> None:
    chunk = tree(EVERYTHING)
    # The name of a method is no expression, nor is a function's text where it has a name.
    named = [n.target for n in walk(chunk) if isinstance(n, FunctionStatement)]
    for node in walk(chunk):
        if node in named:
            continue
        text = text_of(EVERYTHING, node)
        if isinstance(node, Statement | Block):
            # `break` alone, `...` and `goto` are syntax, too: what they refer to is the resolver's matter.
            again: Any = tree(text).body
            if isinstance(node, Statement):
                (again,) = again.statements
        elif isinstance(node, Expression) and not (isinstance(node, Function) and not text.startswith("function(")):
            again = only_statement(f"return {text}").values[0]
            again = again if text_of(f"return {text}", again) == text else None
        else:
            continue
        assert type(again) is type(node)
        assert len(list(walk(again))) == len(list(walk(node)))
        assert [type(child) for child in children(again)] == [type(child) for child in children(node)]


# --- the cache of the tables


def test_tables_written_for_a_package_are_read_again(tmp_path: Path) -> None:
    path = str(tmp_path / "folder" / "tables.json")
    grammar.build_tables(path)
    read = grammar._read(path, grammar._key())
    assert read is not None and read["rules"]
    assert grammar._read(path, "another key") is None


def test_a_spoilt_cache_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "tables.json"
    grammar.build_tables(str(path))
    whole = path.read_bytes()
    assert grammar._read(str(path), grammar._key()) is not None
    for bit in range(0, 8 * len(whole), 8 * len(whole) // 999):
        path.write_bytes(whole[: bit // 8] + bytes([whole[bit // 8] ^ 1 << bit % 8]) + whole[bit // 8 + 1 :])
        assert grammar._read(str(path), grammar._key()) is None
    for content in (b"", b"[]", b"{", b'{"key": 1}', whole[:-1], whole + b" "):
        path.write_bytes(content)
        assert grammar._read(str(path), grammar._key()) is None


_PROBE = """
import sys
from perilune.compiler.parser import parse
from perilune.compiler.source import Source
assert parse(Source("test.lua", "x = 1"))[1] == []
print("lark" in sys.modules, "dataclasses" in sys.modules)
"""


def imports_lark(cache: str) -> bool:
    """Whether a new process that parses something imports lark, with its cache in that folder."""
    environment = os.environ | {"XDG_CACHE_HOME": cache, "PYTHONPATH": os.pathsep.join(sys.path)}
    output = subprocess.run([sys.executable, "-c", _PROBE], env=environment, capture_output=True, text=True, check=True)
    return output.stdout.split()[0] == "True"


def test_lark_is_imported_only_once(tmp_path: Path) -> None:
    if os.path.exists(grammar._PACKAGED):
        pytest.skip("the package has its tables with it")
    assert imports_lark(str(tmp_path))
    assert not imports_lark(str(tmp_path))


def test_a_cache_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    imports_lark(str(tmp_path / "file"))
