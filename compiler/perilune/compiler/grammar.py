"""The grammar as the lexer and the parser use it: tables made from `lua.lark`, cached so that lark is rarely imported."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

from perilune.compiler import actions

# What a terminal leads to: the next state's row (shift), or a reduction (length, action, non-terminal).
Action = Callable[[list[Any], list[int], int], Any]
Reduction = tuple[int, Action, str]

# A state is one dict. A terminal gives the next state or a Reduction; a non-terminal gives (state, {terminal: state}),
# where the second part skips the chain of rules that would only pass the symbol on; SYMBOL gives the symbol under which
# the state is entered.
State = dict[str, Any]
SYMBOL = ""
END = "$END"

_FOLDER = os.path.dirname(__file__)
_GRAMMAR = os.path.join(_FOLDER, "lua.lark")
_GENERATOR = os.path.join(_FOLDER, "tablegen.py")
_PACKAGED = os.path.join(_FOLDER, "lua.tables.json")


class Grammar:
    """The tables, ready to run. Made once per process by `load_grammar`."""

    def __init__(self, tables: dict[str, Any]) -> None:
        self.literals: dict[str, str] = tables["literals"]
        self.patterns: dict[str, str] = tables["patterns"]
        self.skip: list[str] = tables["skip"]
        # The text of a terminal that stands for exactly one.
        self.texts: dict[str, str] = {terminal: text for text, terminal in self.literals.items()}
        states: list[State] = [{} for _ in tables["states"]]
        lookaheads: list[list[str]] = tables["lookaheads"]
        rules: list[Reduction] = [(n, getattr(actions, a or "passed_on"), origin) for n, a, origin in tables["rules"]]
        for state, (shifts, gotos, reductions) in zip(states, tables["states"], strict=True):
            for rule, lookahead in reductions:
                state.update(dict.fromkeys(lookaheads[lookahead], rules[rule]))
            for terminal, target in shifts.items():
                state[terminal] = states[target]
                states[target][SYMBOL] = terminal
            for symbol, target in gotos.items():
                states[target][SYMBOL] = symbol
        units = _Units(states, tables)
        for state, (_, gotos, _) in zip(states, tables["states"], strict=True):
            beyond: dict[int, dict[str, State]] = {}
            for symbol, target in gotos.items():
                state[symbol] = (states[target], units.beyond(target, gotos, beyond))
        self.first = states[tables["first"]]
        self.first[SYMBOL] = "nothing"
        self.last = states[tables["last"]]


class _Units:
    """The rules that would only pass a symbol on, by the state in which they are complete."""

    def __init__(self, states: list[State], tables: dict[str, Any]) -> None:
        self._states = states
        self._rules: dict[int, list[tuple[str, list[str]]]] = {}
        for number, (_, _, reductions) in enumerate(tables["states"]):
            for rule, lookahead in reductions:
                _, action, symbol = tables["rules"][rule]
                if action is None:
                    self._rules.setdefault(number, []).append((symbol, tables["lookaheads"][lookahead]))

    def beyond(self, target: int, gotos: dict[str, int], known: dict[int, dict[str, State]]) -> dict[str, State]:
        """For each terminal before which the state `target` only passes its symbol on: the state at the chain's end.

        `gotos` are those of the state below, and `known` the results for it so far.
        """
        result = known.get(target)
        if result is None:
            result = known[target] = {}
            for symbol, terminals in self._rules.get(target, ()):
                end = gotos[symbol]
                result.update(dict.fromkeys(terminals, self._states[end]))
                further = self.beyond(end, gotos, known)
                result.update({terminal: further[terminal] for terminal in terminals if terminal in further})
        return result


@cache
def load_grammar() -> Grammar:
    """The grammar of Lua, from the package's own tables, the user's cache, or lark, whichever is current first."""
    key = _key()
    cached = _cache_file()
    for path in (_PACKAGED, cached):
        tables = _read(path, key)
        if tables is not None:
            return Grammar(tables)
    tables = _generate()
    # If there is nowhere to keep the tables, the next process makes them again.
    with suppress(OSError):
        _write(cached, key, tables)
    return Grammar(tables)


def build_tables(path: str = _PACKAGED) -> None:
    """Write the tables to a file, by default to where an installed package looks for them."""
    _write(path, _key(), _generate())


def _generate() -> dict[str, Any]:
    from perilune.compiler.tablegen import generate

    with open(_GRAMMAR, encoding="utf-8") as file:
        return generate(file.read())


def _key() -> str:
    """Changes with the grammar and with the code that makes tables of it."""
    digest = hashlib.sha256()
    for path in (_GRAMMAR, _GENERATOR):
        with open(path, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def _cache_file() -> str:
    folder = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(folder, "perilune", "lua.tables.json")


def _read(path: str, key: str) -> dict[str, Any] | None:
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError):
        return None
    return content["tables"] if isinstance(content, dict) and content.get("key") == key else None


def _write(path: str, key: str, tables: dict[str, Any]) -> None:
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    # Written aside and moved into place, so that no other process ever reads half a file.
    partial = f"{path}.{os.getpid()}"
    with open(partial, "w", encoding="utf-8") as file:
        json.dump({"key": key, "tables": tables}, file, separators=(",", ":"))
    os.replace(partial, path)
