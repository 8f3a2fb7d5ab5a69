"""What a run's time was: computing, waiting, and time in which others had the processor."""

from __future__ import annotations

from perilune.profiler.cpu_times import Waiting
from perilune.profiler.model import Profile
from perilune.profiler.renderers.figures import time_text

EXPLANATION = (
    "What waits is the part of a row's time in which it waited for something else than the processor: for input, for "
    "another process, for time to pass."
)
BY_CPU = "Times are the processor's, in which nothing waits: --clock wall shows those of the clock."


def waiting_text(profile: Profile) -> str | None:
    """`computing 400 ms, waiting 600 ms`; None where the run did little else than compute, or that is not known."""
    waiting, cpu_ns = Waiting(profile.totals), profile.totals.cpu_ns
    if cpu_ns is None or not (waiting.is_noticeable or waiting.is_denied):
        return None
    parts = [f"computing {time_text(cpu_ns)}"]
    if waiting.is_noticeable:
        parts.append(f"waiting {time_text(waiting.total_ns)}")
    if waiting.is_denied:
        parts.append(f"kept off the processor {time_text(waiting.denied_ns)}")
    return ", ".join(parts)
