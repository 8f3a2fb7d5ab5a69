"""What of the figures a session shows: by which metric, of which files, or nothing for now."""

from __future__ import annotations

from dataclasses import dataclass

GROWTH = "growth"
METRICS = ("time", "total", "count", "memory", "change", GROWTH)
FILTERS = ("everything", "workspace", "file")


@dataclass
class Display:
    """What the user chose, by a setting or by a command; a command holds until the setting is another."""

    metric: str = "time"
    filter: str = "everything"
    shown: bool = True
    _set_metric: str = "time"

    def take_setting(self, metric: str) -> None:
        """Takes in the setting `hints.metric`, as often as it is sent: only another value replaces a command's choice."""
        if metric != self._set_metric:
            self.metric = self._set_metric = metric
