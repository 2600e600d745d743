"""Compares the rows of a table with what a run wrote into them."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from flaglift.errors import InputError
from flaglift.migrate.comparison import Comparison
from flaglift.migrate.files.patches import unpatched
from flaglift.migrate.records import JournalEntry
from flaglift.migrate.sql.fetching import Row
from flaglift.migrate.sql.keys import from_json, key_of, to_json
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.store import MigrationRun


def compared(
    connection: Connection, ledger: SqlLedger, rows: Rows, run: MigrationRun
) -> tuple[Comparison, int]:
    """Return the state of the rows of a run that are not restored, and how many entries it has."""
    comparison = Comparison()
    entries = 0
    for block in ledger.blocks(connection, run):
        entries += len(block.entries)
        left = block.left
        keys = [key_of(entry.key) for entry in left]
        current = rows.read_keys(connection, keys)
        for entry, key in zip(left, keys, strict=True):
            row = current.get(key)
            if row is None:
                comparison.add(entry.key, "deleted since")
            else:
                edited = old_values(entry, rows, row) is None
                comparison.add(entry.key, "edited since" if edited else "as written")
    return comparison, entries


def lost_columns(rows: Rows) -> list[str]:
    """Say which columns are missing, as one that was renamed, where rows count as edited."""
    names = ", ".join(f"`{column}`" for column in rows.source.missing.values())
    if not names:
        return []
    return [
        f"`{rows.source.table.name}` has no column {names} any more, so that rows in which the run"
        " wrote it count as edited; once it is back with its values, `undo` restores them"
    ]


def old_values(entry: JournalEntry, rows: Rows, current: Row | None) -> Mapping[str, Any] | None:
    """Return the values before a change; None if the row is not as the run wrote it.

    Raises `InputError` if a journal entry does not match its hash.
    """
    if current is None:
        return None
    if entry.patch is not None:
        return _old_document(entry, entry.patch, rows.text(current))
    if any(to_json(rows.value(current, name)) != value for name, value in entry.after.items()):
        return None
    return {name: from_json(value) for name, value in entry.before.items()}


def _old_document(entry: JournalEntry, patch: bytes, document: Any) -> Mapping[str, Any] | None:
    old = unpatched(document.encode(), patch) if isinstance(document, str) else None
    if old is None:
        return None
    if hashlib.sha256(old).hexdigest() != entry.before["sha256"]:
        raise InputError(
            f"the journal does not hold the old document of {entry.key}; nothing of this chunk was"
            " restored"
        )
    return {"text": old.decode()}
