"""Compares the journal of a run with the table."""

from flaglift.migrate.resuming import reread
from flaglift.migrate.sql.comparing import compared, lost_columns
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.session import Session
from flaglift.migrate.sql.superseding import rewritten
from flaglift.migrate.store import MigrationRun


def verify_table(
    session: Session, ledger: SqlLedger, rows: Rows, run: MigrationRun
) -> tuple[list[str], list[str]]:
    """Return which checks of a run's changes hold and which fail, one sentence each."""
    with session.begin() as connection:
        comparison, entries = compared(connection, ledger, rows, run)
        for name in rewritten(connection, ledger, rows, run, comparison.edited):
            comparison.add(name, "as written")
        latest = reread(ledger.runs(connection, run.source), run).tally.changed
    held, broken = comparison.sentences(session.name, "rows")
    if comparison.edited:
        broken += [f"{session.name}: {sentence}" for sentence in lost_columns(rows)]
    changed = run.tally.changed
    if not changed <= entries <= latest:  # it may be written at this moment
        broken.insert(0, f"{session.name}: {changed:,} changes, but {entries:,} journal entries")
    return held, broken
