"""Finds the first static error of a program for Lua 5.1, 5.2 or 5.3, each as its own `lparser.c` does.

No tree is made. What LuaJIT takes is 5.1 with `goto` where that is no name, `::`, empty statements and its own numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from perilune.compiler.diagnostics import Diagnostic
from perilune.compiler.source import Source
from perilune.compiler.standard_lexer import (
    END,
    NAME,
    NUMBER,
    STANDARDS,
    STRING,
    Standard,
    StandardError,
    StandardLexer,
    Token,
)

_MOST_LOCALS = 200
_MOST_LEVELS = 200
_PYTHON_FRAMES = 20_000  # for what nests as deep as Lua lets it

_PRIORITIES = {
    "or": (1, 1),
    "and": (2, 2),
    **dict.fromkeys(("<", ">", "<=", ">=", "~=", "=="), (3, 3)),
    "|": (4, 4),
    "~": (5, 5),
    "&": (6, 6),
    "<<": (7, 7),
    ">>": (7, 7),
    "..": (9, 8),
    "+": (10, 10),
    "-": (10, 10),
    **dict.fromkeys(("*", "/", "//", "%"), (11, 11)),
    "^": (14, 13),
}
_UNARY_PRIORITY = 12
_OF_5_3 = ("|", "~", "&", "<<", ">>", "//")


@dataclass(slots=True)
class _Label:
    name: str
    line: int
    active: int  # locals


@dataclass(slots=True)
class _Block:
    is_loop: bool
    active: int
    first_label: int
    first_goto: int


@dataclass(slots=True)
class _Function:
    line: int
    is_vararg: bool
    upvalue_limit: int
    first_label: int
    names: list[str] = field(default_factory=list)  # of active locals
    blocks: list[_Block] = field(default_factory=list)
    upvalues: set[str | tuple[int, int]] = field(default_factory=set)


def check_standard(source: Source, name: str) -> list[Diagnostic]:
    """The first static error of a source in the standard of that name, one of STANDARDS, as a list of at most one."""
    parser = _Parser(source, STANDARDS[name])
    try:
        with _deep_recursion():
            parser.run()
    except StandardError as error:
        end = min(len(source.text), error.offset + 1)
        return [Diagnostic.at(source, error.message, min(error.offset, len(source.text)), end, error.line)]
    return []


@contextmanager
def _deep_recursion() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _PYTHON_FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


class _Parser:
    """Reads a chunk by recursive descent; every function is named for what it reads."""

    def __init__(self, source: Source, standard: Standard) -> None:
        self.lexer = StandardLexer(source.text, source.begin, standard)
        self.standard = standard
        self.token = Token(END, "", 0)
        self.ahead: Token | None = None
        self.last_line = 1
        self.levels = 0
        self.functions: list[_Function] = []
        self.labels: list[_Label] = []
        self.gotos: list[_Label] = []
        self.old_statements = standard.is_old

    def run(self) -> None:
        """Reads the whole; raises StandardError."""
        self.open_function(0, True)
        self.advance()
        self.statements()
        self.check(END)
        self.close_function()

    # Tokens

    def advance(self) -> None:
        self.last_line = self.lexer.line
        if self.ahead is not None:
            self.token, self.ahead = self.ahead, None
        else:
            self.token = self.lexer.next()

    def look_ahead(self) -> str:
        if self.ahead is None:
            self.ahead = self.lexer.next()
        return self.ahead.type

    def fail(self, message: str) -> StandardError:
        """An error at the current token, which its message names."""
        return StandardError(f"{message} near {self.lexer.described(self.token)}", self.lexer.line, self.token.offset)

    def fail_plainly(self, message: str) -> StandardError:
        return StandardError(message, self.lexer.line, self.token.offset)

    def accept(self, type: str) -> bool:
        if self.token.type != type:
            return False
        self.advance()
        return True

    def check(self, type: str) -> None:
        if self.token.type != type:
            raise self.fail(f"{self.lexer.quoted(type)} expected")

    def expect(self, type: str) -> None:
        self.check(type)
        self.advance()

    def expect_match(self, what: str, opened: str, line: int) -> None:
        if self.accept(what):
            return
        if line == self.lexer.line:
            raise self.fail(f"{self.lexer.quoted(what)} expected")
        raise self.fail(f"{self.lexer.quoted(what)} expected (to close {self.lexer.quoted(opened)} at line {line})")

    def name(self) -> str:
        self.check(NAME)
        text = self.token.text
        self.advance()
        return text

    # Scopes

    @property
    def function(self) -> _Function:
        return self.functions[-1]

    def where(self, function: _Function | None = None) -> str:
        line = (function or self.function).line
        return "main function" if line == 0 else f"function at line {line}"

    def limit(self, function: _Function, count: int, most: int, what: str) -> None:
        """Refuses what a function has too many of; it may be one around the one that is read."""
        if count <= most:
            return
        where = self.where(function)
        if self.old_statements:
            raise self.fail_plainly(f"{where} has more than {most} {what}")
        raise self.fail(f"too many {what} (limit is {most}) in {where}")

    def open_function(self, line: int, is_vararg: bool) -> None:
        self.functions.append(_Function(line, is_vararg, 60 if self.old_statements else 255, len(self.labels)))
        self.open_block(False)

    def close_function(self) -> None:
        self.close_block()
        self.functions.pop()

    def open_block(self, is_loop: bool) -> None:
        self.function.blocks.append(_Block(is_loop, len(self.function.names), len(self.labels), len(self.gotos)))

    def close_block(self) -> None:
        function = self.function
        block = function.blocks.pop()
        del function.names[block.active :]
        if block.is_loop:
            self.gotos[block.first_goto :] = [goto for goto in self.gotos[block.first_goto :] if goto.name != "break"]
        del self.labels[block.first_label :]
        if function.blocks:
            for goto in self.gotos[block.first_goto :]:
                goto.active = min(goto.active, block.active)
            for goto in self.gotos[block.first_goto :]:
                for label in self.labels[function.blocks[-1].first_label :]:
                    if label.name == goto.name:
                        self.close_goto(goto, label)
                        break
        elif len(self.gotos) > block.first_goto:
            goto = self.gotos[block.first_goto]
            if goto.name == "break":
                raise self.fail_plainly(f"<break> at line {goto.line} not inside a loop")
            raise self.fail_plainly(f"no visible label '{goto.name}' for <goto> at line {goto.line}")

    def close_goto(self, goto: _Label, label: _Label) -> None:
        if goto.active < label.active:
            name = self.function.names[goto.active]
            raise self.fail_plainly(f"<goto {goto.name}> at line {goto.line} jumps into the scope of local '{name}'")
        self.gotos.remove(goto)

    def declare(self, *names: str) -> None:
        for name in names:
            self.limit(self.function, len(self.function.names) + 1, _MOST_LOCALS, "local variables")
            self.function.names.append(name)

    def use(self, name: str) -> None:
        """Counts the upvalues that a name makes."""
        for depth in range(len(self.functions) - 1, -1, -1):
            names = self.functions[depth].names
            if name in names:
                place = len(names) - 1 - names[::-1].index(name)
                self.count_upvalue(depth, (depth, place))
                return
        if not self.old_statements:
            self.count_upvalue(-1, "_ENV")

    def count_upvalue(self, owner: int, upvalue: str | tuple[int, int]) -> None:
        for function in self.functions[owner + 1 :]:
            if upvalue not in function.upvalues:
                function.upvalues.add(upvalue)
                self.limit(function, len(function.upvalues), function.upvalue_limit, "upvalues")

    def enter(self) -> None:
        self.levels += 1
        if self.levels > _MOST_LEVELS - 3:
            if self.old_statements:
                raise self.fail_plainly("chunk has too many syntax levels")
            raise self.fail(f"too many C levels (limit is {_MOST_LEVELS}) in {self.where()}")

    def leave(self) -> None:
        self.levels -= 1

    # Statements

    def follows_block(self, with_until: bool = True) -> bool:
        return self.token.type in ("else", "elseif", "end", END) or (with_until and self.token.type == "until")

    def statements(self) -> None:
        if self.standard.is_old:
            self.enter()
            is_last = False
            while not is_last and not self.follows_block():
                is_last = self.statement()
                self.accept(";")
            self.leave()
            return
        while not self.follows_block():
            if self.token.type == "return":
                self.statement()
                return
            self.statement()

    def block(self, is_loop: bool = False) -> None:
        self.open_block(is_loop)
        self.statements()
        self.close_block()

    def statement(self) -> bool:
        """Reads a statement; whether it must be the last of its block."""
        line, type = self.lexer.line, self.token.type
        if self.standard.is_old:
            return self.one_statement(type, line)
        self.enter()
        is_last = self.one_statement(type, line)
        self.leave()
        return is_last

    def one_statement(self, type: str, line: int) -> bool:
        readers = {
            "if": self.if_statement,
            "while": self.while_statement,
            "for": self.for_statement,
            "repeat": self.repeat_statement,
            "function": self.function_statement,
        }
        if type in readers:
            readers[type](line)
        elif type == "do":
            self.advance()
            self.block()
            self.expect_match("end", "do", line)
        elif type == "local":
            self.advance()
            if self.accept("function"):
                self.declare(self.name())
                self.body(False, self.lexer.line)
            else:
                self.local_statement()
        elif type == "return":
            self.return_statement()
            return True
        elif type == "break":
            return self.break_statement(line)
        elif type == "goto" or self.is_luajit_goto():
            self.advance()
            self.goto(self.name(), line)
        elif type == "::" and self.standard.has_goto:
            self.advance()
            self.label(self.name(), line)
        elif type == ";" and not self.standard.is_old:
            self.advance()
        else:
            self.expression_statement()
        return False

    def is_luajit_goto(self) -> bool:
        """Whether `goto` is a statement here; in LuaJIT it may also be a name."""
        return self.standard.is_luajit and self.token.text == "goto" and self.look_ahead() == NAME

    def if_statement(self, line: int) -> None:
        while True:
            self.advance()
            self.expression()
            self.expect("then")
            self.block()
            if self.token.type != "elseif":
                break
        if self.accept("else"):
            self.block()
        self.expect_match("end", "if", line)

    def while_statement(self, line: int) -> None:
        self.advance()
        self.expression()
        self.open_block(True)
        self.expect("do")
        self.block()
        self.expect_match("end", "while", line)
        self.close_block()

    def repeat_statement(self, line: int) -> None:
        self.open_block(True)
        self.open_block(False)
        self.advance()
        self.statements()
        self.expect_match("until", "repeat", line)
        self.expression()
        self.close_block()
        self.close_block()

    def for_statement(self, line: int) -> None:
        self.open_block(True)
        self.advance()
        names = [self.name()]
        if self.token.type == "=":
            hidden = 3
            self.advance()
            self.expression()
            self.expect(",")
            self.expression()
            if self.accept(","):
                self.expression()
        elif self.token.type in (",", "in"):
            hidden = 3
            while self.accept(","):
                names.append(self.name())
            self.expect("in")
            self.expressions()
        else:
            raise self.fail("'=' or 'in' expected")
        self.declare(*("(for state)",) * hidden)
        self.expect("do")
        self.open_block(False)
        self.declare(*names)
        self.statements()
        self.close_block()
        self.expect_match("end", "for", line)
        self.close_block()

    def function_statement(self, line: int) -> None:
        self.advance()
        self.use(self.name())
        while self.accept("."):
            self.name()
        is_method = self.accept(":")
        if is_method:
            self.name()
        self.body(is_method, line)

    def local_statement(self) -> None:
        names = [self.name()]
        while self.accept(","):
            names.append(self.name())
        if self.accept("="):
            self.expressions()
        self.declare(*names)

    def return_statement(self) -> None:
        self.advance()
        if not self.follows_block() and self.token.type != ";":
            self.expressions()
        if not self.standard.is_old:
            self.accept(";")

    def break_statement(self, line: int) -> bool:
        self.advance()
        if not self.old_statements:
            self.gotos.append(_Label("break", line, len(self.function.names)))
            return False
        if not any(block.is_loop for block in self.function.blocks):
            raise self.fail("no loop to break")
        return True

    def goto(self, name: str, line: int) -> None:
        goto = _Label(name, line, len(self.function.names))
        self.gotos.append(goto)
        for label in self.labels[self.function.blocks[-1].first_label :]:
            if label.name == name:
                self.close_goto(goto, label)
                return

    def label(self, name: str, line: int) -> None:
        block = self.function.blocks[-1]
        for label in self.labels[block.first_label :]:
            if label.name == name:
                raise self.fail_plainly(f"label '{name}' already defined on line {label.line}")
        self.expect("::")
        label = _Label(name, line, len(self.function.names))
        self.labels.append(label)
        while self.token.type in (";", "::"):
            self.statement()
        if self.follows_block(with_until=False):
            label.active = block.active
        for goto in [goto for goto in self.gotos[block.first_goto :] if goto.name == name]:
            self.close_goto(goto, label)

    def expression_statement(self) -> None:
        kind = self.suffixed()
        if self.standard.is_old and kind == "call":
            return
        if self.token.type not in ("=", ",") and not self.standard.is_old:
            if kind != "call":
                raise self.fail("syntax error")
            return
        self.assignment(kind)

    def assignment(self, kind: str) -> None:
        while True:
            if kind != "variable":
                raise self.fail("syntax error")
            if not self.accept(","):
                break
            kind = self.suffixed()
        self.expect("=")
        self.expressions()

    # Expressions

    def body(self, is_method: bool, line: int) -> None:
        self.open_function(line, False)
        self.expect("(")
        if is_method:
            self.declare("self")
        names: list[str] = []
        if self.token.type != ")":
            while True:
                if self.token.type == NAME:
                    names.append(self.name())
                elif self.accept("..."):
                    self.function.is_vararg = True
                else:
                    raise self.fail("<name> or '...' expected")
                if self.function.is_vararg or not self.accept(","):
                    break
        self.declare(*names)
        self.expect(")")
        self.statements()
        self.expect_match("end", "function", line)
        self.close_function()

    def expressions(self) -> None:
        self.expression()
        while self.accept(","):
            self.expression()

    def expression(self, limit: int = 0) -> None:
        self.enter()
        type = self.token.type
        if type in ("not", "-", "#") or (type == "~" and self.standard.has_integers):
            self.advance()
            self.expression(_UNARY_PRIORITY)
        else:
            self.simple()
        while True:
            type = self.token.type
            priority = _PRIORITIES.get(type)
            if priority is None or priority[0] <= limit or (type in _OF_5_3 and not self.standard.has_integers):
                break
            self.advance()
            self.expression(priority[1])
        self.leave()

    def simple(self) -> None:
        type = self.token.type
        if type in (NUMBER, STRING, "nil", "true", "false"):
            self.advance()
        elif type == "...":
            if not self.function.is_vararg:
                raise self.fail("cannot use '...' outside a vararg function")
            self.advance()
        elif type == "{":
            self.table()
        elif type == "function":
            self.advance()
            self.body(False, self.lexer.line)
        else:
            self.suffixed()

    def suffixed(self) -> str:
        """Reads what may be called or assigned to: "variable", "call" or "value"."""
        line = self.lexer.line
        if self.token.type == NAME:
            self.use(self.name())
            kind = "variable"
        elif self.accept("("):
            self.expression()
            self.expect_match(")", "(", line)
            kind = "value"
        else:
            raise self.fail("unexpected symbol")
        while True:
            type = self.token.type
            if type == ".":
                self.advance()
                self.name()
                kind = "variable"
            elif type == "[":
                self.advance()
                self.expression()
                self.expect("]")
                kind = "variable"
            elif type == ":":
                self.advance()
                self.name()
                self.arguments()
                kind = "call"
            elif type in ("(", STRING, "{"):
                self.arguments()
                kind = "call"
            else:
                return kind

    def arguments(self) -> None:
        line = self.lexer.line
        if self.token.type == "(":
            if self.standard.is_old and line != self.last_line:
                raise self.fail("ambiguous syntax (function call x new statement)")
            self.advance()
            if self.token.type != ")":
                self.expressions()
            self.expect_match(")", "(", line)
        elif self.token.type == "{":
            self.table()
        elif not self.accept(STRING):
            raise self.fail("function arguments expected")

    def table(self) -> None:
        line = self.lexer.line
        self.expect("{")
        while self.token.type != "}":
            if self.token.type == "[":
                self.advance()
                self.expression()
                self.expect("]")
                self.expect("=")
            elif self.token.type == NAME and self.look_ahead() == "=":
                self.advance()
                self.expect("=")
            self.expression()
            if not (self.accept(",") or self.accept(";")):
                break
        self.expect_match("}", "{", line)
