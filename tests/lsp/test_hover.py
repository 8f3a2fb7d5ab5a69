"""What hovering over a line tells."""

from __future__ import annotations

from lsp_fixtures import cursor, expected, measured
from perilune.lsp.document import Document
from perilune.lsp.features.hover import explain_at, explain_line
from perilune.lsp.measurement import Measurement, View
from perilune.profiler.model import FunctionRow, KindRow, Profile
from sampled_profile import SOURCES, sampled_profile


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
        1.54 kB allocated in 2 blocks

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
        **17.0% ± 2.0** of time · **170 ms** self · 170 ms with callees · **100** hits · 100 instructions  
        of it in `table.concat` 150 ms (15.0%)  
        6.00 kB allocated in 100 blocks · 500 B live at the end (string 500 B) · 90 B at the peak

        | opcode | count | share | time |
        | :-- | --: | --: | --: |
        | `CALL` | 100 | 100.0% | 170 ms |

        in `join`, lines 2 to 5: 100 calls, 25.0%, 250 ms with callees

        *Sampled in a run of `main.lua 20`: 1,000 samples*""")


def test_a_line_of_a_run_that_was_too_short_says_its_counts() -> None:
    profile = sampled_profile()
    profile.totals.samples = 12
    assert sampled("main.lua", 2, profile) == expected("""
        **14.3%** of instructions · **21,891** hits · 21,891 instructions

        | opcode | count | share |
        | :-- | --: | --: |
        | `JLTK` | 21,891 | 100.0% |

        in `fib`, lines 1 to 4: 21,891 calls, 99.8%

        *Sampled in a run of `main.lua 20`: 12 samples, too few for times*""")
