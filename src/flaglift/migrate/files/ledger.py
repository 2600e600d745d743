"""The runs and the journal of a file, in a SQLite file next to it.

The entries of a chunk are one compressed block; a table of key hashes finds a key's blocks.
"""

import json
import os
import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import Any

from flaglift.errors import InputError
from flaglift.migrate.clock import now
from flaglift.migrate.entries import check_complete
from flaglift.migrate.files.ledger_blocks import (
    ALL,
    FileBlock,
    PackedEntries,
    hashes_to_find,
    storable,
)
from flaglift.migrate.records import JournalEntry
from flaglift.migrate.saved import Kinds, check_kinds, check_place, saved_run
from flaglift.migrate.store import MigrationRun

_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, fingerprint TEXT NOT NULL, state TEXT NOT NULL,
    cursor TEXT, tally TEXT NOT NULL, started TEXT NOT NULL, updated TEXT NOT NULL,
    info TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS journal (
    block INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES run, first INTEGER NOT NULL,
    undone TEXT NOT NULL, pending TEXT NOT NULL, entries BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS journal_by_number ON journal (run, first);
CREATE TABLE IF NOT EXISTS place (
    hash INTEGER NOT NULL, block INTEGER NOT NULL, PRIMARY KEY (hash, block)
) WITHOUT ROWID;
"""
_RUN = "id, source, fingerprint, state, cursor, tally, started, updated, info"
_OF_FILE: Kinds = {
    "source_id": (list,), "result": (str,), "written": (int,), "undo": (NoneType, dict),
    "created": (list,),
}  # fmt: skip
_IF_ANY: Kinds = {"original": (str,), "dialect": (dict,)}
_BLOCK = "first, undone, pending, entries"
_MOST_ASKED = 500
"""The number of keys in one statement."""
_MOST_OPEN = 8
"""The number of unpacked blocks to cache: nearby records have their entries in few blocks."""


class Ledger:
    """Keeps runs and journal entries; each `saving` block is a transaction."""

    def __init__(self, path: Path, source: str, *, write: bool, like: Path | None = None) -> None:
        """Open the ledger of a source, or create it to write, with the permissions of `like`.

        Raises `InputError` if that is impossible.
        """
        self.path = path
        self.source = source
        self._open: dict[int, FileBlock] = {}
        created = write and not path.exists()
        try:
            if created and like is not None:
                # It contains the old prompts, so its permissions must not be wider than theirs.
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, like.stat().st_mode & 0o777 | 0o600))
            # A reader rolls back the transaction of a process that was killed, and so has to be
            # able to write; SQLite opens a file that may only be read all the same.
            mode = "rwc" if write else "rw"
            uri = f"{path.absolute().as_uri()}?mode={mode}"
            self._db = sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)
            if not write:
                self._db.execute("PRAGMA query_only = ON")
            else:
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
        """Commit the changes of the block, or roll them back if it raises."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._open.clear()
                if self._db.in_transaction:  # SQLite itself rolls back when the disk is full
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise InputError(
                f"{self.path}: the journal cannot be written: {error}; nothing of this chunk was"
                " kept; run the same command again to resume"
            ) from None

    def save(self, run: MigrationRun) -> None:
        """Save the current state of a run."""
        values = (
            run.id, storable(run.source), run.fingerprint, run.state, json.dumps(run.cursor),
            json.dumps(run.tally.to_dict()), run.started, run.updated, json.dumps(run.info),
        )  # fmt: skip
        self._db.execute(
            f"INSERT OR REPLACE INTO run ({_RUN}) VALUES (?,?,?,?,?,?,?,?,?)",  # noqa: S608
            values,
        )

    def _rows(self, query: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Return what a query finds. Raises `InputError` if the journal is damaged."""
        try:
            for row in self._db.execute(query, values):  # noqa: UP028 (that closes the cursor)
                yield row
        except sqlite3.Error as error:
            raise InputError(
                f"{self.path}: the journal cannot be read: {error}; take it from a backup"
            ) from None

    def is_empty(self) -> bool:
        """Return whether there are no runs of any source."""
        return next(self._rows("SELECT 1 FROM run"), None) is None

    def runs(self) -> list[MigrationRun]:
        """Return the runs on the source, oldest first."""
        query = f"SELECT {_RUN} FROM run WHERE source = ? ORDER BY started, id"  # noqa: S608
        return [self._run(row) for row in self._rows(query, (storable(self.source),))]

    def _run(self, row: tuple[Any, ...]) -> MigrationRun:
        try:
            return saved_run(dict(zip(_RUN.split(", "), row, strict=True)), _kinds, check_place)
        except ValueError as error:
            raise InputError(f"{self.path}: the run {row[0]} {error}") from None

    def add(self, run: MigrationRun, first: int, entries: PackedEntries | None) -> None:
        """Write entries, numbered from `first`, to the journal of a run as one block."""
        if entries is None:
            return
        query = f"INSERT INTO journal (run, {_BLOCK}) VALUES (?,?,?,?,?)"  # noqa: S608
        values = (run.id, first, "[]", "[]", entries.block)
        number = self._db.execute(query, values).lastrowid
        places = [(each, number) for each in entries.hashes]
        self._db.executemany("INSERT INTO place (hash, block) VALUES (?,?)", places)

    def _blocks(self, run: MigrationRun) -> Iterator[FileBlock]:
        query = f"SELECT {_BLOCK} FROM journal WHERE run = ? ORDER BY first"  # noqa: S608
        yield from map(self._opened, self._rows(query, (run.id,)))

    def _opened(self, row: tuple[Any, ...]) -> FileBlock:
        try:
            return FileBlock(row)
        except (ValueError, TypeError):
            raise InputError(
                f"{self.path}: the journal's block {row[0]} is not as it was written, so nothing"
                " is restored from it: take the journal from a backup"
            ) from None

    def check(self, run: MigrationRun) -> None:
        """Raise `InputError` if entries of a run are missing or damaged."""
        # A custom store's entries are counted by themselves: some were never written.
        first, end = (
            (0, run.info["entries"]) if "entries" in run.info else (1, run.tally.changed + 1)
        )
        check_complete((block.entries for block in self._blocks(run)), first, end, self.path)

    def entries(self, run: MigrationRun, *, left: bool = False) -> Iterator[JournalEntry]:
        """Return the journal of a run in order; with `left` only the entries not undone."""
        for block in self._blocks(run):
            yield from block.left if left else block.entries

    def left_newest_first(self, run: MigrationRun) -> Iterator[list[JournalEntry]]:
        """Return the entries not undone, block by block, the last entry first."""
        query = "SELECT block FROM journal WHERE run = ? ORDER BY first DESC"
        for (number,) in list(self._rows(query, (run.id,))):
            left = self._block(number).left
            if left:
                yield left[::-1]

    def of_key(self, run: MigrationRun, key: str) -> list[JournalEntry]:
        """Return the entries for a key that are not undone: several if keys repeat."""
        return self.of_keys(run, [key]).get(key, [])

    def of_keys(self, run: MigrationRun, keys: Iterable[str]) -> dict[str, list[JournalEntry]]:
        """Return the same for many keys, by key; keys without entries are left out."""
        wanted = set(keys)
        hashes = hashes_to_find(wanted)
        blocks: dict[int, int] = {}
        for start in range(0, len(hashes), _MOST_ASKED):
            part = hashes[start : start + _MOST_ASKED]
            # CROSS keeps SQLite from looking at all blocks of the run for each key.
            query = (
                "SELECT DISTINCT first, place.block FROM place CROSS JOIN journal"  # noqa: S608
                f" ON journal.block = place.block WHERE hash IN ({','.join('?' * len(part))})"
                " AND run = ?"
            )
            blocks |= dict(self._rows(query, (*part, run.id)))
        entries: dict[str, list[JournalEntry]] = defaultdict(list)
        for first in sorted(blocks):
            block = self._block(blocks[first])
            for key in wanted & block.keys:
                entries[key] += block.of_key(key)
        return entries

    def _block(self, number: int) -> FileBlock:
        known = self._open.pop(number, None)
        if known is None:
            query = f"SELECT {_BLOCK} FROM journal WHERE block = ?"  # noqa: S608
            known = self._opened(next(self._rows(query, (number,))))
        self._open[number] = known
        while len(self._open) > _MOST_OPEN:
            del self._open[next(iter(self._open))]
        return known

    def mark_undone(self, run: MigrationRun, numbers: Iterable[int]) -> None:
        """Record that entries were undone in a file that is not in its final place yet."""
        wanted = sorted(numbers)
        if not wanted:
            return
        query = (
            "SELECT first, block FROM journal WHERE run = ? AND first <= ? AND first >="
            " (SELECT max(first) FROM journal WHERE run = ? AND first <= ?) ORDER BY first"
        )
        blocks = list(self._rows(query, (run.id, wanted[-1], run.id, wanted[0])))
        firsts = [first for first, _ in blocks]
        marked: dict[int, list[int]] = defaultdict(list)
        for number in wanted:
            marked[blocks[bisect_right(firsts, number) - 1][1]].append(number)
        for place, undone in marked.items():
            block = self._block(place)
            block.pending.update(undone)
            values = (json.dumps(sorted(block.pending)), place)
            self._db.execute("UPDATE journal SET pending = ? WHERE block = ?", values)

    def settle_undone(self, run: MigrationRun, *, keep: bool) -> None:
        """Make these marks final, or drop them because the file is started over."""
        query = "SELECT block, undone, pending FROM journal WHERE run = ? AND pending <> '[]'"
        for block, undone, pending in self._db.execute(query, (run.id,)).fetchall():
            done = sorted({*json.loads(undone), *json.loads(pending)})
            values = (json.dumps(done) if keep else undone, block)
            self._db.execute(
                "UPDATE journal SET undone = ?, pending = '[]' WHERE block = ?", values
            )
        self._open.clear()

    def mark_all_undone(self, run: MigrationRun) -> None:
        """Record that all entries were undone."""
        query = "UPDATE journal SET undone = ?, pending = '[]' WHERE run = ?"
        self._db.execute(query, (json.dumps(ALL), run.id))
        self._open.clear()

    def size(self, run: MigrationRun) -> int:
        """Return the size of a run's entries in bytes."""
        query = "SELECT coalesce(sum(length(entries)), 0) FROM journal WHERE run = ?"
        return int(next(self._rows(query, (run.id,)))[0])

    def purge(self, run: MigrationRun) -> None:
        """Delete a run's entries, and free their space."""
        with self.saving():
            ours = "SELECT block FROM journal WHERE run = ?"
            self._db.execute(f"DELETE FROM place WHERE block IN ({ours})", (run.id,))  # noqa: S608
            self._db.execute("DELETE FROM journal WHERE run = ?", (run.id,))
            self.save(replace(run, state="purged", updated=now()))
        self._open.clear()  # SQLite gives the numbers of deleted blocks to new ones
        self._db.execute("VACUUM")

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _kinds(state: str, info: Mapping[str, Any]) -> Kinds:
    """Return what a run of a file keeps in a state; one of a custom store counts its entries."""
    if "entries" in info:
        return {"entries": (int,)}
    kinds: dict[str, tuple[type, ...]] = dict(_OF_FILE)
    if state in ("finishing", "finished", "replacing", "replaced"):
        kinds |= {"source_sha": (str,), "result_sha": (str,)}
    if state in ("finished", "replacing", "replaced"):
        kinds["result_id"] = (list,)
    if info["undo"] is not None:
        check_kinds(info["undo"], {"of": (list,), "written": (int,)})
        check_place(info["undo"]["cursor"] or {"key": None})
    return kinds | {name: kind for name, kind in _IF_ANY.items() if name in info}
