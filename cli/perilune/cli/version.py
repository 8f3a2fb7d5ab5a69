"""What `--version` prints."""

from __future__ import annotations

import os
import sys

_PREFIX, _SUFFIX = "perilune-", ".dist-info"


def version_line() -> str:
    """The installed version and the language version it runs."""
    return f"Perilune {_installed_version()} (Lua 5.4)"


def _installed_version() -> str:
    """As importlib.metadata has it, in a tenth of the time: the name of the folder that holds the metadata ends with it."""
    for folder in sys.path:
        try:
            names = os.listdir(folder or os.curdir)
        except OSError:  # an archive, or nothing
            continue
        for name in names:
            if name.startswith(_PREFIX) and name.endswith(_SUFFIX):
                return name[len(_PREFIX) : -len(_SUFFIX)]
    from importlib.metadata import version

    return version("perilune")
