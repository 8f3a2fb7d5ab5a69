"""Budgets are read from comments and files, belong to what they stand at, and are exact."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.compiler.source import Source
from perilune.profiler.budget_comments import find_comments, read_comments
from perilune.profiler.budget_file import Entry, budgets_of, file_exists, read_budget_file
from perilune.profiler.budgets import Budget, BudgetError, Result, amount_text, check, parse_amount
from perilune.profiler.renderers.budgets import exceeded_table, kept_text
from perilune.profiler.renderers.report.table import plain_text
from sampled_profile import sampled_profile


def limits(source: str, is_program: bool = True) -> list[tuple[str | None, int | None, str, int]]:
    """The budgets of a source without errors: function, its line, figure and limit."""
    budgets, errors = read_comments("a.lua", source.encode(), is_program)
    assert errors == []
    return [(budget.function, budget.line, budget.figure, budget.limit) for budget in budgets]


@pytest.mark.parametrize(
    ("text", "figure", "amount"),
    [
        ("0", "calls", 0),
        ("12_000", "instructions", 12_000),
        ("12K", "instructions", 12_000),
        ("1.5M", "instructions", 1_500_000),
        ("2g", "calls", 2 * 10**9),
        ("64kB", "allocated_bytes", 64_000),
        ("64KB", "peak_bytes", 64_000),
        ("64 KiB", "peak_bytes", 65_536),
        ("1.5MiB", "allocated_bytes", 1_572_864),
        ("7B", "allocated_bytes", 7),
    ],
)
def test_amounts(text: str, figure: str, amount: int) -> None:
    assert parse_amount(text, figure) == amount


@pytest.mark.parametrize(
    ("text", "figure", "message"),
    [
        ("", "calls", "expected a number, found ''"),
        ("many", "calls", "expected a number, found 'many'"),
        ("-1", "calls", "expected a number, found '-1'"),
        ("1.5", "calls", "expected a whole number, found '1.5'"),
        ("1kB", "calls", "expected K, M or G behind the number, found 'kB'"),
        ("1K", "peak_bytes", "expected B, kB, MB, GB, KiB, MiB or GiB behind the number, found 'K'"),
        ("1MB", "peak_depth", "expected K, M or G behind the number, found 'MB'"),
    ],
)
def test_what_is_no_amount(text: str, figure: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"^expected") as caught:
        parse_amount(text, figure)
    assert str(caught.value) == message


def test_a_comment_above_a_function_is_the_functions() -> None:
    source = """
        local x = 1
        ---@budget instructions <= 12000, calls <= 1K -- because
        local function fib(n) end
        --- @budget allocations<=3
        -- more about it
        function Account.create:deposit() end
        t = {
          ---@budget calls <= 1
          field = function() return function() end end,
        }
    """
    assert limits(source) == [
        ("fib", 4, "instructions", 12_000),
        ("fib", 4, "calls", 1000),
        ("Account.create:deposit", 7, "allocations", 3),
        ("field", 10, "calls", 1),
    ]


@pytest.mark.parametrize(
    "source",
    [
        "---@budget calls <= 1",
        "#!/usr/bin/perilune\n-- about\n\n---@budget calls <= 1\nlocal x = function() end, 1",
        "---@budget calls <= 1\n\nlocal function f() end",
        "---@budget calls <= 1\nlocal x = 1\nlocal function f() end",
    ],
)
def test_a_comment_at_the_top_is_the_files(source: str) -> None:
    assert limits(source.replace("local x = function() end, 1", "local x = 1")) == [(None, None, "calls", 1)]


def test_figures_of_the_program_are_for_the_program() -> None:
    source = "---@budget peak_bytes <= 1MB, peak_depth <= 100\n\nlocal x"
    assert limits(source) == [(None, None, "peak_bytes", 1_000_000), (None, None, "peak_depth", 100)]
    budgets, errors = read_comments("a.lua", source.encode(), is_program=False)
    assert budgets == []
    assert errors == [
        "a.lua:1:12: peak_bytes is a figure of the whole program, not of a function or a file that it loads"
    ]


def test_only_comments_count() -> None:
    assert limits("x = '---@budget calls <= 1' y = [[\n---@budget calls <= 1\n]] --[[\n---@budget calls <= 1\n]]") == []
    assert limits("----@budget\n-- ---@budget\n---@budgets\n--- about @budget\nlocal x") == []


_FIGURES = "instructions, calls, allocations, allocated_bytes"


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (
            "local x\n---@budget calls <= 1\nx = 2",
            "2:1: a budget stands directly above a function, or at the top of the file",
        ),
        ("local x\n---@budget calls <= 1", "2:1: a budget stands directly above a function, or at the top of the file"),
        (
            "local x\n---@budget calls <= 1\n\nfunction f() end",
            "2:1: a budget stands directly above a function, or at the top of the file",
        ),
        ("local x ---@budget calls <= 1\nfunction f() end", "1:9: a budget stands on a line of its own"),
        ("--@budget calls <= 1\nfunction f() end", "1:1: a budget begins with three dashes: ---@budget"),
        (
            "---@budget calls <= 1\nlocal f, g = function() end, function() end",
            "1:1: 2 functions begin on line 2: give each a line of its own",
        ),
        (
            "---@budget calls <= 1\nreturn function() return function() end end",
            "1:1: 2 functions begin on line 2: give each a line of its own",
        ),
        ("---@budget\nfunction f() end", f"1:11: expected one of {_FIGURES}, found nothing"),
        ("---@budget time <= 1\nfunction f() end", f"1:12: expected one of {_FIGURES}, found 'time'"),
        ("  ---@budget calls < 1\nfunction f() end", "1:20: expected '<=', found '<'"),
        ("---@budget calls\nfunction f() end", "1:17: expected '<=', found the end of the comment"),
        ("---@budget calls <=\nfunction f() end", "1:20: expected a number, found ''"),
        ("---@budget calls <= 1 2\nfunction f() end", "1:23: expected ',' or the end of the comment, found '2'"),
        ("---@budget calls <= 1,\nfunction f() end", f"1:23: expected one of {_FIGURES}, found nothing"),
        ("---@budget calls <= 1kB\nfunction f() end", "1:21: expected K, M or G behind the number, found 'kB'"),
    ],
)
def test_wrong_comments(source: str, error: str) -> None:
    budgets, errors = read_comments("a.lua", source.encode(), is_program=True)
    assert (budgets, errors) == ([], [f"a.lua:{error}"])


@settings(deadline=None)
@given(st.text("@budget <=,calls1kB-\t", max_size=25))
def test_any_comment_gives_budgets_or_one_error(text: str) -> None:
    budgets, errors = read_comments("a.lua", f"---@budget {text}\nfunction f() end".encode(), is_program=True)
    assert len(errors) == (not budgets)
    assert all(budget.figure == "calls" and budget.function == "f" for budget in budgets)


FILE = """
[files."main.lua"]
instructions = 200_000
peak_bytes = "64KiB"

[functions."main.lua:fib"]
calls = 10
[functions."lib/text.lua:2"]
allocated_bytes = "20kB"
"""


def test_a_budget_file() -> None:
    entries = read_budget_file(FILE, "b.toml")
    profile = sampled_profile()
    budgets = [budget for entry in entries for budget in budgets_of(entry, profile, "")]
    program, fib, join = (
        'b.toml: files."main.lua"',
        'b.toml: functions."main.lua:fib"',
        'b.toml: functions."lib/text.lua:2"',
    )
    assert budgets == [
        Budget("main.lua", "instructions", 200_000, program),
        Budget("main.lua", "peak_bytes", 65_536, program),
        Budget("main.lua", "calls", 10, fib, "fib", 1),
        Budget("lib/text.lua", "allocated_bytes", 20_000, join, "join", 2),
    ]
    results = [check(budget, profile) for budget in budgets if budget is not None]
    assert [(result.measured, result.over) for result in results] == [
        (153_246, 0),
        (65_536, 0),
        (21_891, 21_881),
        (18_000, 0),
    ]
    text = plain_text(exceeded_table(results, 80))
    assert text.splitlines()[0] == "Over budget: 1 of 4 budgets"
    assert text.splitlines()[2].split() == ["10", "21,891", "21,881", "218,810.0%", "calls", "fib", "(main.lua:1)"]


def test_a_file_that_the_program_loads_has_the_figures_of_its_functions() -> None:
    profile = sampled_profile()
    results = [
        check(Budget("lib/text.lua", figure, 0, "here"), profile)
        for figure in ("instructions", "calls", "allocations", "allocated_bytes")
    ]
    assert [result.measured for result in results] == [100, 100, 300, 18_000]


def test_a_budget_files_paths_count_from_its_folder() -> None:
    profile = sampled_profile()
    (entry,) = read_budget_file('[files."text.lua"]\ncalls = 1', "lib/b.toml")
    assert budgets_of(entry, profile, "") == []
    assert budgets_of(entry, profile, "lib") == [Budget("lib/text.lua", "calls", 1, 'lib/b.toml: files."text.lua"')]
    assert not file_exists(entry, "lib")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = ", "b.toml: Invalid value (at end of document)"),
        ("x = 1", 'b.toml: x: expected tables [files."FILE"] and [functions."FILE:NAME"]'),
        ("[files]\nx = 1", 'b.toml: files."x": expected a table'),
        ('[files."x"]\ntime = 1', "found 'time'"),
        ('[files."x"]\ncalls = true', "b.toml: files.\"x\".calls: expected a number, found 'True'"),
        ('[files."x"]\ncalls = -1', "b.toml: files.\"x\".calls: expected a number, found '-1'"),
        ('[files."x"]\ncalls = 1.5', "b.toml: files.\"x\".calls: expected a whole number, found '1.5'"),
    ],
)
def test_wrong_budget_files(text: str, message: str) -> None:
    with pytest.raises(BudgetError) as caught:
        read_budget_file(text, "b.toml")
    assert str(caught.value).endswith(message)


@pytest.mark.parametrize(
    ("key", "figure", "message"),
    [
        ("main.lua:nosuch", "calls", "main.lua has no function called nosuch"),
        ("main.lua:77", "calls", "main.lua has no function beginning at line 77"),
        ("main.lua:1", "calls", "2 functions beginning at line 1: fib at line 1, main chunk at line 1"),
        ("main.lua:fib", "peak_depth", "peak_depth is a figure of the whole program"),
    ],
)
def test_functions_that_a_budget_file_gets_wrong(key: str, figure: str, message: str) -> None:
    with pytest.raises(BudgetError, match=r"^here: ") as caught:
        budgets_of(Entry("functions", key, figure, 1, "here"), sampled_profile(), "")
    assert message in str(caught.value)


def test_kept_budgets_name_what_never_ran() -> None:
    def result(name: str | None, ran: bool) -> Result:
        return Result(Budget("a.lua", "calls", 5, "here", name, 3), 0, ran)

    assert kept_text([result("f", True)]) == "1 budget kept"
    assert kept_text([result("f", True), result("g", False)]) == "all 2 budgets kept; never ran: g (a.lua:3)"
    many = [result(name, False) for name in "abcde"]
    assert kept_text(many) == "all 5 budgets kept; never ran: a (a.lua:3), b (a.lua:3), c (a.lua:3) and 2 more"


@pytest.mark.parametrize("figure", ["calls", "peak_bytes"])
@given(amount=st.integers(0, 10**15))
def test_a_limit_that_is_written_holds_with_little_to_spare(figure: str, amount: int) -> None:
    limit = parse_amount(amount_text(amount, figure), figure)
    assert amount <= limit <= max(amount * 1.1, 1)
    assert parse_amount(amount_text(limit, figure), figure) == limit


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("---@budget calls <= \N{LATIN SMALL LETTER A WITH GRAVE}\nfunction f() end\n", "expected a number, found 'à'"),
        ("---@budget calls <= 1\nf(function() end, function() end", "2 functions begin on line 2"),
        ("---@budget calls <= 1\nf(function() return function() end end", ""),
        ("---@budget calls <= 1\nif a then function b() end", ""),
        ("x = [[\n---@budget calls <= 1\n]]", None),
        ("---@budget calls <= 1, calls <", "expected '<=', found '<'"),
        ("x = -- -\n---@budget calls <= 1\nlocal\nfunction f", "a budget stands directly above a function"),
    ],
)
def test_comments_are_found_in_texts_that_do_not_compile(source: str, wrong: str | None) -> None:
    found = find_comments(Source.from_bytes("a.lua", source.encode(), is_file=True), is_program=True)
    if wrong is None:
        assert found == []
    else:
        (comment,) = found
        assert comment.wrong.startswith(wrong) and bool(comment.wrong) == bool(wrong)
        assert (comment.function_line == 2) == (not wrong)


@pytest.mark.parametrize("body", ["function f() end", "local f <const> = function(a) return function() end end"])
@pytest.mark.parametrize("before", ["", "local x = 1\n", "#!shebang\n"])
def test_what_does_not_compile_is_read_like_what_does(before: str, body: str) -> None:
    text = f"{before}---@budget calls <= 12K, allocated_bytes <= 3 kB\n-- more\n{body}\n".encode()
    budgets, errors = read_comments("a.lua", text, is_program=True)
    found = find_comments(Source.from_bytes("a.lua", text, is_file=True), is_program=True)
    assert errors == []
    assert [(each.line, each.figure, each.limit) for each in budgets] == [
        (comment.function_line, limit.figure, limit.amount) for comment in found for limit in comment.limits
    ]
    amounts = [text[limit.start : limit.end] for comment in found for limit in comment.limits]
    assert amounts == [b"12K", b"3 kB"]
