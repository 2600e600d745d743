"""Applies a run to a table: rows, journal and checkpoint of a chunk in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flaglift.migrate.clock import now
from flaglift.migrate.sql.step import ALTERED, SqlStep
from flaglift.migrate.sql.working import TableRun
from flaglift.migrate.store import MigrationRun


class SqlWriter(TableRun):
    """A run that is being applied to a table."""

    run: MigrationRun

    @contextmanager
    def step(self) -> Iterator[SqlStep]:
        """Write a chunk in one transaction."""
        with self._session.begin(write=True) as connection:
            self._lease.renew(connection)
            step = SqlStep(connection, self._ledger, self._rows, self.run)
            yield step
        self.run = step.run

    def finish(self) -> list[str]:
        """Mark the run as finished."""
        self.run = replace(self.run, state="finished", updated=now())
        with self._session.begin(write=True) as connection:
            self._ledger.save(connection, self.run)
        notes = ["`flaglift migrate undo` restores the old values from the table flaglift_journal"]
        altered = self.run.info.get(ALTERED)
        if altered:
            notes.append(
                f"{altered:,} rows read differently from what was written: a trigger or the column"
                " changes it"
            )
        return notes


class Rehearsal(SqlWriter):
    """A run that writes every chunk, as far as the database allows, and rolls it back."""

    run: MigrationRun

    @contextmanager
    def step(self) -> Iterator[SqlStep]:
        """Write a chunk in one transaction, and roll it back."""
        with self._session.begin(write=True) as connection:
            if connection.dialect.name in ("postgresql", "sqlite"):
                # DDL is part of the transaction there, and is rolled back with it.
                self._ledger.create(connection)
            step = SqlStep(connection, self._ledger, self._rows, self.run)
            yield step
            transaction = connection.get_transaction()
            if transaction is not None:
                transaction.rollback()
        self.run = step.run

    def reconnect(self) -> None:
        """Connect again."""
        self._session.close()

    def finish(self) -> list[str]:
        """Return what was done."""
        self.run = replace(self.run, state="rehearsed")
        return ["each chunk was written and rolled back: nothing was kept"]
