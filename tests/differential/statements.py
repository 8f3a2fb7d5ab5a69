"""Generated programs of all statements: loops that end, closures, varargs, gotos, coroutines, metatables, errors."""

from __future__ import annotations

from differential import libraries, values
from differential.choices import Choices
from differential.expressions import Expressions, Scope

_LIMITS = [
    "math.maxinteger", "math.mininteger", "math.maxinteger - 2", "math.mininteger + 2", "0", "1", "3", "-3", "10", "1.5",
    "0.1", "3.0", "1e308", "math.huge", "-math.huge", "0/0", "2^53", "9007199254740993", "-0.0", "'3'", "9.3e18",
]  # fmt: skip
_STEPS = ["1", "-1", "2", "3", "0", "1.0", "0.5", "-0.25", "math.maxinteger", "math.mininteger", "1e308", "'1'", "0.0"]
_EVENTS = [
    "__index", "__newindex", "__call", "__add", "__concat", "__eq", "__lt", "__le", "__len", "__unm", "__tostring",
    "__close", "__name", "__band", "__idiv", "__metatable", "__pairs", "__mode",
]  # fmt: skip


class Statements:
    """Makes blocks; keeps track of the variables in scope, so that most names mean something."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.scope = Scope(varargs=True)
        self.expressions = Expressions(choices, self.scope, wrong_percent=3)
        self.loops = 0
        self.counter = 0
        self.budget = choices.between(6, 26)
        self.constants: set[str] = set()
        self.in_coroutine = False

    def fresh(self, letter: str) -> str:
        self.counter += 1
        return f"{letter}{self.counter}"

    def value(self, letter: str | None = None) -> str:
        depth = self.choices.between(0, 2)
        if letter is None:
            return self.expressions.any(depth)
        return self.expressions.of(letter, depth)

    def block(self, indent: str, most: int = 5, before_end: str = "") -> str:
        """The lines of a block with a scope of its own."""
        known, varargs = len(self.scope.names), self.scope.varargs
        lines = []
        for _ in range(self.choices.between(1, most)):
            if self.budget <= 0:
                break
            self.budget -= 1
            lines.append(indent + self.statement(indent))
        if before_end:
            lines.append(indent + before_end)
        elif self.choices.chance(12):
            lines.append(f"{indent}return {self.expressions.list_(2)}")
        elif self.loops and self.choices.chance(10):
            lines.append(f"{indent}break")
        del self.scope.names[known:]
        self.scope.varargs = varargs
        return "".join(line + "\n" for line in lines)

    def body(self, indent: str, varargs: bool, parameters: list[str] | None = None) -> str:
        """The block of a function, which no break leaves."""
        loops, self.loops = self.loops, 0
        outer, self.scope.varargs = self.scope.varargs, varargs
        known = len(self.scope.names)
        self.scope.names += parameters or []
        text = self.block(indent + "  ", 4)
        del self.scope.names[known:]
        self.loops, self.scope.varargs = loops, outer
        return text

    def function(self, indent: str) -> str:
        """A function expression from its parameters on."""
        c = self.choices
        parameters = [self.fresh(c.pick("nst")) for _ in range(c.below(3))]
        varargs = c.chance(40)
        heads = ", ".join([*parameters, "..."] if varargs else parameters)
        guard = f"{indent}  if tick() then return end\n"  # it may call itself, with ever longer texts
        for name in parameters:
            guard += f"{indent}  {name} = clip({name})\n"
        return f"({heads})\n{guard}{self.body(indent, varargs, parameters)}{indent}end"

    def statement(self, indent: str) -> str:
        c = self.choices
        makers = [
            self.log, self.local, self.log, self.assign, self.local, self.if_, self.while_, self.repeat, self.numeric_for,
            self.generic_for, self.do, self.local_function, self.call, self.protected, self.coroutine, self.metatable,
            self.goto_continue, self.goto_loop, self.close, self.method, self.error, self.library, self.field,
            self.traced,
        ]  # fmt: skip
        return c.pick(makers)(indent)

    def log(self, indent: str) -> str:
        return f"log({self.expressions.list_(3)})"

    def local(self, indent: str) -> str:
        c = self.choices
        letters = [c.pick("nstb") for _ in range(c.between(1, 3))]
        values_ = ", ".join(self.value(letter) for letter in letters[: c.between(1, len(letters))])
        names = [self.fresh(letter) for letter in letters]
        attribs = [" <const>" if c.chance(12) else "" for _ in names]
        self.constants.update(name for name, attrib in zip(names, attribs, strict=True) if attrib)
        self.scope.names += names
        heads = ", ".join(name + attrib for name, attrib in zip(names, attribs, strict=True))
        return f"local {heads} = {values_}"

    def assign(self, indent: str) -> str:
        c = self.choices

        def target() -> str:
            names = [name for name in self.scope.names if name not in self.constants and name[0] != "f"]
            kind = c.below(4)
            if kind == 0 or not names:
                return c.pick(["n0", "s0", "t0"])
            name = c.pick(names)
            if kind == 1 and name[0] == "t":
                return f"{name}.{c.pick('xyz')}"
            if kind == 2 and name[0] == "t":
                return f"{name}[clip({self.value('n')})]"
            return name

        targets = c.some(1, 3, target)
        given = [f"clip({self.value(name[0] if name.isalnum() else None)})" for name in targets]
        return f"{', '.join(targets)} = {', '.join(given[: c.between(1, len(given))])}"

    def field(self, indent: str) -> str:
        c = self.choices
        table = c.pick(self.scope.of("t") or ["{}"])
        if table == "{}":
            return f"t0 = {self.value('t')}"
        return f"{table}.{c.pick('xyz')} = clip({self.value()})"

    def if_(self, indent: str) -> str:
        c = self.choices
        text = f"if {self.value('b')} then\n{self.block(indent + '  ', 3)}"
        if c.chance(30):
            text += f"{indent}elseif {self.value('b')} then\n{self.block(indent + '  ', 3)}"
        if c.chance(50):
            text += f"{indent}else\n{self.block(indent + '  ', 3)}"
        return f"{text}{indent}end"

    def _loop_body(self, indent: str, before_end: str = "") -> str:
        self.loops += 1
        text = self.block(indent + "  ", 4, before_end)
        self.loops -= 1
        return text

    def while_(self, indent: str) -> str:
        return f"while not tick() and ({self.value('b')}) do\n{self._loop_body(indent)}{indent}end"

    def repeat(self, indent: str) -> str:
        name = self.fresh("b")
        end = f"local {name} = {self.value('b')}"
        return f"repeat\n{self._loop_body(indent, end)}{indent}until tick() or {name}"

    def numeric_for(self, indent: str) -> str:
        c = self.choices
        bounds = [c.pick(_LIMITS) if c.chance(60) else self.value("n") for _ in range(2)]
        if c.chance(60):
            bounds.append(c.pick(_STEPS))
        name = self.fresh("n")
        self.scope.names.append(name)
        self.constants.add(name)  # assigning it could repeat the log endlessly long
        body = self._loop_body(indent)
        self.scope.names.remove(name)
        return f"for {name} = {', '.join(bounds)} do\n{indent}  log({name}) if tick() then break end\n{body}{indent}end"

    def generic_for(self, indent: str) -> str:
        c = self.choices
        key, value = self.fresh("n"), self.fresh("n")
        kind = c.below(5)
        leave = "if tick() then break end"
        if kind == 0:
            head = f"{key}, {value} in ipairs({self.value('t')})"
        elif kind == 1:
            head = f"{key}, {value} in pairs({{{self.value()}}})"
        elif kind == 2:
            count = self.fresh("n")
            step = f"function(s, {count}) if {count} < 3 then return {count} + 1, s end end"
            head = f"{key}, {value} in {step}, {self.value()}, 0"
        elif kind == 3:
            closing = "setmetatable({}, {__close = function(_, e) log('closed', e) end})"
            head = f"{key}, {value} in next, {{{self.value()}}}, nil, {closing}"
            leave = ""  # Lua 5.4.4 does not close what a break leaves
        else:
            head = f"{key}, {value} in {self.value()}"
        self.scope.names += [key, value]
        body = self._loop_body(indent) if leave else self.body(indent, self.scope.varargs)
        del self.scope.names[-2:]
        return f"for {head} do\n{indent}  log({key}, {value}) {leave}\n{body}{indent}end"

    def do(self, indent: str) -> str:
        return f"do\n{self.block(indent + '  ')}{indent}end"

    def local_function(self, indent: str) -> str:
        name = self.fresh("f")
        if self.choices.chance(70):
            self.scope.names.append(name)
            return f"local function {name}{self.function(indent)}"
        return f"function {name}{self.function(indent)} log(pcall({name}, {self.expressions.list_(1)}))"

    def call(self, indent: str) -> str:
        c = self.choices
        known = self.scope.of("f")
        if not known:
            return self.local_function(indent)
        call = f"{c.pick(known)}({self.expressions.list_(2)})"
        return c.pick([f"log({call})", call, f"log(({call}))", f"local n{self.counter}x = {call}"])

    def protected(self, indent: str) -> str:
        return f"log(pcall(function{self.function(indent)}, {self.expressions.list_(1)}))"

    def traced(self, indent: str) -> str:
        handler = self.choices.pick(["debug.traceback", "function(m) log('handler', m) return m end"])
        return f"log(xpcall(function{self.function(indent)}, {handler}, {self.expressions.list_(1)}))"

    def error(self, indent: str) -> str:
        c = self.choices
        raised = c.pick(
            [
                f"error({self.value()})",
                f"error({self.value('s')}, {c.pick(['0', '1', '2', '3'])})",
                f"assert({self.value('b')}, {self.value()})",
                "error()",
                "error(setmetatable({}, {__tostring = function() return 'object' end}))",
            ]
        )
        return f"if {self.value('b')} then {raised} end"

    def coroutine(self, indent: str) -> str:
        name = self.fresh("c")
        yields = f"{indent}  log(coroutine.yield({self.expressions.list_(1)}))\n"
        body = self.body(indent, True)
        resume = f"log(coroutine.resume({name}, {self.expressions.list_(1)}))"
        end = self.choices.pick(["", f" log(coroutine.close({name}))"])
        return (
            f"local {name} = coroutine.create(function(...)\n{yields}{body}{indent}end)\n"
            f"{indent}{resume} {resume} log(coroutine.status({name})){end}"
        )

    def metatable(self, indent: str) -> str:
        c = self.choices
        events = []
        for event in c.some(1, 4, lambda: c.pick(_EVENTS)):
            kind = c.below(4)
            if kind == 0:
                events.append(f"{event} = {self.value()}")
            elif kind == 1:
                events.append(f"{event} = function(...) return {self.expressions.list_(1)} end")
            else:
                events.append(f"{event} = function(...) log('{event}', select('#', ...)) return {self.value()} end")
        name = self.fresh("t")
        text = f"local {name} = setmetatable({self.value('t')}, {{{', '.join(events)}}})"
        self.scope.names.append(name)
        uses = [
            f"{name} + 1", f"{name} .. 'x'", f"'x' .. {name}", f"{name} < {name}", f"{name} <= 1", f"#{name}", f"-{name}",
            f"{name}.q", f"{name}(1, 2)", f"{name} == {{}}", f"tostring({name}):sub(1, 3)", f"{name} & 1", f"1 // {name}",
            f"rawlen({name})", f"getmetatable({name}) == nil", f"{name}:x()", f"1 > {name}",
        ]  # fmt: skip
        for use in c.some(1, 3, lambda: c.pick(uses)):
            text += f"\n{indent}try(function(...) return {use} end)"
        return text

    def goto_continue(self, indent: str) -> str:
        label = self.fresh("l")
        name = self.fresh("n")
        skip = f"{indent}  if {self.value('b')} then goto {label} end\n"
        return f"for {name} = 1, 3 do\n{skip}{self._loop_body(indent, 'do end')}{indent}  ::{label}::\n{indent}end"

    def goto_loop(self, indent: str) -> str:
        label = self.fresh("l")
        body = self.block(indent + "  ", 3, f"if not tick() and ({self.value('b')}) then goto {label} end")
        return f"do\n{indent}  ::{label}::\n{body}{indent}end"

    def close(self, indent: str) -> str:
        c = self.choices
        name = self.fresh("c")
        value = c.pick(
            [
                f"setmetatable({{}}, {{__close = function(_, e) log('close {name}', e) end}})",
                f"setmetatable({{}}, {{__close = function(_, e) log('close {name}', e) error({self.value()}) end}})",
                "nil",
                "false",
                self.value(),
            ]
        )
        return f"local {name} <close> = {value}"

    def method(self, indent: str) -> str:
        table = self.choices.pick(self.scope.of("t") or ["{}"])
        if table == "{}":
            return self.local(indent)
        return f"function {table}.f{self.function(indent)} log(pcall(function() return {table}:f({self.value()}) end))"

    def library(self, indent: str) -> str:
        return libraries.statement(self.choices)


def program(c: Choices) -> str:
    statements = Statements(c)
    text = f"local n0, s0, t0 = {values.integer(c)}, {values.text(c)}, {{}}\n"
    statements.scope.names += ["n0", "s0", "t0"]
    while statements.budget > 0:
        text += statements.block("", 6, "do end")
    return text
