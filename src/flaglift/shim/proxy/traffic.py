"""Who still sends flags: counts by hour, route and caller, kept in an SQLite file.

They tell when the proxy can go: when it was there all the time, and saw no flags.
"""

import secrets
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, Self

from flaglift.errors import InputError

HOUR = 3600
_SCHEMA = """
CREATE TABLE IF NOT EXISTS secret (one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS watched (hour INTEGER PRIMARY KEY, seconds REAL NOT NULL);
CREATE TABLE IF NOT EXISTS seen (
    hour INTEGER NOT NULL, route TEXT NOT NULL, caller TEXT NOT NULL, agent TEXT NOT NULL,
    requests INTEGER NOT NULL, legacy INTEGER NOT NULL, kept INTEGER NOT NULL,
    unread INTEGER NOT NULL, PRIMARY KEY (hour, route, caller, agent)
);
"""
_WATCH = """
INSERT INTO watched VALUES (?, ?)
ON CONFLICT DO UPDATE SET seconds = min(3600, seconds + excluded.seconds)
"""
_COUNT = """
INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    requests = requests + excluded.requests, legacy = legacy + excluded.legacy,
    kept = kept + excluded.kept, unread = unread + excluded.unread
"""
_REPORT = """
SELECT route, caller, agent, sum(requests), sum(legacy), sum(kept), sum(unread),
    max(CASE WHEN legacy + unread > 0 THEN hour ELSE 0 END)
FROM seen WHERE hour >= ? GROUP BY route, caller, agent
ORDER BY sum(legacy) DESC, sum(unread) DESC, route, caller, agent
"""


class Sender(NamedTuple):
    """A caller, on one route."""

    route: str
    caller: str
    agent: str


class Row(NamedTuple):
    """What one caller sent to one route."""

    route: str
    caller: str
    agent: str
    requests: int
    legacy: int
    """Prompts with flags."""
    kept: int
    """Of those, the ones that were not translated."""
    unread: int
    """Requests whose body was not, or could not be, looked at."""
    last: int
    """The hour in which flags or an unread body were last seen, as seconds since 1970; 0: never."""


class Report(NamedTuple):
    """What was seen in the last hours."""

    hours: int
    watched: float
    """The seconds in which the proxy ran, since the first of those hours began."""
    seconds: float
    """The seconds since then."""
    rows: list[Row]

    @property
    def complete(self) -> bool:
        """Whether the proxy ran all that time, but for a minute an hour."""
        return self.watched >= self.seconds * (HOUR - 60) / HOUR

    @property
    def clean(self) -> bool:
        """Whether it is proved that nobody sent flags."""
        return self.complete and not any(row.legacy or row.unread for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "hours": self.hours,
            "watched_seconds": round(self.watched),
            "clean": self.clean,
            "rows": [row._asdict() for row in self.rows],
        }


class Store:
    """The counts in a file, or in memory; several proxies may share a file.

    Raises `InputError` where the file cannot be used; `create` makes one that is missing.
    """

    def __init__(self, path: Path | None, *, create: bool = True) -> None:
        self._name = str(path or ":memory:")
        if path is not None and not create and not path.is_file():
            raise InputError(f"{path}: no such file; `flaglift serve --traffic` writes it")
        self._lock = threading.Lock()
        try:
            self._database = sqlite3.connect(self._name, check_same_thread=False, timeout=10)
            with self._database:
                self._database.execute("PRAGMA journal_mode=WAL")
                self._database.executescript(_SCHEMA)
                self._database.execute(
                    "INSERT OR IGNORE INTO secret VALUES (1, ?)", (secrets.token_bytes(32),)
                )
        except sqlite3.Error as error:
            raise InputError(f"{self._name}: cannot be used for traffic: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def secret(self) -> bytes:
        """The key of the callers' names."""
        row = self._database.execute("SELECT value FROM secret").fetchone()
        return bytes(row[0])

    def add(self, hour: int, seconds: float, counts: Iterable[tuple[Sender, Counter[str]]]) -> None:
        """Add what was counted since the last call, in one transaction.

        Raises `InputError` where it cannot be written; then nothing of it is.
        """
        rows = [
            (hour, *sender, *(count[key] for key in ("requests", "legacy", "kept", "unread")))
            for sender, count in counts
        ]
        try:
            with self._lock, self._database:
                self._database.execute(_WATCH, (hour, seconds))
                self._database.executemany(_COUNT, rows)
        except sqlite3.Error as error:
            raise InputError(f"{self._name}: cannot be written: {error}") from None

    def report(self, hours: int) -> Report:
        """Return what was seen in so many hours and the current one."""
        now = time.time()
        first = hour_of(now) - hours * HOUR
        with self._lock:
            (watched,) = self._database.execute(
                "SELECT coalesce(sum(seconds), 0) FROM watched WHERE hour >= ?", (first,)
            ).fetchone()
            rows = [Row(*row) for row in self._database.execute(_REPORT, (first,))]
        return Report(hours, watched, now - first, rows)

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def hour_of(moment: float) -> int:
    """Return when the hour of a moment began, both in seconds since 1970."""
    return int(moment) // HOUR * HOUR
