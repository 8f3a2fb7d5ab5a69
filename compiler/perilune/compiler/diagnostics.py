"""What is wrong with a source: diagnostics, and the one exception that carries a diagnostic to a caller."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from perilune.compiler.source import Source


OVERFLOW = "C stack overflow"
"""The message about what nests too deeply. The reference implementation gives it no place, so messages do not either."""


class Diagnostic:
    """One static error. `message` is in the words of the reference implementation, `near` part included.

    `line` is the line that the reference implementation would name; `column` (bytes, from 1) is where the range begins
    in that line. `start` and `end` are offsets of the range at fault; `shown` is the range that an editor underlines:
    what is unfinished is at fault where the next statement begins, and is shown where it ends.
    """

    __slots__ = ("column", "end", "line", "message", "shown", "start")

    def __init__(self, message: str, line: int, column: int, start: int, end: int) -> None:
        self.message = message
        self.line = line
        self.column = column
        self.start = start
        self.end = end
        self.shown = (start, end)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Diagnostic) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return (
            f"Diagnostic({self.message!r}, line={self.line}, column={self.column}, start={self.start}, end={self.end})"
        )

    def _key(self) -> tuple[str, int, int, int, int]:
        return self.message, self.line, self.column, self.start, self.end

    @classmethod
    def at(cls, source: Source, message: str, start: int, end: int, line: int | None = None) -> Diagnostic:
        """A diagnostic for a range; `line` says which line to name where that is not the line of `start`."""
        start_line, column = source.line_column(start)
        if line is None or line == start_line:
            return cls(message, start_line, column, start, end)
        return cls(message, line, 1, start, end)


class LuaSyntaxError(Exception):
    """The program is not valid Lua. `source_line` is the text of the line named, as latin-1 decoded bytes."""

    def __init__(self, file: str, line: int, column: int, message: str, source_line: str) -> None:
        super().__init__(message if message == OVERFLOW else f"{file}:{line}: {message}")
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.source_line = source_line

    @classmethod
    def from_diagnostic(cls, source: Source, diagnostic: Diagnostic) -> LuaSyntaxError:
        """The exception for a diagnostic of `source`."""
        line = diagnostic.line
        return cls(source.name, line, diagnostic.column, diagnostic.message, source.line_text(line))

    def render(self) -> str:
        """Three lines for a terminal: place and message, the source line, a caret under the column."""
        before = self.source_line[: self.column - 1]
        # Tabs stay tabs and a character of several bytes counts once, so that the caret stands where the eye expects it.
        margin = "".join("\t" if c == "\t" else " " for c in _readable(before))
        message = _readable(self.message)
        return f"{self.file}:{self.line}:{self.column}: {message}\n{_readable(self.source_line)}\n{margin}^"


def _readable(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "replace")
