"""Fixtures of the tests of exports."""

from __future__ import annotations

from pathlib import Path

import pytest

from export_readers import real_profile
from perilune.profiler.model import Profile
from sampled_profile import sampled_profile


@pytest.fixture(params=["sample", "count", "trace"])
def profile(request: pytest.FixtureRequest, tmp_path: Path) -> Profile:
    """A profile of each mode: calls and times, counts only, times of lines."""
    return sampled_profile() if request.param == "sample" else real_profile(request.param, tmp_path)


@pytest.fixture(params=["sample", "trace"])
def timed_profile(request: pytest.FixtureRequest, tmp_path: Path) -> Profile:
    """A profile of each mode that has times."""
    return sampled_profile() if request.param == "sample" else real_profile("trace", tmp_path)
