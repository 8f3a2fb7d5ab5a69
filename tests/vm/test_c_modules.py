"""C modules cannot be loaded, and the messages say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from perilune.vm import State


@pytest.mark.parametrize("module", ["fast", "fast.part"])
def test_require_names_the_module_and_its_file(module: str, tmp_path: Path) -> None:
    library = tmp_path / "fast.so"
    library.write_bytes(b"\x7fELF")
    with State() as state:
        outcome = state.run(
            b"package.cpath = ...; return require(select(2, ...))",
            b"=test",
            [str(tmp_path / "?.so").encode(), module.encode()],
        )
    expected = f"error loading module '{module}' from file '{library}':\n\tC modules cannot be loaded"
    assert outcome.message.decode() == expected


def test_loadlib_says_why_it_has_nothing() -> None:
    with State() as state:
        state.execute(
            b"local f, message, where = package.loadlib('./fast.so', 'luaopen_fast')\n"
            b"assert(f == nil and message == './fast.so: C modules cannot be loaded' and where == 'absent', message)"
        )
