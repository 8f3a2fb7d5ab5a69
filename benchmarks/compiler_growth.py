"""How the compiler's work grows with a program: seconds for n, 2n and 4n of every kind of construct, and their ratios.

python benchmarks/compiler_growth.py [--size N] [--memory] [KIND...]

A ratio near 4 for four times as much is what the compiler promises; 16 is a quadratic step. With --memory it shows what
the compiler held at most, in bytes, and as a share of what is reckoned for the text under a limit of memory.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress

from perilune.compiler.chunks import check_source, compile_chunk, memory_of_characters, memory_of_tokens
from perilune.compiler.diagnostics import LuaSyntaxError
from perilune.compiler.parser import load_parser
from perilune.compiler.proto import dump
from perilune.compiler.source import Source

Make = Callable[[int], str]


def _each(template: str) -> Make:
    """So many copies, in which `$` is the number of the copy."""
    return lambda n: "".join(template.replace("$", str(number)) for number in range(n))


def _within(before: str, template: str, after: str) -> Make:
    return lambda n: before + _each(template)(n) + after


def _functions(template: str) -> Make:
    """Copies in functions of twenty: what one function may have is bounded."""
    return lambda n: "".join("function f() " + _each(template)(20) + " end\n" for _ in range(n // 20 + 1))


KINDS: dict[str, Make] = {
    "labels": _each("::l$:: x = 1\n"),
    "labels in a row": _each("::a$:: ::b$:: ::c$:: x = 1\n"),
    "labels in blocks": _each("do ::l:: x = 1 end\n"),
    "gotos forward": lambda n: _each("goto l$\n")(n) + _each("::l$:: x = 1\n")(n),
    "gotos backward": lambda n: _each("::l$:: x = 1\n")(n) + _each("goto l$\n")(n),
    "gotos to one label": lambda n: "goto l\n" * n + "::l::",
    "gotos out of blocks": _each("while x do goto l$ end ::l$::\n"),
    "breaks": lambda n: "while x do " + "if y then break end " * n + "end",
    "continue idiom": _each("for i = 1, 2 do goto continue ::continue:: end\n"),
    "integer constants": _each("x = $ + 70000000000\n"),
    "different integers": _each("x = 7000000000$\n"),
    "different floats": _each("x = $.5e200\n"),
    "different strings": _each("x = 'string $'\n"),
    "equal strings": _each("x = 'string'\n"),
    "different globals": _each("global$ = 1\n"),
    "different fields": _each("x = y.field$\n"),
    "different methods": _each("y:method$()\n"),
    "constants of one table": _within("x = {", "'s$', $.25, ", "}"),
    "locals in blocks": _each("do local a, b, c = 1, 2, 3 end\n"),
    "locals in functions": _functions("local a$ = 1\n"),
    "locals with attributes": _each("do local a <const>, b <close> = 1, nil end\n"),
    "nested blocks": _each("do do do do local a end end end end\n"),
    "upvalues": _within("local a, b, c, d\n", "function f$() return a + b + c + d end\n", ""),
    "upvalues of depth": _each(
        "do local a function f$() return function() return function() return a end end end end\n"
    ),
    "functions": _each("local function f$() end\n".replace("local ", "")),
    "functions in a table": _within("x = {", "f$ = function(a, b) return a end, ", "}"),
    "nested functions": _each("function f() return function() return function() end end end\n"),
    "parameters": _each("function f(a, b, c, d, ...) return a, ... end\n"),
    "positional fields": _within("x = {", "$, ", "}"),
    "named fields": _within("x = {", "a$ = 1, ", "}"),
    "keyed fields": _within("x = {", "[$] = y, ", "}"),
    "nested tables": _within("x = {", "{1, {2, {a = 3}}}, ", "}"),
    "calls": _each("f($, x, 'y')\n"),
    "call statements on one line": _each("f()"),
    "chained calls": lambda n: "x = f" + "()" * n,
    "chained methods": lambda n: "x = f" + ":m()" * n,
    "chained indices": lambda n: "x = f" + ".a[1]" * n,
    "arguments in functions": lambda n: ("f(" + "a, " * 20 + "a)\n") * (n // 20 + 1),
    "assigned names": lambda n: ("a, " * 15 + "a = " + "b, " * 15 + "b\n") * (n // 15 + 1),
    "returned values": lambda n: ("do return " + "a, " * 20 + "a end\n") * (n // 20 + 1),
    "sums": lambda n: "x = a" + " + a" * n,
    "constant sums": lambda n: "x = 1" + " + 1" * n,
    "concatenations": lambda n: "x = a" + " .. a" * 15 + ("\nx = a" + " .. a" * 15) * (n // 15),
    "folded concatenations": lambda n: "x = 'a'" + " .. 'a'" * 15 + ("\nx = 'a'" + " .. 'a'" * 15) * (n // 15),
    "comparisons": _each("x = a < b == (c > d)\n"),
    "and": lambda n: "x = a" + " and a" * n,
    "or": lambda n: "x = a" + " or a" * n,
    "and or": lambda n: "x = a" + " and b or c" * n,
    "conditions": lambda n: "if a" + " and b or c" * n + " then x = 1 end",
    "unary operators": _each("x = - not # ~ y\n"),
    "if": _each("if x then y = 1 else y = 2 end\n"),
    "elseif": _within("if x then", " elseif x == $ then y = 1\n", " end"),
    "while": _each("while x do y = 1 end\n"),
    "repeat": _each("repeat local y = 1 until y\n"),
    "numeric for": _each("for i = 1, 10, 2 do x = i end\n"),
    "generic for": _each("for k, v in pairs(x) do y = k end\n"),
    "varargs": _each("x = {..., n = select('#', ...)}\n"),
    "long string": lambda n: "x = [[" + "line of text\n" * n + "]]",
    "long strings": _each("x = [==[ text $\n ]==]\n"),
    "one string": lambda n: "x = '" + "text " * n + "'",
    "escapes": lambda n: "x = '" + r"\n\065\x41\u{20AC}" * n + "'",
    "skipped space": lambda n: "x = '" + "\\z  \n  " * n + "'",
    "one comment": lambda n: "--[[" + "line of text\n" * n + "]]",
    "comments": _each("-- comment $\nx = 1 -- another\n"),
    "long comments": _each("--[==[ comment $ ]] ]==] x = 1\n"),
    "brackets that close nothing": lambda n: "x = [==[" + "]=]" * n + "]==]",
    "blank lines": lambda n: "\n" * n + "x = 1",
    "spaces": lambda n: " " * n + "x = 1",
    "carriage returns": lambda n: "x = 1\r\n" * n,
    "semicolons": lambda n: ";" * n,
    "digits": lambda n: "x = " + "9" * n,
    "hexadecimal digits": lambda n: "x = 0x" + "f" * n,
    "hexadecimal fraction": lambda n: "x = 0x." + "f" * n + "p1",
    "fraction": lambda n: "x = 0." + "1" * n,
    "long name": lambda n: "a" * n + " = 1",
    "one line": lambda n: "x = 1 " * n,
    "error at the end": lambda n: "x = 1\n" * n + "x = = 1",
    "error in a line": lambda n: "x = 1 " * n + "x = = 1",
    "open string at the end": lambda n: "x = 1\n" * n + "x = [[",
    "errors": _each("x = = $\n"),
    "errors on one line": _each("x = = $ "),
    "missing ends": lambda n: "function f()\nif x then\n" * 50 + "x = 1\n" * n,
    "surplus ends": lambda n: "end\n" * n,
    "undefined labels": _each("do goto l$ end\n"),
    "labels twice": lambda n: "::l:: x = 1\n" * n,
    "constants assigned": lambda n: "local a <const> = 1\n" + "a = 2\n" * n,
    "breaks outside": lambda n: "break\n" * n,
    "bad characters": lambda n: "x = $\n" * n,
    "bad characters in a row": lambda n: "$" * n,
    "open strings": lambda n: "x = 'open\n" * n,
    "open long brackets": lambda n: "x = [==[ \n" * n,
    "open comments": lambda n: "--[==[ \n" * n,
    "bad escapes": lambda n: r"x = '\q' " * n,
    "bad numbers": lambda n: "x = 3x\n" * n,
}


def seconds(text: str) -> float:
    """The processor time of compiling a program, or where it is wrong, of finding all its errors."""
    started = time.process_time()
    try:
        dump(compile_chunk(text.encode(), b"=growth"))
    except LuaSyntaxError:
        check_source(Source.from_bytes("growth", text.encode()))
    return time.process_time() - started


def memory(text: str) -> tuple[int, int]:
    """The most bytes that were held to compile a program, and what is reckoned for it."""
    data = text.encode()
    tokens = len(load_parser().lexer.tokens(Source.from_bytes("growth", data)).types)
    tracemalloc.start()
    with suppress(LuaSyntaxError):
        dump(compile_chunk(data, b"=growth"))
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return held, memory_of_characters(data) + memory_of_tokens(tokens)


def _print_memory(kinds: list[str], size: int) -> None:
    print(f"{'':<28}{'held':>12}{'of what is reckoned':>21}")
    for kind in kinds:
        held, reckoned = memory(KINDS[kind](size))
        print(f"{kind:<28}{held:>12,}{held / reckoned:>21.0%}", flush=True)


def main() -> None:
    """Prints a line for every kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=2000, metavar="N", help="the smallest n (default: 2000)")
    parser.add_argument("--memory", action="store_true", help="show memory instead")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"one or more of {', '.join(KINDS)} (default: all)")
    options = parser.parse_args()
    seconds("x = 1 x = = 1")  # loads what is loaded once
    if options.memory:
        _print_memory(options.kinds or list(KINDS), options.size)
        return
    print(f"{'':<28}{'n':>9}{'2n':>9}{'4n':>9}{'2n/n':>7}{'4n/n':>7}")
    for kind in options.kinds or KINDS:
        n, n2, n4 = (seconds(KINDS[kind](options.size * factor)) for factor in (1, 2, 4))
        print(f"{kind:<28}{n:>9.3f}{n2:>9.3f}{n4:>9.3f}{n2 / n:>7.1f}{n4 / n:>7.1f}", flush=True)


if __name__ == "__main__":
    main()
