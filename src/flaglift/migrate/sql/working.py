"""A run in progress on a table: being applied or undone."""

from flaglift.migrate.sql.lease import Lease
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.session import Session
from flaglift.migrate.store import MigrationRun


class TableRun:
    """A run, with the objects needed to work on it."""

    def __init__(
        self, session: Session, ledger: SqlLedger, rows: Rows, run: MigrationRun, lease: Lease
    ) -> None:
        self.run: MigrationRun = run
        self._session = session
        self._ledger = ledger
        self._rows = rows
        self._lease = lease

    def reconnect(self) -> None:
        """Connect again; whether the last chunk was committed is read from the checkpoint."""
        self._session.close()
        with self._session.begin() as connection:
            runs = self._ledger.runs(connection, self.run.source)
        self.run = next(run for run in runs if run.id == self.run.id)
