"""Checks before the first change that the database behaves as the code assumes."""

import re
from typing import Any

from sqlalchemy import Connection, inspect, text

from flaglift.migrate.sql.identity import family
from flaglift.migrate.sql.key_checks import check_key, check_mysql_key, check_null_keys, check_zone
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.reflection import any_types, reflected_name
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.runs import lacking
from flaglift.migrate.sql.server import check_server
from flaglift.migrate.sql.table import PromptTable, format_name
from flaglift.migrate.store import Check

_WORD = re.compile(r"(?<![\w:])\w++")


def check_table(connection: Connection, rows: Rows, ledger: SqlLedger) -> list[Check]:
    """Check a table before it is migrated."""
    table = rows.source
    dialect = family(connection.dialect.name)
    checks = [check_key(connection, rows), _check_rights(connection, rows, ledger)]
    if dialect == "mysql":
        checks += [*_check_mysql(connection, table), *check_mysql_key(connection, table)]
    if dialect == "postgresql":
        checks += _check_postgresql(connection, table)
    if dialect == "sqlite":
        checks += check_null_keys(connection, table)
    return [
        *checks,
        *check_zone(connection, table),
        *check_server(connection),
        *_check_triggers(connection, table, dialect),
        *_check_generated(connection, table),
        *_check_constraints(connection, table),
    ]


def _check_rights(connection: Connection, rows: Rows, ledger: SqlLedger) -> Check:
    """Check what the account may do. A plan needs no rights, so nothing is refused here."""
    reason = lacking(connection, rows)
    if reason:
        return Check("note", "rights", reason)
    reason = ledger.lacking(connection)
    if reason:
        return Check("note", "rights", f"the account may not use the journal's tables: {reason}")
    return Check("pass", "rights", "the account may change the table and keep its journal")


def _check_mysql(connection: Connection, table: PromptTable) -> list[Check]:
    checks = []
    engine = table.identity.engine
    query = text("SELECT transactions FROM information_schema.engines WHERE engine = :engine")
    if connection.execute(query, {"engine": engine}).scalar() != "YES":
        checks.append(
            Check(
                "refuse",
                "engine",
                f"the table's engine {engine} has no transactions: rows could be changed and their"
                " journal lost. `ALTER TABLE ... ENGINE=InnoDB` first",
            )
        )
    else:
        checks.append(Check("pass", "engine", f"{engine} has transactions"))
    return checks


_POLICIES = (
    "SELECT c.relrowsecurity AND row_security_active(c.oid) FROM pg_class c"
    " WHERE c.oid = CAST(:name AS regclass)"
)
_RULES = (
    "SELECT rulename FROM pg_rules WHERE schemaname = :schema AND tablename = :table"
    " ORDER BY rulename"
)


def _check_postgresql(connection: Connection, table: PromptTable) -> list[Check]:
    checks = []
    if connection.execute(text(_POLICIES), {"name": format_name(connection, table.table)}).scalar():
        checks.append(
            Check(
                "note",
                "row-level security",
                "policies hide or protect rows from this account; rows that it may not change are"
                " refused, and rows that it does not see stay as they are",
            )
        )
    if table.only:
        checks.append(
            Check("note", "inheritance", "rows of child tables are not part of it; name each table")
        )
    names = {"schema": table.identity.schema, "table": table.identity.name}
    checks += [
        Check("note", "rule", f"the rule `{rule}` rewrites statements")
        for rule in connection.execute(text(_RULES), names).scalars()
    ]
    return checks


_TRIGGERS = {
    "postgresql": (
        "SELECT tgname, prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid"
        " WHERE tgrelid = CAST(:name AS regclass)"
        " AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 16 = 16"
    ),
    "mysql": (
        "SELECT trigger_name, action_statement FROM information_schema.triggers"
        " WHERE event_object_table = :table"
        " AND event_object_schema = :schema AND event_manipulation = 'UPDATE'"
    ),
    "sqlite": (
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        " AND lower(tbl_name) = lower(:table) AND upper(sql) LIKE '%UPDATE%'"
    ),
}
_INTO = r"\binto\s+(?:{q}(?:main|{schema}){q}\s*\.\s*)?{q}{table}{q}(?![\w.])"
_ARRIVING = (
    " and inserts rows into the same table: if they hold flags, each changed row brings another one"
)
_ON_UPDATE = (
    "SELECT column_name FROM information_schema.columns WHERE table_schema = :schema"
    " AND table_name = :table AND lower(extra) LIKE '%on update%'"
)


def inserting_into(schema: str, table: str) -> re.Pattern[str]:
    """Return the expression for a statement that inserts into a table."""
    into = _INTO.format(q="[\"'`\\[\\]]?", schema=re.escape(schema), table=re.escape(table))
    return re.compile(into, re.IGNORECASE)


def _check_triggers(connection: Connection, table: PromptTable, dialect: str) -> list[Check]:
    names: dict[str, Any] = {
        "name": format_name(connection, table.table),
        "schema": table.identity.schema,
        "table": table.identity.name,
    }
    inserting = inserting_into(names["schema"], names["table"])
    notes = [
        Check("note", "trigger", f"the trigger `{trigger}` fires on every update{more}")
        for trigger, body in sorted(map(tuple, connection.execute(text(_TRIGGERS[dialect]), names)))
        for more in (_ARRIVING if inserting.search(body) else "",)
    ]
    if dialect == "mysql":
        notes += [
            Check(
                "note",
                "column",
                f"the column `{column}` is set by every update, and keeps that time after an undo",
            )
            for column in sorted(connection.execute(text(_ON_UPDATE), names).scalars())
        ]
    return notes


def _written(connection: Connection, table: PromptTable) -> set[str]:
    """Return the columns that are written, named as they are in what is reflected."""
    return {reflected_name(connection, column.name) for column in table.columns.values()}


def _check_generated(connection: Connection, table: PromptTable) -> list[Check]:
    written = _written(connection, table)
    return [
        Check("note", "column", f"the generated column `{column.name}` follows what is written")
        for column in table.table.columns
        if column.computed is not None
        and any(name in str(column.computed.sqltext) for name in written)
    ]


def _check_constraints(connection: Connection, table: PromptTable) -> list[Check]:
    """List constraints that may refuse a new value; only a rehearsal shows whether they do."""
    inspector = inspect(connection)
    place = table.table.name, table.table.schema
    written = _written(connection, table)
    with any_types():
        checks = inspector.get_check_constraints(*place)
        keys = inspector.get_foreign_keys(*place)
        # Only its automatic index reveals each UNIQUE of SQLite reliably.
        indexes = inspector.get_indexes(*place, include_auto_indexes=True)
        unique: list[Any] = [
            *inspector.get_unique_constraints(*place),
            *(each for each in indexes if each["unique"]),
        ]
    names = [
        each["name"]
        for each in checks
        if any(_names(each["sqltext"], column) for column in written)
    ]
    names += [each["name"] for each in unique if any(_is_on(each, name) for name in written)]
    names += [each["name"] for each in keys if written.intersection(each["constrained_columns"])]
    return [
        Check(
            "note",
            "constraint",
            f"the constraint {f'`{name}`' if name else 'without a name'} may refuse rows, which"
            " then stay as they are; `apply --rehearse` tells which",
        )
        for name in dict.fromkeys(names)
    ]


def _is_on(index: Any, column: str) -> bool:
    expressions = index.get("expressions", ())
    return column in index["column_names"] or any(_names(str(e), column) for e in expressions)


def _names(expression: str, column: str) -> bool:
    # Colons are followed by a type, which may also be called `text`.
    return column in (_WORD.findall(expression) if column.isidentifier() else expression)
