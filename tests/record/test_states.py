"""Recording a host with several states of Lua, in threads and processes, some closed before the end."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from recorded import record

SOURCE = Path(__file__).parents[1] / "c" / "hosts_lua.c"
BUSY = "local sum, begin = 0, os.clock()\nrepeat\n  for i = 1, 10000 do sum = sum + i % 7 end\nuntil os.clock() - begin > {}\n"
SECONDS = {"first": 0.2, "one": 0.4, "other": 0.4, "moved": 0.2, "child": 0.2, "last": 0.2}
"""Of the processor, by program. The clock is of the process, so that two threads at once have half of it each."""


@pytest.mark.hosts
def test_every_state_of_every_thread_and_process_is_recorded(tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    host = tmp_path / "host"
    built = subprocess.run(
        [compiler, "-pthread", SOURCE, "-l:liblua5.4.so.0", "-o", host], capture_output=True, check=False
    )
    if built.returncode != 0 and b"liblua5.4" in built.stderr:
        pytest.skip("no liblua5.4.so.0")
    assert built.returncode == 0, built.stderr.decode()
    for name, seconds in SECONDS.items():
        (tmp_path / f"{name}.lua").write_text(BUSY.format(seconds))
    recorded = record(tmp_path, [str(host)])
    assert recorded.status == 0, recorded.errors
    profile = recorded.profile
    assert profile is not None and profile.totals.run_ns is not None
    times = {file.path: sum(row.self_ns or 0 for row in file.lines) / 1e9 for file in profile.files}
    for name in ("first", "moved", "child", "last"):
        assert 0.5 * SECONDS[name] < times[f"{name}.lua"] < 1.5 * SECONDS[name], times
    assert 0.2 < times["one.lua"] + times["other.lua"] < 1.2, times
    assert min(times["one.lua"], times["other.lua"]) > 0.02, times
