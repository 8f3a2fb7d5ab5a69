"""How deeply a program nests, counted as the reference implementation counts it.

Lua's own parser is recursive and stops where it is 200 C calls deep. Each statement, each operand that is not the left
one, and each further target of an assignment is one level. Here a level can be read off the parser's stacks: most of
them are one entry each, so that programs need a count only where the stack is long.
"""

from __future__ import annotations

import re
from typing import Final

from perilune.compiler.grammar import SYMBOL, State
from perilune.compiler.nodes import Label
from perilune.compiler.stacks import Stacks

# The levels that a file may have: the reference implementation's 200 C calls, less the two that lead to its parser.
LIMIT: Final = 198

# What can lie on the stack where an expression begins and is not yet complete. (A complete one is an `exp`.)
_EXPRESSION_BEGINS: Final = frozenset(
    ("prefixexp", "var", "call", "table", "LPAR", "LBRACE", "FUNCTION", "NOT", "LENGTH")
)
_SIGNS: Final = ("MINUS", "TILDE")
# Tokens that can stand where an expression could begin, and do not begin one.
_NO_EXPRESSION: Final = ("RPAR", "RBRACE", "SEMICOLON", "LSQB")
BLOCK_ENDS: Final = frozenset(("END", "ELSE", "ELSEIF", "UNTIL", "$END"))


def overflows(stacks: Stacks, type: str, following: str) -> bool:
    """Whether a token of this type, with that type behind it, would begin a level too many."""
    return spare_levels(stacks, type, following) < 0


def spare_levels(stacks: Stacks, type: str, following: str) -> int:
    """How many levels are still free once a token of this type, with that type behind it, has begun its own."""
    states = stacks.states
    levels = 0
    below = states[0]
    for position in range(1, len(states)):
        state = states[position]
        symbol = state[SYMBOL]
        if "exp_simple" in state and "exp" not in state:
            levels += 1  # the operand of an operator
        if "exp" in below:
            levels += symbol in _EXPRESSION_BEGINS or symbol in _SIGNS or symbol.startswith("exp_")
        elif "statement" in below:
            levels += 1
        elif symbol == "COMMA" and "assignment" in state:
            # The reference implementation enters the level only when it has read the target behind the comma.
            levels += any(s[SYMBOL] in ("COMMA", "EQUAL") for s in states[position + 2 : position + 3])
        below = state
    return LIMIT - levels - _levels_begun(stacks, type, following)


def _levels_begun(stacks: Stacks, type: str, following: str) -> int:
    top = stacks.states[-1]
    if "statement" in top:
        return 0 if type in BLOCK_ENDS else 1 + _labels_before(stacks.values[-1], type)
    if "exp" in top:
        is_key = type == "NAME" and following == "EQUAL" and "item" in top
        return 0 if is_key or (type in _NO_EXPRESSION and type in top) else 1
    return int(type in ("COMMA", "EQUAL") and _is_further_target(stacks.states))


def _is_further_target(states: list[State]) -> bool:
    return len(states) > 2 and states[-2][SYMBOL] == "COMMA" and "assignment" in states[-2]


def _labels_before(statements: list[object], type: str) -> int:
    """Labels that follow each other nest, and so do semicolons behind them."""
    count = 0
    if type in ("LABEL", "SEMICOLON"):
        while count < len(statements) and isinstance(statements[-1 - count], Label):
            count += 1
    return count


def longest_label_run(types: list[str]) -> int:
    """An upper bound of the labels that follow each other, which nest without being on the stack."""
    labels = types.count("LABEL") // 2
    if labels < LIMIT // 3:
        return labels
    runs = re.findall("(?:LABEL NAME LABEL (?:SEMICOLON )*)+", " ".join(types))
    return max((run.count("LABEL") // 2 for run in runs), default=0)
