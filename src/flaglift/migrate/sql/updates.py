"""Writes values into rows by key, in as few statements as the database allows."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Integer

from flaglift.migrate.sql.reflection import RESOLVES
from flaglift.migrate.sql.table import PromptTable

Values = Mapping[str, Any]
"""The values to write, by field."""
Write = Sequence[Any]
"""The values to write into a row, and its key."""
_CASES = 50
"""Rows of a statement in which each value is chosen by its key: the server looks through them."""
_MOST_CHARACTERS = 100_000
"""In a statement, if it has more than one row: a server takes no packet above some size."""
_WHOLE_NUMBERS = ("smallint", "integer", "bigint")


def update_rows(
    connection: Connection, target: PromptTable, names: Sequence[str], writes: Sequence[Write]
) -> int:
    """Write values of these fields into rows; return how many rows the database changed."""
    if connection.dialect.name == "postgresql":
        return _update_arrays(connection, target, names, writes)
    return _update_each(connection, target, names, writes)


def update_alike_rows(
    connection: Connection, target: PromptTable, names: Sequence[str], writes: Sequence[Write]
) -> int:
    """Do the same for rows that are read again and compared, and updated one by one if need be."""
    keys = target.key.columns
    if connection.dialect.name in ("postgresql", "sqlite") or len(keys) > 1:
        return update_rows(connection, target, names, writes)
    if not isinstance(keys[0].column.type, Integer):
        return update_rows(connection, target, names, writes)
    return sum(_update_cases(connection, target, names, part) for part in _parts(writes))


def _parts(writes: Sequence[Write]) -> Iterator[Sequence[Write]]:
    start = size = 0
    for end, write in enumerate(writes, 1):
        size += sum(len(value) for value in write if isinstance(value, str))
        if end == len(writes) or end - start == _CASES or size > _MOST_CHARACTERS:
            yield writes[start:end]
            start, size = end, 0


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
    return int(connection.exec_driver_sql(statement, writes).rowcount)


def _update_cases(
    connection: Connection, target: PromptTable, names: Sequence[str], writes: Sequence[Write]
) -> int:
    """Write with one statement that chooses among values by a key, which is a whole number."""
    quote = connection.dialect.identifier_preparer.quote
    (key,) = (quote(column.column.name) for column in target.key.columns)
    *columns, keys = zip(*writes, strict=True)
    cases = " ".join(f"WHEN {number:d} THEN %s" for number in keys)
    changed = (quote(target.columns[name].name) for name in names)
    changes = ", ".join(f"{name} = CASE {key} {cases} ELSE {name} END" for name in changed)
    table = connection.dialect.identifier_preparer.format_table(target.table)
    numbers = ", ".join(f"{number:d}" for number in keys)
    statement = f"UPDATE {table} SET {changes} WHERE {key} IN ({numbers})"  # noqa: S608
    values = tuple(chain.from_iterable(columns))
    return int(connection.exec_driver_sql(statement, values).rowcount)


def _names(target: PromptTable, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the columns to write, and those of the key."""
    keys = [column.column.name for column in target.key.columns]
    return [target.columns[name].name for name in names], keys


def _update_arrays(
    connection: Connection, target: PromptTable, names: Sequence[str], writes: Sequence[Write]
) -> int:
    """Write with one statement that takes a column of values as an array."""
    quoting = connection.dialect.identifier_preparer
    columns = list(zip(*writes, strict=True))
    arrays: list[Any] = [_array(values) for values in columns[: len(names)]]
    kinds = ["text[]"] * len(names)
    changes: list[str] = []
    for index, name in enumerate(names):
        column_name = target.columns[name].name
        value = f"new_.c{index}"
        if column_name in target.assigned:
            value = f"CAST({value} AS {target.assigned[column_name].replace('%', '%%')})"
        changes.append(f"{quoting.quote(column_name)} = {value}")
    matches: list[str] = []
    for column, keys in zip(target.key.columns, columns[len(names) :], strict=True):
        value = f"new_.c{len(arrays)}"
        kind = column.kind.replace("%", "%%")
        value = f"CAST({value} AS {kind})" if column.as_text else value
        matches.append(f"rows_.{quoting.quote(column.column.name)} = {value}")
        if column.kind in _WHOLE_NUMBERS:  # otherwise a thousand rows scan the table
            matches.append(f"rows_.{quoting.quote(column.column.name)} >= {min(keys)}")
            matches.append(f"rows_.{quoting.quote(column.column.name)} <= {max(keys)}")
        arrays.append(list(keys))
        kinds.append(column.array.replace("%", "%%"))
    taken = ", ".join(f"CAST(%s AS {kind})" for kind in kinds)
    named = ", ".join(f"c{index}" for index in range(len(arrays)))
    statement = (
        f"UPDATE {'ONLY ' * target.only}{quoting.format_table(target.table)} AS rows_"  # noqa: S608
        f" SET {', '.join(changes)} FROM unnest({taken}) AS new_({named})"
        f" WHERE {' AND '.join(matches)}"
    )
    return int(connection.exec_driver_sql(statement, tuple(arrays)).rowcount)


def _array(values: Sequence[Any]) -> str:
    """Return values as PostgreSQL spells an array of texts: the driver takes ten times as long."""
    return f"{{{','.join(map(_element, values))}}}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    text = str(value)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
