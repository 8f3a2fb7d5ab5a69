"""Keeps the server's pauses short: those of Python's cyclic collector, and those in which one thread waits for another."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
import threading
import time
from contextlib import suppress

_SWITCH_SECONDS = 0.0005  # a message passes from thread to thread several times before it is answered
_THRESHOLDS = (20_000, 20, 20)
_IDLE_SECONDS = 2.0
_IDLE_SHARE = 10  # so many times as long as the last look took the processor the editor is idle before the next
_MOST_WAITING = 12


class Collector:
    """Takes what is large and stays, such as a tree, out of the collector's sight, and looks for garbage when idle.

    A collection of all that a document of 10,000 lines has takes 0.1 s, in which nothing is answered.
    """

    def __init__(self, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._has_begun = False
        self._waiting = 0  # large things whose predecessors may be garbage
        self._lock = threading.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._last_seconds = 0.0

    def begin(self) -> None:
        """Called when all is imported."""
        self._has_begun = True
        sys.setswitchinterval(_SWITCH_SECONDS)
        gc.freeze()
        gc.enable()
        gc.set_threshold(*_THRESHOLDS)

    def grown(self) -> None:
        """Something large was made, in whatever thread; best told while the collector is paused."""
        if not self._has_begun:
            return
        with self._lock:
            self._waiting += 1
            is_much = self._waiting > _MOST_WAITING
        if is_much:  # the editor has not been idle for long
            self._collect()
        else:
            gc.freeze()

    def busy(self) -> None:
        """A document was edited: called in the event loop."""
        if not self._has_begun:
            return
        if self._timer is not None:
            self._timer.cancel()
        seconds = max(self._idle_seconds, _IDLE_SHARE * self._last_seconds)
        self._timer = asyncio.get_running_loop().call_later(seconds, self._idle)

    def _idle(self) -> None:
        self._timer = None
        if self._waiting:
            self._collect()

    def _collect(self) -> None:
        with self._lock:
            self._waiting = 0
            started = time.thread_time()
            gc.unfreeze()
            gc.collect()
            gc.freeze()
            self._last_seconds = time.thread_time() - started
            _give_back()


def _give_back() -> None:
    """Gives the system the memory that is free: the C library keeps what threads have used, by default."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)
