"""Generated expressions over variables of known types, and programs that evaluate them."""

from __future__ import annotations

from dataclasses import dataclass, field

from differential import libraries, values
from differential.choices import Choices

ARITHMETIC = ["+", "-", "*", "/", "//", "%", "^"]
BITWISE = ["&", "|", "~", "<<", ">>"]
COMPARISONS = ["<", "<=", ">", ">=", "==", "~="]


@dataclass(slots=True)
class Scope:
    """The variables that an expression may use; the first letter of a name tells what it should hold."""

    names: list[str] = field(default_factory=list)
    varargs: bool = False

    def of(self, letter: str) -> list[str]:
        return [name for name in self.names if name[0] == letter]


class Expressions:
    """Makes expressions of a wanted type; now and then of another one, so that errors happen."""

    def __init__(self, choices: Choices, scope: Scope, wrong_percent: int = 4) -> None:
        self.choices = choices
        self.scope = scope
        self.wrong_percent = wrong_percent

    def any(self, depth: int) -> str:
        return self.of(self.choices.pick("nsbt"), depth)

    def of(self, letter: str, depth: int) -> str:
        """An expression of the type of this letter: number, string, boolean, table or function."""
        c = self.choices
        if c.chance(self.wrong_percent):
            letter = c.pick("nsbtfx")
        known = self.scope.of(letter)
        if known and c.chance(45):
            return c.pick(known)
        if letter == "n":
            return self.number(depth)
        if letter == "s":
            return self.string(depth)
        if letter == "b":
            return self.boolean(depth)
        if letter == "t":
            return self.table(depth)
        if letter == "f":
            return c.pick(["type", "math.floor", "function(...) return ... end", "select", "tostring"])
        return c.pick(
            ["undefined", "nil", "undefined.field", "math.nothing", "string", "('x'):nothing()", values.value(c)]
        )

    def number(self, depth: int) -> str:
        c = self.choices
        kind = c.below(12) if depth > 0 else 0
        if kind < 3:
            return values.number(c)
        if kind < 6:
            return self._binary(self._operand(depth), c.pick(ARITHMETIC), self._operand(depth))
        if kind < 8:
            return self._binary(self._operand(depth), c.pick(BITWISE), self._operand(depth))
        if kind == 8:
            return f"{c.pick(['- ', '~ ', '#', '- - ', 'not '])}{self._operand(depth)}"
        if kind == 9:
            return f"(#{self.of(c.pick('ts'), depth - 1)})"
        if kind == 10:
            return f"select({c.pick(['#', '#', '1', '-1', '2']).replace('#', chr(34) + '#' + chr(34))}, {self.list_(depth)})"
        table = c.pick(self.scope.of("t") or ["{x=1, y=2.5}"])
        return f"({table}).{c.pick('xyz')}" if table.startswith("{") else f"{table}{self._key(depth)}"

    def _operand(self, depth: int) -> str:
        c = self.choices
        if c.chance(8):
            return values.numeral_text(c)
        return self.of("n", depth - 1)

    def _key(self, depth: int) -> str:
        c = self.choices
        if c.chance(60):
            return "." + c.pick(["x", "y", "z", "self"])
        return f"[clip({self.any(depth - 2)})]"  # Lua 5.4.4 takes a wrong register for the value of a comparison

    def string(self, depth: int) -> str:
        c = self.choices
        kind = c.below(8) if depth > 0 else 0
        if kind < 3:
            return values.text(c)
        if kind < 6:
            parts = c.some(2, 4, lambda: self.of(c.pick("nss"), depth - 1))
            return "(" + " .. ".join(parts) + ")"
        if kind == 6:
            return f"tostring({self.of(c.pick('nsb'), depth - 1)})"
        return f"({self.of('s', depth - 1)}):{c.pick(['upper()', 'len()', 'rep(2)', 'sub(-2)', 'lower()', 'byte()'])}"

    def boolean(self, depth: int) -> str:
        c = self.choices
        kind = c.below(10) if depth > 0 else 0
        if kind < 2:
            return c.pick(["true", "false", "nil", "true", "false"])
        if kind < 5:
            return self._binary(self.of("n", depth - 1), c.pick(COMPARISONS), self.of("n", depth - 1))
        if kind == 5:
            return self._binary(self.of("s", depth - 1), c.pick(COMPARISONS), self.of("s", depth - 1))
        if kind == 6:
            return f"not {self.any(depth - 1)}"
        if kind == 7:
            return self._binary(self.any(depth - 1), c.pick(["==", "~="]), self.any(depth - 1))
        return self._binary(self.of("b", depth - 1), c.pick(["and", "or"]), self.any(depth - 1))

    def table(self, depth: int) -> str:
        c = self.choices

        def entry() -> str:
            kind = c.below(4)
            value = self.any(depth - 2)
            if kind == 0:
                return f"{c.pick('xyz')} = {value}"
            if kind == 1:
                return f"[{self.any(depth - 2)}] = {value}"
            return value

        entries = c.some(0, 4, entry)
        if self.scope.varargs and c.chance(15):
            entries.append("...")
        return "{" + c.pick([", ", "; "]).join(entries) + "}"

    def list_(self, depth: int) -> str:
        """Expressions with commas between them."""
        c = self.choices
        items = c.some(1, 3, lambda: self.any(depth - 1))
        if self.scope.varargs and c.chance(25):
            items.append("...")
        return ", ".join(items)

    def _binary(self, left: str, operator: str, right: str) -> str:
        c = self.choices
        space = "\n" if c.chance(2) else " "
        expression = f"{left} {operator}{space}{right}"
        return expression if c.chance(30) else f"({expression})"


def program(c: Choices) -> str:
    """Expressions over locals, upvalues, globals, fields and constants, each evaluated under protection."""
    names = ["n1", "n2", "n3", "s1", "s2", "t1", "b1"]
    lines = [
        f"local n1, n2 = {values.number(c)}, {values.number(c)}",
        f"n3 = {values.number(c)}",
        f"local s1 <const> = {values.text(c)}",
        f"s2 = {values.text(c)}",
        f"local t1 = {{x = {values.number(c)}, y = {values.value(c)}, 1, {values.number(c)}}}",
        f"local b1 = {c.pick(['nil', 'false', 'true'])}",
        "t1.self = t1" if c.chance(30) else "",
    ]
    expressions = Expressions(c, Scope(names, varargs=True), wrong_percent=7)
    for _ in range(c.between(1, 6)):
        wanted = c.pick("nnnsbt")
        source = libraries.call(c) if c.chance(10) else expressions.of(wanted, 3)
        if c.chance(20):
            lines.append(f"try(function(...) local n1, n2, s2 = n1, n2, s2 return {source} end, n1, s2)")
        else:
            lines.append(f"try(function(...) return {source} end, n1, s2)")
    return "\n".join(lines)
