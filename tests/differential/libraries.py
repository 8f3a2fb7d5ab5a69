"""Generated calls of library functions, with arguments that mostly fit."""

from __future__ import annotations

from collections.abc import Callable

from differential import values
from differential.choices import Choices

Argument = Callable[[Choices], str]


def _small(c: Choices) -> str:
    return str(c.between(-4, 12)) if c.chance(85) else values.number(c)


def _near(c: Choices) -> str:
    """A position that no function walks long to reach."""
    return c.pick([str(c.between(-4, 12)), str(c.between(1, 5)), "2.0", "1.5", "'3'", "nil"])


def _unfit(c: Choices) -> str:
    """A value of any type, but no number that a function would count up to."""
    return c.pick(["nil", "{}", "true", "'x'", "1.5", "-1", "math.huge", "0", "print", "''", "'10'", "{x=1}"])


def _present(c: Choices) -> str:
    """A value that leaves no hole in a table."""
    return values.value(c).replace("nil", "false")


def _filled(c: Choices) -> str:
    """A text that cannot be repeated endlessly for nothing."""
    return values.quoted("x" + values.text_body(c))


def _count(c: Choices) -> str:
    return c.pick(["0", "1", "2", "3", "5", "-1", "10", "math.maxinteger", "2.0", "1.5", "'3'", "1 << 50"])


def _table(c: Choices) -> str:
    items = c.some(0, 6, lambda: c.pick([values.number, values.text, _small, _small, _small])(c))
    if c.chance(85):
        return "{" + ", ".join(items) + "}"
    return c.pick(
        [
            "setmetatable({1,2,3}, {__len = function() return 5 end})",
            "setmetatable({}, {__index = function(_, i) return i * 2 end, __len = function() return 4 end})",
            "setmetatable({}, {__newindex = function(t, k, v) log('set', k, v) rawset(t, k, v) end})",
            "setmetatable({}, {__len = function() return 'x' end})",
            "{n = 3, 1, 2, 3}",
            "{[0] = 0, 1, 2}",
            "{3, 1, 2, 'x'}",
            "{'b', 'a', 'c'}",
        ]
    )


def _numbers(c: Choices) -> str:
    return "{" + ", ".join(c.some(0, 9, lambda: str(c.between(-9, 9)) if c.chance(80) else values.number(c))) + "}"


def _strings(c: Choices) -> str:
    return "{" + ", ".join(c.some(0, 6, lambda: values.text(c) if c.chance(80) else values.number(c))) + "}"


def _order(c: Choices) -> str:
    return c.pick(
        [
            "function(a, b) return a < b end",
            "function(a, b) return a > b end",
            "function(a, b) return math.abs(a) < math.abs(b) end",
            "function(a, b) return true end",
            "function(a, b) return a <= b end",
            "function(a, b) error({}) end",
            "function(a, b) return tostring(a) < tostring(b) end",
            "nil",
        ]
    )


def _codes(c: Choices) -> str:
    return c.pick(["65", "0", "127", "128", "0x7ff", "0x800", "0xffff", "0x10ffff", "0x110000", "0x7fffffff", "-1",
                   "0x80000000", "0xd800", "955"])  # fmt: skip


def _utf8_text(c: Choices) -> str:
    pieces = ["a", "é", "日", "\\u{10FFFF}", "\\u{110000}", "\\u{7FFFFFFF}", "\\xff", "\\x80", "\\xc3", "\\xe6\\x97",
              "\\xed\\xa0\\x80", "\\xc0\\x80", "\\0", "\\xf4\\x90\\x80\\x80"]  # fmt: skip
    return values.quoted("".join(c.some(0, 5, lambda: c.pick(pieces))))


def _without_lone_continuations(c: Choices) -> str:
    """For utf8.codes, which passes over lone continuation bytes in Lua 5.4.4."""
    return _utf8_text(c).replace("\\x80", "x")


def _flag(c: Choices) -> str:
    return c.pick(["nil", "true", "false"])


def _base(c: Choices) -> str:
    return c.pick(["10", "2", "8", "16", "36", "1", "37", "7", "16.0", "nil", "0"])


def _call_target(c: Choices) -> str:
    return c.pick(
        ["error", "function(...) return ... end", "string.rep", "nil", "math.floor", "function() error('e', 2) end"]
    )


_TEXT, _INTEGER, _NUMBER, _VALUE = values.text, values.integer, values.number, values.value
_PATTERN, _REPLACEMENT, _PACK = values.pattern, values.replacement, values.pack_format

# Each function with its arguments; those behind the separator None are optional.
FUNCTIONS: list[tuple[str, list[Argument | None]]] = [
    ("string.byte", [_TEXT, None, _small, _small]),
    ("string.char", [None, _small, _small, _small]),
    ("string.find", [_TEXT, _PATTERN, None, _small, _flag]),
    ("string.match", [_TEXT, _PATTERN, None, _small]),
    ("string.gsub", [_TEXT, _PATTERN, _REPLACEMENT, None, _small]),
    ("string.len", [_TEXT]),
    ("string.lower", [_TEXT]),
    ("string.upper", [_TEXT]),
    ("string.reverse", [_TEXT]),
    ("string.rep", [_filled, _count, None, _TEXT]),
    ("string.sub", [_TEXT, _small, None, _small]),
    ("string.packsize", [_PACK]),
    ("string.pack", [_PACK, None, _VALUE, _NUMBER, _TEXT, _small]),
    ("string.unpack", [_PACK, _TEXT, None, _small]),
    ("tostring", [_NUMBER]),
    ("tonumber", [values.numeral_text, None, _base]),
    ("tonumber", [_VALUE, None, _base]),
    ("math.abs", [_NUMBER]),
    ("math.ceil", [_NUMBER]),
    ("math.floor", [_NUMBER]),
    ("math.fmod", [_NUMBER, _NUMBER]),
    ("math.modf", [_NUMBER]),
    ("math.sqrt", [_NUMBER]),
    ("math.exp", [_small]),
    ("math.log", [_NUMBER, None, _base]),
    ("math.max", [_NUMBER, None, _NUMBER, _NUMBER]),
    ("math.min", [_NUMBER, None, _NUMBER, _NUMBER]),
    ("math.tointeger", [_VALUE]),
    ("math.type", [_VALUE]),
    ("math.ult", [_NUMBER, _NUMBER]),
    ("math.pow", [_NUMBER, _small]),
    ("math.ldexp", [_NUMBER, _small]),
    ("math.frexp", [_NUMBER]),
    ("math.log10", [_NUMBER]),
    ("math.cosh", [_small]),
    ("table.concat", [_strings, None, _TEXT, _near, _near]),
    ("table.unpack", [_table, None, _small, _small]),
    ("table.pack", [None, _VALUE, _VALUE]),
    ("select", [_small, None, _VALUE, _VALUE]),
    ("rawlen", [_VALUE]),
    ("rawequal", [_VALUE, _VALUE]),
    ("rawget", [_table, _VALUE]),
    ("next", [_numbers, None, _small]),
    ("ipairs", [_VALUE]),
    ("pairs", [_VALUE]),
    ("type", [_VALUE]),
    ("assert", [_VALUE, None, _VALUE]),
    ("error", [None, _VALUE, _small]),
    ("pcall", [_call_target, None, _VALUE, _VALUE]),
    ("xpcall", [_call_target, _call_target, None, _VALUE]),
    ("setmetatable", [_table, _VALUE]),
    ("getmetatable", [_VALUE]),
    ("load", [_TEXT, None, _TEXT, _TEXT, _table]),
    ("utf8.char", [None, _codes, _codes, _codes]),
    ("utf8.codepoint", [_utf8_text, None, _small, _small, _flag]),
    ("utf8.len", [_utf8_text, None, _small, _small, _flag]),
    ("utf8.offset", [_utf8_text, _small, None, _small]),
    ("utf8.codes", [_without_lone_continuations, None, _flag]),
    ("coroutine.wrap", [_call_target]),
    ("coroutine.resume", [_VALUE]),
    ("coroutine.isyieldable", []),
    ("coroutine.status", [_VALUE]),
    ("coroutine.close", [_VALUE]),
    ("coroutine.yield", [None, _VALUE]),
    ("debug.getinfo", [_VALUE, None, _TEXT]),
    ("debug.traceback", [_TEXT, None, _small]),
    ("debug.setmetatable", [_table, _VALUE]),
    ("collectgarbage", [_TEXT]),
]

# Functions that change the table in their first argument.
CHANGES: list[tuple[str, list[Argument | None]]] = [
    ("table.insert", [_small, _present]),
    ("table.insert", [_present]),
    ("table.remove", [None, _small]),
    ("table.sort", [None, _order]),
]
# The same, but they may leave a hole: where such a table ends is anybody's guess.
LAST_CHANGES: list[tuple[str, list[Argument | None]]] = [
    ("table.move", [_near, _near, _near, None, _table]),
    ("rawset", [_VALUE, _VALUE]),
]


def _arguments(c: Choices, wanted: list[Argument | None]) -> list[str]:
    given: list[str] = []
    optional = False
    for argument in wanted:
        if argument is None:
            optional = True
        elif optional and c.chance(35):
            break
        else:
            given.append(_unfit(c) if argument not in (_present, _filled) and c.chance(6) else argument(c))
    if given and c.chance(3):
        given.pop()
    return given


def call(c: Choices) -> str:
    """An expression that calls a function which changes nothing."""
    kind = c.below(20)
    if kind < 3:
        return f"string.format({values.format_call(c)})"
    name, wanted = c.pick(FUNCTIONS)
    arguments = _arguments(c, wanted)
    if name.startswith("string.") and arguments and c.chance(25):
        return f"({arguments[0]}):{name[7:]}({', '.join(arguments[1:])})"
    return f"{name}({', '.join(arguments)})"


def statement(c: Choices) -> str:
    """A statement that logs what a call does, or its error."""
    kind = c.below(10)
    if kind == 0:
        name, wanted = c.pick(FUNCTIONS)
        return f"try({', '.join([name, *_arguments(c, wanted)])})"
    if kind == 1:
        source, pattern = values.text(c), values.pattern(c)
        start = c.pick(["", "", "", ", 2", ", -2", ", 9"])
        return f"try(function() for a, b in string.gmatch({source}, {pattern}{start}) do log(a, b) end end)"
    if kind == 2:
        flag = c.pick(["", ", true"])
        text = _without_lone_continuations(c)
        return f"try(function() for p, code in utf8.codes({text}{flag}) do log(p, code) end end)"
    if kind == 3:
        packed = values.pack_format(c)
        given = ", ".join(c.some(1, 4, lambda: c.pick([values.integer, _small, values.text, values.number])(c)))
        return f"try(function() local s = string.pack({packed}, {given}) log(s, string.unpack({packed}, s)) end)"
    if kind < 7:
        table = c.pick([_table, _numbers, _numbers, _strings])(c)
        lines = [f"local t = {table}"]
        for name, wanted in [*c.some(0, 2, lambda: c.pick(CHANGES)), c.pick(CHANGES + LAST_CHANGES)]:
            lines.append(f"try(function() return {name}({', '.join(['t', *_arguments(c, wanted)])}) end)")
        return "do " + " ".join(lines) + " log(t) end"
    return f"try(function() return {call(c)} end)"


def program(c: Choices) -> str:
    return "\n".join(c.some(1, 6, lambda: statement(c)))
