"""Programs with a mistake in them: a generated one with some tokens lost, doubled, exchanged or put in."""

from __future__ import annotations

import re

from differential import statements
from differential.choices import Choices

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|\d[\w.]*|\.\.\.|\.\.|::|//|<<|>>|[<>=~]=|\s+|.', re.DOTALL)
_STRAY = [
    "end", "then", "do", "=", "(", ")", "{", "}", "[", "]", "local", "function", "return", "break", "goto", "::", ",", ";",
    "..", "...", "'", '"', "[[", "]]", "[=[", "--[[", "0x", "1e", "3x", "~=", "<const>", "<close>", "<foo>", "until", "and",
    "not", "@", "\\", "'\\q'", "'\\300'", "'\\u{110000000}'", "'\\xg'", "$", "nil", "if", "else", "elseif", "in", "repeat",
    "::l::", "goto l", "break", "x", "é", "'a\nb'", "#", "-", "!", "\0", "\\", "for", "while true",
]  # fmt: skip


def program(c: Choices) -> str:
    tokens = _TOKEN.findall(statements.program(c))
    for _ in range(c.pick([1, 1, 1, 2])):
        place = c.below(len(tokens))
        kind = c.below(4)
        if kind == 0:
            del tokens[place]
        elif kind == 1:
            tokens.insert(place, tokens[place])
        elif kind == 2:
            tokens[place] = f" {c.pick(_STRAY)} "
        else:
            tokens.insert(place, f" {c.pick(_STRAY)} ")
        if not tokens:
            break
    return "do return end " + "".join(tokens)  # to be compiled only: a mistake may make it endless
