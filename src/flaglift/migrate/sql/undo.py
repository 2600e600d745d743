"""Takes a run on a table back: row by row, where it is still as the run wrote it."""

from collections.abc import Mapping
from typing import Any

from flaglift.emit.form import form_value
from flaglift.migrate.clock import now
from flaglift.migrate.files.patches import unpatched
from flaglift.migrate.records import Entry
from flaglift.migrate.sql.keys import key_of
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.rows import Row, Rows
from flaglift.migrate.sql.session import Session
from flaglift.migrate.store import Run


class SqlUndoer:
    """A run on a table that is being taken back."""

    def __init__(self, session: Session, ledger: SqlLedger, rows: Rows, run: Run) -> None:
        self.run = run
        self.restored = 0
        self._session = session
        self._ledger = ledger
        self._rows = rows

    def undo(self, rows: int) -> bool:
        """Restore the next rows, mark their entries and keep the checkpoint, in one transaction."""
        with self._session.begin(write=True) as connection:
            behind = self.run.info["undo"]
            page = self._ledger.page(connection, self.run, behind, rows, left=True)
            if not page:
                return False
            current = self._rows.lock(connection, [key_of(entry.key) for entry in page])
            old = {e.number: old_values(self._rows, e, current.get(e.key)) for e in page}
            restored = [(key_of(e.key), old[e.number]) for e in page if old[e.number] is not None]
            self._rows.update(connection, [(key, v) for key, v in restored if v is not None])
            numbers = [number for number, values in old.items() if values is not None]
            self._ledger.mark_undone(connection, self.run, numbers)
            info = {**self.run.info, "undo": page[-1].number}
            self._save(connection, "undoing", info)
        self.restored += len(numbers)
        return True

    def _save(self, connection: Any, state: str, info: dict[str, Any]) -> None:
        run = self.run
        self.run = Run(
            run.id, run.source, run.fingerprint, state, run.cursor, run.tally, run.started, now(),
            info,
        )  # fmt: skip
        self._ledger.save(connection, self.run)

    def reconnect(self) -> None:
        """Connect again; what was committed is read from the run."""
        self._session.reconnect()
        with self._session.begin() as connection:
            runs = self._ledger.runs(connection, self.run.source)
        self.run = next(run for run in runs if run.id == self.run.id)

    def finish(self) -> list[str]:
        """Mark the run as undone; return what stays of it."""
        with self._session.begin(write=True) as connection:
            left = self._ledger.page(connection, self.run, 0, 1, left=True)
            state = "partly undone" if left else "undone"
            self._save(connection, state, {**self.run.info, "undo": 0})
        created = self.run.info["created"]
        if not created:
            return []
        return [f"the columns {', '.join(created)} were added by the run and are still there"]


def old_values(rows: Rows, entry: Entry, current: Row | None) -> Mapping[str, Any] | None:
    """Return what a row held before; None if it is not as the run wrote it."""
    if current is None:
        return None
    if entry.patch is not None:
        document = current["text"]
        old = None if document is None else unpatched(document.encode(), entry.patch)
        return None if old is None else {"text": old.decode()}
    for name, value in entry.after.items():
        held = current.get(name)
        if held is None or form_value(held) != form_value(value):
            return None
    return {name: rows.coerced(name, value) for name, value in entry.before.items()}
