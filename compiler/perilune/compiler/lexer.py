"""Cuts a source into tokens, by one regular expression built from the grammar's terminals."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from itertools import islice

from perilune.compiler.grammar import END, Grammar
from perilune.compiler.source import Source

# The type of what is no token of Lua; no state of the parser accepts it.
BAD = "BAD"

# What looks like a token but is none, once no terminal matched: an unfinished comment or long string reaches to the end
# of the source, a bad string to its closing quote or the end of the line, a malformed number as far as it can.
_BAD_FORMS = (
    r"(?:--)?\[=*\[(?s:.*)",
    r"\[=+",
    r'"(?:[^"\\\n\r]|\\.)*+"?',
    r"'(?:[^'\\\n\r]|\\.)*+'?",
    r"\.?[0-9][0-9A-Za-z_.]*",
)

# A longer text would fill the table of types with strings that rarely come twice.
_LONGEST_REMEMBERED = 40


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
    """Cuts sources into tokens; holds no state between them."""

    def __init__(self, grammar: Grammar) -> None:
        self._literals = grammar.literals
        self._patterns = {terminal: re.compile(pattern) for terminal, pattern in grammar.patterns.items()}
        operators = sorted((text for text in self._literals if not text[0].isalpha()), key=len, reverse=True)
        token = "|".join([*grammar.patterns.values(), *_BAD_FORMS, *map(re.escape, operators), "(?s:.)", r"\Z"])
        skip = "|".join(grammar.skip)
        self._comment = next(pattern for pattern in grammar.skip if pattern.startswith("--"))
        # The possessive repetition keeps a comment from being given back as two minus signs.
        self._token = re.compile(f"(?>{skip})*+(?P<token>{token})")

    def tokens(self, source: Source) -> Tokens:
        """All tokens; what is none of Lua's gets the type BAD, and the lexer goes on behind it.

        Raises MemoryError for more than the source may have.
        """
        text = source.text
        types: list[str] = []
        texts: list[str] = []
        ends: list[int] = []
        add_type, add_text, add_end = types.append, texts.append, ends.append
        group = self._token.groupindex["token"]
        type_of = _TypeOf(self._literals, self._patterns)
        matches: Iterator[re.Match[str]] = self._token.finditer(text, source.begin)
        if source.most_tokens is not None:
            matches = islice(matches, source.most_tokens + 1)
        for match in matches:
            token = match[group]
            add_type(type_of[token])
            add_text(token)
            add_end(match.end())
        if source.most_tokens is not None and len(types) > source.most_tokens:
            raise MemoryError("not enough memory")
        if types[-2:] == [END, END]:
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
        self._patterns = patterns

    def __missing__(self, text: str) -> str:
        result = END if not text else BAD
        for terminal, pattern in self._patterns.items():
            if pattern.fullmatch(text):
                result = terminal
                break
        if len(text) < _LONGEST_REMEMBERED:
            self[text] = result
        return result
