"""The statements of a text and the functions that own them, as lists: what two versions of a text are compared by."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

from perilune.compiler import nodes
from perilune.compiler.parser import load_parser, parse_tolerant
from perilune.compiler.source import Source

NONE = -1
"""The index that stands for no statement."""

_LEAVES = frozenset(
    (
        nodes.Identifier,
        nodes.Nil,
        nodes.TrueLiteral,
        nodes.FalseLiteral,
        nodes.Number,
        nodes.String,
        nodes.Vararg,
        nodes.Name,
        nodes.Break,
        nodes.Goto,
        nodes.Label,
    )
)
_IGNORED = (";", "")


@dataclass(slots=True, eq=False)
class Statement:
    """One statement. Its own `tokens`, by index, are those of no statement inside it; `label` is their text, `head`
    that of those before anything inside it.

    `whole` is the text of all its tokens. `parent` is the index of the statement around it in the same function, NONE at
    that function's top; the statements inside it, in its functions too, are those from its own index to `last`.
    """

    first_token: int
    end_token: int
    function: int
    parent: int
    whole: str
    functions: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    label: str = ""
    head: str = ""
    depth: int = 0
    last: int = 0


@dataclass(slots=True, eq=False)
class FunctionBody:
    """A function: what is written of it but for its body, its body's tokens, and its own statements by index."""

    name: str | None
    signature: str
    body: str
    statements: list[int] = field(default_factory=list)


class Outline:
    """A text's statements in their order, outer ones first, and its functions; the first function is the text itself.

    `lines` gives the line of every token. A text with syntax errors `is_broken`: where it is, the tree is guesswork.
    """

    __slots__ = ("_owners", "functions", "is_broken", "lines", "statements", "texts")

    def __init__(self, source: Source) -> None:
        chunk, errors = parse_tolerant(source)
        self.is_broken = bool(errors)
        tokens = load_parser().lexer.tokens(source)
        starts = [tokens.start(index) for index in range(len(tokens.ends))]
        self.texts = texts = tokens.texts
        self.lines = [source.line(start) for start in starts]
        self.functions: list[FunctionBody] = []
        self.statements: list[Statement] = []
        self._collect(chunk, source, starts, texts)
        owners = [NONE] * len(starts)
        for index, statement in enumerate(self.statements):
            count = statement.end_token - statement.first_token
            owners[statement.first_token : statement.end_token] = [index] * count
        self._owners = owners
        self._label(owners, texts)

    def _collect(self, chunk: nodes.Chunk, source: Source, starts: list[int], texts: list[str]) -> None:
        self.functions.append(FunctionBody(None, "", ""))
        waiting: list[tuple[nodes.Node, int, int, int, str | None]] = [(chunk.body, 0, NONE, NONE, None)]
        while waiting:
            node, function, parent, around, name = waiting.pop()
            if isinstance(node, nodes.Statement):
                first, end = bisect_left(starts, node.start), bisect_left(starts, node.end)
                statement = Statement(first, end, function, parent, "\0".join(texts[first:end]))
                statement.depth = 0 if parent == NONE else self.statements[parent].depth + 1
                parent = around = len(self.statements)
                self.statements.append(statement)
                self.functions[function].statements.append(around)
            elif isinstance(node, nodes.Function):
                first, end = bisect_left(starts, node.body.start), bisect_left(starts, node.body.end)
                signature = ",".join(parameter.name for parameter in node.parameters)
                signature += ",..." * (node.vararg is not None) + ":" * node.is_method
                if around != NONE:
                    self.statements[around].functions.append(len(self.functions))
                function, parent = len(self.functions), NONE
                self.functions.append(FunctionBody(name, signature, "\0".join(texts[first:end])))
                node = node.body
            inner = [
                (child, function, parent, around, written)
                for child, written in _named_children(node, source)
                if type(child) not in _LEAVES or isinstance(child, nodes.Statement)
            ]
            waiting.extend(reversed(inner))

    def _label(self, owners: list[int], texts: list[str]) -> None:
        pieces: list[list[str]] = [[] for _ in self.statements]
        before = NONE
        for token, owner in enumerate(owners):
            if owner == NONE or texts[token] in _IGNORED:
                continue
            if owner != before and pieces[owner] and not self.statements[owner].head:
                self.statements[owner].head = "\0".join(pieces[owner])  # here something stands inside
            before = owner
            pieces[owner].append(texts[token])
            self.statements[owner].tokens.append(token)
        open_statements: list[int] = []
        for index, statement in enumerate(self.statements):
            statement.label = "\0".join(pieces[index])
            statement.head = statement.head or statement.label
            while open_statements and self.statements[open_statements[-1]].end_token <= statement.first_token:
                self.statements[open_statements.pop()].last = index
            open_statements.append(index)
        for index in open_statements:
            self.statements[index].last = len(self.statements)

    def blocks(self) -> dict[tuple[int, int], list[int]]:
        """The statements of each block, by its function and the statement around it."""
        found: dict[tuple[int, int], list[int]] = {}
        for index, statement in enumerate(self.statements):
            found.setdefault((statement.function, statement.parent), []).append(index)
        return found

    def text_of_others(self, labels: Container[str]) -> str:
        """The tokens of statements without such a label, and those of none: what a broken text may hide a statement in."""
        pieces = [""]
        was_among = True
        for token, owner in enumerate(self._owners):
            is_among = owner == NONE or self.statements[owner].label not in labels
            if is_among:
                pieces.append(self.texts[token])
            elif was_among:
                pieces.append("\1")
            was_among = is_among
        return "\0".join([*pieces, ""])

    def is_of_one_statement(self, tokens: list[int]) -> bool:
        """Whether tokens, by index, are all one statement's own."""
        return len({self._owners[token] for token in tokens}) == 1

    def inside(self, index: int) -> Iterator[Statement]:
        """The statements inside a statement."""
        return (self.statements[inner] for inner in range(index + 1, self.statements[index].last))


def _named_children(node: nodes.Node, source: Source) -> Iterator[tuple[nodes.Node, str | None]]:
    """The nodes that a node holds, a function with the name that it is given there."""
    if isinstance(node, nodes.FunctionStatement):
        yield node.function, source.text[node.target.start : node.target.end]
    elif isinstance(node, nodes.LocalFunction):
        yield node.function, node.identifier.name
    elif isinstance(node, nodes.LocalStatement):
        names = [name.identifier.name for name in node.names]
        for index, value in enumerate(node.values):
            yield value, names[index] if index < len(names) else None
    elif isinstance(node, nodes.Assignment):
        for target in node.targets:
            yield target, None
        for index, value in enumerate(node.values):
            target = node.targets[min(index, len(node.targets) - 1)]
            yield value, source.text[target.start : target.end] if index < len(node.targets) else None
    elif isinstance(node, nodes.NamedItem):
        yield node.value, node.key.name
    else:
        for child in nodes.children(node):
            yield child, None
