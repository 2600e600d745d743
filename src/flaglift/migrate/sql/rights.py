"""Checks an account's rights without using them: the server only explains statements."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Table,
    delete,
    exc,
    false,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.schema import CreateTable

from flaglift.migrate.sql.identity import family
from flaglift.migrate.sql.messages import may_pass, safe_message

_READ_ONLY = 1792
"""MySQL's error for a change in a read-only transaction: the right itself exists."""


@contextmanager
def aside(connection: Connection) -> Iterator[None]:
    """Keep an error in the block from aborting the transaction, as it would on PostgreSQL."""
    if connection.dialect.name != "postgresql":
        yield
        return
    with connection.begin_nested():
        yield


def reason_not_to_run(connection: Connection, *statements: Any) -> str | None:
    """Return why the account may not run statements without values; None if it may.

    An explained statement is not executed, and fires no trigger.
    """
    explained = [(f"EXPLAIN {statement.compile(connection)}",) for statement in statements]
    return _refusal(connection, *explained)


def _refusal(connection: Connection, *statements: tuple[str, *tuple[str, ...]]) -> str | None:
    """Run statements that change nothing, with their values; return the first refusal, if any."""
    try:
        with aside(connection):
            for sql, *values in statements:
                _try(connection, sql, tuple(values) or None)
    except exc.DBAPIError as error:
        if may_pass(error):
            raise
        return safe_message(error)
    return None


def _try(connection: Connection, sql: str, values: tuple[str, ...] | None) -> None:
    try:
        connection.exec_driver_sql(sql, values).close()
    except exc.DBAPIError as error:
        if next(iter(getattr(error.orig, "args", ())), None) != _READ_ONLY:
            raise


def reason_not_to_write(connection: Connection, table: Table) -> str | None:
    """Return why the account may not read and write all of a table; None if it may."""
    column = next(iter(table.columns))
    statements = (
        select(column).where(false()),
        insert(table).from_select(table.columns.keys(), select(table).where(false())),
        update(table).values({column: column}).where(false()),
        delete(table).where(false()),
    )
    return reason_not_to_run(connection, *statements)


_MAY_CREATE = text("SELECT has_schema_privilege(:schema, 'CREATE')")


def reason_not_to_create(connection: Connection, table: Table) -> str | None:
    """Return why the account may not create a table; None if no reason is known.

    MySQL's catalog does not show what roles allow; preparing a statement does, without running it.
    """
    dialect = family(connection.dialect.name)
    if dialect == "postgresql":
        may = connection.execute(_MAY_CREATE, {"schema": table.schema}).scalar()
        return None if may else "they are not there, and it has no right to create them"
    if dialect != "mysql":
        return None
    statement = str(CreateTable(table).compile(connection))
    reason = _refusal(connection, ("PREPARE flaglift FROM %s", statement))
    # It was prepared, unless the transaction is read-only.
    _refusal(connection, ("DEALLOCATE PREPARE flaglift",))
    return reason


_OWNS = text(
    "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = CAST(:name AS regclass)"
)


def reason_not_to_add_columns(connection: Connection, table: Table) -> str | None:
    """Return why the account may not add a column; None if no reason is known."""
    if connection.dialect.name != "postgresql":
        return None  # MySQL shows it only when the statement runs
    name = connection.dialect.identifier_preparer.format_table(table).replace("%%", "%")
    owns = connection.execute(_OWNS, {"name": name}).scalar()
    return None if owns else "only its owner may add columns"


_NOT_UPDATED = text(
    "SELECT column_name FROM information_schema.columns WHERE table_schema = :schema"
    " AND table_name = :table AND NOT find_in_set('update', privileges)"
)


def reason_not_to_update(
    connection: Connection, table: Table, columns: Collection[Column[Any]]
) -> str | None:
    """Return why the account may not change columns of a table; None if it may."""
    nothing = {column: column for column in columns}
    reason = reason_not_to_run(connection, update(table).values(nothing).where(false()))
    if reason is None and family(connection.dialect.name) == "mysql":
        # In a read-only transaction, as for a plan, MySQL does not check column rights.
        place = {"schema": table.schema, "table": table.name}
        denied = {*connection.execute(_NOT_UPDATED, place).scalars()}
        names = ", ".join(f"`{column.name}`" for column in columns if column.name in denied)
        reason = f"UPDATE is denied for {names}" if names else None
    return reason


def account(connection: Connection) -> str:
    """Return the account as `GRANT` names it; `this account` if a database has no accounts."""
    dialect = family(connection.dialect.name)
    if dialect == "sqlite":
        return "this account"
    name = str(connection.execute(select(func.current_user())).scalar())
    quoted = connection.dialect.identifier_preparer.quote_identifier
    if dialect == "mysql":  # the account also depends on the client's host
        return "@".join(map(quoted, name.rsplit("@", 1)))
    return connection.dialect.identifier_preparer.quote(name)
