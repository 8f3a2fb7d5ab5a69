"""What a reader must be told of a run whose samples are too few to order its lines, lest counts pass for costs."""

from __future__ import annotations

from perilune.profiler.model import Profile
from perilune.profiler.renderers.figures import bytes_text, plural, share_text
from perilune.profiler.shares import allocation_share, order_is_known

MANY_BYTES = 10_000
"""What a line must have allocated for that to be worth a look."""

_MOST_CALLED = 3


def caution(profile: Profile) -> str | None:
    """What is not known, and where else to look; None where the order of the lines is known.

    An instruction counts as one whether it adds two numbers or copies a megabyte: what is allocated, and which library
    functions are called, says more about that.
    """
    if order_is_known(profile):
        return None
    if not profile.holds("instructions"):
        return _unknown(profile)
    text = f"{_unknown(profile)} Counts do not tell it either: they do not weigh the work inside one instruction."
    dearer = [*_allocating_line(profile), *_called_most(profile)]
    return f"{text} What may have cost more than its count: {'; '.join(dearer)}." if dearer else text


def _unknown(profile: Profile) -> str:
    samples = profile.totals.samples or 0
    if not samples:
        return "No sample hit the run: nobody knows which line took most of its time."
    verb = "is" if samples == 1 else "are"
    return f"{plural(samples, 'sample')} {verb} too few to tell which line took most of the time."


def _allocating_line(profile: Profile) -> list[str]:
    placed = [(line, file) for file in profile.files for line in file.lines]
    line, file = max(placed, key=lambda pair: pair[0].allocated_bytes, default=(None, None))
    if line is None or file is None or line.allocated_bytes < MANY_BYTES:
        return []
    place = f"line {line.line}" + (f" of {file.path}" if len(profile.files) > 1 else "")
    share = allocation_share(profile, line.allocated_bytes)
    return [f"{place}, which allocated {bytes_text(line.allocated_bytes)} ({share_text(share)})"]


def _called_most(profile: Profile) -> list[str]:
    called = sorted((row for row in profile.builtins if row.calls), key=lambda row: (-row.calls, row.name))
    return [
        f"{row.name}, called {'once' if row.calls == 1 else plural(row.calls, 'time')}" for row in called[:_MOST_CALLED]
    ]
