"""Where a user's caches are: the one folder for the grammar's tables and for compiled files."""

from __future__ import annotations

import os


def user_cache_folder() -> str | None:
    """The folder, which may not be there yet; None where its user has no home, because that is not made."""
    base = os.environ.get("XDG_CACHE_HOME")
    if not base:
        home = os.path.expanduser("~")
        if not os.path.isdir(home):
            return None
        base = os.path.join(home, ".cache")
    return os.path.join(base, "perilune") if os.path.isabs(base) else None
