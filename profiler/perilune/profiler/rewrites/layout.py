"""Edits that keep a text's layout: statements put before or behind another one, or taken away with their line."""

from __future__ import annotations

from functools import cached_property

from perilune.compiler import nodes
from perilune.compiler.source import next_token
from perilune.profiler.rewrites.code import Code
from perilune.profiler.rewrites.rewrite import Edit

_LINE_ENDS = ("\r\n", "\n\r", "\n", "\r")
_SPACE = " \t\f\v"


class Layout:
    """The lines of a text."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._text = code.text

    @cached_property
    def line_break(self) -> str:
        """What ends the text's lines."""
        starts = self._code.source.line_starts
        if len(starts) > 1:
            return next((end for end in _LINE_ENDS if self._text.endswith(end, 0, starts[1])), "\n")
        return "\n"

    def line_start(self, offset: int) -> int:
        """Where the code of the line with an offset begins."""
        source = self._code.source
        return max(source.line_starts[source.line(offset) - 1], source.begin)

    def line_end(self, offset: int) -> int:
        """The offset behind the last byte of a line, its line end left out."""
        start = self.line_start(offset)
        source = self._code.source
        return max(start, source.line_starts[source.line(offset) - 1] + len(source.line_text(source.line(offset))))

    def indent(self, offset: int) -> str:
        """The white space that begins the line."""
        line = self._text[self.line_start(offset) : self.line_end(offset)]
        return line[: len(line) - len(line.lstrip(_SPACE))]

    def begins_line(self, offset: int) -> bool:
        """Whether nothing but white space stands before an offset on its line."""
        return not self._text[self.line_start(offset) : offset].strip(_SPACE)

    def ends_line(self, offset: int) -> bool:
        """Whether nothing stands behind an offset on its line but white space and a comment that ends there too."""
        end = self.line_end(offset)
        rest = self._text[offset:end]
        start = offset + len(rest) - len(rest.lstrip(_SPACE))
        if start == end:
            return True
        return any(at == start and at + len(comment.rstrip("\r\n")) == end for at, comment in self._code.comments)

    def before(self, statement: nodes.Statement, new: str) -> Edit:
        """Puts a statement before another one: on lines of its own, above the comment that belongs to that one."""
        start = statement.start
        if not self.begins_line(start):
            return Edit(start, start, f"{new}{';' * self._opens(start)} ")
        indent, line = self.indent(start), self._code.source.line(start)
        while line > 1 and self._is_comment(line - 1):
            line -= 1
        at = max(self._code.source.line_starts[line - 1], self._code.source.begin)
        ending = ";" if self._opens(start) else ""
        return Edit(at, at, f"{indent}{new}{ending}{self.line_break}")

    def behind(self, statement: nodes.Statement, new: str) -> Edit:
        """Puts a statement behind another one, which a `;` may follow."""
        end = statement.end
        token_start, token_end = next_token(self._text, end)
        has_end = self._text[token_start:token_end] == ";"
        behind = token_end if has_end else end
        ending = ";" if self._opens(behind) else ""
        if self.ends_line(behind):
            at = self.line_end(behind)
            return Edit(at, at, f"{self.line_break}{self.indent(statement.start)}{new}{ending}")
        return Edit(behind, behind, f" {new}{ending}")

    def removal(self, statement: nodes.Statement) -> tuple[Edit, str]:
        """Takes a statement away, with its lines and their comment if nothing else stands on them; and what goes."""
        start, end = statement.start, statement.end
        token_start, token_end = next_token(self._text, end)
        behind = token_end if self._text[token_start:token_end] == ";" else end
        if not (self.begins_line(start) and self.ends_line(behind)):
            return Edit(start, behind, ""), self._text[start:end]
        first, last = self.line_start(start), self.line_end(behind)
        starts = self._code.source.line_starts
        line = self._code.source.line(behind)
        following = starts[line] if line < len(starts) else last
        return Edit(first, following, ""), self._text[start:last].rstrip(_SPACE)

    def reindented(self, text: str, old: str, new: str) -> str:
        """A text of several lines, but for its first one with another indentation."""
        if old == new or "[[" in text or "[=" in text or "\\\n" in text or "\\\r" in text:
            return text
        first, *others = text.split(self.line_break)
        if not all(not line or line.startswith(old) for line in others):
            return text
        return self.line_break.join([first, *(new + line.removeprefix(old) if line else line for line in others)])

    def _is_comment(self, line: int) -> bool:
        """Whether there is nothing on a line but a comment."""
        offset = max(self._code.source.line_starts[line - 1], self._code.source.begin)
        start = offset + len(self.indent(offset))
        return self._text.startswith("--", start) and self.ends_line(start)

    def _opens(self, offset: int) -> bool:
        """Whether the next token could go on with a call of what comes before."""
        start, _ = next_token(self._text, offset)
        return self._text.startswith("(", start)
