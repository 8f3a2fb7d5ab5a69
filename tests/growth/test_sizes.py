"""The sizes that are written on a command line or in a comment."""

from __future__ import annotations

import pytest

from perilune.profiler.growth.sizes import Sizes, WrongSizes


def test_sizes_have_a_name_and_grow() -> None:
    assert Sizes.parse("n=1000,2000,4000") == Sizes("n", (1000, 2000, 4000))
    assert Sizes.parse("items = 10, 1e3, 20_000") == Sizes("items", (10, 1000, 20_000))
    assert Sizes.parse("rows") == Sizes("rows", None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n=10,20,20", "the sizes do not grow: 20 stands behind 20"),
        ("n=10,5,20", "the sizes do not grow: 5 stands behind 10"),
        ("n=10,20", "2 sizes say nothing"),
        ("n=0,1,2", "'0' is not a size"),
        ("n=1,2,three", "'three' is not a size"),
        ("n=1,2,1e400", "'1e400' is not a size"),
        ("n=", "'' is not a size"),
        ("=1,2,3", "is not NAME=SIZE"),
        ("n-1=1,2,3", "is not NAME=SIZE"),
    ],
)
def test_what_makes_no_sense_is_told(text: str, message: str) -> None:
    with pytest.raises(WrongSizes, match=message.replace("(", r"\(")):
        Sizes.parse(text)


def test_the_name_in_braces_stands_for_the_size() -> None:
    sizes = Sizes("n")
    assert sizes.put(5, "--rows {n} {m} {n}") == "--rows 5 {m} 5"
    assert sizes.is_in(["a", "{n}"])
    assert not sizes.is_in(["{m}"])
