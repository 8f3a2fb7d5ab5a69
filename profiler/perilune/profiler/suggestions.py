"""Rewrites of a program that were tried: which there are to try, what came of each, and which go together."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perilune.profiler.model import Profile
from perilune.profiler.rewrites.finding import find
from perilune.profiler.rewrites.hot_lines import weight
from perilune.profiler.rewrites.rewrite import KINDS, LOCAL, Rewrite, edited
from perilune.profiler.trials import DIFFERS, Effect, Judge, NotJudged, effect_text


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rewrite of one file, by the name that the profile has for it, and what of the run its line is."""

    path: str
    real_path: str
    text: bytes
    rewrite: Rewrite
    share: float

    def goes_with(self, other: Candidate) -> bool:
        """Whether both can be made at once."""
        if self.real_path != other.real_path:
            return True
        one, two = self.rewrite, other.rewrite
        is_same = one.kind == two.kind == LOCAL and set(one.subject.split(", ")) & set(two.subject.split(", "))
        return not is_same and not one.overlaps(two)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A candidate and what came of it."""

    candidate: Candidate
    effect: Effect

    def to_json(self) -> dict[str, Any]:
        """The suggestion as plain values; offsets count bytes from 0."""
        rewrite, effect = self.candidate.rewrite, self.effect
        time = effect.time
        return {
            "path": self.candidate.path,
            "line": rewrite.line,
            "kind": rewrite.kind,
            "subject": rewrite.subject,
            "title": rewrite.title,
            "assumes": rewrite.assumes,
            "share": round(self.candidate.share, 6),
            "verdict": effect.verdict,
            "message": effect_text(effect),
            "instructions": effect.instructions,
            "allocated_bytes": effect.allocated_bytes,
            "time": None if time is None else {"change": time.change, "error": time.error, "pairs": time.pairs},
            "edits": [{"start": edit.start, "end": edit.end, "text": _readable(edit.text)} for edit in rewrite.edits],
            "diff": changed_lines(self.candidate.text, edited(self.candidate.text, rewrite.edits)),
        }


@dataclass(frozen=True, slots=True)
class Combination:
    """Suggestions that were tried together."""

    suggestions: Sequence[Suggestion]
    effect: Effect


def find_candidates(
    profile: Profile,
    texts: Mapping[str, bytes],
    threshold: float,
    is_asked_about: Callable[[str, int], bool],
    kinds: Collection[str],
) -> list[Candidate]:
    """What there is to try on the lines that matter, the heaviest first. `texts` are those that ran, by path."""
    found = []
    for file in profile.files:
        text = texts.get(file.path)
        if text is None:
            continue
        weights = {row.line: weight(profile, row) for row in file.lines}
        hot = {line for line, share in weights.items() if share >= threshold and is_asked_about(file.path, line)}
        real_path = os.path.realpath(file.location or file.path)
        for rewrite in find(text, hot.__contains__, file.path) if hot else ():
            if rewrite.kind in kinds:
                found.append(Candidate(file.path, real_path, text, rewrite, weights.get(rewrite.line, 0.0)))
    order = KINDS.index
    return sorted(found, key=lambda each: (-each.share, order(each.rewrite.kind), each.path, each.rewrite.line))


def rewritten(candidates: Iterable[Candidate]) -> dict[str, bytes]:
    """The texts of files with rewrites that go together, by real path."""
    by_file: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_file.setdefault(candidate.real_path, []).append(candidate)
    return {
        path: edited(each[0].text, [edit for candidate in each for edit in candidate.rewrite.edits])
        for path, each in by_file.items()
    }


def try_out(judge: Judge, candidate: Candidate) -> Suggestion:
    """Tries one candidate by itself."""
    return Suggestion(candidate, _trial(judge, [candidate]))


def combine(judge: Judge, suggestions: Sequence[Suggestion]) -> Combination | None:
    """The suggestions that gain and go together, as far as they gain together too; None if there are none."""
    gaining = sorted((each for each in suggestions if each.effect.is_worth_it), key=lambda each: -each.effect.saved)
    chosen: list[Suggestion] = []
    for each in gaining:
        if all(each.candidate.goes_with(other.candidate) for other in chosen):
            chosen.append(each)
    if len(chosen) < 2:
        return Combination(chosen, chosen[0].effect) if chosen else None
    effect = _trial(judge, [each.candidate for each in chosen])
    if effect.is_worth_it:
        return Combination(chosen, effect)
    kept, effect = chosen[:1], chosen[0].effect
    for each in chosen[1:]:
        together = _trial(judge, [other.candidate for other in [*kept, each]])
        if together.is_worth_it and together.saved >= effect.saved:
            kept, effect = [*kept, each], together
    return Combination(kept, effect)


def _trial(judge: Judge, candidates: Sequence[Candidate]) -> Effect:
    try:
        return judge.trial(rewritten(candidates))
    except NotJudged as error:
        return Effect(DIFFERS, str(error))


def changed_lines(before: bytes, after: bytes) -> str:
    """The lines that differ, old ones behind a `-`, new ones behind a `+`."""
    old, new = (_readable(text.decode("latin-1")).splitlines() for text in (before, after))
    lines = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
    return "\n".join(line for line in lines if not line.startswith("@@"))


def _readable(text: str) -> str:
    """A latin-1 decoded text as the UTF-8 that it stands for."""
    return text.encode("latin-1").decode("utf-8", "replace")
