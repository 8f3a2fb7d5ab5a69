"""Stops a program that would run forever, however late the machine is in starting it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from perilune.vm import State


@contextmanager
def interrupting(state: State, seconds: float = 0.1) -> Iterator[None]:
    """Interrupts what the state runs every so many seconds, from another thread."""
    done = threading.Event()

    def interrupt() -> None:
        while not done.wait(seconds):
            state.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
