"""Compares the journal of a run with the table."""

from flaglift.migrate.comparison import Comparison
from flaglift.migrate.resuming import reread
from flaglift.migrate.sql.keys import key_of
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.session import Session
from flaglift.migrate.sql.superseding import rewritten
from flaglift.migrate.sql.undo import old_values
from flaglift.migrate.store import MigrationRun


def verify_table(
    session: Session, ledger: SqlLedger, rows: Rows, run: MigrationRun
) -> tuple[list[str], list[str]]:
    """Return which checks of a run's changes hold and which fail, one sentence each."""
    compared = Comparison()
    entries = 0
    with session.begin() as connection:
        for block in ledger.blocks(connection, run):
            entries += len(block.entries)
            left = block.left
            keys = [key_of(entry.key) for entry in left]
            current = rows.read_keys(connection, keys)
            for entry, key in zip(left, keys, strict=True):
                row = current.get(key)
                if row is None:
                    compared.add(entry.key, "deleted since")
                else:
                    edited = old_values(entry, rows, row) is None
                    compared.add(entry.key, "edited since" if edited else "as written")
        for name in rewritten(connection, ledger, rows, run, compared.edited):
            compared.add(name, "as written")
        latest = reread(ledger.runs(connection, run.source), run).tally.changed
    held, broken = compared.sentences(session.name, "rows")
    changed = run.tally.changed
    if not changed <= entries <= latest:  # it may be written at this moment
        broken.insert(0, f"{session.name}: {changed:,} changes, but {entries:,} journal entries")
    return held, broken
