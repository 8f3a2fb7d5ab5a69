"""The sampled call tree of programs whose calls are known: every path in it is one of the program's, by every kind of call.

The samples are taken at every instruction of the processor where that can be, so that what stands there between two of
the machine's stores is seen too; and by each clock.
"""

from __future__ import annotations

import platform
import sys
from array import array
from collections import Counter
from typing import TYPE_CHECKING, Literal

import pytest

from perilune.vm import State, compile_text

if TYPE_CHECKING:
    from perilune.vm.raw_profile import RawProfile

Sampler = Literal["signal", "thread", "steps"]
HAS_STEPS = sys.platform == "linux" and platform.machine() == "x86_64"
CLOCKS: list[Sampler] = ["signal", "thread"] if sys.platform == "linux" else ["thread"]

METAMETHODS = {
    "__index": "x = t.k",
    "__index[]": "x = t[k]",
    "__index[1]": "x = t[1]",
    "__newindex": "t.k = 1",
    "__newindex[]": "t[k] = 1",
    "__newindex[1]": "t[1] = 1",
    "__call": "t()",
    "__add": "x = t + 1",
    "__sub": "x = 1 - t",
    "__mul": "x = t * t",
    "__div": "x = t / 2",
    "__mod": "x = t % 2",
    "__pow": "x = t ^ 2",
    "__idiv": "x = t // 2",
    "__unm": "x = -t",
    "__band": "x = t & 1",
    "__bor": "x = t | 1",
    "__bxor": "x = t ~ 1",
    "__shl": "x = t << 1",
    "__shr": "x = t >> 1",
    "__bnot": "x = ~t",
    "__concat": "x = 'a' .. t .. 'b'",
    "__len": "x = #t",
    "__eq": "x = t == u",
    "__lt": "x = t < u",
    "__le": "x = t <= u",
    "__eq jump": "if t ~= u then x = 1 else x = 2 end",
    "__lt jump": "if t < u then\nx = 1 else x = 2 end",
    "__le jump": "while not (t <= u) do\nx = 1 end",
}


def metamethod(name: str, use: str) -> tuple[str, set[str]]:
    event = name.split()[0].rstrip("[]1")
    text = f"""
        local x, k = nil, 'k'
        local meta = {{{event} = function(a, b) return a end}}
        local t, u = setmetatable({{}}, meta), setmetatable({{}}, meta)
        local function user() {use} end
        user() user()
    """
    return text, {"main > user", f"user > {event}", "main > setmetatable"}


PROGRAMS: dict[str, tuple[str, set[str]]] = {
    "Lua": (
        "local function g(a, ...) return a end local function f(a) local b = g(a, 1, 2) return b end f(1) f(2)",
        {"main > f", "f > g"},
    ),
    "recursion": (
        "local function f(n)\nif n == 0 then return 0 end\nlocal x = f(n - 1)\nreturn x end\nf(4)",
        {"main > f", "f > f"},
    ),
    "library function": (
        "local function f() return (math.abs(1)), (math.type(1)) end f() f()",
        {"main > f", "f > math.abs", "f > math.type"},
    ),
    "tail call": (
        (
            "local function h(a) return a end local function g(a) return h(a) end\n"
            "local function f(a) local b = g(a) return h(b) end f(1) f(2)"
        ),
        {"main > f", "main > h", "f > g", "f > h"},
    ),
    "tail call of a library function": (
        "local function f(a) return math.abs(a) end f(1) f(2)",
        {"main > f", "f > math.abs"},
    ),
    "tail call with more arguments": (
        "local function g(...) return ... end local function f(a) return g(a, a, a, a, a) end f(1) f(2)",
        {"main > f", "main > g"},
    ),
    "iterator": (
        (
            "local function step(s, i) if i < 3 then return i + 1 end end\nlocal function each() return step, nil, 0 end\n"
            "for i in each() do local x = i end"
        ),
        {"main > each", "main > step"},
    ),
    "iterators of the library": (
        (
            "local t = {1, 2, a = 1} for k in pairs(t) do end for i in ipairs(t) do end for k in next, t do end\n"
            "for w in ('a b'):gmatch('%a') do end"
        ),
        {
            "main > pairs",
            "main > ipairs",
            "main > next",
            "main > ipairs iterator",
            "main > string.gmatch",
            "main > string.gmatch iterator",
        },
    ),
    "pcall": (
        "local function f(a) return math.abs(a) end local function g() error('x') end pcall(f, 1) pcall(g) pcall(pcall, f, 2)",
        {"main > pcall", "pcall > f", "f > math.abs", "pcall > g", "g > error"},
    ),
    "xpcall": (
        "local function handler(e) return e end local function g() local x = nil + 1 end xpcall(g, handler)",
        {"main > xpcall", "xpcall > g", "g > handler"},
    ),
    "error through calls": (
        "local function h() error() end local function g() h() end local function f() pcall(g) end f() f()",
        {"main > f", "f > pcall", "pcall > g", "g > h", "h > error"},
    ),
    "coroutine.wrap": (
        (
            "local function g(a) coroutine.yield(a) end local co = coroutine.wrap(function() local body g(1) g(2) end)\n"
            "local function f() co() end f() f() f()"
        ),
        {
            "main > coroutine.wrap",
            "main > f",
            "f > coroutine.wrap function",
            "coroutine.wrap function > ?",
            "? > g",
            "g > coroutine.yield",
        },
    ),
    "coroutine.resume": (
        (
            "local function g() error('x') end local function body() coroutine.yield() g() end\n"
            "local co = coroutine.create(body)\nfor i = 1, 4 do coroutine.resume(co) end"
        ),
        {
            "main > coroutine.create",
            "main > coroutine.resume",
            "coroutine.resume > body",
            "body > coroutine.yield",
            "body > g",
            "g > error",
        },
    ),
    "nested coroutines": (
        (
            "local function inner() coroutine.yield(1) end\n"
            "local function outer() local co = coroutine.create(inner) coroutine.resume(co) coroutine.yield(2)\n"
            "coroutine.resume(co) end\n"
            "local co = coroutine.create(outer) coroutine.resume(co) coroutine.resume(co)"
        ),
        {
            "main > coroutine.create",
            "main > coroutine.resume",
            "coroutine.resume > outer",
            "outer > coroutine.create",
            "outer > coroutine.resume",
            "outer > coroutine.yield",
            "coroutine.resume > inner",
            "inner > coroutine.yield",
        },
    ),
    "coroutine.close": (
        (
            "local function body() local x <close> = setmetatable({}, {__close = function() local y = 1 end}) coroutine.yield() end\n"
            "local co = coroutine.create(body) coroutine.resume(co) coroutine.close(co)"
        ),
        {
            "main > coroutine.create",
            "main > coroutine.resume",
            "main > coroutine.close",
            "coroutine.resume > body",
            "body > setmetatable",
            "body > coroutine.yield",
            "coroutine.close > __close",
        },
    ),
    "__close": (
        (
            "local meta = {__close = function() local y = 1 end}\n"
            "local function f() local x <close> = setmetatable({}, meta) return 1 end\n"
            "local function g() do local x <close> = setmetatable({}, meta) end error() end f() pcall(g)"
        ),
        {
            "main > f",
            "main > pcall",
            "pcall > g",
            "f > setmetatable",
            "f > __close",
            "g > setmetatable",
            "g > __close",
            "g > error",
        },
    ),
    "__gc": (
        "local meta = {__gc = function() local y = 1 end} setmetatable({}, meta) collectgarbage()",
        {"main > setmetatable", "main > collectgarbage", "collectgarbage > __gc"},
    ),
    "sort": (
        "local function compare(a, b) return math.max(a, b) ~= a end table.sort({3, 1, 2}, compare)",
        {"main > table.sort", "table.sort > compare", "compare > math.max"},
    ),
    "gsub": (
        "local function swap(a) return a:upper() end local s = ('ab'):gsub('%a', swap)",
        {"main > string.gsub", "string.gsub > swap", "swap > string.upper"},
    ),
    "tostring": (
        "local t = setmetatable({}, {__tostring = function() return 'x' end}) tostring(t)",
        {"main > setmetatable", "main > tostring", "tostring > __tostring"},
    ),
    "load": (
        "local chunk = string.dump(function() local loaded = 1 end) local f = load(chunk) f()",
        {"main > string.dump", "main > load", "main > ?"},
    ),
    "load by pieces": (
        (
            "local chunk = string.dump(function() local loaded = 1 end)\n"
            "local function read() local c = chunk chunk = nil return c end local f = load(read) f()"
        ),
        {"main > string.dump", "main > load", "load > read", "main > ?"},
    ),
    "require": (
        "package.preload.m = function() local module = 1 return module end\nlocal m = require 'm'",
        {"main > require", "require > package.preload.m", "require > package.searcher_preload"},
    ),
    "stacks that grow": (
        (
            "local function f(n) if n == 0 then return 0 end\nreturn 1 + f(n - 1) end\n"
            "local function g(...) return select('#', ...) end f(40) g(table.unpack({}, 1, 100))"
        ),
        {"main > f", "f > f", "main > g", "g > select", "main > table.unpack"},
    ),
    **{name: metamethod(name, use) for name, use in METAMETHODS.items()},
}


def sampled(text: str, sampler: Sampler) -> RawProfile:
    chunk = compile_text(text.encode(), b"=x")
    with State() as state:
        state.profile_start("sample", sampler, 10_000)
        state.run(chunk, b"=x").check()
        state.profile_stop()
        return state.profile_data()


def check_tree(raw: RawProfile, calls: set[str]) -> set[str]:
    """That every path is one of the program's, and sums hold; returns the calls that were seen."""
    sampling = raw["sampling"]
    assert sampling is not None
    names = {function["id"]: (function["name"] or b"?").decode() for function in raw["functions"]}
    names.update(
        {
            function["id"]: "main"
            for function in raw["functions"]
            if function["parent"] is None and not function["first_line"]
        }
    )
    lines = {
        function["id"]: {
            line
            for line, count in zip(array("I", function["lines"]), array("Q", function["counts"]), strict=True)
            if count
        }
        for function in raw["functions"]
    }
    places: list[tuple[str, int]] = [("", -1)]
    tree = sampling["tree"]
    callers, seen = {call.partition(" > ")[0] for call in calls}, set()
    self_samples, total_samples = Counter[str](), Counter[str]()
    paths: list[tuple[int, ...]] = [()]
    for index, (parent, id, line, builtin, samples) in enumerate(tree[1:], 1):
        name = builtin or names[id]
        paths.append((*paths[parent], index))
        places.append((name, line))
        if builtin is None:
            assert line in lines[id], f"{name} never ran line {line}"
        if parent:
            seen.add(f"{places[parent][0]} > {name}")
        else:
            assert name == "main"
        self_samples[name] += samples
        total_samples.update(dict.fromkeys({places[node][0] for node in paths[index]}, samples))
    assert seen <= calls
    for name, samples in self_samples.items():
        if name not in callers:
            assert total_samples[name] == samples, f"{name} calls nothing"
    elsewhere = sampling["gc_samples"] + sampling["compile_samples"] + sampling["outside_samples"]
    assert sum(self_samples.values()) + elsewhere == sampling["samples"]
    of_lines = sum(sum(array("Q", function["samples"] or b"")) for function in raw["functions"])
    assert of_lines == sum(self_samples.values())
    of_builtins = {name: count for name, _, _, count in raw["builtins"] if count}
    assert of_builtins == {name: count for name, count in self_samples.items() if name in of_builtins}
    return seen


@pytest.mark.skipif(not HAS_STEPS, reason="needs the trap flag of x86-64 on Linux")
@pytest.mark.parametrize("name", PROGRAMS)
def test_at_every_instruction_of_the_processor_the_stack_is_one_of_the_program_s(name: str) -> None:
    text, calls = PROGRAMS[name]
    assert check_tree(sampled(text, "steps"), calls) == calls


@pytest.mark.parametrize("sampler", CLOCKS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_stacks_of_samples_are_those_of_the_program(name: str, sampler: Sampler) -> None:
    text, calls = PROGRAMS[name]
    raw = sampled(f"local function program() {text}\nend\nfor i = 1, 50 do program() end", sampler)
    check_tree(raw, calls | {call.replace("main >", "program >") for call in calls} | {"main > program"})
