"""Generated constructors, stores, removals, traversals and calls of the table library.

They log the borders and the orders of traversal that PUC Lua has, which a program can see: keys are numbers and booleans
only, whose places in a table follow from the program alone.
"""

from __future__ import annotations

from collections.abc import Callable

from differential.choices import Choices

PROGRAM_HEAD = """\
local function order(t)
  local parts = {}
  for k, v in next, t do parts[#parts + 1] = tostring(k) .. "=" .. tostring(v) end
  return table.concat(parts, " ")
end
-- Some functions go through all elements up to a border, which may be anywhere.
local function short(t) return #t < 1000 end
local function pass(...) return ... end
local function gather(...) return {...} end
local function gather_after(first, ...) return {first, ..., first, ...} end
"""


def _any_key(c: Choices) -> str:
    return c.pick([_near, _near, _near, _near, _far, _float, _boolean])(c)


def _near(c: Choices) -> str:
    return str(c.between(1, 20))


def _far(c: Choices) -> str:
    return c.pick(
        [
            str(c.between(-9, 0)),
            str(c.between(21, 300)),
            f"{c.between(1, 40)} << {c.between(1, 60)}",
            f"(1 << {c.between(0, 63)}) - {c.between(0, 2)}",
            str(c.between(-(2**62), 2**62)),
            "math.mininteger",
            "math.maxinteger",
        ]
    )


def _float(c: Choices) -> str:
    return c.pick(
        [
            f"{c.between(-40, 40)} / {c.between(2, 9)}",
            f"2.0^{c.between(-1080, 1023)}",
            f"{c.between(1, 99)}e{c.between(-320, 300)}",
            f"{c.between(1, 20)}.0",
            f"-0.1 * {c.between(1, 99)}",
            "math.huge",
            "-math.huge",
            "math.pi",
        ]
    )


def _boolean(c: Choices) -> str:
    return c.pick(["true", "false"])


def _value(c: Choices) -> str:
    return str(c.between(1, 99)) if c.chance(90) else "false"


def _item(c: Choices) -> str:
    return "nil" if c.chance(30) else _value(c)


def _items(c: Choices, least: int, most: int) -> str:
    return ", ".join(c.some(least, most, lambda: _item(c)))


def _call(c: Choices) -> str:
    return c.pick([f"pass({_items(c, 0, 8)})", f"table.unpack({{{_items(c, 0, 4)}}}, 1, {c.between(0, 70)})"])


def _constructor(c: Choices) -> str:
    """A new table."""
    kind = c.below(8)
    if kind == 0:
        return "{}"
    if kind == 1:
        return "{" + ", ".join(c.some(0, 9, lambda: f"[{_any_key(c)}] = {_item(c)}")) + "}"
    if kind == 2:
        return f"gather({_items(c, 0, 9)})"
    if kind == 3:
        return f"gather_after({_items(c, 0, 9)})"
    if kind == 4:
        return "{" + ", ".join([*c.some(0, 6, lambda: _item(c)), _call(c)]) + "}"
    if kind == 5:
        return "{" + ", ".join([_item(c)] * c.between(45, 110)) + c.pick([", nil", ", 7", ", " + _call(c), ""]) + "}"
    items = c.some(0, 8, lambda: _item(c) if c.chance(60) else f"[{_any_key(c)}] = {_item(c)}")
    return "{" + ", ".join(items) + c.pick(["", ", nil", ", " + _call(c)]) + "}"


def _range(c: Choices) -> str:
    first, last = c.between(-8, 40), c.between(-8, 40)
    return f"{first}, {last}, {c.pick([1, 2, 3, 7]) * (1 if first <= last else -1)}"


def _loop_key(c: Choices) -> str:
    return c.pick(
        [
            "i",
            "i",
            "i",
            "-i",
            "i / 2",
            "i * 0.25",
            f"i << {c.between(1, 58)}",
            "2.0^i",
            "2^i // 1 | 0",
            "i * i",
            "i * 1.0",
        ]
    )


def _change(c: Choices) -> str:
    """What may happen to the entry `k` of `t` that a traversal has come to."""
    return c.pick(
        [
            "t[k] = nil",
            "t[k] = 0",
            "if v then t[k] = nil end",
            "t[k] = nil; collectgarbage()",
            f"t[{_any_key(c)}] = nil",
            f"t[{_any_key(c)}] = v",
            "log(#t)",
        ]
    )


def _statement(c: Choices) -> str:
    kinds: list[Callable[[], str]] = [
        lambda: f"t[{_any_key(c)}] = {_item(c)}",
        lambda: f"t[{_near(c)}] = nil",
        lambda: f"t[#t + 1] = {_value(c)}",
        lambda: f"t[#t] = {c.pick(['nil', 'nil', _value(c)])}",
        lambda: f"t[#t - {c.between(0, 3)}] = nil",
        lambda: f"log(t[{_near(c)}])",
        lambda: f"log(t[{_any_key(c)}], #t)",
        lambda: "log(#t)",
        lambda: f"for i = {_range(c)} do t[{_loop_key(c)}] = {c.pick(['i', 'i', 'nil'])} end",
        lambda: f"for i = 1, {c.between(1, 30)} do t[#t + 1] = i end",
        lambda: f"if short(t) then for i = #t, {c.between(-2, 12)}, -1 do t[i] = nil end end",
        lambda: f"for i = 1, {c.between(1, 40)} do t[i + {c.between(0, 40)}] = i t[i] = nil end",
        lambda: f"try(table.insert, t, {_value(c)})",
        lambda: f"if short(t) then try(table.insert, t, {c.between(-1, 12)}, {_item(c)}) end",
        lambda: "try(table.remove, t)",
        lambda: f"if short(t) then try(table.remove, t, {c.between(-1, 12)}) end",
        lambda: f"table.move(t, {c.between(-3, 9)}, {c.between(-3, 30)}, {c.between(-3, 30)})",
        lambda: f"t = table.move(t, {c.between(-3, 9)}, {c.between(-3, 30)}, {c.between(-3, 30)}, {_constructor(c)})",
        lambda: f"t = {_constructor(c)}",
        lambda: f"t = {{table.unpack(t, {c.between(-2, 5)}, {c.between(-2, 60)})}}",
        lambda: f"if short(t) then t = gather({_item(c)}, table.unpack(t)) end",
        lambda: f"local p = table.pack({_items(c, 0, 9)}) log(p.n) p.n = nil t = p",
        lambda: "if short(t) then log(select('#', table.unpack(t))) end",
        lambda: "if short(t) then try(table.concat, t, ',') end",
        lambda: "if short(t) then try(table.sort, t) end",
        lambda: "if short(t) then try(table.sort, t, function(a, b) return a > b end) end",
        lambda: "for i, v in ipairs(t) do log(i, v) end",
        lambda: f"for i, v in ipairs(t) do t[i + {c.between(1, 9)}] = nil end",
        lambda: f"try(function() for k, v in pairs(t) do if tick() then break end {_change(c)} end end)",
        lambda: (
            f"try(function() local k, v = next(t) while k and not tick() do {_change(c)} k, v = next(t, k) end end)"
        ),
        lambda: f"try(next, t, {_any_key(c)})",
        lambda: f"log(rawget(t, {_any_key(c)}), rawlen(t)) rawset(t, {_any_key(c)}, {_item(c)})",
    ]
    return c.pick(kinds)()


def program(c: Choices) -> str:
    lines = [PROGRAM_HEAD, f"local t = {_constructor(c)}", "log(#t, order(t))"]
    for statement in c.some(1, 14, lambda: _statement(c)):
        lines.append(f"do {statement} end")
        if c.chance(60):
            lines.append(c.pick(["log(#t)", "log(order(t))", "log(#t, order(t), #t)"]))
    lines.append("log(#t, order(t), #t)")
    return "\n".join(lines) + "\n"
