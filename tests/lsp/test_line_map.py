"""Figures stay with their statements while the text around them is edited."""

from __future__ import annotations

from lsp_fixtures import expected, measured, shown

PROGRAM = """
    local function hot(n)
      local sum = 0          --= 10%
      for i = 1, n do        --= 20%
        sum = sum + i * i    --= 40%
      end
      return sum             --= 5%
    end
    print(hot(100))          --= 25%
"""


def test_an_unchanged_text_shows_every_figure() -> None:
    assert shown(measured("a()  --= 60% 3\nb()\nc()  --= 40%\n"), "a()\nb()\nc()\n") == expected("""
        a() <60.0% · 3×>
        b()
        c() <40.0% · 1×>
    """)


def test_lines_that_moved_down_keep_their_figures() -> None:
    assert shown(measured("a()  --= 60%\nb()  --= 40%\n"), "-- new\n\na()\nnew()\nb()\n") == expected("""
        -- new

        a() <60.0% · 1×>
        new()
        b() <40.0% · 1×>
    """)


def test_a_changed_line_shows_what_it_was_and_that_it_is_stale() -> None:
    edited = "local sum = 0\nsum = sum + 2\nprint(sum)\n"
    assert shown(measured("local sum = 0\nsum = sum + 1  --= 90%\nprint(sum)  --= 10%\n"), edited) == expected("""
        local sum = 0
        sum = sum + 2 <~90.0%>
        print(sum) <10.0% · 1×>
    """)


def test_a_deleted_line_takes_its_figure_along() -> None:
    assert shown(measured("a()  --= 60%\nb()  --= 30%\nc()  --= 10%\n"), "a()\nc()\n") == expected("""
        a() <60.0% · 1×>
        c() <10.0% · 1×>
    """)


def test_a_new_line_between_like_ones_gets_no_figure() -> None:
    edited = "if a then\n  f()\nend\nif new then\n  f()\nend\nif b then\n  f()\nend\n"
    program = "if a then\n  f()  --= 90% 1000\nend\nif b then\n  f()  --= 10% 1\nend\n"
    assert shown(measured(program), edited) == expected("""
        if a then
          f() <90.0% · 1.0k×>
        end
        if new then
          f()
        end
        if b then
          f() <10.0% · 1×>
        end
    """)


def test_indenting_a_line_does_not_change_it() -> None:
    assert shown(measured("hot(1)  --= 99%\n"), "if wanted then\n  hot(1)\nend\n") == expected("""
        if wanted then
          hot(1) <99.0% · 1×>
        end
    """)


def test_a_line_that_was_replaced_by_several_is_matched_by_likeness() -> None:
    edited = "local count = 0\nlocal total = compute(first, third)\nlog(count)\n"
    assert shown(measured("local total = compute(first, second)  --= 99%\nx()\n"), edited) == expected("""
        local count = 0
        local total = compute(first, third) <~99.0%>
        log(count)
    """)


def test_line_ends_do_not_matter() -> None:
    measurement = measured("a()  --= 60%\nb()  --= 40%\n")
    assert shown(measurement, "a()\r\nb()\r\n") == "a() <60.0% · 1×>\r\nb() <40.0% · 1×>\r\n"


def test_a_function_that_moved_keeps_its_figures() -> None:
    program = """
        local function first()
          return 1 + 1      --= 10%
        end

        local function second()
          local x = 1       --= 20%
          return x * 2      --= 30%
        end
    """
    edited = """
        local function second()
          local x = 1
          return x * 2
        end

        local function first()
          return 1 + 1
        end
    """
    assert shown(measured(program), edited) == expected("""
        local function second()
          local x = 1 <20.0% · 1×>
          return x * 2 <30.0% · 1×>
        end

        local function first()
          return 1 + 1 <10.0% · 1×>
        end
    """)


def test_two_lines_that_changed_places_keep_their_figures() -> None:
    assert shown(measured("alpha(1)  --= 60%\nbeta(2)  --= 40%\n"), "beta(2)\nalpha(1)\n") == expected("""
        beta(2) <40.0% · 1×>
        alpha(1) <60.0% · 1×>
    """)


def test_a_renamed_function_keeps_the_figures_of_its_body() -> None:
    edited = "local function g(x)\n  return x * x\nend\n"
    assert shown(measured("local function f(x)\n  return x * x  --= 99%\nend\n"), edited) == expected("""
        local function g(x)
          return x * x <99.0% · 1×>
        end
    """)


def test_a_like_line_in_another_function_gets_no_figure() -> None:
    program = """
        local function parse_header(stream)
          count = count + 1          --= 99%
        end
        print(1)
    """
    edited = """
        print(1)
        local function write_summary_to_file(a, b, c, d)
          count = count + 1
        end
    """
    assert "%" not in shown(measured(program), edited)


def test_a_statement_that_moved_into_another_function_gets_no_figure() -> None:
    program = """
        local function first()
          expensive_operation()  --= 99%
          return 1
        end
        local function second()
          return 2
        end
    """
    edited = """
        local function first()
          return 1
        end
        local function second()
          expensive_operation()
          return 2
        end
    """
    assert "%" not in shown(measured(program), edited)


def test_a_text_that_is_broken_while_it_is_typed_keeps_its_figures() -> None:
    edited = "local function new(\n" + expected(PROGRAM).replace("  --=", "--")
    visible = shown(measured(PROGRAM), "local function new(\n" + measured(PROGRAM).document.data.decode())
    assert edited and visible.count("%") == 5


def test_an_empty_text_shows_nothing() -> None:
    assert shown(measured(PROGRAM), "") == ""
