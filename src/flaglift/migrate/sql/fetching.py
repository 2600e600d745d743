"""Rows as the driver gives them, and by their keys."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from flaglift.errors import InputError
from flaglift.migrate.sql.keys import key_text

Row = tuple[Any, ...]
"""A row from the driver: its key, then the values of its fields (see `Rows.places`)."""


def fetched(connection: Connection, query: Any) -> list[Row]:
    """Return the rows of a query."""
    # The driver's own tuples: SQLAlchemy's rows take longer than the database's own work, and none
    # of the types in these queries converts values.
    with connection.execute(query) as result:
        return list(result.cursor.fetchall())


def by_key(rows: Sequence[Row], width: int) -> dict[Row, Row]:
    """Return rows by their keys, of so many columns.

    Raises `InputError` if several have one key: the database holds what its catalog rules out, or
    the key has a part that was not seen. What is written to one of them may be meant for another.
    """
    found = {row[:width]: row for row in rows}
    if len(found) < len(rows):
        raise InputError(
            f"several rows have the key {repeated_key(rows, width)}, which so names none of them:"
            " nothing of this chunk was written. What was written before is kept; give each row a"
            " key of its own, and run the same command again"
        )
    return found


def repeated_key(rows: Sequence[Row], width: int) -> str | None:
    """Return the first key that several rows have; None if each has its own."""
    seen: set[Row] = set()
    for row in rows:
        if row[:width] in seen:
            return key_text(row[:width])
        seen.add(row[:width])
    return None
