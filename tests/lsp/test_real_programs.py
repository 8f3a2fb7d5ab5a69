"""The server with the real profiler: what it shows is what the machine counted."""

from __future__ import annotations

import asyncio
from pathlib import Path

from perilune.lsp.document import Document
from perilune.lsp.features.hover import explain_line
from perilune.lsp.features.inlay_hints import hints
from perilune.lsp.job import Job
from perilune.lsp.measurement import View, measured_files
from perilune.lsp.runner import Ending, Outcome, run
from perilune.lsp.settings import Settings
from perilune.profiler.shares import order_is_known

DEFAULT = Settings()

COUNTING = """\
local function twice(n)
  return n * 2
end
local sum = 0
for i = 1, 500 do sum = sum + twice(i) end
print(sum)
"""


def run_program(folder: Path, text: str, mode: str = "count", settings: Settings = DEFAULT) -> Outcome:
    path = folder / "program.lua"
    path.write_text(text, encoding="utf-8")
    job = Job(str(path), (), mode, str(folder))
    return asyncio.run(run(job, settings, asyncio.Event(), lambda _: None))


def labels(outcome: Outcome, folder: Path, name: str = "program.lua") -> dict[int, str]:
    """The hints of an unchanged file, by line."""
    assert outcome.profile is not None
    measurement = dict(measured_files(outcome.profile, str(folder)))[str((folder / name).resolve())]
    assert measurement is not None
    document = Document.from_file(name, (folder / name).read_bytes())
    shown = hints(View(measurement, document), 1, len(document.lines), 0)
    return {document.line_at(hint.offset): hint.label for hint in shown}


def test_hits_are_exact(tmp_path: Path) -> None:
    outcome = run_program(tmp_path, COUNTING)
    assert (outcome.ending, outcome.exit_status, outcome.output) == (Ending.FINISHED, 0, "250500\n")
    shown = labels(outcome, tmp_path)
    assert shown[2].endswith("% · 500×")
    assert shown[5].endswith(("% · 500×", "% · 501×"))


def test_a_traced_run_has_times(tmp_path: Path) -> None:
    outcome = run_program(tmp_path, COUNTING, mode="trace")
    assert labels(outcome, tmp_path)[2].endswith(("ns", "µs", "ms"))
    assert outcome.profile is not None
    (_, measurement), *_ = measured_files(outcome.profile, str(tmp_path))
    assert measurement is not None
    assert "in `twice`, lines 1 to 3: 500 calls" in (explain_line(measurement, 2) or "")


def test_a_module_has_figures_too(tmp_path: Path) -> None:
    (tmp_path / "shapes.lua").write_text("return function(n)\n  return n * n\nend\n")
    outcome = run_program(tmp_path, "local square = require 'shapes'\nfor i = 1, 40 do square(i) end\n")
    assert labels(outcome, tmp_path, "shapes.lua")[2].endswith("· 40×")


def test_an_error_is_told_with_its_line_and_what_ran_is_counted(tmp_path: Path) -> None:
    outcome = run_program(tmp_path, "for i = 1, 7 do\n  local t = i\nend\nlocal t\nt.x = 1\n")
    assert (outcome.ending, outcome.exit_status) == (Ending.FAILED, 1)
    assert outcome.error == "program.lua:5: attempt to index a nil value (local 't')"
    assert labels(outcome, tmp_path)[2].endswith("· 7×")


def test_a_syntax_error_is_told(tmp_path: Path) -> None:
    outcome = run_program(tmp_path, "local x = = 1\n")
    assert outcome.ending is Ending.FAILED
    assert outcome.error == "program.lua:1: unexpected symbol near '='"


def test_a_runaway_loop_is_stopped_and_its_figures_remain(tmp_path: Path) -> None:
    outcome = run_program(tmp_path, "local n = 0\nwhile true do\n  n = n + 1\nend\n", settings=Settings(time_limit=3))
    assert outcome.ending is Ending.TIMED_OUT
    assert 3 in labels(outcome, tmp_path)


def test_a_program_that_takes_all_memory_is_stopped(tmp_path: Path) -> None:
    text = "local all = {}\nwhile true do\n  all[#all + 1] = { #all }\nend\n"
    outcome = run_program(tmp_path, text, settings=Settings(memory_limit=500_000_000))
    assert outcome.ending is Ending.FAILED
    assert "not enough memory" in outcome.error


def test_a_status_of_the_programs_own_is_no_error(tmp_path: Path) -> None:
    outcome = run_program(tmp_path, "print(1)\nos.exit(3)\n")
    assert (outcome.ending, outcome.exit_status, outcome.error) == (Ending.FINISHED, 3, "")


def test_a_sampled_run_leads_with_time_if_it_was_long_enough(tmp_path: Path) -> None:
    outcome = run_program(tmp_path, COUNTING.replace("500", "4000000"), mode="sample")
    assert outcome.profile is not None
    shown = labels(outcome, tmp_path)
    assert ("%" in shown[5] and shown[5].endswith("ms")) == order_is_known(outcome.profile)
    assert "4.0M×" in shown[5]
    short = run_program(tmp_path, COUNTING, mode="sample")
    assert short.profile is not None
    label = labels(short, tmp_path)[2]
    assert "500×" in label
    assert label == "500×" or order_is_known(short.profile)  # a loaded machine may take samples enough
