"""Parses a source to its syntax tree: a driver over the grammar's LALR tables.

`parse` is strict and stops at the first error, as Lua does; `parse_tolerant` always yields a tree of the whole source.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from perilune.compiler.diagnostics import Diagnostic
from perilune.compiler.grammar import Goto, Grammar, Reduction, load_grammar
from perilune.compiler.lexer import Lexer, Tokens
from perilune.compiler.nesting import LIMIT, longest_label_run, spare_levels
from perilune.compiler.nodes import Chunk
from perilune.compiler.source import Source
from perilune.compiler.stacks import Stacks

if TYPE_CHECKING:
    from perilune.compiler.recovery import Recovery


class Parser:
    """Runs the tables; holds no state between sources."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.lexer = Lexer(grammar)

    def run(self, tokens: Tokens, stacks: Stacks, first: int = 0, label_run: int | None = None) -> int | None:
        """Read the tokens from `first` on: None if the whole is a chunk, now the only value, else the misfit's index.

        `label_run` is what the caller knows of `longest_label_run`.
        """
        states, values, starts = stacks.states, stacks.values, stacks.starts
        # A stack of this many entries cannot be too many levels; labels nest without being on it.
        label_run = (longest_label_run(tokens.types) if label_run is None else label_run) + 2
        harmless = LIMIT - label_run
        state = states[-1]
        types, texts, ends = tokens.types, tokens.texts, tokens.ends
        end = 0  # of the last token shifted
        if first:
            end = ends[first - 1]
            types, texts, ends = types[first:], texts[first:], ends[first:]
        for type, text, token_end in zip(types, texts, ends, strict=True):
            action = state.get(type)
            while isinstance(action, tuple):
                reduction: Reduction = action
                length, build, symbol = reduction
                if length:
                    values[-length] = build(values, starts, end)
                    states.pop()
                    for _ in range(length - 1):
                        states.pop()
                        values.pop()
                        starts.pop()
                else:
                    values.append(build(values, starts, end))
                    starts.append(end)
                goto: Goto = states[-1][symbol]
                state = goto[1].get(type, goto[0])
                states.append(state)
                action = state.get(type)
            if action is None:
                return None if state is self.grammar.last else tokens.index(type, token_end)
            if len(states) > harmless:
                index = tokens.index(type, token_end)
                spare = spare_levels(stacks, type, tokens.types[index + 1])
                if spare < 0:
                    return index
                harmless = len(states) + spare - label_run
            state = action
            states.append(state)
            values.append(text)
            starts.append(token_end - len(text))
            end = token_end
        return None


@cache
def load_parser() -> Parser:
    """The parser of Lua, made once per process."""
    return Parser(load_grammar())


def parse(source: Source) -> tuple[Chunk | None, list[Diagnostic]]:
    """The tree of a source, and its first error if it has one.

    With an error the tree holds what comes before it: an ErrorStatement has the pieces of the innermost statement, and
    the constructs around it, closed off, have the diagnostic's `end` as theirs. So a static error that Lua would have
    found earlier can still be found.
    """
    chunk, recovery = _parse(source)
    if recovery is None:
        return chunk, []
    return recovery.cut(), recovery.diagnostics


def parse_tolerant(source: Source) -> tuple[Chunk, list[Diagnostic]]:
    """The tree of the whole source, however broken, and its errors in order."""
    chunk, recovery = _parse(source)
    if chunk is not None:
        return chunk, []
    assert recovery is not None
    return recovery.whole(), recovery.diagnostics


def _parse(source: Source) -> tuple[Chunk | None, Recovery | None]:
    parser = load_parser()
    tokens = parser.lexer.tokens(source)
    stacks = Stacks(parser.grammar.first)
    misfit = parser.run(tokens, stacks)
    if misfit is not None:
        # Imported only for a broken program, because start-up is part of every run.
        from perilune.compiler.recovery import Recovery

        return None, Recovery(parser, source, tokens, stacks, misfit)
    chunk: Chunk = stacks.values[0]
    chunk.start, chunk.end = 0, len(source.text)
    return chunk, None
