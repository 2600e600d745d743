"""Compares the journal of a run with the table."""

from flaglift.migrate.sql.keys import key_of
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.session import Session
from flaglift.migrate.sql.undo import old_values
from flaglift.migrate.store import MigrationRun

_MOST_SHOWN = 10


def verify_table(
    session: Session, ledger: SqlLedger, rows: Rows, run: MigrationRun
) -> tuple[list[str], list[str]]:
    """Return what holds of what a run wrote and what does not, one sentence each."""
    entries = 0
    gone: list[str] = []
    edited: list[str] = []
    with session.begin() as connection:
        for block in ledger.blocks(connection, run):
            current = rows.read_keys(connection, [key_of(entry.key) for entry in block.entries])
            for entry in block.entries:
                row = current.get(entry.key)
                if row is None:
                    gone.append(entry.key)
                elif old_values(entry, row) is None:
                    edited.append(entry.key)
            entries += len(block.entries)
    name = session.name
    as_written = entries - len(gone) - len(edited)
    held = [f"{name}: {as_written:,} rows are as the run wrote them, and can be restored"]
    broken: list[str] = []
    if entries != run.tally.changed:
        broken.append(f"{name}: {run.tally.changed:,} changes, but {entries:,} journal entries")
    for keys, what in ((edited, "edited since"), (gone, "deleted since")):
        if keys:
            more = "" if len(keys) <= _MOST_SHOWN else ", ..."
            shown = ", ".join(keys[:_MOST_SHOWN])
            broken.append(f"{name}: {len(keys):,} rows were {what}: {shown}{more}")
    return held, broken
