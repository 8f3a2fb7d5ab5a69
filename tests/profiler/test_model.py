"""The JSON object has the documented names, survives a round trip, and refuses what is not a profile."""

import json
from typing import Any

import pytest

from perilune.profiler.model import (
    BuiltinRow,
    CallNode,
    FileProfile,
    FunctionRow,
    LineOpcode,
    LineRow,
    Memory,
    OpcodeRow,
    Profile,
    ProfileFormatError,
    Program,
    RunOutcome,
    Stack,
    Totals,
)
from perilune.profiler.renderers.json import parse, render
from sampled_profile import sampled_profile

DOCUMENTED: dict[str, Any] = {
    "format": "perilune-profile",
    "version": 1,
    "mode": "sample",
    "program": {"path": "fib.lua", "args": ["30"], "sha256": "..."},
    "totals": {
        "wall_ns": 0,
        "run_ns": 0,
        "gc_ns": 0,
        "instructions": 0,
        "samples": 0,
        "cost_ratio": 1.03,
        "memory": {"current_bytes": 0, "peak_bytes": 0, "allocated_bytes": 0, "allocations": 0},
        "stack": {"current_depth": 0, "peak_depth": 0},
    },
    "opcodes": [{"name": "ADD", "count": 0, "self_ns": 0, "share": 0.0}],
    "builtins": [{"name": "string.format", "calls": 0, "self_ns": 0, "share": 0.0}],
    "files": [
        {
            "path": "fib.lua",
            "sha256": "...",
            "lines": [
                {
                    "line": 1,
                    "hits": 0,
                    "instructions": 0,
                    "self_ns": 0,
                    "total_ns": 0,
                    "share": 0.0,
                    "error": 0.0,
                    "allocated_bytes": 0,
                    "allocations": 0,
                    "live_bytes": 0,
                    "opcodes": [{"name": "ADD", "count": 0, "self_ns": 0}],
                }
            ],
            "functions": [
                {
                    "name": "fib",
                    "line": 1,
                    "end_line": 4,
                    "calls": 0,
                    "self_ns": 0,
                    "total_ns": 0,
                    "share": 0.0,
                    "instructions": 0,
                }
            ],
        }
    ],
    "call_tree": {
        "function": "",
        "path": None,
        "function_line": 0,
        "line": 0,
        "samples": 0,
        "self_ns": 0,
        "children": [],
    },
}


def example() -> Profile:
    return Profile(
        mode="trace",
        program=Program("a.lua", ["1", "zwei"], "abc"),
        totals=Totals(
            wall_ns=99,
            run_ns=55,
            gc_ns=5,
            outside_ns=0,
            raw_ns=80,
            instructions=20,
            memory=Memory(1, 2, 3, 4),
            stack=Stack(0, 7),
        ),
        outcome=RunOutcome("error", "a.lua:1: no"),
        opcodes=[OpcodeRow("ADD", 20, 1.0, 50, 75)],
        builtins=[BuiltinRow("print", 3, 0.25, 10)],
        files=[
            FileProfile(
                "a.lua",
                "abc",
                [
                    LineRow(
                        1, 20, 20, 0.9, 50, 75, allocated_bytes=16, allocations=1, opcodes=[LineOpcode("ADD", 20, 50)]
                    )
                ],
                [FunctionRow("main chunk", 1, 1, 1, 20, 0.9, 50, 75)],
            )
        ],
    )


def missing_names(documented: Any, written: Any, place: str = "") -> list[str]:
    """The places of fields that are documented and not written; documented lists have one item."""
    if isinstance(documented, list):
        return [missing for item in written for missing in missing_names(documented[0], item, f"{place}[]")]
    if not isinstance(documented, dict) or written is None:
        return []
    missing = [f"{place}.{name}" for name in documented if name not in written]
    for name in documented.keys() & written.keys():
        missing += missing_names(documented[name], written[name], f"{place}.{name}")
    return missing


def test_every_documented_field_is_written() -> None:
    assert missing_names(DOCUMENTED, example().to_json()) == []


def test_the_documented_object_can_be_read() -> None:
    profile = Profile.from_json(DOCUMENTED)
    assert profile.totals.cost_ratio == 1.03
    assert profile.outcome is None and profile.failure is None  # as in profiles from before it was recorded
    assert profile.files[0].functions[0].end_line == 4
    assert profile.call_tree is not None and profile.call_tree.children == []


def test_json_round_trip() -> None:
    assert parse(render(example())) == example()


def test_the_deepest_call_tree_that_is_recorded_survives_a_round_trip() -> None:
    profile = sampled_profile()
    node = profile.call_tree
    assert node is not None
    for depth in range(252):  # the machine looks at 250 different places on one path
        node.children.append(CallNode(f"f{depth}", "main.lua", depth, depth, 1, 1))
        node = node.children[-1]
    assert render(parse(render(profile))) == render(profile)


def test_fields_that_do_not_exist_yet_are_null() -> None:
    written = json.loads(render(example()))
    assert written["call_tree"] is None
    assert written["totals"]["samples"] is None
    assert written["files"][0]["lines"][0]["live_bytes"] is None


def test_unknown_fields_are_ignored() -> None:
    written = example().to_json()
    written["later"] = 1
    written["totals"]["later"] = {}
    written["files"][0]["lines"][0]["later"] = None
    assert Profile.from_json(written) == example()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "not JSON: "),
        ("[]", "profile: expected an object"),
        ("{}", 'not a Perilune profile: "format" is None'),
        ('{"format": "other"}', "\"format\" is 'other'"),
        ('{"format": "perilune-profile", "version": 9}', "profile version 9 is not supported, only version 1"),
        ('{"format": "perilune-profile", "version": 1, "mode": "x"}', "\"mode\" is 'x'"),
        ('{"format": "perilune-profile", "version": 1, "mode": "count"}', "program: expected an object"),
    ],
)
def test_what_is_not_a_profile_is_refused(text: str, message: str) -> None:
    with pytest.raises(ProfileFormatError) as caught:
        parse(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("files", 0, "lines", 0, "hits"), "many", "files[0].lines[0].hits: expected an integer"),
        (("files", 0, "lines", 0, "share"), None, "files[0].lines[0].share: expected a number"),
        (("files", 0, "path"), 3, "files[0].path: expected a string"),
        (("totals", "memory", "peak_bytes"), True, "totals.memory.peak_bytes: expected an integer"),
        (("program", "args"), [1], "program.args[0]: expected a string"),
        (("opcodes",), {}, "opcodes: expected a list"),
    ],
)
def test_errors_say_where_a_profile_is_wrong(path: tuple[str | int, ...], value: object, message: str) -> None:
    written: Any = example().to_json()
    place = written
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(ProfileFormatError) as caught:
        Profile.from_json(written)
    assert str(caught.value) == message


def test_a_file_is_found_by_its_path() -> None:
    profile = example()
    assert profile.file("a.lua") is profile.files[0]
    assert profile.file("b.lua") is None
