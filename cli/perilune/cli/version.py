"""What `--version` prints."""

from __future__ import annotations


def version_line() -> str:
    """The installed version and the language version it runs."""
    from importlib.metadata import version

    return f"Perilune {version('perilune')} (Lua 5.4)"
