"""The runs and the journal of a file, in a SQLite file beside it."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flaglift.errors import InputError
from flaglift.migrate.clock import now
from flaglift.migrate.records import JournalEntry
from flaglift.migrate.store import MigrationRun
from flaglift.migrate.tally import Tally

_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, fingerprint TEXT NOT NULL, state TEXT NOT NULL,
    cursor TEXT, tally TEXT NOT NULL, started TEXT NOT NULL, updated TEXT NOT NULL,
    info TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS journal (
    run TEXT NOT NULL REFERENCES run, number INTEGER NOT NULL, key TEXT NOT NULL,
    before TEXT NOT NULL, after TEXT NOT NULL, codes TEXT NOT NULL, patch BLOB,
    undone INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (run, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS journal_by_key ON journal (run, key);
"""
_RUN = "id, source, fingerprint, state, cursor, tally, started, updated, info"
_ENTRY = "number, key, before, after, codes, patch"


class Ledger:
    """Keeps runs and journal entries; what one `saving` block does is kept as a whole."""

    def __init__(self, path: Path, source: str, *, write: bool, like: Path | None = None) -> None:
        """Open the ledger of a source, or create it to write, with the permissions of `like`.

        Raises `InputError` where that is impossible.
        """
        self.path = path
        self.source = source
        created = write and not path.exists()
        try:
            if created and like is not None:
                # It holds the old prompts, and is to be no more readable than they are.
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, like.stat().st_mode & 0o777 | 0o600))
            mode = "rwc" if write else "ro"
            uri = f"{path.absolute().as_uri()}?mode={mode}"
            self._db = sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)
            if write:
                # The result file is synced before each commit; the journal must not lag behind.
                self._db.execute("PRAGMA synchronous = FULL")
                self._db.executescript(_SCHEMA)
            self._db.execute("SELECT count(*) FROM run")
        except (sqlite3.Error, OSError) as error:
            if created:
                path.unlink(missing_ok=True)
            raise InputError(
                f"{path}: the journal cannot be {'written' if write else 'read'}: {error};"
                " --journal PATH puts it elsewhere"
            ) from None

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Keep all that is done in the block, or nothing if it raises."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._db.in_transaction:  # SQLite itself ends one for which the disk is full
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise InputError(
                f"{self.path}: the journal cannot be written: {error}; nothing of this chunk was"
                " kept, and the same command goes on from here"
            ) from None

    def save(self, run: MigrationRun) -> None:
        """Keep a run as it is now."""
        values = (
            run.id, _text(run.source), run.fingerprint, run.state, json.dumps(run.cursor),
            json.dumps(run.tally.to_dict()), run.started, run.updated, json.dumps(run.info),
        )  # fmt: skip
        self._db.execute(
            f"INSERT OR REPLACE INTO run ({_RUN}) VALUES (?,?,?,?,?,?,?,?,?)",  # noqa: S608
            values,
        )

    def is_empty(self) -> bool:
        """Tell whether there is no run of any source."""
        return self._db.execute("SELECT 1 FROM run").fetchone() is None

    def runs(self) -> list[MigrationRun]:
        """Return the runs on the source, oldest first."""
        rows = self._db.execute(
            f"SELECT {_RUN} FROM run WHERE source = ? ORDER BY started, id",  # noqa: S608
            (_text(self.source),),
        )
        return [
            MigrationRun(
                id=row[0],
                source=row[1],
                fingerprint=row[2],
                state=row[3],
                cursor=json.loads(row[4]),
                tally=Tally.from_dict(json.loads(row[5])),
                started=row[6],
                updated=row[7],
                info=json.loads(row[8]),
            )
            for row in rows
        ]

    def add(self, run: MigrationRun, entries: Iterable[JournalEntry]) -> None:
        """Write entries to the journal of a run."""
        self._db.executemany(
            f"INSERT INTO journal (run, {_ENTRY}) VALUES (?,?,?,?,?,?,?)",  # noqa: S608
            (
                (
                    run.id, e.number, _text(e.key), json.dumps(e.before), json.dumps(e.after),
                    e.codes, e.patch,
                )
                for e in entries
            ),
        )  # fmt: skip

    def entries(self, run: MigrationRun, *, left: bool = False) -> Iterator[JournalEntry]:
        """Return the journal of a run in order; with `left` only what is not taken back."""
        wanted = " AND undone = 0" if left else ""
        rows = self._db.execute(
            f"SELECT {_ENTRY} FROM journal WHERE run = ?{wanted} ORDER BY number",  # noqa: S608
            (run.id,),
        )
        yield from map(_entry, rows)

    def of_key(self, run: MigrationRun, key: str) -> list[JournalEntry]:
        """Return what is not taken back of the entries for a key: several if keys repeat."""
        # Without statistics SQLite prefers the primary key, which is in the order asked for, and
        # then looks at the whole journal for each key.
        rows = self._db.execute(
            f"SELECT {_ENTRY} FROM journal INDEXED BY journal_by_key"  # noqa: S608
            " WHERE run = ? AND key = ? AND undone = 0 ORDER BY number",
            (run.id, _text(key)),
        )
        return [_entry(row) for row in rows]

    def mark_undone(self, run: MigrationRun, numbers: Iterable[int]) -> None:
        """Remember that entries were taken back in a file that is not in its place yet."""
        self._db.executemany(
            "UPDATE journal SET undone = 2 WHERE run = ? AND number = ?",
            ((run.id, number) for number in numbers),
        )

    def settle_undone(self, run: MigrationRun, *, keep: bool) -> None:
        """Make what was marked final, or forget it because the file is begun anew."""
        self._db.execute(
            "UPDATE journal SET undone = ? WHERE run = ? AND undone = 2", (int(keep), run.id)
        )

    def mark_all_undone(self, run: MigrationRun) -> None:
        """Remember that all entries were taken back."""
        self._db.execute("UPDATE journal SET undone = 1 WHERE run = ?", (run.id,))

    def size(self, run: MigrationRun) -> int:
        """Return the bytes of a run's entries."""
        columns = "+".join(f"coalesce(length({name}), 0)" for name in _ENTRY.split(", "))
        query = f"SELECT coalesce(sum({columns}), 0) FROM journal WHERE run = ?"  # noqa: S608
        return int(self._db.execute(query, (run.id,)).fetchone()[0])

    def purge(self, run: MigrationRun) -> None:
        """Delete a run's entries, and give their room back."""
        with self.saving():
            self._db.execute("DELETE FROM journal WHERE run = ?", (run.id,))
            self.save(replace(run, state="purged", updated=now()))
        self._db.execute("VACUUM")

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _text(key: str) -> str:
    return key.encode("utf-8", "backslashreplace").decode()


def _entry(row: tuple[int, str, str, str, str, bytes | None]) -> JournalEntry:
    number, key, before, after, codes, patch = row
    return JournalEntry(number, key, json.loads(before), json.loads(after), codes, patch)
