"""Fixtures of the tests of exports."""

from __future__ import annotations

from pathlib import Path

import pytest

from export_readers import real_profile
from perilune.profiler.model import Profile
from sampled_profile import sampled_profile


@pytest.fixture(params=["count", "trace", "sample", "by hand"])
def profile(request: pytest.FixtureRequest, tmp_path: Path) -> Profile:
    """A profile of each mode: counts only, times of lines, calls and times; and the one with round numbers."""
    return sampled_profile() if request.param == "by hand" else real_profile(request.param, tmp_path)


@pytest.fixture(params=["trace", "sample", "by hand"])
def timed_profile(request: pytest.FixtureRequest, tmp_path: Path) -> Profile:
    """A profile of each mode that has times."""
    return sampled_profile() if request.param == "by hand" else real_profile(request.param, tmp_path)
