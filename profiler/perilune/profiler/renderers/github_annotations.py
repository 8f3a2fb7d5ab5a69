"""What is wrong in a suite as workflow commands of GitHub Actions, which stand at their lines in a pull request."""

from __future__ import annotations

from collections.abc import Iterable

from perilune.profiler.suites import Finding

_TITLES = {"failed": "program failed", "budget": "over budget", "growth": "costs more"}


def render(findings: Iterable[Finding]) -> str:
    """A line for each: `::error file=a.lua,line=3,title=...::message`."""
    return "".join(_command(finding) for finding in findings)


def _command(finding: Finding) -> str:
    properties = {"file": finding.path, "line": str(finding.line or 1), "title": f"Perilune: {_TITLES[finding.kind]}"}
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::error {said}::{_data(finding.message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
