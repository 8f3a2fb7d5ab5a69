"""What a reader must know of a foreign profile: where it comes from, how its figures were found, and what it lacks."""

from __future__ import annotations

from perilune.profiler.model import Profile

_SAMPLED = "Times are estimates from samples"
_ERRORS = ": ± covers the 95% interval of a share, in percentage points."
_LACKS = (
    ("hits", "how often lines ran"),
    ("calls", "calls"),
    ("instructions", "instructions"),
    ("allocations", "allocations"),
)


def origin_notes(profile: Profile) -> str:
    """What the figures of a foreign profile mean, and which figures it does not know."""
    origin = profile.origin
    if origin is None:
        return ""
    sentences = []
    if profile.totals.run_ns is not None and origin.is_sampled:
        sentences.append(_SAMPLED + (_ERRORS if profile.totals.samples is not None else "."))
    sentences += origin.notes
    lacks = [text for figure, text in _LACKS if not profile.holds(figure)]
    if profile.totals.run_ns is None:
        lacks.insert(0, "times")
    if lacks:
        whole = ", ".join(lacks[:-1]) + (" and " if lacks[1:] else "") + lacks[-1]
        sentences.append(f"It does not know {whole}.")
    return " ".join(sentences)
