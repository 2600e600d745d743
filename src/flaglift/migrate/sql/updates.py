"""Writes values into rows by key, in as few statements as the database allows."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from flaglift.migrate.sql.table import RESOLVES, PromptTable

Values = Mapping[str, Any]
"""The values to write, by field."""
Write = tuple[Sequence[Any], Values]
"""A key, and its values; all writes of one call are of the same fields."""
_WHOLE_NUMBERS = ("smallint", "integer", "bigint")


def update_rows(
    connection: Connection, target: PromptTable, names: Sequence[str], writes: Sequence[Write]
) -> int:
    """Write values into rows; return how many rows the database changed."""
    if connection.dialect.name == "postgresql":
        return _update_arrays(connection, target, names, writes)
    return _update_each(connection, target, names, writes)


# In all statements, names are quoted by the dialect, and values are bound.


def _update_each(
    connection: Connection, target: PromptTable, names: Sequence[str], writes: Sequence[Write]
) -> int:
    """Write with a statement for each row.

    MySQL takes many in one that joins the table to a list of values, but MariaDB 10.11 then stores
    300 bytes in a TINYTEXT as 44, even in strict mode.
    """
    quoting = connection.dialect.identifier_preparer
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    changes, matches = (
        [f"{quoting.quote(name)} = {mark}" for name in columns] for columns in _names(target, names)
    )
    # With ON CONFLICT REPLACE, SQLite would delete the rows that a new text equals. Without such a
    # clause, this one would hold for the INSERT OR IGNORE of a trigger, too.
    verb = "UPDATE OR ABORT" if target.table.info[RESOLVES] else "UPDATE"
    statement = (
        f"{verb} {quoting.format_table(target.table)} SET {', '.join(changes)}"
        f" WHERE {' AND '.join(matches)}"
    )
    parameters = [(*values.values(), *key) for key, values in writes]
    return int(connection.exec_driver_sql(statement, parameters).rowcount)


def _names(target: PromptTable, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the columns to write, and those of the key."""
    keys = [column.column.name for column in target.key.columns]
    return [target.columns[name].name for name in names], keys


def _update_arrays(
    connection: Connection, target: PromptTable, names: Sequence[str], writes: Sequence[Write]
) -> int:
    """Write with one statement that takes a column of values as an array."""
    quoting = connection.dialect.identifier_preparer
    arrays: list[list[Any]] = []
    kinds: list[str] = []
    matches: list[str] = []
    for index, column in enumerate(target.key.columns):
        value = f"new_.c{len(arrays)}"
        kind = column.kind.replace("%", "%%")
        value = f"CAST({value} AS {kind})" if column.as_text else value
        matches.append(f"rows_.{quoting.quote(column.column.name)} = {value}")
        keys = [key[index] for key, _ in writes]
        if column.kind in _WHOLE_NUMBERS:  # otherwise a thousand rows scan the table
            matches.append(f"rows_.{quoting.quote(column.column.name)} >= {min(keys)}")
            matches.append(f"rows_.{quoting.quote(column.column.name)} <= {max(keys)}")
        arrays.append(keys)
        kinds.append(column.array.replace("%", "%%"))
    changes: list[str] = []
    for name in names:
        column_name = target.columns[name].name
        value = f"new_.c{len(arrays)}"
        if column_name in target.assigned:
            value = f"CAST({value} AS {target.assigned[column_name].replace('%', '%%')})"
        changes.append(f"{quoting.quote(column_name)} = {value}")
        arrays.append([None if v[name] is None else str(v[name]) for _, v in writes])
        kinds.append("text[]")
    taken = ", ".join(f"CAST(%s AS {kind})" for kind in kinds)
    columns = ", ".join(f"c{index}" for index in range(len(arrays)))
    statement = (
        f"UPDATE {'ONLY ' * target.only}{quoting.format_table(target.table)} AS rows_"  # noqa: S608
        f" SET {', '.join(changes)} FROM unnest({taken}) AS new_({columns})"
        f" WHERE {' AND '.join(matches)}"
    )
    return int(connection.exec_driver_sql(statement, tuple(arrays)).rowcount)
