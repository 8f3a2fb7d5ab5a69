"""Where the functions of a document are."""

from __future__ import annotations

from collections.abc import Iterator

from perilune.compiler.nodes import Function, Node, children
from perilune.compiler.parser import parse
from perilune.lsp.document import Document


def enclosing_functions(document: Document) -> list[int] | None:
    """For every line, the line where the innermost function around it begins: 0 for none, and on its own first line.

    None for a document with syntax errors, whose functions may seem to reach anywhere.
    """
    chunk, errors = parse(document.source)
    if chunk is None or errors:
        return None
    enclosing = [0] * len(document.lines)
    spans = [(document.line_at(f.start), document.line_at(f.end - 1)) for f in _functions(chunk)]
    # Outer functions first, so that inner ones overwrite them.
    for first, last in sorted(spans, key=lambda span: (span[0], -span[1])):
        for line in range(first + 1, last + 1):
            enclosing[line - 1] = first
    return enclosing


def _functions(root: Node) -> Iterator[Function]:
    nodes: list[Node] = [root]
    while nodes:
        node = nodes.pop()
        if isinstance(node, Function):
            yield node
        nodes.extend(children(node))
