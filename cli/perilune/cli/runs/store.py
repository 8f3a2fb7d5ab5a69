"""Results of runs, kept in one file: a run whose program, modules, input and arguments are the same is not made again.

Results of count mode alone are kept, which the same run always has. A program that reads other files than those that it
loads, or asks other programs, is run each time: what its result depends on is not known. The file is SQLite's, whose
journal keeps it whole when a process is killed, and in which several processes may read and write at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Any, NamedTuple, Self

from perilune.cli.errors import CommandError, describe
from perilune.cli.runs.identity import identity
from perilune.cli.runs.loaded import digest_of, is_as_it_was, manifest_of, program_folder
from perilune.cli.runs.run import Run, RunResult
from perilune.profiler.repeatable import outside_calls

VARIABLE = "PERILUNE_STORE"
"""The environment variable that names the file, or is `off`."""

OFF = "off"

_FILE = "results.sqlite"
_VERSION = 1
_BUSY_SECONDS = 60.0
_LEVEL = 1  # of compression: a profile becomes a sixth
_DAY_SECONDS = 86_400.0
_ENVIRONMENT = ("LUA_PATH", "LUA_PATH_5_4", "LUA_CPATH", "LUA_CPATH_5_4", "LUA_INIT", "LUA_INIT_5_4")
_KEPT_OUTCOMES = ("ok", "exit", "error")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS results (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    manifest TEXT NOT NULL,
    identity TEXT NOT NULL,
    program TEXT NOT NULL,
    arguments TEXT NOT NULL,
    instructions INTEGER NOT NULL,
    exit_status INTEGER NOT NULL,
    seconds REAL NOT NULL,
    bytes INTEGER NOT NULL,
    used REAL NOT NULL,
    UNIQUE (key, manifest)
);
CREATE INDEX IF NOT EXISTS results_by_use ON results (used);
CREATE TABLE IF NOT EXISTS profiles (id INTEGER PRIMARY KEY, content BLOB NOT NULL);
"""


class Entry(NamedTuple):
    """One stored result, `is_current` if this build of Perilune made it.

    `used` is when it was last asked for, or made, in seconds since 1970; `bytes` is what it takes in the store.
    """

    id: int
    program: str
    words: str
    instructions: int
    exit_status: int
    seconds: float
    bytes: int
    used: float
    is_current: int

    @property
    def arguments(self) -> tuple[str, ...]:
        """The program's arguments, which are kept as JSON: of ten thousand entries few are shown."""
        return tuple(json.loads(self.words))


def default_path() -> str | None:
    """Where the store is: by the environment, or in the user's data folder. None where it is off, or there is no home."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return None if chosen == OFF else chosen
    base = os.environ.get("XDG_DATA_HOME")
    if not base:
        home = os.path.expanduser("~")
        if not os.path.isdir(home):
            return None
        base = os.path.join(home, ".local", "share")
    return os.path.join(base, "perilune", _FILE) if os.path.isabs(base) else None


class Store:
    """The results in one file. Usable from several threads, and by several processes at once."""

    def __init__(self, path: str) -> None:
        """Opens the file, or makes it with its folder. Ends the command where it cannot, or the file is something else."""
        self.path = path
        self._lock = threading.Lock()
        try:
            os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise CommandError(f"the store {path} cannot be opened: {_reason(error)}") from error
        with self._complaining():
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version not in (0, _VERSION):
                raise CommandError(f"the store {path} is of version {version}, not {_VERSION}: choose another file")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            if version == 0:
                self._connection.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}PRAGMA user_version = {_VERSION};COMMIT;")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; other processes may go on."""
        self._connection.close()

    def get(self, run: Run) -> RunResult | None:
        """The result of a run; None if there is none that holds for the files as they are now."""
        key = _key(run)
        if key is None:
            return None
        folder = program_folder(run)
        columns = "id, manifest, exit_status, seconds, used, content"
        found = self._rows(f"SELECT {columns} FROM results JOIN profiles USING (id) WHERE key = ?", key)
        for id, manifest, exit_status, seconds, used, content in found:
            if is_as_it_was(json.loads(manifest), folder):
                now = time.time()
                if now - used > _DAY_SECONDS:  # so that to read is not to write
                    self._rows("UPDATE results SET used = ? WHERE id = ?", now, id)
                result = RunResult(run, zlib.decompress(content), None, exit_status, seconds, from_store=True)
                assert result.profile is not None
                return RunResult(run, result.content, result.profile.failure, exit_status, seconds, from_store=True)
        return None

    def put(self, result: RunResult) -> bool:
        """Keeps a result, and says whether it is one that can be kept."""
        run, profile = result.run, result.profile
        if profile is None or result.content is None or result.exit_status is None:
            return False
        is_final = profile.outcome is not None and profile.outcome.kind in _KEPT_OUTCOMES
        if not is_final or outside_calls(profile):
            return False
        key, manifest = _key(run, profile.program.sha256), manifest_of(run, profile)
        if key is None or manifest is None:
            return False
        content = zlib.compress(result.content, _LEVEL)
        row = (
            key,
            json.dumps(manifest),
            identity(),
            run.path,
            json.dumps(run.arguments),
            profile.totals.instructions,
            result.exit_status,
            result.seconds,
            len(content),
            time.time(),
        )
        with self._lock, self._complaining(), self._transaction() as cursor:
            cursor.execute(
                "INSERT OR IGNORE INTO results (key, manifest, identity, program, arguments, instructions, exit_status,"
                " seconds, bytes, used) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            if cursor.rowcount:
                cursor.execute("INSERT INTO profiles VALUES (?, ?)", (cursor.lastrowid, content))
        return True

    def entries(self, pattern: str = "*", limit: int | None = None) -> list[Entry]:
        """The results of programs whose path fits a shell pattern, last used first."""
        rows = self._rows(
            "SELECT id, program, arguments, instructions, exit_status, seconds, bytes, used, identity = ? FROM results"
            " WHERE program GLOB ? ORDER BY used DESC, id DESC LIMIT ?",
            identity(),
            pattern,
            -1 if limit is None else limit,
        )
        return [Entry._make(row) for row in rows]

    def content(self, id: int) -> bytes | None:
        """The profile of a result, as JSON."""
        rows = self._rows("SELECT content FROM profiles WHERE id = ?", id)
        return zlib.decompress(rows[0][0]) if rows else None

    def totals(self) -> tuple[int, int]:
        """How many results there are, and how many bytes they take."""
        ((count, size),) = self._rows("SELECT count(*), coalesce(sum(bytes), 0) FROM results")
        return count, size

    def collect(self, most_bytes: int, most_seconds: float) -> int:
        """Forgets results of other versions, and those not used for so long; then of the rest those used longest ago.

        Until they take no more than `most_bytes`. Says how many are gone.
        """
        with self._lock, self._complaining():
            with self._transaction() as cursor:
                cursor.execute(
                    "DELETE FROM results WHERE identity <> ? OR used < ?", (identity(), time.time() - most_seconds)
                )
                gone = cursor.rowcount
                cursor.execute(
                    "DELETE FROM results WHERE id IN (SELECT id FROM"
                    " (SELECT id, sum(bytes) OVER (ORDER BY used DESC, id DESC) AS so_far FROM results)"
                    " WHERE so_far > ?)",
                    (most_bytes,),
                )
                gone += cursor.rowcount
                cursor.execute("DELETE FROM profiles WHERE id NOT IN (SELECT id FROM results)")
            self._connection.execute("VACUUM")
        return gone

    def _rows(self, statement: str, *values: object) -> list[Any]:
        with self._lock, self._complaining():
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        with closing(self._connection.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise CommandError(f"the store {self.path} cannot be used: {_reason(error)}") from error


def _reason(error: OSError | sqlite3.Error) -> str:
    return describe(error) if isinstance(error, OSError) else str(error)


def _key(run: Run, program: str | None = None) -> bytes | None:
    """All that a run's counts depend on but the modules, which nobody knows before; None for a run that is not kept.

    `program` is the digest of the program that ran, if one did.
    """
    program = program or digest_of(run.file)
    if run.mode != "count" or program is None:
        return None
    environment = run.environment()
    parts = [
        identity(),
        run.path,
        program,
        run.arguments,
        hashlib.sha256(run.input or b"").hexdigest(),
        [run.limits.instructions, run.limits.memory, run.limits.sandbox, run.limits.sandbox_root],
        [environment.get(name) for name in _ENVIRONMENT],
    ]
    return hashlib.sha256(json.dumps(parts).encode()).digest()
