"""How fields of the profile's model are marked for `plain.py`, which reads and writes them: as their metadata."""

from __future__ import annotations

from types import MappingProxyType

LATER = MappingProxyType({"later": True})
"""Metadata of a field that objects from before it may lack."""

COUNT = MappingProxyType({"count": True})
"""Metadata of a count that an object may not know."""
