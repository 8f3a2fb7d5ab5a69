"""Carries the parser over errors, so that a broken program still has a tree.

After an error some of the tree is guesswork: a name that had to be put in is an empty string of no width, and what fits
no statement is an ErrorStatement with the pieces that were read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perilune.compiler.diagnostics import Diagnostic
from perilune.compiler.grammar import END, SYMBOL, Grammar, State
from perilune.compiler.lexer import BAD, Tokens
from perilune.compiler.messages import syntax_error
from perilune.compiler.nesting import longest_label_run, overflows
from perilune.compiler.nodes import Block, Chunk, ErrorStatement, Node, Statement
from perilune.compiler.source import Source
from perilune.compiler.stacks import Stacks

if TYPE_CHECKING:
    from perilune.compiler.parser import Parser

# What may be missing, the likeliest first.
_INSERTIONS = (
    *("END", "RPAR", "THEN", "DO", "RBRACE", "RSQB", "EQUAL", "COMMA", "NAME", "UNTIL", "IN"),
    *("LPAR", "LSQB", "LBRACE", "DOT", "CONCAT", "IF", "FOR"),
)
# What can close an open construct at the end of the source; a statement that needs more is given up.
_CLOSERS = ("RPAR", "RBRACE", "RSQB", "END", "NAME", "UNTIL", "THEN", "DO")

_ENDS = frozenset(("END", "UNTIL", "RPAR", "RBRACE", "RSQB"))

# Where a statement is likely to begin or a block to end.
_BOUNDARIES = frozenset(
    [
        "LOCAL",
        "FUNCTION",
        "IF",
        "FOR",
        "WHILE",
        "REPEAT",
        "RETURN",
        "DO",
        "END",
        "ELSE",
        "ELSEIF",
        "UNTIL",
        "BREAK",
        "GOTO",
        "LABEL",
        "SEMICOLON",
        "$END",
    ]
)

# A repair counts as right when so many tokens fit behind it; among several, the one with the most, up to a limit.
_PROOF = 4
_PROOF_LIMIT = 12
# Errors this close behind a repair are taken for its consequences, unless they are on a later line.
_SETTLED = 3
# Of two tokens that are put in, the first.
_FIRST_OF_TWO = ("COMMA", "IN", "RPAR")
# So many tokens are left out at most to mend a line.
_MOST_SKIPPED = 6
# What opens a block that a later `end` or `until` closes, with the tokens that may be missing before the block begins.
_HEADERS = frozenset(("WHILE", "FOR", "FUNCTION", "IF", "ELSEIF"))
_HEADER_PARTS = ("DO", "THEN", "RPAR", "RBRACE", "RSQB", "IN", "EQUAL", "COMMA", "NAME", "LPAR")
_LONGEST_HEADER = 8
_MOST_DIAGNOSTICS = 100
# A text with more errors than this is not Lua, and not worth the search.
_MOST_REPAIRS = 300
# Behind a repair, so many tokens are read one by one before the fast loop goes on.
_STEPS = 8


class Recovery:
    """One parse of a broken source, from its first error on."""

    def __init__(self, parser: Parser, source: Source, tokens: Tokens, stacks: Stacks, misfit: int) -> None:
        self._parser = parser
        self._grammar: Grammar = parser.grammar
        self._source = source
        self._tokens = tokens
        self._stacks = stacks
        self._index = misfit
        self._end = tokens.ends[misfit - 1] if misfit else source.begin
        self._settled = _SETTLED
        self._repairs = 0
        self._label_run = longest_label_run(tokens.types)
        self._reported_line = 0
        self.diagnostics: list[Diagnostic] = []

    def cut(self) -> Chunk:
        """The tree up to the first error; whatever is open there ends where the error ends."""
        self._report()
        self._reopen_block()
        self._complete_statement()
        self._end = self.diagnostics[0].end
        self._give_up_statement(self._tokens.start(self._index))
        return self._close()

    def whole(self) -> Chunk:
        """The tree of the whole source, with every error reported that is not likely to follow from another."""
        types = self._tokens.types
        last = len(types) - 1
        while True:
            self._reopen_block()
            if self._overflows():
                # Nothing sensible can be built on top of this.
                self._report()
                self._give_up_statement(self._source.begin + len(self._source.text))
                return self._close()
            self._report()
            if self._index == last:
                return self._close()
            self._take_back_function()
            if not (self._repair() or self._mend_line() or self._open_block()):
                self._skip_statement()
            for _ in range(_STEPS):
                if self._index == last or self._overflows() or not self._step():
                    break
            else:
                misfit = self._parser.run(self._tokens, self._stacks, self._index, self._label_run)
                if misfit is None:
                    return self._chunk()
                self._settled += misfit - self._index
                self._index = misfit
                self._end = self._tokens.ends[misfit - 1]
                continue
            if self._index == last and self._accepts([*self._stacks.states], END):
                return self._close()

    # --- reporting

    def _report(self) -> None:
        shown = self._shown()
        line = self._source.line(shown[0])
        is_new = self._settled >= _SETTLED or line > self._reported_line
        if is_new and len(self.diagnostics) < _MOST_DIAGNOSTICS:
            error = syntax_error(self._grammar, self._source, self._tokens, self._stacks, self._index)
            if error.start == self._tokens.start(self._index):
                error.shown = shown
            self.diagnostics.append(error)
            self._reported_line = line
        self._settled = 0

    def _shown(self) -> tuple[int, int]:
        """Where the error is to be seen: what is unfinished at the end of a line is not the next line's fault."""
        tokens, index = self._tokens, self._index
        start, end = tokens.start(index), tokens.ends[index]
        if self._is_after_function():
            index -= 1
        begins = tokens.types[index] == END or self._is_first_of_line(index)
        if index == 0 or not begins or tokens.types[index] == BAD:
            return start, end
        complete = any(self._accepts([*self._stacks.states], type) for type in ("LOCAL", "END", END))
        if complete and not self._is_after_function():
            return start, end
        return tokens.start(index - 1), tokens.ends[index - 1]

    def _is_first_of_line(self, index: int) -> bool:
        tokens = self._tokens
        between = self._source.text[tokens.ends[index - 1] if index else 0 : tokens.start(index)]
        return index == 0 or "\n" in between or "\r" in between

    def _is_after_function(self) -> bool:
        """Whether a function statement begins a line where a value is expected: `local x =` stands before it."""
        tokens, index = self._tokens, self._index
        return (
            index > 1
            and tokens.types[index] == "NAME"
            and tokens.types[index - 1] == "FUNCTION"
            and self._stacks.states[-1][SYMBOL] == "FUNCTION"
            and "statement" not in self._stacks.states[-2]
            and tokens.types[index - 2] != "LOCAL"
            and self._is_first_of_line(index - 1)
        )

    def _take_back_function(self) -> None:
        if self._is_after_function():
            stacks = self._stacks
            del stacks.states[-1], stacks.values[-1], stacks.starts[-1]
            self._index -= 1
            self._end = self._tokens.ends[self._index - 1]

    def _overflows(self) -> bool:
        types = self._tokens.types
        index = self._index
        return index + 1 < len(types) and overflows(self._stacks, types[index], types[index + 1])

    # --- reading

    def _step(self) -> bool:
        """Shift the next token if it fits."""
        tokens, index = self._tokens, self._index
        if not self._accepts([*self._stacks.states], tokens.types[index]):
            return False
        self._shift(tokens.types[index], tokens.texts[index], tokens.start(index), tokens.ends[index])
        self._settled += 1
        self._index += 1
        return True

    def _insert(self, type: str) -> None:
        text = self._grammar.texts.get(type, "")
        self._shift(type, text, self._end, self._end)

    def _shift(self, type: str, text: str, start: int, end: int) -> None:
        state = self._reduce(type)
        if state is not None:
            stacks = self._stacks
            stacks.states.append(state)
            stacks.values.append(text)
            stacks.starts.append(start)
            self._end = end

    def _reduce(self, type: str) -> State | None:
        """Build what is complete before a token that fits; the state that the token leads to, None at the very end."""
        stacks = self._stacks
        while stacks.states[-1] is not self._grammar.last:
            action = stacks.states[-1][type]
            if action.__class__ is not tuple:
                state: State = action
                return state
            length, build, symbol = action
            if length:
                stacks.values[-length] = build(stacks.values, stacks.starts, self._end)
                del stacks.states[-length:]
                del stacks.values[len(stacks.values) - length + 1 :], stacks.starts[len(stacks.starts) - length + 1 :]
            else:
                stacks.values.append(build(stacks.values, stacks.starts, self._end))
                stacks.starts.append(self._end)
            target, beyond = stacks.states[-1][symbol]
            stacks.states.append(beyond.get(type, target))
        return None

    def _accepts(self, states: list[State], type: str) -> bool:
        """Whether the states, which are changed, take a token of this type."""
        while True:
            action = states[-1].get(type)
            if action is None:
                return type == END and states[-1] is self._grammar.last
            if action.__class__ is not tuple:
                states.append(action)
                return True
            length, _, symbol = action
            if length:
                del states[-length:]
            target, beyond = states[-1][symbol]
            states.append(beyond.get(type, target))

    # --- repairing

    def _repair(self) -> bool:
        """Put in, take out or replace one token, if the next ones then fit."""
        if self._repairs == _MOST_REPAIRS:
            return False
        self._repairs += 1
        index = self._index
        bad = self._tokens.types[index] == BAD
        stray = self._tokens.types[index] in _ENDS
        best, inserted = self._reach(index + 1, None), ""
        for type in ("STRING", "NAME") if bad else _INSERTIONS:
            reach = self._reach(index + 1 if bad else index, type)
            # Rather put in than take out, but not an opening for a stray end; of two insertions the likelier.
            if reach > best or (reach == best and not inserted and not stray):
                best, inserted = reach, type
        if best < _PROOF:
            return False
        if bad and inserted:
            text = "''" if inserted == "STRING" else ""
            self._shift(inserted, text, self._tokens.start(index), self._tokens.ends[index])
        elif inserted:
            self._insert(inserted)
        if bad or not inserted:
            self._index += 1
        return True

    def _reach(self, index: int, inserted: str | None) -> int:
        """How many of the tokens from `index` on fit, behind an inserted one if there is one."""
        states = [*self._stacks.states]
        if inserted and not self._accepts(states, inserted):
            return 0
        return self._reach_of(states, index)

    def _reach_of(self, states: list[State], index: int) -> int:
        """How many of the tokens from `index` on the states take, which are changed."""
        for reach, type in enumerate(self._tokens.types[index : index + _PROOF_LIMIT]):
            if not self._accepts(states, type):
                return reach
        return _PROOF_LIMIT

    def _mend_line(self) -> bool:
        """Leave out some tokens of the line, put in two, or both, if what is behind them then fits."""
        top = self._stacks.states[-1]
        if self._repairs == _MOST_REPAIRS or "statement" in top or "statements" in top:
            return False
        self._repairs += 1
        types, index = self._tokens.types, self._index
        best: tuple[int, int, list[str]] = (0, 0, [])
        for skipped in range(_MOST_SKIPPED + 1):
            behind = index + skipped
            last = behind - 1  # of what is left out
            if skipped and (types[last] in _BOUNDARIES or (skipped > 1 and self._is_first_of_line(last))):
                break
            for first in ("", *_INSERTIONS) if skipped else _INSERTIONS:
                states = [*self._stacks.states]
                if first and not self._accepts(states, first):
                    continue
                reach = self._reach_of(states, behind)
                if first in _FIRST_OF_TWO:
                    for second in ("NAME", "DO", "THEN", "RPAR", "RBRACE"):
                        then = [*self._stacks.states]
                        self._accepts(then, first)
                        if self._accepts(then, second):
                            found = self._reach_of(then, behind) - 2 * skipped - 1
                            if found > best[0]:
                                best = (found, skipped, [first, second])
                found = reach - 2 * skipped
                if found > best[0]:
                    best = (found, skipped, [first] if first else [])
        score, skipped, inserted = best
        if score < _PROOF:
            return False
        for type in inserted:
            self._insert(type)
        self._index += skipped
        return True

    def _open_block(self) -> bool:
        """Make a block of the statement that was begun, so that its `end` is not taken for another's."""
        tokens, stacks = self._tokens, self._stacks
        opened = len(stacks.states) - 1
        while opened > 0 and "statement" not in stacks.states[opened]:
            if stacks.states[opened][SYMBOL] in _HEADERS and "statements" not in stacks.states[opened]:
                break
            opened -= 1
        if opened <= 0 or stacks.states[opened][SYMBOL] not in _HEADERS:
            return False
        line = self._source.line(stacks.starts[opened - 1])
        index = self._index
        if self._source.line(tokens.ends[index - 1] - 1) > line + 2:
            return False
        while tokens.types[index] not in ("DO", "THEN", END) and not self._is_first_of_line(index):
            if tokens.types[index] in _BOUNDARIES:
                return False
            index += 1
        goal = tokens.types[index] if tokens.types[index] in ("DO", "THEN") else ""
        parts = self._header_parts(goal)
        if parts is None:
            return False
        for type in parts:
            self._insert(type)
        self._index = index
        return True

    def _header_parts(self, goal: str) -> list[str] | None:
        """What has to be put in until a token fits, or without one until a block begins."""
        states = [*self._stacks.states]
        parts: list[str] = []
        while not (self._accepts([*states], goal) if goal else "statement" in states[-1]):
            for type in _HEADER_PARTS:
                repeated = parts and parts[-1] == type
                if not repeated and self._accepts([*states], type):
                    self._accepts(states, type)
                    parts.append(type)
                    break
            else:
                return None
            if len(parts) > _LONGEST_HEADER:
                return None
        return parts

    def _skip_statement(self) -> None:
        """Give up the innermost statement and skip to where the next seems to begin."""
        tokens = self._tokens
        types = tokens.types
        begin = index = self._index
        while types[index] not in (*_BOUNDARIES, "THEN") and not (index > begin and self._begins_line(index)):
            index += 1
        self._complete_statement()
        given_up = self._give_up_statement(tokens.start(begin), tokens.ends[index - 1] if index > begin else None)
        if types[index] == "THEN" and self._accepts([*self._stacks.states], "DO"):
            # A condition that lost its `if` still has a block, with an `end`.
            self._insert("DO")
            self._index = index + 1
            return
        if index == begin and not (given_up and self._accepts([*self._stacks.states], types[index])):
            index += types[index] != END
        self._index = index

    def _begins_line(self, index: int) -> bool:
        tokens = self._tokens
        if tokens.types[index] not in ("NAME", "LPAR"):
            return False
        between = self._source.text[tokens.ends[index - 1] : tokens.start(index)]
        return "\n" in between or "\r" in between

    def _reopen_block(self) -> None:
        """Undo the end of a block that the parser took the misfit for."""
        stacks = self._stacks
        if stacks.states[-1].get(SYMBOL) == "block":
            stacks.states[-1] = stacks.states[-2]["statements"][0]
            stacks.values[-1] = stacks.values[-1].statements

    def _complete_statement(self) -> None:
        """End the innermost statement if it could end here."""
        if self._accepts([*self._stacks.states], "SEMICOLON"):
            self._reduce("SEMICOLON")

    def _give_up_statement(self, start: int, end: int | None = None) -> bool:
        """Turn what is incomplete in the innermost block into an ErrorStatement; whether there was anything."""
        stacks = self._stacks
        popped: list[Any] = []
        starts = [start]  # of what was popped
        while "statement" not in stacks.states[-1]:
            if "statements" in stacks.states[-1]:
                block = None
                if popped and isinstance(popped[-1], Block):
                    # A block that was complete is open again.
                    block = popped.pop()
                    starts.pop()
                stacks.states.append(stacks.states[-1]["statements"][0])
                stacks.values.append(block.statements if block else [])
                stacks.starts.append(block.start if block else min(starts[-1], self._end))
                break
            stacks.states.pop()
            popped.append(stacks.values.pop())
            starts.append(stacks.starts.pop())
        statements = stacks.values[-1]
        if len(popped) == 1 and isinstance(popped[0], Statement):
            statements.append(popped[0])
        elif popped or end is not None:
            pieces = _nodes(popped[::-1])
            start = min([starts[-1], *(piece.start for piece in pieces)])
            end = max(end or 0, self._end)
            statements.append(ErrorStatement(start, max(start, end), pieces))
        if end is not None:
            self._end = max(self._end, end)
        return bool(popped)

    def _close(self) -> Chunk:
        """Close everything that is open."""
        name_inserted = False
        while not self._accepts([*self._stacks.states], END):
            for type in _CLOSERS:
                if not (type == "NAME" and name_inserted) and self._accepts([*self._stacks.states], type):
                    self._insert(type)
                    name_inserted = type == "NAME"
                    break
            else:
                self._give_up_statement(self._end)
        self._shift(END, "", self._end, self._end)
        return self._chunk()

    def _chunk(self) -> Chunk:
        chunk: Chunk = self._stacks.values[0]
        chunk.start, chunk.end = 0, len(self._source.text)
        return chunk


def _nodes(values: list[Any]) -> list[Node]:
    """The nodes among values of the stack, in order."""
    result: list[Node] = []
    left = values[::-1]
    while left:
        value = left.pop()
        if isinstance(value, Node):
            result.append(value)
        elif isinstance(value, list | tuple):
            left.extend(reversed(value))
    return result
