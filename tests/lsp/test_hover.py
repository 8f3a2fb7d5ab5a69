"""What hovering over a line tells."""

from __future__ import annotations

from lsp_fixtures import cursor, expected, measured
from perilune.lsp.features.hover import explain_at
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.model import FunctionRow


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
        **62.5%** of instructions · **2,000** hits · 4,000 instructions  
        1.5 KiB allocated in 2 blocks

        | opcode | count | share |
        | :-- | --: | --: |
        | `ADD` | 2,000 | 50.0% |
        | `GETLOCAL` | 2,000 | 50.0% |

        in `add`, lines 2 to 2: 2,000 calls, 62.5%

        *Counted in a run of `test.lua`*""")


def test_a_traced_line_says_its_times() -> None:
    text = hovered(measured("x = 1  --= 50% 10\n", traced=True), "x$0 = 1\n") or ""
    assert "**50.0%** of time · **500 ms** self · **10** hits" in text
    assert "| `ADD` | 10 | 50.0% | 500 ms |" in text


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
