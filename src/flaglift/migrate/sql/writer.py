"""Applies a run to a table: rows, journal and checkpoint of a chunk in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection

from flaglift.migrate.clock import now
from flaglift.migrate.entries import entry_of
from flaglift.migrate.files.patches import patch_of
from flaglift.migrate.records import Change, Chunk, Cursor, Problem, Record
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.session import Session
from flaglift.migrate.store import Run
from flaglift.migrate.tally import Tally


class SqlWriter:
    """A run that is being applied to a table."""

    def __init__(self, session: Session, ledger: SqlLedger, rows: Rows, run: Run) -> None:
        self.run = run
        self._session = session
        self._ledger = ledger
        self._rows = rows

    @contextmanager
    def step(self) -> Iterator["_SqlStep"]:
        """Write a chunk in one transaction."""
        with self._session.begin(write=True) as connection:
            step = _SqlStep(connection, self._ledger, self._rows, self.run)
            yield step
        self.run = step.run

    def reconnect(self) -> None:
        """Connect again; whether the last chunk was committed is read from the checkpoint."""
        self._session.reconnect()
        with self._session.begin() as connection:
            runs = self._ledger.runs(connection, self.run.source)
        self.run = next(run for run in runs if run.id == self.run.id)

    def finish(self) -> list[str]:
        """Mark the run as finished."""
        self.run.state, self.run.updated = "finished", now()
        with self._session.begin(write=True) as connection:
            self._ledger.save(connection, self.run)
        return ["`flaglift migrate undo` takes it back from the table flaglift_journal"]


class _SqlStep:
    """A chunk of a table that is being written."""

    def __init__(self, connection: Connection, ledger: SqlLedger, rows: Rows, run: Run) -> None:
        self.run = run
        self._connection = connection
        self._ledger = ledger
        self._rows = rows

    def moved(self, changes: Sequence[Change]) -> Mapping[str, Record | None]:
        """Lock the rows, and return those that are not as they were read."""
        locked = self._rows.lock(self._connection, [c.record.body[0] for c in changes])
        moved: dict[str, Record | None] = {}
        for change in changes:
            key, values = change.record.body
            current = locked.get(change.record.key)
            if current is None:
                moved[change.record.key] = None
            elif current != values:
                read = self._rows.record(key, current)
                # What cannot be read any more is left to its writer, like a deleted row.
                moved[change.record.key] = None if isinstance(read, Problem) else read
        return moved

    def write(self, chunk: Chunk, changes: Sequence[Change]) -> None:  # noqa: ARG002
        """Write the rows and their journal entries."""
        if not changes:
            return
        new = [(change.record.body[0], self._rows.new_values(change)) for change in changes]
        self._rows.update(self._connection, new)
        patches = self._patches(changes)
        number = self.run.tally.changed
        entries = [
            entry_of(number + index, change, patches.get(change.record.key))
            for index, change in enumerate(changes, 1)
        ]
        self._ledger.add(self._connection, self.run, entries)

    def _patches(self, changes: Sequence[Change]) -> dict[str, bytes]:
        """Return what restores documents, by what the database made of them: jsonb is respelled."""
        if not self._rows.found.is_json:
            return {}
        stored = self._rows.lock(self._connection, [c.record.body[0] for c in changes])
        return {
            change.record.key: patch_of(
                change.record.body[1]["text"].encode(), stored[change.record.key]["text"].encode()
            )
            for change in changes
        }

    def checkpoint(self, cursor: Cursor, tally: Tally) -> None:
        """Keep where the run is."""
        run = self.run
        self.run = Run(
            run.id, run.source, run.fingerprint, run.state, cursor, tally, run.started, now(),
            run.info,
        )  # fmt: skip
        self._ledger.save(self._connection, self.run)
