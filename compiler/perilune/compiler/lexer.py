"""Cuts a source into tokens, by one regular expression built from the grammar's terminals."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from perilune.compiler.grammar import END, Grammar
from perilune.compiler.source import Source
from perilune.compiler.stopping import may_stop

# The type of what is no token of Lua; no state of the parser accepts it.
BAD: Final = "BAD"

# What looks like a token but is none, once no terminal matched: an unfinished comment or long string reaches to the end
# of the source, a bad string to its closing quote or the end of the line, a malformed number as far as it can.
_BAD_FORMS: Final = (
    r"(?:--)?\[=*\[(?s:.*)",
    r"\[=+",
    r'"(?:[^"\\\n\r]|\\.)*+"?',
    r"'(?:[^'\\\n\r]|\\.)*+'?",
    r"\.?[0-9][0-9A-Za-z_.]*",
)

# What an operator may begin with that a comment, a string, a number, or a bad form of one, may begin with too.
_BEGINS_MORE: Final = "-.["

# How many tokens are cut before a compilation can be stopped: few enough to take little memory, and so many that the rest
# of the text is seldom copied.
_AT_ONCE: Final = 100_000

# A longer text would fill the table of types with strings that rarely come twice.
_LONGEST_REMEMBERED: Final = 40
_MOST_REMEMBERED: Final = 10_000


class Tokens:
    """The tokens of a source in three parallel lists: terminal, text and end offset. The last is END, with no text."""

    __slots__ = ("ends", "texts", "types")

    def __init__(self, types: list[str], texts: list[str], ends: list[int]) -> None:
        self.types = types
        self.texts = texts
        self.ends = ends

    def start(self, index: int) -> int:
        """The offset of a token's first byte."""
        return self.ends[index] - len(self.texts[index])

    def index(self, type: str, end: int) -> int:
        """The index of the token of this type that ends there."""
        return len(self.ends) - 1 if type == END else bisect_left(self.ends, end)


class Lexer:
    """Cuts sources into tokens. Between them it remembers the terminals of texts that it has seen, and nothing else."""

    def __init__(self, grammar: Grammar) -> None:
        self._literals = grammar.literals
        self._patterns = {terminal: re.compile(pattern) for terminal, pattern in grammar.patterns.items()}
        operators = sorted((text for text in self._literals if not text[0].isalpha()), key=len, reverse=True)
        # The order decides the speed: the engine tries one alternative after the other.
        plain = [text for text in operators if text[0] not in _BEGINS_MORE]
        longer = {text[0] for text in plain if len(text) > 1}
        alone = "".join(text for text in plain if len(text) == 1 and text not in longer)
        token = "|".join(
            [
                grammar.patterns["NAME"],
                f"[{re.escape(alone)}]",
                *(re.escape(text) for text in plain if text not in alone),
                *(pattern for terminal, pattern in grammar.patterns.items() if terminal != "NAME"),
                *_BAD_FORMS,
                *(re.escape(text) for text in operators if text not in plain),
                "(?s:.)",
                r"\Z",
            ]
        )
        self._comment = next(pattern for pattern in grammar.skip if pattern.startswith("--"))
        skip = "|".join(sorted(grammar.skip, key=lambda pattern: pattern == self._comment))
        # The possessive repetition keeps a comment from being given back as two minus signs.
        self._token = re.compile(f"(?P<skipped>(?>{skip})*+)(?P<token>{token})")
        self._type_of = _TypeOf(self._literals, self._patterns)

    def tokens(self, source: Source) -> Tokens:
        """All tokens; what is none of Lua's gets the type BAD, and the lexer goes on behind it.

        Raises MemoryError for more than the source may have.
        """
        pattern = self._token
        step = pattern.groups + 1
        places = pattern.groupindex
        rest = source.text[source.begin :] if source.begin else source.text
        texts: list[str] = []
        ends: list[int] = []
        end = source.begin
        while True:
            # One list of all groups of many matches, in half the time that as many match objects take.
            pieces = pattern.split(rest, _AT_ONCE)
            rest = pieces.pop()
            tokens: list[str] = pieces[places["token"] :: step]
            for before, token in zip(pieces[places["skipped"] :: step], tokens, strict=True):
                end += len(before) + len(token)
                ends.append(end)
            texts += tokens
            if source.most_tokens is not None and len(texts) > source.most_tokens:
                raise MemoryError("not enough memory")
            if len(tokens) < _AT_ONCE:
                break
            may_stop()
        type_of = self._type_of
        if len(type_of) > _MOST_REMEMBERED:
            type_of = self._type_of = _TypeOf(self._literals, self._patterns)
        types = list(map(type_of.__getitem__, texts))
        if len(texts) > 1 and not texts[-2]:
            # Behind white space at the end, the end itself matches once more.
            del types[-1], texts[-1], ends[-1]
        return Tokens(types, texts, ends)

    def comments(self, source: Source) -> Iterator[tuple[int, str]]:
        """The offset and the text of every comment, its dashes included: found in a fraction of the time of `tokens`."""
        for match in self._up_to_comment.finditer(source.text, source.begin):
            if match["comment"]:
                yield match.start("comment"), match["comment"]

    @cached_property  # not in the constructor, because start-up is part of every run
    def _up_to_comment(self) -> re.Pattern[str]:
        """What no comment, string or what is meant as one begins in, and then one of these."""
        tokens = "|".join([self._patterns["STRING"].pattern, *_BAD_FORMS, "(?s:.)"])
        return re.compile(rf"""[^-\["']*+(?:(?P<comment>{self._comment})|{tokens})""")


class _TypeOf(dict[str, str]):
    """The terminal of a token's text; the text alone decides it."""

    def __init__(self, literals: dict[str, str], patterns: dict[str, re.Pattern[str]]) -> None:
        super().__init__(literals)
        self[""] = END
        self._patterns = patterns

    def __missing__(self, text: str) -> str:
        result = BAD
        for terminal, pattern in self._patterns.items():
            if pattern.fullmatch(text):
                result = terminal
                break
        if len(text) < _LONGEST_REMEMBERED:
            self[text] = result
        return result
