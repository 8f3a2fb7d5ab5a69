"""Where a compilation can be stopped.

What another thread or a signal wants to raise in a thread waits for its next instruction of Python's. Modules that are
machine code run none, so they call this one, which is always Python, once for each part of a program that they read.
"""

from __future__ import annotations


def may_stop() -> None:
    """Does nothing, or raises what was left for this thread."""
