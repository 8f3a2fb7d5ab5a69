"""What is known of the standard library: which names are its own, and which calls do nothing but what they give back."""

from __future__ import annotations

LIBRARIES = frozenset(("math", "string", "table", "utf8", "os", "io", "coroutine", "debug"))

BASIC = frozenset(
    (
        "assert",
        "error",
        "getmetatable",
        "ipairs",
        "next",
        "pairs",
        "pcall",
        "print",
        "rawequal",
        "rawget",
        "rawlen",
        "rawset",
        "select",
        "setmetatable",
        "tonumber",
        "tostring",
        "type",
        "xpcall",
    )
)

STRING_METHODS = frozenset(
    (
        "byte",
        "char",
        "find",
        "format",
        "gmatch",
        "len",
        "lower",
        "match",
        "rep",
        "reverse",
        "sub",
        "upper",
        "pack",
        "unpack",
    )
)
_STRINGS = frozenset(("char", "format", "lower", "rep", "reverse", "sub", "upper", "pack"))

SINGLE = frozenset(("tostring", "tonumber", "type", "rawget", "rawlen", "rawequal", "setmetatable", "getmetatable"))
"""Basic functions that always give one value."""

_SINGLE_FIELDS = {
    "string": _STRINGS | {"len"},
    "table": frozenset(("concat", "pack")),
    "math": frozenset(
        (
            "abs",
            "acos",
            "asin",
            "atan",
            "ceil",
            "cos",
            "deg",
            "exp",
            "floor",
            "fmod",
            "log",
            "max",
            "min",
            "rad",
            "random",
            "sin",
            "sqrt",
            "tan",
            "tointeger",
            "type",
        )
    ),
    "os": frozenset(("clock", "time", "date")),
}

_QUIET_BASIC = SINGLE | {"ipairs", "next", "pairs", "print", "rawset", "select", "assert", "error"}
_QUIET_FIELDS = {
    "math": None,
    "string": STRING_METHODS,
    "table": frozenset(("concat", "insert", "pack", "remove", "unpack", "move")),
    "utf8": None,
    "os": frozenset(("clock", "time", "date", "getenv", "difftime")),
    "io": frozenset(("lines", "read", "write")),
}


def is_library(path: tuple[str, ...]) -> bool:
    """Whether a global, or a field of one, is the standard library's."""
    return (len(path) == 1 and path[0] in BASIC) or (len(path) == 2 and path[0] in LIBRARIES)


def gives_one_value(path: tuple[str, ...]) -> bool:
    """Whether the library function of that name gives one value, neither more nor less."""
    return path[0] in SINGLE if len(path) == 1 else path[-1] in _SINGLE_FIELDS.get(path[0], ())


def gives_string(path: tuple[str, ...]) -> bool:
    """Whether the library function of that name gives a string."""
    return path == ("tostring",) or path == ("table", "concat") or (path[0] == "string" and path[-1] in _STRINGS)


def method_gives_string(name: str) -> bool:
    """Whether a method that strings have gives a string."""
    return name in _STRINGS


def is_quiet(path: tuple[str, ...]) -> bool:
    """Whether the library function of that name runs no code of the program, as long as there are no metamethods."""
    if len(path) == 1:
        return path[0] in _QUIET_BASIC
    known = _QUIET_FIELDS.get(path[0], frozenset())
    return known is None or path[-1] in known
