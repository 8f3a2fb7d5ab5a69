"""What hovering over a line tells."""

from __future__ import annotations

from dataclasses import replace

from lsp_fixtures import cursor, expected, measured
from perilune.lsp.changes import LineChange
from perilune.lsp.document import Document
from perilune.lsp.features.hover import explain_at, explain_line, summarize_line
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.model import FunctionRow, KindRow, LineOpcode, Profile
from sampled_profile import SOURCES, sampled_profile, waiting_profile


def hovered(measurement: Measurement, text: str) -> str | None:
    document, offset = cursor(text)
    explanation = explain_at(View(measurement, document), offset)
    return explanation.markdown if explanation else None


def test_a_counted_line_lists_its_opcodes_bytes_and_functions() -> None:
    measurement = measured("local x = 1\nx = x + 1  --= 62.5% 2000\n")
    row = measurement.rows[2]
    row.allocated_bytes, row.allocations = 1536, 2
    measurement.file.functions.append(FunctionRow("add", 2, 2, 2000, 4000, 0.625))
    assert hovered(measurement, "local x = 1\nx = $0x + 1\n") == expected("""
        **62.5%** of instructions  
        **2,000** hits · 4,000 instructions  
        allocates 1.54 kB in 2 blocks

        in `add`, lines 2 to 2: 2,000 calls, 62.5% of instructions

        *Counted in a run of `test.lua`*

        | opcode | count | share |
        | :-- | --: | --: |
        | `ADD` | 2,000 | 50.0% |
        | `GETLOCAL` | 2,000 | 50.0% |""")


def test_a_traced_line_says_its_times() -> None:
    text = hovered(measured("x = 1  --= 50% 10\n", traced=True), "x$0 = 1\n") or ""
    assert "**50.0%** of time · **500 ms** self  \n**10** hits" in text
    assert "| `ADD` | 10 | 100.0% | 500 ms |" in text


def test_an_edited_line_tells_what_it_was() -> None:
    text = hovered(measured("x = 'é' .. 1  --= 50%\n"), "x = 'é' .. 2$0\n") or ""
    assert text.startswith("**Edited since it was measured.** It read:\n```lua\nx = 'é' .. 1\n```\n")


def test_a_line_that_was_not_measured_tells_nothing() -> None:
    assert hovered(measured("x = 1  --= 50%\n-- comment\n"), "x = 1\n-- com$0ment\n") is None
    assert hovered(measured("x = 1  --= 50%\n"), "x = 1\nnew()$0") is None
    assert hovered(measured("x = 1  --= 50%\n"), "$0") is None


def test_the_explanation_covers_its_line() -> None:
    document, offset = cursor("a()\n  x = 1$0\r\nb()\n")
    explanation = explain_at(View(measured("a()\n  x = 1  --= 50%\nb()\n"), document), offset)
    assert explanation is not None
    assert document.data[explanation.start : explanation.end] == b"  x = 1"


def sampled(path: str, line: int, profile: Profile | None = None) -> str | None:
    profile = profile or sampled_profile()
    file = profile.file(path)
    assert file is not None
    return explain_line(Measurement(profile, file, Document.from_text(path, "\n".join(SOURCES[path]))), line)


def test_a_sampled_line_says_its_error_its_library_functions_and_what_it_holds() -> None:
    profile = sampled_profile()
    row = profile.files[1].lines[1]
    row.live_bytes, row.live_kinds = 500, [KindRow("string", 500, 4)]
    assert sampled("lib/text.lua", 4, profile) == expected("""
        **17.0% ± 2.5** of time · **170 ms** self  
        **100** hits · 100 instructions · 68% of `join`  
        calls `table.concat` 150 ms (15.0% ± 2.3)  
        allocates 6.00 kB in 100 blocks · keeps 500 B at the end (string 500 B) · 90 B at the peak

        in `join`, lines 2 to 5: 100 calls, 25.0% ± 2.8 of time, 250 ms with callees (25.0% ± 2.8)

        *Sampled in a run of `main.lua 20`: 1,000 samples, 4.0% ± 1.4 (collector), 2.0% ± 1.1 (compiler), 1.0% ± 0.8 (outside)*

        | opcode | count | share | time |
        | :-- | --: | --: | --: |
        | `CALL` | 100 | 100.0% | 170 ms |""")


def test_a_line_of_a_run_that_no_sample_hit_says_its_counts_and_what_they_do_not_say() -> None:
    profile = sampled_profile(0)
    assert sampled("main.lua", 2, profile) == expected("""
        **14.3%** of instructions  
        **21,891** hits · 21,891 instructions · 14.3% of `fib`

        in `fib`, lines 1 to 4: 21,891 calls, 99.8% of instructions

        *Sampled in a run of `main.lua 20`: 0 samples*  
        No sample hit the run: nobody knows which line took most of its time. Counts do not tell it either: they do not \
weigh the work inside one instruction. What may have cost more than its count: line 3 of lib/text.lua, which allocated \
12.0 kB (10.0%); table.concat, called 100 times; require, called once.

        | opcode | count | share |
        | :-- | --: | --: |
        | `JLTK` | 21,891 | 100.0% |""")


def test_a_line_of_a_run_whose_samples_are_too_few_says_that_they_are_and_no_share_of_time() -> None:
    text = sampled("main.lua", 2, sampled_profile(12)) or ""
    assert text.startswith("**14.3%** of instructions · time not known  \n")
    assert "12 samples*  \n12 samples are too few to tell which line took most of the time." in text
    assert "300 ms" not in text


def test_a_share_that_is_smaller_than_its_error_is_only_known_to_be_small() -> None:
    profile = sampled_profile()
    row = profile.files[0].lines[1]
    row.share, row.error, row.self_ns, row.total_ns, row.total_error = 0.001, 0.0046, 1_000_000, 1_000_000, 0.0046
    text = sampled("main.lua", 2, profile) or ""
    assert text.startswith("**under 0.6%** of time  \n**21,891** hits")
    assert "1.0 ms" not in text


def test_a_line_that_calls_what_costs_begins_with_that() -> None:
    text = sampled("main.lua", 8) or ""
    assert text.startswith("**26.5% ± 2.8** of time with callees · **265 ms** · 1.5% ± 1.0 · 15 ms self  \n")
    assert "calls `join` (lib/text.lua:2) 250 ms (25.0% ± 2.8)" in text


def test_a_function_that_calls_itself_is_counted_once() -> None:
    text = sampled("main.lua", 3) or ""
    assert text.startswith("**35.0% ± 3.0** of time · **350 ms** self · 630 ms with callees (63.0% ± 3.0)")
    assert "calls `fib` (line 1) 280 ms (28.0% ± 2.9)" in text


def test_a_line_that_waits_says_so_beside_its_processor_time() -> None:
    text = sampled("lib/text.lua", 4, waiting_profile())
    assert text is not None
    assert "**170 ms** self (20 ms of processor time, waits for 88.2% of it)" in text
    assert "waits" not in (sampled("main.lua", 2, waiting_profile()) or "")


def test_the_short_version_has_the_story_and_not_its_surroundings() -> None:
    profile = sampled_profile()
    file = profile.files[1]
    measurement = Measurement(profile, file, Document.from_text("lib/text.lua", "\n".join(SOURCES["lib/text.lua"])))
    assert summarize_line(measurement, 4) == expected("""
        **17.0% ± 2.5** of time · **170 ms** self  
        **100** hits · 100 instructions · 68% of `join`  
        calls `table.concat` 150 ms (15.0% ± 2.3)  
        allocates 6.00 kB in 100 blocks · 90 B at the peak""")
    assert summarize_line(measurement, 99) is None


def test_many_opcodes_are_cut_to_the_most_expensive() -> None:
    measurement = measured("x = 1  --= 50% 10\n")
    measurement.rows[1].opcodes = [LineOpcode(f"OP{n}", 10 - n) for n in range(7)]
    text = hovered(measurement, "x$0 = 1\n") or ""
    assert "| `OP4` | 6 |" in text and "OP5" not in text
    assert text.endswith("\n\n*and 2 opcodes more*")


def test_what_changed_is_told() -> None:
    change = LineChange(
        "▼ 33% instr", True, "since the last run: instructions 30 → 20 (33.3% fewer)", {"count": "▼ 33% instr"}
    )
    measurement = replace(measured("x = 1  --= 50% 10\ny = 1  --= 50% 10\n"), changes={1: change})
    assert "20 instructions  \nsince the last run: instructions 30 → 20 (33.3% fewer)" in (
        hovered(measurement, "x$0 = 1\ny = 1\n") or ""
    )
    assert "last run" not in (hovered(measurement, "x = 1\ny$0 = 1\n") or "")


def test_what_a_line_drives_the_collector_to() -> None:
    measurement = measured("x = {}  --= 50% 10\ny = 1  --= 50% 10\n", traced=True)
    measurement.rows[1].gc_share, measurement.rows[1].gc_ns = 0.8, 120_000_000
    assert "drives 80.0% of the collector (120 ms, 12.0% of time)" in (hovered(measurement, "x$0 = {}\ny = 1\n") or "")
    assert "collector" not in (hovered(measurement, "x = {}\ny$0 = 1\n") or "")
