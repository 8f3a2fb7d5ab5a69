"""The text of the report page, without a browser: what it must not hold, and what it must survive."""

from __future__ import annotations

import json
import re

from perilune.profiler.model import CallNode
from perilune.profiler.renderers import html
from sampled_profile import SOURCES, sampled_profile

LARGEST_DEPTH = 50_000


def embedded(page: str) -> str:
    """The text of the element that holds the profile."""
    match = re.search(r'<script type="application/json" id="profile">(.*?)</script>', page, re.DOTALL)
    assert match is not None
    return match[1]


def test_equal_profiles_give_equal_pages() -> None:
    assert html.render(sampled_profile(), SOURCES) == html.render(sampled_profile(), SOURCES)


def test_the_page_names_no_other_place() -> None:
    page = html.render(sampled_profile(), SOURCES)
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\(|\bsrc=", page.replace(embedded(page), ""))


def test_no_text_ends_the_element_that_holds_it() -> None:
    hostile = "</script><script>alert(1)</script><!-- & \u2028 {{style}}"
    page = html.render(sampled_profile(), {**SOURCES, "main.lua": [hostile]})
    held = embedded(page)
    assert not set("<>&\u2028") & set(held)
    assert json.loads(held)["files"][0]["source"] == [hostile]


def test_the_title_is_escaped() -> None:
    profile = sampled_profile()
    profile.program.path = "</title><b>.lua"
    assert "<title>&lt;/title&gt;&lt;b&gt;.lua 20 · Perilune profile</title>" in html.render(profile, {})


def test_what_cannot_be_shown_is_replaced() -> None:
    profile = sampled_profile()
    profile.files[0].path = profile.program.path = "na\udcffme.lua"
    page = html.render(profile, {profile.files[0].path: ["\ta\0b\u202ec\x1b[31m"]})
    file = json.loads(embedded(page))["files"][0]
    assert file["path"] == "na\ufffdme.lua"
    assert file["source"] == ["\ta\ufffdb\ufffdc\ufffd[31m"]
    page.encode()


def test_a_very_long_line_is_cut() -> None:
    page = html.render(sampled_profile(), {"main.lua": ["x" * 1_000_000]})
    (line,) = json.loads(embedded(page))["files"][0]["source"]
    assert line.endswith("x … 998,000 more characters")
    assert len(page) < 200_000


def test_a_call_tree_may_be_deep() -> None:
    profile = sampled_profile()
    node = CallNode("last", "main.lua", 1, 1, 1, 1)
    for line in range(LARGEST_DEPTH):
        node = CallNode("f", "main.lua", 1, line, 0, 0, [node])
    profile.call_tree = CallNode("", None, 0, 0, 0, 0, [node])
    nodes = json.loads(embedded(html.render(profile, SOURCES)))["call_tree"]["nodes"]
    assert len(nodes) == LARGEST_DEPTH + 2
    assert all(parent < place for place, (parent, *_) in enumerate(nodes))
