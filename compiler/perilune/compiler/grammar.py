"""The grammar as the lexer and the parser use it: tables made from `lua.lark`, cached so that lark is rarely imported."""

from __future__ import annotations

import hashlib
import json
import os
from binascii import crc32
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, Final

from perilune.compiler import actions, user_cache

# What a terminal leads to: the next state's row (shift), or a reduction (length, action, non-terminal).
Action = Callable[[list[Any], list[int], int], Any]
Reduction = tuple[int, Action, str]

# A state is one dict. A terminal gives the next state or a Reduction; a non-terminal gives (state, {terminal: state}),
# where the second part skips the chain of rules that would only pass the symbol on; SYMBOL gives the symbol under which
# the state is entered.
State = dict[str, Any]
Goto = tuple[State, dict[str, State]]
SYMBOL: Final = ""
END: Final = "$END"

# Where the sources are: this module may lie elsewhere, as machine code.
_FOLDER: Final = os.path.dirname(user_cache.__file__)
_GRAMMAR: Final = os.path.join(_FOLDER, "lua.lark")
_GENERATOR: Final = os.path.join(_FOLDER, "tablegen.py")
_TABLES: Final = "lua.tables"
_PACKAGED: Final = os.path.join(_FOLDER, _TABLES)


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
    folder = user_cache.user_cache_folder()
    places = [_PACKAGED, *([os.path.join(folder, _TABLES)] if folder is not None else [])]
    for path in places:
        tables = _read(path, key)
        if tables is not None:
            return Grammar(tables)
    tables = _generate()
    # If there is nowhere to keep the tables, the next process makes them again.
    for path in places[1:]:
        with suppress(OSError):
            _write(path, key, tables)
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


def _read(path: str, key: str) -> dict[str, Any] | None:
    """The tables in a file, if they are of that key and as they were written, to the last bit."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError:
        return None
    head, _, text = content.partition(b"\n")
    if head != _head(key, text):
        return None
    tables: dict[str, Any] = json.loads(text)
    return tables


def _head(key: str, text: bytes) -> bytes:
    return f"{key} {len(text)} {crc32(text):08x}".encode()


def _write(path: str, key: str, tables: dict[str, Any]) -> None:
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    text = json.dumps(tables, separators=(",", ":")).encode()
    # Written aside and moved into place, so that no other process ever reads half a file.
    partial = f"{path}.{os.getpid()}"
    try:
        with open(partial, "wb") as file:
            file.write(_head(key, text) + b"\n" + text)
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial)
        raise
