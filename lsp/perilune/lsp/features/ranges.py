"""What folds and what a growing selection takes in next."""

from __future__ import annotations

import re
from dataclasses import dataclass

from perilune.compiler import nodes
from perilune.compiler.nodes import Node, children
from perilune.lsp.features.navigation import Span
from perilune.lsp.syntax import Syntax

_COMMENT_LINE = re.compile(r"[ \t]*--(?!\[=*\[)")
_REGION = re.compile(r"[ \t]*--+[ \t]*#?(end)?region\b")
_COMMENT_OR_STRING = re.compile(
    r"--\[(=*)\[(?s:.*?)\]\1\]|--[^\n\r]*|\[(=*)\[(?s:.*?)\]\2\]|\"(?:[^\"\\\n]|\\(?s:.))*\"|'(?:[^'\\\n]|\\(?s:.))*'"
)
_WORD = re.compile(r"\w+", re.ASCII)
_FOLDING = (
    *(nodes.Function, nodes.Do, nodes.While, nodes.Repeat, nodes.NumericFor, nodes.GenericFor, nodes.Table, nodes.Call),
    nodes.MethodCall,
)


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines that fold, counted from 1, ends inclusive. `kind` is "", "comment", "imports" or "region"."""

    first: int
    last: int
    kind: str = ""


def folds(syntax: Syntax) -> list[Fold]:
    """The ranges of lines that can be folded: blocks, tables, comments, regions, runs of `require`."""
    found: dict[tuple[int, int], Fold] = {}

    def add(first: int, last: int, kind: str = "") -> None:
        if last > first:
            found.setdefault((first, last), Fold(first, last, kind))

    line = syntax.source.line
    waiting: list[Node] = [syntax.chunk]
    while waiting:
        node = waiting.pop()
        waiting.extend(children(node))
        if isinstance(node, nodes.If):
            parts: list[tuple[int, int]] = [(clause.start, clause.body.end) for clause in node.clauses]
            starts = [*(clause.start for clause in node.clauses[1:])]
            if node.otherwise is not None:
                start = _keyword_before(syntax.text, node.otherwise.start, node.clauses[-1].body.end)
                starts.append(start)
                parts.append((start, node.otherwise.end))
            starts.append(max(node.start, node.end - 1))
            for (start, _), behind in zip(parts, starts, strict=True):
                add(line(start), line(max(start, behind)) - 1)
        elif isinstance(node, _FOLDING):
            # The line with the end stays in sight.
            add(line(node.start), line(max(node.start, node.end - 1)) - 1)
    _fold_comments(syntax, add)
    _fold_requires(syntax, add)
    firsts: dict[int, Fold] = {}
    for fold in sorted(found.values(), key=lambda fold: (fold.first, -fold.last)):
        firsts.setdefault(fold.first, fold)
    return sorted(firsts.values(), key=lambda fold: fold.first)


def _keyword_before(text: str, offset: int, least: int) -> int:
    found = text.rfind("else", least, offset)
    return found if found >= 0 else offset


def _fold_comments(syntax: Syntax, add: object) -> None:
    assert callable(add)
    line = syntax.source.line
    last_line, run_start = -2, -1
    regions: list[int] = []
    for match in _COMMENT_OR_STRING.finditer(syntax.text, syntax.source.begin):
        text = match[0]
        first = line(match.start())
        if match[1] is not None or match[2] is not None:
            add(first, line(match.end() - 1), "comment" if text.startswith("--") else "")
            continue
        if not text.startswith("--"):
            continue
        region = _REGION.match(text)
        if region is not None:
            if region[1] is None:
                regions.append(first)
            elif regions:
                add(regions.pop(), first, "region")
            continue
        line_start = syntax.source.line_starts[first - 1]
        if syntax.text[line_start : match.start()].strip():
            continue
        if first != last_line + 1:
            add(run_start, last_line, "comment")
            run_start = first
        last_line = first
    add(run_start, last_line, "comment")


def _fold_requires(syntax: Syntax, add: object) -> None:
    assert callable(add)
    run: list[Node] = []
    for statement in [*syntax.chunk.body.statements, Node(0, 0)]:
        values = statement.values if isinstance(statement, nodes.LocalStatement) else []
        if values and all(_is_require(value) for value in values):
            run.append(statement)
            continue
        if len(run) > 1:
            add(syntax.source.line(run[0].start), syntax.source.line(run[-1].end), "imports")
        run = []


def _is_require(node: Node) -> bool:
    while isinstance(node, nodes.Field):
        node = node.object
    return isinstance(node, nodes.Call) and isinstance(node.function, nodes.Name) and node.function.name == "require"


def selections(syntax: Syntax, offset: int) -> list[Span]:
    """The ranges around an offset, the innermost first, each inside the next."""
    text = syntax.text
    found: list[Span] = []
    for match in _WORD.finditer(text, max(0, offset - 200), min(len(text), offset + 200)):
        if match.start() <= offset <= match.end():
            found.append(Span(*match.span()))
    for match in _COMMENT_OR_STRING.finditer(text):
        if match.start() > offset:
            break
        if match.start() <= offset <= match.end():
            if not match[0].startswith("--") and match.end() - match.start() >= 2:
                found.append(Span(match.start() + 1, match.end() - 1))
            found.append(Span(*match.span()))
    path = syntax.path_at(offset)
    found += [Span(node.start, node.end) for node in reversed(path)]
    found.append(Span(0, len(text)))
    chain: list[Span] = []
    for span in sorted(found, key=lambda span: span.end - span.start):
        last = chain[-1] if chain else None
        inside = last is None or (span.start <= last.start and last.end <= span.end and span != last)
        if inside and span.start <= offset <= span.end:
            chain.append(span)
    return chain
