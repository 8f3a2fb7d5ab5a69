"""The cache of compiled files never changes a result, whatever happens to its folder."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from perilune.compiler import cache
from perilune.compiler.chunks import compile_chunk
from perilune.compiler.proto import dump

TEXT, NAME = b"return 1", b"@a.lua"
CHUNK = dump(compile_chunk(TEXT, NAME))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("PERILUNE_NO_CACHE", raising=False)
    monkeypatch.setenv("PERILUNE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def entry_of(folder: Path) -> Path:
    assert cache.compile_cached(TEXT, NAME) == CHUNK
    (entry,) = folder.iterdir()
    return entry


def test_files_are_compiled_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry_of(folder)
    monkeypatch.setattr(cache, "_compile", lambda *arguments: pytest.fail("compiled again"))
    assert cache.compile_cached(TEXT, NAME) == CHUNK


def test_an_entry_with_one_bit_changed_is_made_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_fingerprint", lambda: b"always this")
    entry = entry_of(folder)
    whole = entry.read_bytes()
    behind_header = 8 * (len(whole) - len(CHUNK) - 16)
    for bit in (*range(0, behind_header, 9), *range(behind_header, 8 * len(whole))):
        spoilt = bytearray(whole)
        spoilt[bit // 8] ^= 1 << bit % 8
        entry.write_bytes(spoilt)
        assert cache.compile_cached(TEXT, NAME) == CHUNK, bit
        assert entry.read_bytes() == whole


def test_an_entry_that_was_cut_or_has_grown_is_made_anew(folder: Path) -> None:
    entry = entry_of(folder)
    whole = entry.read_bytes()
    for content in (b"", *(whole[:length] for length in range(len(whole) - 200, len(whole))), whole + b"\0", whole * 2):
        entry.write_bytes(content)
        assert cache.compile_cached(TEXT, NAME) == CHUNK
        assert entry.read_bytes() == whole


def test_another_program_of_the_same_file_name_is_not_taken_for_it(folder: Path) -> None:
    entry = entry_of(folder)
    assert cache.compile_cached(b"return 2", NAME) == dump(compile_chunk(b"return 2", NAME))
    (other,) = set(folder.iterdir()) - {entry}
    entry.write_bytes(other.read_bytes())
    assert cache.compile_cached(TEXT, NAME) == CHUNK


@pytest.mark.parametrize("kind", ["folder", "pipe", "link to itself", "huge"])
def test_what_stands_in_the_place_of_an_entry_changes_nothing(folder: Path, kind: str) -> None:
    entry = entry_of(folder)
    entry.unlink()
    if kind == "folder":
        (entry / "x").mkdir(parents=True)
    elif kind == "huge":
        entry.touch()
        os.truncate(entry, 1 << 40)
    elif kind == "link to itself":
        entry.symlink_to(entry)
    elif hasattr(os, "mkfifo"):
        os.mkfifo(entry)
    for _ in range(2):
        assert cache.compile_cached(TEXT, NAME) == CHUNK


def test_a_folder_that_cannot_be_used_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write_text("a file")
    assert cache.compile_cached(TEXT, NAME) == CHUNK
    for value in (str(folder / "below a file"), "/dev/null/x", "x" * 5000):
        monkeypatch.setenv("PERILUNE_CACHE_DIR", value)
        assert cache.compile_cached(TEXT, NAME) == CHUNK
    assert folder.read_text() == "a file"


def test_a_write_that_fails_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "replace", fail)
    assert cache.compile_cached(TEXT, NAME) == CHUNK
    assert list(folder.iterdir()) == []


def test_many_may_write_at_once(folder: Path) -> None:
    texts = [b"return %d" % (number % 3) for number in range(24)]
    results: dict[int, bytes] = {}

    def compile_one(index: int) -> None:
        results[index] = cache.compile_cached(texts[index], NAME)

    threads = [threading.Thread(target=compile_one, args=(index,)) for index in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {text: dump(compile_chunk(text, NAME)) for text in texts}
    assert [results[index] for index in range(len(texts))] == [expected[text] for text in texts]
    assert {cache.compile_cached(text, NAME) for text in texts} == set(expected.values())


def test_the_folder_stays_small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_BYTES", 40000)
    for number in range(80):
        cache.compile_cached(b"return %d --" % number + b"x" * 1000, NAME)
    sizes = [entry.stat().st_size for entry in folder.iterdir()]
    assert 0 < sum(sizes) <= 40000
    newest = max(folder.iterdir(), key=lambda entry: entry.stat().st_mtime_ns)
    assert b"return 79" in newest.read_bytes()
    monkeypatch.setattr(cache, "MAX_ENTRIES", 5)
    for number in range(10):
        cache.compile_cached(b"return %d" % number, NAME)
    assert len(list(folder.iterdir())) <= 5


def test_an_entry_that_would_push_out_many_is_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_BYTES", 40000)
    cache.compile_cached(b"return 1 --" + b"x" * 20000, NAME)
    assert not folder.exists()


def test_only_what_is_the_caches_own_is_deleted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRIES", 2)
    (folder / "a folder").mkdir(parents=True)
    (folder / "a program.lua").write_text("print(1)")
    (folder / "0123456789.luac").write_text("by hand")
    (folder / "chunk-gone").symlink_to("nowhere")
    for number in range(6):
        cache.compile_cached(b"return %d" % number, NAME)
    names = {entry.name for entry in folder.iterdir()}
    assert names >= {"a folder", "a program.lua", "0123456789.luac"}
    assert len(names) <= 5


def test_the_cache_can_be_switched_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERILUNE_NO_CACHE", "1")
    assert cache.compile_cached(TEXT, NAME) == CHUNK
    assert not folder.exists()
