"""Stand-in until the compiler's parser is there."""

from __future__ import annotations

from collections.abc import Sequence

from perilune.lsp.document import Document


def enclosing_functions(document: Document) -> Sequence[int] | None:
    return None
