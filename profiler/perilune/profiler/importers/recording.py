"""What `perilune record` has a process write, as it is found where record itself was ended before it could read it."""

from __future__ import annotations

from perilune.profiler.model import Profile, Program
from perilune.profiler.recordings import profile_of_recordings, read_recording


def read(content: bytes, name: str, interval_ns: int | None) -> Profile:
    """The recording of one process. Its samples say themselves what they stand for."""
    recording = read_recording(content)
    return profile_of_recordings([recording], Program(recording.program or name))
