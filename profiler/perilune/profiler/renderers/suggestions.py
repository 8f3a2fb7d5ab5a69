"""Rewrites that were tried, as a text to read: what gains first, then what does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perilune.profiler.renderers.figures import plural, printable
from perilune.profiler.rewrites.rewrite import NUMERIC_FOR, edited
from perilune.profiler.suggestions import Combination, Suggestion, changed_lines
from perilune.profiler.trials import DIFFERS, effect_text

_MOST_LINES = 12


def report(suggestions: Sequence[Suggestion], together: Combination | None, width: int, shows_all: bool) -> list[str]:
    """The lines of the report."""
    gaining = sorted((each for each in suggestions if each.effect.is_worth_it), key=lambda each: -each.effect.saved)
    others = [each for each in suggestions if not each.effect.is_worth_it]
    lines = [_headline(len(suggestions), len(gaining)), ""]
    for each in gaining:
        lines += [*_in_full(each, width), ""]
    if together is not None and len(together.suggestions) > 1:
        names = ", ".join(_place(each) for each in together.suggestions)
        lines += [f"Together ({names}):", f"  {effect_text(together.effect)}", ""]
    # It costs nothing to say that a pattern was looked at, but a page of what changes nothing hides what does.
    shown = [each for each in others if shows_all or each.candidate.rewrite.kind != NUMERIC_FOR or _is_news(each)]
    if shown:
        lines.append("Tried and not worth it:")
        for each in shown:
            rewrite = each.candidate.rewrite
            lines += [f"  {_place(each)}  {printable(rewrite.title)}", f"    {printable(effect_text(each.effect))}"]
        lines.append("")
    return lines[:-1]


def _is_news(suggestion: Suggestion) -> bool:
    return suggestion.effect.verdict == DIFFERS


def _headline(tried: int, gaining: int) -> str:
    if not tried:
        return "There is nothing to try on the lines that matter."
    return f"Tried {plural(tried, 'rewrite')}: {plural(gaining, 'gain') if gaining != 1 else '1 gains'}."


def _place(suggestion: Suggestion) -> str:
    return printable(f"{suggestion.candidate.path}:{suggestion.candidate.rewrite.line}")


def _in_full(suggestion: Suggestion, width: int) -> Iterator[str]:
    candidate, rewrite = suggestion.candidate, suggestion.candidate.rewrite
    yield f"{_place(suggestion)}  {rewrite.kind}  ({100 * candidate.share:.0f}% of the run)"
    yield f"  {printable(rewrite.title)}"
    changed = changed_lines(candidate.text, edited(candidate.text, rewrite.edits)).splitlines()
    for line in changed[:_MOST_LINES]:
        text = f"    {line[0]} {printable(line[1:].expandtabs(4))}"
        yield text if len(text) <= width else f"{text[: width - 1]}…"
    if len(changed) > _MOST_LINES:
        yield f"      ({len(changed) - _MOST_LINES} more)"
    yield f"  {effect_text(suggestion.effect)}"
    if rewrite.assumes:
        yield f"  It relies on this: {printable(rewrite.assumes)}."
