"""Undoes a run on a table: row by row, if the row is still as the run wrote it."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from flaglift.errors import InputError
from flaglift.migrate.clock import now
from flaglift.migrate.entries import check_complete
from flaglift.migrate.records import JournalEntry
from flaglift.migrate.sql.comparing import compared, lost_columns, old_values
from flaglift.migrate.sql.fetching import Row
from flaglift.migrate.sql.hidden import hiding_policies
from flaglift.migrate.sql.keys import key_of
from flaglift.migrate.sql.lease import Lease
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.session import Session
from flaglift.migrate.sql.superseding import rewritten
from flaglift.migrate.sql.updates import Values
from flaglift.migrate.sql.working import TableRun
from flaglift.migrate.store import ChunkCost, MigrationRun


class SqlUndoer(TableRun):
    """A run on a table that is being undone."""

    run: MigrationRun

    def __init__(
        self, session: Session, ledger: SqlLedger, rows: Rows, run: MigrationRun, lease: Lease
    ) -> None:
        super().__init__(session, ledger, rows, run, lease)
        self.restored: int = 0
        self.handled: ChunkCost = ChunkCost()
        self.edited: list[str] = []
        self._tried = self._most = sys.maxsize

    def reconnect(self) -> None:
        """Connect again, and try fewer rows: the last ones may have exceeded a timeout."""
        self._most = max(1, self._tried // 2)
        super().reconnect()

    def undo(self, rows: int) -> bool:
        """Restore the next rows, mark their entries and save the checkpoint, in one transaction."""
        with self._session.begin(write=True) as connection:
            self._lease.renew(connection)
            before = self.run.info["undo"]
            if not before:
                blocks = self._ledger.blocks(connection, self.run)
                end = self.run.tally.changed + 1
                check_complete((block.entries for block in blocks), 1, end, "flaglift_journal")
            block = self._ledger.block_before(connection, self.run, before)
            if block is None:
                return False
            left = [entry for entry in block.left if not before or entry.number < before]
            taken = left[-min(rows, self._most) :]
            self._tried = len(taken)
            restored = self._restore(connection, taken)
            self._ledger.mark_undone(connection, self.run, block, restored)
            # The first entry that was tried; if it is not the block's, the block comes again.
            first = taken[0].number if len(taken) < len(left) else block.first
            info = {**self.run.info, "undo": first}
            self._save(connection, "undoing", info)
        self.restored += len(restored)
        self.handled = ChunkCost(len(restored))
        return True

    def _restore(self, connection: Connection, entries: list[JournalEntry]) -> list[int]:
        """Restore the rows that are as the run wrote them; return the numbers of their entries."""
        if not entries:
            return []
        keys = {entry.key: key_of(entry.key) for entry in entries}
        current = self._rows.lock(connection, list(keys.values()))
        old = {e.key: old_values(e, self._rows, current.get(keys[e.key])) for e in entries}
        wanted = {keys[key]: values for key, values in old.items() if values is not None}
        restored = self._written(connection, wanted)
        return [entry.number for entry in entries if keys[entry.key] in restored]

    def _written(
        self, connection: Connection, wanted: Mapping[Row, Values]
    ) -> Mapping[Row, Values]:
        """Write values into rows, and return the rows that then hold them.

        The others are not written: as the run wrote them, they can still be restored later.
        """
        while True:
            savepoint = connection.begin_nested()
            changed = self._rows.update(connection, wanted.items())
            stored = self._rows.read_keys(connection, list(wanted))
            if changed != len(wanted):
                raise InputError(
                    f"the database restored {changed} of {len(wanted)} rows: a trigger, a rule or"
                    " a policy holds the others back. Nothing of this chunk was restored"
                )
            same = {k: v for k, v in wanted.items() if self._holds(stored.get(k), v)}
            if len(same) == len(wanted):
                savepoint.commit()
                return wanted
            savepoint.rollback()
            wanted = same

    def _holds(self, row: Row | None, values: Values) -> bool:
        """Return whether a row holds values; a trigger may have deleted it."""
        value_of = self._rows.value
        return row is not None and all(value_of(row, n) == v for n, v in values.items())

    def _save(self, connection: Any, state: str, info: dict[str, Any]) -> None:
        self.run = replace(self.run, state=state, updated=now(), info=info)
        self._ledger.save(connection, self.run)

    def finish(self) -> list[str]:
        """Mark the run as undone; return what could not be undone."""
        with self._session.begin(write=True) as connection:
            left, _ = compared(connection, self._ledger, self._rows, self.run)
            held_back = left.as_written
            state = "partly undone" if held_back or left.others else "undone"
            for name in rewritten(connection, self._ledger, self._rows, self.run, left.others):
                left.add(name, "as written")  # what a later run wrote was held back already
            self.edited = left.others
            self._save(connection, state, {**self.run.info, "undo": 0})
            notes = lost_columns(self._rows) if self.edited else []
            notes += hiding_policies(connection, self._rows) if self.edited else []
        if held_back:
            notes.append(
                f"{held_back:,} rows read differently from before the run: a trigger or the column"
                " changes what is written, or a policy protects them. They are as the run wrote"
                " them, and can be restored without it"
            )
        columns = self._rows.source.table.columns
        created = [name for name in self.run.info["created"] if name in columns]
        if created:
            notes.append(f"the columns {', '.join(created)} were added by the run and still exist")
        return notes
