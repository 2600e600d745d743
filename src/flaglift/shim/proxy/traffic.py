"""Who still sends flags: counts by hour, route and caller, kept in an SQLite file.

They show when the proxy can be removed: when it ran the whole time and saw no flags.
"""

import os
import secrets
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Self

from flaglift.errors import InputError, reason
from flaglift.shim.proxy.report import HOUR, ProxyRun, Report, TrafficRow

_VERSION = 1
_PATIENCE = 10
"""Seconds to wait for other users of the file."""
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS secret (one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, proxy TEXT NOT NULL, worker INTEGER NOT NULL, workers INTEGER NOT NULL,
    began REAL NOT NULL, seen REAL NOT NULL, ended INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS sent (
    hour INTEGER NOT NULL, route TEXT NOT NULL, caller TEXT NOT NULL, agent TEXT NOT NULL,
    what TEXT NOT NULL, count INTEGER NOT NULL, last REAL NOT NULL,
    PRIMARY KEY (hour, route, caller, agent, what)
);
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_CONTENT = """
SELECT (SELECT count(*) FROM sqlite_master),
    (SELECT count(*) FROM sqlite_master WHERE name = 'secret'),
    (SELECT count(*) FROM sqlite_master WHERE type IN ('view', 'trigger')), user_version
FROM pragma_user_version
"""
_DAMAGED = """
SELECT 'runs', rowid FROM runs WHERE (
    typeof(proxy) = 'text' AND typeof(worker) = 'integer' AND typeof(workers) = 'integer'
    AND worker BETWEEN 0 AND workers - 1 AND ended IN (0, 1)
    AND typeof(began) = 'real' AND began BETWEEN 0 AND :latest
    AND typeof(seen) = 'real' AND seen BETWEEN 0 AND :latest
) IS NOT TRUE
UNION ALL SELECT 'sent', rowid FROM sent WHERE (
    typeof(route) = 'text' AND typeof(caller) = 'text' AND typeof(agent) = 'text'
    AND typeof(what) = 'text' AND typeof(count) = 'integer' AND count >= 0
    AND typeof(last) = 'real' AND last BETWEEN 0 AND :latest
) IS NOT TRUE LIMIT 1
"""
_LATEST = 253402300799.0
"""The end of the year 9999: later moments have no date."""
_KEY = "SELECT value FROM secret WHERE typeof(value) = 'blob'"
_BEGIN = "INSERT INTO runs (proxy, worker, workers, began, seen) VALUES (?, ?, ?, ?, ?)"
_SEEN = "UPDATE runs SET seen = ?, ended = ? WHERE id = ?"
_COUNT = """
INSERT INTO sent VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    count = count + excluded.count, last = max(last, excluded.last)
"""
_ROWS = """
SELECT route, caller, agent, what, sum(CASE WHEN last >= ? THEN count ELSE 0 END), max(last)
FROM sent GROUP BY route, caller, agent, what ORDER BY route, caller, agent, what
"""
_RUNS = "SELECT proxy, worker, workers, began, seen, ended FROM runs WHERE seen >= ? ORDER BY began"


class Sender(NamedTuple):
    """A caller, on one route."""

    route: str
    caller: str
    agent: str


class Worker(NamedTuple):
    """The process of a proxy that counts."""

    proxy: str
    """A name that all processes of one start share."""
    number: int = 0
    workers: int = 1
    """How many of them there are."""


class TrafficStore:
    """The counts in a file, or in memory; several processes may share a file.

    Raises `InputError` if the file cannot be used; with `reads`, nothing is written to it.
    """

    def __init__(self, path: Path | None, *, reads: bool = False) -> None:
        self._name = str(path or ":memory:")
        self._path = path
        self._run: int | None = None
        self._lock = threading.Lock()
        try:
            if path is not None and path.exists() and not path.is_file():
                raise InputError(f"{path}: is not a regular file")
            if path is not None and reads:
                if not path.exists():
                    raise InputError(f"{path}: no such file; `flaglift serve --traffic` writes it")
                self._database = _read(path)
                if not self._check():
                    raise InputError(f"{path}: is empty; `flaglift serve --traffic` writes it")
            else:
                self._database = _connect(self._name)
                self._open()
            self._file = _file(path)
            self.secret: bytes = self._secret()
            """The key of the callers' names."""
        except (sqlite3.Error, OSError) as error:
            said = reason(error) if isinstance(error, OSError) else error
            raise InputError(f"{self._name}: cannot be used for traffic: {said}") from None

    def _open(self) -> None:
        """Prepare the file, retrying: a change of the journal mode does not wait for others."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                with self._database:
                    self._database.execute("PRAGMA journal_mode=WAL")
                    self._prepare()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.01)
            else:
                return

    def _prepare(self) -> None:
        self._check()
        self._database.executescript(_SCHEMA)
        self._database.execute(
            "INSERT OR IGNORE INTO secret VALUES (1, ?)", (secrets.token_bytes(32),)
        )

    def _check(self) -> bool:
        """Return whether there is anything in it. Raise `InputError` for a file of others."""
        # In one statement: workers that start at once share a new file.
        tables, own, computed, version = self._database.execute(_CONTENT).fetchone()
        if tables and (version != _VERSION or not own or computed):
            raise InputError(
                f"{self._name}: was written by another version of flaglift, or by another "
                "program; name a new file"
            )
        return bool(tables)

    def _secret(self) -> bytes:
        row = self._database.execute(_KEY).fetchone()
        if row is None:
            raise InputError(f"{self._name}: its table `secret` is damaged; name a new file")
        return bytes(row[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def add(
        self,
        worker: Worker,
        counts: Iterable[tuple[Sender, Counter[str]]],
        *,
        now: float | None = None,
        ends: bool = False,
    ) -> None:
        """Add the counts since the last call and the time covered, in one transaction.

        The first call marks the start of the worker's coverage; `ends` marks a clean end,
        without loss. Raises `InputError` if it cannot be written; then nothing is.
        """
        self._check_place()
        now = time.time() if now is None else now
        rows = [
            (hour_of(now), *sender, what, count[what], now) for sender, count in counts
            for what in count
        ]  # fmt: skip
        try:
            with self._lock, self._database:
                if self._run is None:
                    started = self._database.execute(_BEGIN, (*worker, now, now))
                    run = started.lastrowid
                else:
                    run = self._run
                self._database.execute(_SEEN, (now, ends, run))
                self._database.executemany(_COUNT, rows)
            self._run = run
        except sqlite3.Error as error:
            raise InputError(f"{self._name}: cannot be written: {error}") from None

    def report(self, hours: int, *, now: float | None = None) -> Report:
        """Return the traffic of the last hours; the first hour may be included in full.

        Raises `InputError` if the file is damaged, or gone.
        """
        self._check_place()
        now = time.time() if now is None else now
        began = now - hours * HOUR
        try:
            with self._lock:
                self._check_rows()
                runs = [ProxyRun(*row) for row in self._database.execute(_RUNS, (began,))]
                counts = self._database.execute(_ROWS, (began,)).fetchall()
            rows: dict[Sender, TrafficRow] = {}
            for route, caller, agent, what, count, last in counts:
                sender = Sender(route, caller, agent)
                rows.setdefault(sender, TrafficRow(*sender)).add(what, count, last)
        except (sqlite3.Error, ValueError) as error:
            raise InputError(f"{self._name}: cannot be read: {error}") from None
        return Report(hours, began, now, runs, list(rows.values()))

    def _check_place(self) -> None:
        """Raise `InputError` if the open file is no longer the one at its path."""
        if _file(self._path) != self._file:
            raise InputError(
                f"{self._name}: was removed or replaced; put it back, or send SIGHUP to the proxy "
                "to begin a new one"
            )

    def _check_rows(self) -> None:
        """Raise `ValueError` if there is a row that no proxy writes."""
        if damaged := self._database.execute(_DAMAGED, {"latest": _LATEST}).fetchone():
            table, row = damaged
            raise ValueError(f"row {row} of its table `{table}` is damaged; name a new file")

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _connect(name: str, *, is_uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(name, uri=is_uri, check_same_thread=False, timeout=_PATIENCE)


def _read(path: Path) -> sqlite3.Connection:
    """Open a file for reading, even if nothing may be written next to it.

    SQLite would write there while others have the file open.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    log = Path(f"{path}-wal")
    is_whole = not (log.exists() and log.stat().st_size)
    database = _connect(uri, is_uri=True)
    try:
        database.execute(_CONTENT)
    except sqlite3.OperationalError:
        if not is_whole:
            raise
        database.close()
        database = _connect(uri + "&immutable=1", is_uri=True)
    return database


def _file(path: Path | None) -> tuple[int, int] | None:
    """Return what tells a file from any other; None if there is none."""
    try:
        status = path.stat() if path else None
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status else None


def check_traffic(path: Path | None) -> None:
    """Raise `InputError` if counts could not be stored in a file; does not create it."""
    if path is not None and path.exists():
        TrafficStore(path).close()
    elif path is not None and not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError(f"{path}: cannot be used for traffic: its folder cannot be written to")


def hour_of(moment: float) -> int:
    """Return the start of the hour of a time, both in seconds since 1970."""
    return int(moment) // HOUR * HOUR
