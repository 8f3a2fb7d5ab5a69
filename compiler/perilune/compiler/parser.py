"""Parses a source to its syntax tree: a driver over the grammar's LALR tables.

`parse` is strict and stops at the first error, as Lua does; `parse_tolerant` always yields a tree of the whole source.
"""

from __future__ import annotations

from functools import cache

from perilune.compiler.diagnostics import Diagnostic
from perilune.compiler.grammar import Grammar, load_grammar
from perilune.compiler.lexer import Lexer, Tokens
from perilune.compiler.messages import syntax_error
from perilune.compiler.nesting import LIMIT, longest_label_run, spare_levels
from perilune.compiler.nodes import Chunk
from perilune.compiler.source import Source
from perilune.compiler.stacks import Stacks


class Parser:
    """Runs the tables; holds no state between sources."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.lexer = Lexer(grammar)

    def run(self, tokens: Tokens, stacks: Stacks) -> int | None:
        """Read all tokens: None if they are a chunk, which is then the only value, else the index of the first misfit."""
        states, values, starts = stacks.states, stacks.values, stacks.starts
        push_state, push_value, push_start = states.append, values.append, starts.append
        # A stack of this many entries cannot be too many levels; labels nest without being on it.
        label_run = longest_label_run(tokens.types) + 2
        harmless = LIMIT - label_run
        state = states[-1]
        end = 0  # of the last token shifted
        type = ""
        token_end = 0
        try:
            for type, text, token_end in zip(tokens.types, tokens.texts, tokens.ends):
                while (action := state[type]).__class__ is tuple:
                    length, build, symbol = action
                    if length == 1:
                        values[-1] = build(values, starts, end)
                        states.pop()
                    elif length:
                        values[-length] = build(values, starts, end)
                        length -= 1
                        del values[-length:], starts[-length:], states[-length - 1 :]
                    else:
                        push_value(build(values, starts, end))
                        push_start(end)
                    target, beyond = states[-1][symbol]
                    push_state(state := beyond.get(type, target))
                if len(states) > harmless:
                    index = tokens.index(type, token_end)
                    spare = spare_levels(stacks, type, tokens.types[index + 1])
                    if spare < 0:
                        return index
                    harmless = len(states) + spare - label_run
                push_state(action)
                push_value(text)
                push_start(token_end - len(text))
                state = action
                end = token_end
        except KeyError:
            if state is not self.grammar.last:
                return tokens.index(type, token_end)
        return None


@cache
def load_parser() -> Parser:
    """The parser of Lua, made once per process."""
    return Parser(load_grammar())


def parse(source: Source) -> tuple[Chunk | None, list[Diagnostic]]:
    """The tree of a source without errors, or the first error."""
    parser = load_parser()
    tokens = parser.lexer.tokens(source)
    stacks = Stacks(parser.grammar.first)
    misfit = parser.run(tokens, stacks)
    if misfit is None:
        return _whole(stacks, source), []
    return None, [syntax_error(parser.grammar, source, tokens, stacks, misfit)]


def _whole(stacks: Stacks, source: Source) -> Chunk:
    chunk: Chunk = stacks.values[0]
    chunk.start, chunk.end = 0, len(source.text)
    return chunk
