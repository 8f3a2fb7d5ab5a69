"""The profile as JSON: one object on one line, with a newline at its end."""

from __future__ import annotations

import json

from perilune.profiler.model import Profile, ProfileFormatError


def render(profile: Profile) -> str:
    """The same profile always gives the same text."""
    return json.dumps(profile.to_json(), separators=(",", ":")) + "\n"


def parse(text: str | bytes) -> Profile:
    """The profile that `render` wrote. Raises ProfileFormatError."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProfileFormatError(f"not JSON: {error}") from error
    return Profile.from_json(value)
