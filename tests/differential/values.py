"""Generated constants: numbers in all spellings, strings, patterns, formats."""

from __future__ import annotations

from differential.choices import Choices

INTEGERS = [
    "0", "1", "2", "3", "-1", "5", "7", "-2", "8", "10", "16", "31", "32", "36", "63", "64", "65", "100", "127", "128",
    "255", "256", "-128", "0x7fffffff", "0x80000000", "0xffffffff", "9007199254740992", "9007199254740993",
    "math.maxinteger", "math.mininteger", "(math.maxinteger - 1)", "4611686018427387904", "9223372036854775807",
    "0x7fffffffffffffff", "0x8000000000000000", "0xffffffffffffffff", "0x10000000000000001", "-9223372036854775807",
]  # fmt: skip
FLOATS = [
    "0.0", "1.0", "0.5", "-0.0", "-1.5", "2.0", "3.7", "0.1", "1e15", "1e16", "1e100", "1e308", "1e309", "5e-324",
    "2^53", "2^63", "-2^63", "2^62", "1/0", "-1/0", "0/0", "math.huge", "math.pi", "9223372036854775808", ".5", "5.",
    "3e0", "0x.8", "0xA.8p1", "0x1p-1074", "0x1p4", "0xfp-2", "123456789012345678901234567890", "1E+2", "1e-2", "3.0",
    "1e14", "123456.789", "100000000000000", "99999999999999.9", "0x1.fffffffffffffp1023",
]  # fmt: skip
NUMERAL_TEXTS = [
    "10", "0x10", " 0x1p4 ", "1e2", "abc", "", " ", "1 2", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "-9223372036854775809", "0x", "1e", "inf", "nan", "1_0", "10\\0", "\\v5\\f\\n", "+5", "- 5",
    "--5", "-0", "-0.0", "0b1", "1f", ".", "0x.p1", ".5", "5.", "0x8000000000000000", "-0x1", "1e1000", "0x1.8", "z",
    "7fffffffffffffff", "-ff", "1e+", "0x1P+2", "1.5", "3.0", "1..2", "0xep1", "1e2.0", "٣",
]  # fmt: skip
TEXTS = [
    "a", "", "abc", "hello world", "x=1, y=2", "\\0", "a\\0b", "\\255\\0\\127", "aXbXc", "  trim  ", "f(a(b)c)d",
    "THE (quick) fox", "key = value", "é", "日本", "\\u{7FFFFFFF}", "\\xff\\xfe", "\\n\\t\\r", "%d", "aaa", "abcabc",
    "a.b.c", "[[x]]", "]]", "-", "^$", "0123456789abcdef", "\\\"quoted\\\"", "line1\\nline2",
]  # fmt: skip
_NUMBER_DIGITS = "0123456789"
_CLASSES = "acdglpsuwxACDGLPSUWX"
_PATTERN_PIECES = [
    ".", "a", "b", "%a", "%d", "%s", "%w", "%S", "[abc]", "[^abc]", "[a-c]", "[%a_]", "[^%s]", "x", "=", "(", ")", "()",
    "%1", "%2", "%b()", "%bxy", "%f[%w]", "%f[^%w]", "^", "$", "%", "[", "]", "[]]", "[^]]", "[a-]", "[]", "[^", "%b",
    "%f", "%0", "%%", "\\0", "-", "*", "+", "?", "[%", "[a-%d]", "[%a-z]", "%.", "(.)", "(.-)", "%b\\0\\1", "é",
]  # fmt: skip
_REPEATS = ["", "", "", "*", "+", "-", "?"]


def integer(c: Choices) -> str:
    return c.pick(INTEGERS) if c.chance(70) else str(c.between(-300, 300))


def float_(c: Choices) -> str:
    return c.pick(FLOATS) if c.chance(70) else f"{c.between(-999, 999)}.{c.below(1000)}e{c.between(-25, 25)}"


def number(c: Choices) -> str:
    return integer(c) if c.chance(55) else float_(c)


def text_body(c: Choices) -> str:
    """What stands between double quotes."""
    kind = c.below(4)
    if kind == 0:
        return c.pick(TEXTS)
    if kind == 1:
        return c.pick(NUMERAL_TEXTS)
    if kind == 2:
        return c.pick(TEXTS) + c.pick(TEXTS)
    return "".join(
        c.some(0, 6, lambda: c.pick(["a", "b", "x", " ", "1", "\\0", "(", ")", ".", "%", "\\200", "é", "="]))
    )


def text(c: Choices) -> str:
    return quoted(text_body(c))


def quoted(body: str) -> str:
    return f'"{body}"'


def numeral_text(c: Choices) -> str:
    return quoted(c.pick(NUMERAL_TEXTS))


def value(c: Choices) -> str:
    """A constant or constructor of any type."""
    kind = c.below(12)
    if kind < 3:
        return integer(c)
    if kind < 5:
        return float_(c)
    if kind < 8:
        return text(c)
    return c.pick(["nil", "true", "false", "{}", "{1,2,3}", "print", "function() end", "string.len", "{x=1}", "log"])


def pattern(c: Choices) -> str:
    pieces = c.some(0, 5, lambda: c.pick(_PATTERN_PIECES) + c.pick(_REPEATS))
    return quoted(("^" if c.chance(10) else "") + "".join(pieces) + ("$" if c.chance(10) else ""))


def replacement(c: Choices) -> str:
    kind = c.below(8)
    if kind < 4:
        return quoted("".join(c.some(0, 3, lambda: c.pick(["<", "%0", "%1", "%2", ">", "x", "%%", "%", "%9", "%a"]))))
    return c.pick(
        [
            "function(...) return ... end",
            "function(a) return a .. '!' end",
            "function() return nil end",
            "function(a, b) return b end",
            "{a='1', b=2, x=false}",
            "{abc='k'}",
            "function() return {} end",
            "setmetatable({}, {__index = function(_, k) return '<' .. k .. '>' end})",
            "12",
            "true",
            "nil",
        ]
    )


def format_call(c: Choices) -> str:
    """The arguments of string.format."""
    body, arguments = "", []
    for _ in range(c.between(1, 3)):
        conversion = c.pick("dsqxgGfeEiuacoXAp%") if c.chance(95) else c.pick("DnlkyF$")
        body += c.pick(["", "a", " ", "\\0", "é"]) + "%"
        if c.chance(60):
            body += "".join(c.some(0, 2, lambda: c.pick("-+ #0")))
            body += c.pick(["", "", "5", "20", "1", "99", "100", "05"])
            body += c.pick(["", "", ".", ".0", ".3", ".20", ".99", ".100", ".-1"])
        body += conversion
        if conversion == "%" and c.chance(90):
            continue
        if conversion in "dixXoc" and c.chance(85):
            arguments.append(number(c) if c.chance(40) else str(c.between(-300, 300)))
        elif conversion in "gGfeEaA" and c.chance(85):
            arguments.append(number(c))
        elif conversion in "sq" and c.chance(70):
            arguments.append(text(c))
        elif conversion == "p":
            arguments.append(c.pick(["1", "nil", "true", "2.5"]))
        else:
            arguments.append(value(c).replace("print", "1"))
    if c.chance(5) and arguments:
        arguments.pop()
    return ", ".join([quoted(body), *arguments])


PACK_OPTIONS = [
    "b", "B", "h", "H", "i", "I", "l", "L", "j", "J", "T", "f", "d", "n", "s", "z", "x", "X", "<", ">", "=", "!", " ",
    "i1", "i3", "i7", "i8", "i9", "i16", "i17", "I2", "I16", "s1", "s2", "s4", "c0", "c5", "c", "Xi4", "Xd", "X1", "!1",
    "!4", "!8", "!16", "!17", "!3", "i0", "y", "Xz", "i99999999999",
]  # fmt: skip


def pack_format(c: Choices) -> str:
    return quoted("".join(c.some(1, 5, lambda: c.pick(PACK_OPTIONS))))
