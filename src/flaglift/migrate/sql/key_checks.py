"""Checks of a table's key before the first change: each row has one, and is found again by it."""

from typing import Any

from sqlalchemy import Connection, exc, func, not_, or_, select, text

from flaglift.migrate.sql.connection import Spelling
from flaglift.migrate.sql.fetching import repeated_key
from flaglift.migrate.sql.identity import family
from flaglift.migrate.sql.keys import has_surrogates, key_text
from flaglift.migrate.sql.rights import aside
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.table import PromptTable
from flaglift.migrate.store import Check

_NO_OPERATOR = "42883"
"""PostgreSQL's code of a comparison that a type lacks: hstore can be sorted, but not compared."""

_SAMPLE = 100
"""How many keys from each end of the table are looked up again."""


def check_key(connection: Connection, rows: Rows) -> Check:
    """Check that keys are found again by `=`, and are sorted in the order they compare in."""
    try:
        with aside(connection):
            return _check_key(connection, rows)
    except exc.ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != _NO_OPERATOR:
            raise  # such as of a policy's condition
        name = ", ".join(f"`{column.column.name}`" for column in rows.source.key.columns)
        return Check(
            "refuse",
            "key",
            f"the key {name} is of a type that does not compare by `=` and `>`. Export the table to"
            " a file, or add a key of numbers or texts",
        )


def _check_key(connection: Connection, rows: Rows) -> Check:
    key = rows.source.key
    first = rows.keys(connection, most=_SAMPLE)
    last = rows.keys(connection, most=_SAMPLE, backwards=True)[::-1]
    name = ", ".join(f"`{column.column.name}`" for column in key.columns)
    repeated = repeated_key(first, len(key.columns)) or repeated_key(last, len(key.columns))
    if repeated:
        return Check("refuse", "key", f"several rows have the key {repeated} of {name}")
    sample = [*first, *(each for each in last if each not in first)]
    sample = [each for each in sample if not any(map(_is_bad_text, each))]
    if not sample:
        return Check("pass", "key", "the table is empty")
    texts = list(map(key_text, sample))
    again = list(map(key_text, rows.keys(connection, key.among(sample), most=2 * _SAMPLE)))
    missing = [each for each in texts if each not in again]
    if missing:
        return Check(
            "refuse",
            "key",
            f"the key {name} does not survive being read: {missing[0]} is not found again, and"
            f" {len(missing)} more of {len(texts)}. Export the table to a file, or add a key of"
            " numbers or texts",
        )
    for index in sorted({0, 1, len(sample) // 3, len(sample) // 2, len(sample) - 1}):
        if index < len(sample):
            wanted = key.among(sample), key.after(sample[index])
            behind = list(map(key_text, rows.keys(connection, *wanted, most=2 * _SAMPLE)))
            if behind != again[index + 1 :] or again != texts:
                return Check(
                    "refuse",
                    "key",
                    f"the order of the key {name} is not that of its comparison: after"
                    f" {texts[index]} rows would be skipped or read twice. Export the table to a"
                    " file, or add a key of numbers or texts",
                )
    return Check("pass", "key", f"{name}: {len(sample)} keys are found again, and are in order")


def _is_bad_text(value: Any) -> bool:
    return isinstance(value, str) and has_surrogates(value)


_KEY_PARTS = (
    "SELECT column_name FROM information_schema.statistics WHERE index_name = 'PRIMARY'"
    " AND table_schema = :schema AND table_name = :table ORDER BY column_name"
)


def check_mysql_key(connection: Connection, table: PromptTable) -> list[Check]:
    """Check that a key of MySQL's is what was reflected of it, and holds what its columns may."""
    checks = []
    names = {"schema": table.identity.schema, "table": table.identity.name}
    known = {column.column.name for column in table.key.columns}
    others = [c for c in connection.execute(text(_KEY_PARTS), names).scalars() if c not in known]
    if others:
        columns = ", ".join(f"`{column}`" for column in others)
        checks.append(
            Check(
                "refuse",
                "key",
                f"the primary key also counts {columns}, as a period without overlaps does, so that"
                " the other columns name several rows. Export the table to a file, or add a key of"
                " numbers or texts",
            )
        )
    members = [column for column in table.key.columns if column.members]
    for column in members:
        invalid = select(func.count()).where(column.raw.op("+")(0) == 0)
        if connection.execute(invalid).scalar():
            name = column.column.name
            checks.append(
                Check("refuse", "key", f"the ENUM `{name}` of the key holds an invalid member")
            )
    return checks


_LOCAL_TIMES = (
    "SELECT CONCAT('the column `', column_name, '`') FROM information_schema.columns"
    " WHERE table_schema = :schema AND table_name = :table AND data_type = 'datetime'"
    " AND lower(extra) LIKE '%on update%' UNION ALL"
    " SELECT CONCAT('the trigger `', trigger_name, '`') FROM information_schema.triggers"
    " WHERE event_object_schema = :schema AND event_object_table = :table"
    " AND event_manipulation = 'UPDATE'"
)
_UTC = ("+00:00", "UTC", "Etc/UTC")


def check_zone(connection: Connection, table: PromptTable) -> list[Check]:
    """Check that no update writes a local time, where MySQL compares keys in another zone."""
    if family(connection.dialect.name) != "mysql" or Spelling.ZONE not in table.key.spelling:
        return []
    zone = connection.execute(text("SELECT @flaglift_zone")).scalar()
    names = {"schema": table.identity.schema, "table": table.identity.name}
    found = ", ".join(sorted(connection.execute(text(_LOCAL_TIMES), names).scalars()))
    if zone in _UTC or not found:
        return []
    return [
        Check(
            "refuse",
            "key",
            "a key of the type TIMESTAMP is compared in UTC, so that an update sets times in UTC,"
            f" and not in the session's zone {zone}: see {found}. If these may be in UTC, put"
            " ?init_command=SET%20time_zone='%2B00:00' before the # of the address",
        )
    ]


def check_null_keys(connection: Connection, table: PromptTable) -> list[Check]:
    """Note how many rows have a NULL key."""
    count = null_keys(connection, table)
    return [Check("note", "key", f"{count:,} rows have no key, and cannot be written")] * bool(
        count
    )


def null_keys(connection: Connection, table: PromptTable) -> int:
    """Return how many rows have a NULL key, which only SQLite allows."""
    present = table.key.present()
    if not present:
        return 0
    missing = select(func.count()).select_from(table.table).where(or_(*map(not_, present)))
    return int(connection.execute(missing).scalar_one())
