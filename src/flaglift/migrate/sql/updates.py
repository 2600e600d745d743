"""Writes values into rows by key, in as few statements as the database takes."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Integer

from flaglift.migrate.sql.table import PromptTable

Values = Mapping[str, Any]
"""What is to be written, by field."""
Write = tuple[Sequence[Any], Values]
"""A key, and its values; all writes of one call are of the same fields."""
_JOINED_ROWS = 100
_JOINED_CHARACTERS = 200_000
"""The most rows and characters of one of MySQL's statements, whose size a server limits."""
_WHOLE_NUMBERS = ("smallint", "integer", "bigint")


def update_rows(
    connection: Connection, target: PromptTable, names: Sequence[str], writes: Sequence[Write]
) -> int:
    """Write values into rows; return how many rows the database changed."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        return _update_arrays(connection, target, names, writes)
    if dialect != "sqlite" and all(isinstance(c.column.type, Integer) for c in target.key.columns):
        return sum(_update_joined(connection, target, names, part) for part in _short_parts(writes))
    return _update_each(connection, target, names, writes)


def _short_parts(writes: Sequence[Write]) -> Iterator[list[Write]]:
    part: list[Write] = []
    size = 0
    for write in writes:
        part.append(write)
        size += sum(len(value) for value in write[1].values() if isinstance(value, str))
        if len(part) == _JOINED_ROWS or size > _JOINED_CHARACTERS:
            yield part
            part, size = [], 0
    if part:
        yield part


# In all of the statements names are quoted by the dialect, and values are bound.


def _update_each(
    connection: Connection, target: PromptTable, names: Sequence[str], writes: Sequence[Write]
) -> int:
    """Write with a statement for each row."""
    quoting = connection.dialect.identifier_preparer
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    changes, matches = (
        [f"{quoting.quote(name)} = {mark}" for name in columns] for columns in _names(target, names)
    )
    statement = (
        f"UPDATE {quoting.format_table(target.table)} SET {', '.join(changes)}"  # noqa: S608
        f" WHERE {' AND '.join(matches)}"
    )
    parameters = [(*values.values(), *key) for key, values in writes]
    return int(connection.exec_driver_sql(statement, parameters).rowcount)


def _update_joined(
    connection: Connection, target: PromptTable, names: Sequence[str], writes: Sequence[Write]
) -> int:
    """Write with one statement that joins the rows to a list of values.

    Only with keys of numbers: texts in such a list are compared in the connection's collation.
    """
    quoting = connection.dialect.identifier_preparer
    changes, matches = (
        [f"rows_.{quoting.quote(name)} = new_.{kind}{i}" for i, name in enumerate(columns)]
        for kind, columns in zip("vk", _names(target, names), strict=True)
    )
    marks = ", ".join(["%s"] * (len(changes) + len(matches)))
    aliases = [f"v{i}" for i in range(len(changes))] + [f"k{i}" for i in range(len(matches))]
    first = ", ".join(f"%s AS {alias}" for alias in aliases)
    values = " UNION ALL SELECT ".join([first, *[marks] * (len(writes) - 1)])
    table = quoting.format_table(target.table)
    statement = " ".join(
        (f"UPDATE (SELECT {values}) AS new_ STRAIGHT_JOIN {table} AS rows_",
         f"ON {' AND '.join(matches)} SET {', '.join(changes)}")
    )  # fmt: skip
    parameters = chain.from_iterable((*values.values(), *key) for key, values in writes)
    return int(connection.exec_driver_sql(statement, tuple(parameters)).rowcount)


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
        if column.kind in _WHOLE_NUMBERS:  # else the whole table is read for a thousand rows
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
