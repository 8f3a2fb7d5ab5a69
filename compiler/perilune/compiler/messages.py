"""Syntax errors in the words of the reference implementation, whose parser descends recursively.

What that parser would have been looking for follows from our stack of states: where something is complete, it goes on to
what encloses it; where only some terminals can follow, it names the one that it needs.
"""

from __future__ import annotations

from perilune.compiler.diagnostics import OVERFLOW, Diagnostic
from perilune.compiler.grammar import SYMBOL, Grammar, Reduction, State
from perilune.compiler.lexer import BAD, Tokens
from perilune.compiler.lexical_errors import lexical_error
from perilune.compiler.literals import string_value
from perilune.compiler.nesting import BLOCK_ENDS, overflows
from perilune.compiler.source import Source
from perilune.compiler.stacks import Stacks

# Terminals that may follow but that the reference implementation never asks for when something else may, too.
_OPTIONAL = frozenset(("COMMA", "SEMICOLON", "DOT", "COLON", "ELSE", "ELSEIF"))

# The symbols on the stack that a closing terminal belongs to, with the spelling of each.
_OPENERS = {
    "END": {"clauses": "if", "DO": "do", "WHILE": "while", "FOR": "for", "FUNCTION": "function"},
    "UNTIL": {"REPEAT": "repeat"},
    "RPAR": {"LPAR": "("},
    "RBRACE": {"LBRACE": "{"},
}


def syntax_error(grammar: Grammar, source: Source, tokens: Tokens, stacks: Stacks, index: int) -> Diagnostic:
    """The error at the first token that the stacks do not accept."""
    type = tokens.types[index]
    start, end = tokens.start(index), tokens.ends[index]
    if type == BAD:
        error = lexical_error(source.text, start, source.line(start))
        if error:
            near = "<eof>" if error.near is None else _quoted(error.near)
            line = source.line(error.offset)
            return Diagnostic.at(source, f"{error.message} near {near}", start, max(end, error.offset), line)
    line = source.line(max(start, end - 1))
    following = tokens.types[index + 1] if index + 1 < len(tokens.types) else type
    if overflows(stacks, type, following):
        return Diagnostic.at(source, OVERFLOW, start, end, line)
    message = _Expectation(grammar, source, stacks).message(type, line)
    return Diagnostic.at(source, message + _near(type, tokens.texts[index]), start, end, line)


def _near(type: str, text: str) -> str:
    if type == BAD:
        if text == "\0":
            return ""  # the reference implementation takes this character's code for "no token"
        return f" near '{text}'" if text.isascii() and text.isprintable() else f" near '<\\{ord(text)}>'"
    if type == "STRING":
        level = text.index("[", 1) + 1 if text[0] == "[" else 1
        text = text[:level] + string_value(text).decode("latin-1") + text[-level:]
    return f" near {_quoted(text)}" if text else " near <eof>"


def _quoted(text: str) -> str:
    # A message is a C string, which ends at its first zero byte.
    return "'" + text.partition("\0")[0] + "'"


class _Expectation:
    """What a recursive parser would be looking for; works on copies of the stacks."""

    def __init__(self, grammar: Grammar, source: Source, stacks: Stacks) -> None:
        self._grammar = grammar
        self._source = source
        self._states = stacks.states[:]
        self._starts = stacks.starts[:]

    def message(self, type: str, line: int) -> str:
        """What is wrong with a token of this type in that line."""
        states = self._states
        while True:
            state = states[-1]
            if "prefixexp" in state and not ("statement" in state and type in BLOCK_ENDS):
                return "unexpected symbol"
            symbol = state[SYMBOL]
            if symbol == "NAME" and states[-2][SYMBOL] == "FOR":
                return "'=' or 'in' expected"
            reductions = _reductions(state)
            if symbol in ("var", "call", "prefixexp"):
                below = states[-2]
                further = below[SYMBOL] == "COMMA" and "assignment" in below
                if further and symbol == "var":
                    return "'=' expected"
                if further or ("statement" in below and (symbol != "call" or type in ("EQUAL", "COMMA"))):
                    return "syntax error"
                # A call where a statement begins is that statement.
                reductions = [r for r in reductions if r[2] == "statement"] or reductions
            if not reductions:
                return self._expected(line)
            self._reduce(reductions[0])

    def _reduce(self, reduction: Reduction) -> None:
        length, _, symbol = reduction
        if length:
            del self._states[-length:]
            del self._starts[len(self._starts) - length + 1 :]
        else:
            self._starts.append(self._starts[-1] if self._starts else 0)
        self._states.append(self._states[-1][symbol][0])

    def _expected(self, line: int) -> str:
        shifts = {terminal for terminal, action in self._states[-1].items() if terminal and action.__class__ is dict}
        if "NAME" in shifts:
            return "<name> or '...' expected" if "VARARG" in shifts else "<name> expected"
        if "STRING" in shifts:
            return "function arguments expected"
        if not shifts:
            return "<eof> expected"
        (terminal,) = shifts - _OPTIONAL or shifts
        expected = f"'{self._grammar.texts[terminal]}' expected"
        if terminal in _OPENERS and self._states[-1][SYMBOL] != "parameters":
            opener, opener_line = self._opener(_OPENERS[terminal])
            if opener_line != line:
                return f"{expected} (to close '{opener}' at line {opener_line})"
        return expected

    def _opener(self, openers: dict[str, str]) -> tuple[str, int]:
        states, starts = self._states, self._starts
        for position in range(len(states) - 1, 0, -1):
            symbol = states[position][SYMBOL]
            begins_statement = "statement" in states[position - 1]
            if symbol not in openers or (symbol == "DO" and not begins_statement):
                continue
            place = position
            if symbol == "LPAR" and "arguments" in states[position - 1]:
                # The reference implementation remembers the line where the called expression begins.
                place -= 3 if states[position - 1][SYMBOL] == "NAME" else 1
            if symbol == "FUNCTION" and not begins_statement:
                # The reference implementation has by then read on to the parenthesis.
                while states[place][SYMBOL] != "LPAR":
                    place += 1
            return openers[symbol], self._source.line(starts[place - 1])
        raise AssertionError("a closing terminal is only expected behind an opening one")


def _reductions(state: State) -> list[Reduction]:
    """The distinct rules that are complete in a state."""
    found: dict[int, Reduction] = {}
    for symbol, action in state.items():
        # What a non-terminal leads to is a tuple of two.
        if symbol and action.__class__ is tuple and len(action) == 3:
            found[id(action)] = action
    return list(found.values())
