"""What a path of names means at a place, read from the characters that spell it."""

from __future__ import annotations

import re

from perilune.lsp.occurrences import GLOBAL, Path
from perilune.lsp.syntax import Syntax


def receiver(syntax: Syntax, at: int, text: str) -> Path | None:
    """What is written before a dot, as a symbol."""
    root, *keys = re.split(r"\s*[.:]\s*", text)
    variable = syntax.visible(at).get(root)
    if variable is not None:
        # Where the variable holds an object of a class, its fields are the class's.
        owner = syntax.names.selves.get(variable)
        return (*owner, *keys) if owner is not None else (variable, *keys)
    if root == "self":
        for function in reversed(syntax.resolution.functions):
            for parameter in function.parameters:
                if parameter.declaration is None and parameter.start <= at <= parameter.end:
                    owner = syntax.names.selves.get(parameter)
                    return (*owner, *keys) if owner is not None else None
    if root == "_G":
        return (GLOBAL, *keys)
    return (GLOBAL, root, *keys)
