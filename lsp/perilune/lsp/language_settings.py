"""Which language features are on, in the section `language` of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FEATURES = (
    *("symbols", "navigation", "rename", "hover", "completion", "signatureHelp", "semanticTokens", "folding"),
    *("selection", "links", "hints"),
)
"""What can be switched off one by one, as `language.NAME`."""

AUTO = "auto"


@dataclass(frozen=True)
class LanguageSettings:
    """`enabled` is true, false, or "auto": on unless another Lua server is there."""

    enabled: bool | str = AUTO  # language.enabled
    off: frozenset[str] = field(default_factory=frozenset)  # features that are false
    globals: frozenset[str] = field(default_factory=frozenset)  # language.globals: set by the program's host

    @classmethod
    def from_json(cls, section: Mapping[str, Any]) -> LanguageSettings:
        """Reads the section; what is missing or senseless is left out."""
        enabled, names = section.get("enabled"), section.get("globals")
        return cls(
            enabled=enabled if isinstance(enabled, bool) else cls.enabled,
            off=frozenset(name for name in FEATURES if section.get(name) is False),
            globals=frozenset(name for name in names if isinstance(name, str))
            if isinstance(names, list)
            else frozenset(),
        )

    def allows(self, feature: str, other_server: bool) -> bool:
        """Whether a feature is on, with or without another Lua server beside."""
        is_on = self.enabled if isinstance(self.enabled, bool) else not other_server
        return is_on and feature not in self.off
