"""Turns the grammar into plain tables: LALR(1) states and the lexer's patterns. The only module that imports lark.

python -m perilune.compiler.tablegen OUTPUT      writes the tables, for a package that need not import lark
"""

from __future__ import annotations

import re
import sys
from typing import Any

from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef
from lark.parsers.lalr_analysis import Shift

START = "start"

# A group of alternatives without letters, where every character that means something to a regex is escaped.
_CHOICE = re.compile(r"\(\?:((?:\\[^\w|]|[^\w\\\[\](){}?*+.^$])+)\)")


def make_lark(grammar: str, **options: Any) -> Lark:
    """The stock parser for the grammar: its tables are what we use, and its verdicts are the oracle in the tests."""
    # Lark's contextual lexer would accept programs that are not Lua, such as `local end = 1`.
    return Lark(grammar, parser="lalr", lexer="basic", start=START, maybe_placeholders=False, **options)


def generate(grammar: str) -> dict[str, Any]:
    """The tables of a grammar as data that JSON can hold.

    states: for each state its terminals shifted, its non-terminals gone to, and [rule, index of a lookahead set] pairs
    lookaheads: the sets of terminals
    rules: length, name of the action (None for a rule that only passes its single symbol on), non-terminal
    literals: text of each keyword and operator -> terminal;   patterns: terminal -> regex;   skip: regexes
    """
    lark = make_lark(grammar)
    table = lark.parser.parser._parse_table
    rules: dict[Rule, int] = {}
    lookaheads: dict[tuple[str, ...], int] = {}
    states = []
    for number in range(len(table.states)):
        shifts: dict[str, int] = {}
        gotos: dict[str, int] = {}
        reductions: dict[int, list[str]] = {}
        for symbol, (action, argument) in table.states[number].items():
            if action is not Shift:
                reductions.setdefault(rules.setdefault(argument, len(rules)), []).append(str(symbol))
            elif symbol.isupper() or symbol.startswith("$"):
                shifts[str(symbol)] = argument
            else:
                gotos[str(symbol)] = argument
        sets = [[rule, lookaheads.setdefault(tuple(sorted(s)), len(lookaheads))] for rule, s in reductions.items()]
        states.append([shifts, gotos, sets])
    literals, patterns = _terminals([t for t in lark.terminals if t.name not in lark.ignore_tokens])
    return {
        "states": states,
        "lookaheads": [list(terminals) for terminals in lookaheads],
        "rules": [_rule(rule) for rule in rules],
        "first": table.start_states[START],
        "last": table.end_states[START],
        "literals": literals,
        "patterns": patterns,
        "skip": [t.pattern.to_regexp() for t in lark.terminals if t.name in lark.ignore_tokens],
    }


def _rule(rule: Rule) -> list[Any]:
    origin = str(rule.origin.name)
    symbols = rule.expansion
    action = str(rule.alias or origin)
    passes_on = len(symbols) == 1 and not symbols[0].is_term and rule.alias is None and rule.options.expand1
    return [len(symbols), None if passes_on else action, origin]


def _terminals(terminals: list[TerminalDef]) -> tuple[dict[str, str], dict[str, str]]:
    literals: dict[str, str] = {}
    patterns: dict[str, str] = {}
    for terminal in terminals:
        if terminal.pattern.type == "str":
            literals[terminal.pattern.value] = terminal.name
            continue
        texts = _alternatives(terminal.pattern.to_regexp())
        if texts is None:
            patterns[terminal.name] = terminal.pattern.to_regexp()
        else:
            literals.update((text, terminal.name) for text in texts)
    return literals, patterns


def _alternatives(regex: str) -> list[str] | None:
    """All texts that a regex matches if it is a choice of plain symbols, else None."""
    choice = _CHOICE.fullmatch(regex)
    return [re.sub(r"\\(.)", r"\1", text) for text in choice[1].split("|")] if choice else None


if __name__ == "__main__":
    from perilune.compiler.grammar import build_tables

    build_tables(sys.argv[1])
