"""The clock behind `State.set_timeout`: a thread that ends the program when its time is over."""

from __future__ import annotations

from _thread import TIMEOUT_MAX, allocate_lock, start_new_thread
from contextlib import contextmanager
from time import monotonic

from perilune.vm import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_FINALIZER_SECONDS = 1.0
_REPEAT_SECONDS = 0.1  # a program may be about to wait for input when it is told


class TimeLimit:
    """How many seconds a machine's programs may still run. In a `with` statement the time passes."""

    __slots__ = ("_core", "_done", "_ended", "_left", "_seconds", "_started")

    def __init__(self, core: _core.State, seconds: float) -> None:
        self._core = core
        self._seconds = self._left = seconds
        self._done = allocate_lock()
        self._ended = allocate_lock()
        self._started = 0.0

    def __enter__(self) -> None:
        self._begin(self._left)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    @contextmanager
    def of_finalizers(self) -> Iterator[None]:
        """The time that finalizers have when the machine closes."""
        self._begin(max(self._left, _FINALIZER_SECONDS))
        try:
            yield
        finally:
            self._end()

    def _begin(self, seconds: float) -> None:
        self._done.acquire()
        self._ended.acquire()
        self._started = monotonic()
        start_new_thread(self._watch, (seconds,))

    def _end(self) -> None:
        self._left = max(0.0, self._left - (monotonic() - self._started))
        self._done.release()
        self._ended.acquire()
        self._ended.release()

    def _watch(self, seconds: float) -> None:
        while not self._done.acquire(timeout=min(max(seconds, 0.0), TIMEOUT_MAX)):
            self._core.time_over(self._seconds)
            seconds = _REPEAT_SECONDS
        self._done.release()
        self._ended.release()
