"""The profiler for Python programs: profile a file, a text, or whatever a Lua machine runs meanwhile.

"From Python" in docs/profiling.md shows how.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Self

from perilune.profiler.model import Profile
from perilune.profiler.session import (
    Mode,
    SamplerKind,
    profile_file,
    profile_of_state,
    profile_source,
    sampling_interval_ns,
)
from perilune.vm import State

if TYPE_CHECKING:
    from types import TracebackType

    from perilune.vm import Outcome

__all__ = ["Profiler", "to_records"]


class Profiler:
    """Makes profiles in one mode: "count", "sample" or "trace".

    `sampler` ("signal" or "thread", None for the best there is) and `interval`, the mean seconds between samples (None:
    from 0.25 to 1 ms, by what a sample takes on this machine), count in sample mode. A profiler can be used again and
    again; one profile at a time.
    """

    __slots__ = ("_profile", "_state", "interval", "mode", "sampler")

    def __init__(
        self, mode: Mode = "sample", sampler: SamplerKind | None = None, interval: float | None = None
    ) -> None:
        """Raises ValueError for what does not exist, or is for sample mode where that is not the mode."""
        sampling_interval_ns(mode, sampler, interval)
        self.mode: Mode = mode
        self.sampler: SamplerKind | None = sampler
        self.interval = interval
        self._state: State | None = None
        self._profile: Profile | None = None

    @property
    def profile(self) -> Profile:
        """The profile that `stop` made last. Raises RuntimeError where there is none yet."""
        if self._profile is None:
            raise RuntimeError("no profile has been made")
        return self._profile

    def start(self, state: State) -> Self:
        """Begins a profile of what the machine runs from now on; to be used in a `with` statement, or with `stop`.

        Raises ValueError for a sampler that the system does not have, RuntimeError if this profiler is at work already or
        the machine is being profiled by another one.
        """
        if not isinstance(state, State):
            raise TypeError(f"state: expected a perilune.vm.State, not {state!r}")
        if self._state is not None and not self._state.is_closed:
            raise RuntimeError("the profiler has been started already")
        state.profile_start(self.mode, self.sampler, sampling_interval_ns(self.mode, self.sampler, self.interval))
        self._state = state
        return self

    def stop(self) -> Profile:
        """Ends the profile and returns it. Raises RuntimeError if none has begun, and while the machine runs."""
        if self._state is None:
            raise RuntimeError("the profiler has not been started")
        self._state.profile_stop()
        state, self._state = self._state, None
        self._profile = profile_of_state(state, self.mode)
        return self._profile

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._state is not None:
            self.stop()

    def profile_file(self, path: str, args: Sequence[str] = ()) -> tuple[Outcome, Profile]:
        """Runs a file in a machine of its own. Raises OSError, and LuaSyntaxError where it does not compile."""
        return profile_file(path, args, self.mode, self.sampler, self.interval)

    def profile_source(
        self, source: str | bytes | bytearray | memoryview, args: Sequence[str] = ()
    ) -> tuple[Outcome, Profile]:
        """Runs a text in a machine of its own. Raises LuaSyntaxError where it does not compile."""
        return profile_source(source, args, self.mode, self.sampler, self.interval)


def to_records(rows: Iterable[Any], **more: Any) -> list[dict[str, Any]]:
    """Rows of a profile (lines, functions, opcodes, builtins, zones, ...) as flat dicts: one key a field, no lists.

    `more` is added to every dict: `to_records(file.lines, path=file.path)`.
    """
    return [{**more, **{name: value for name, value in _items(row) if not isinstance(value, list)}} for row in rows]


def _items(row: Any) -> list[tuple[str, Any]]:
    return [(field.name, getattr(row, field.name)) for field in fields(row)]
