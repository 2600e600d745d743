"""What an account may do, asked without doing it: the server explains a statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, delete, exc, false, insert, select, text, update

from flaglift.migrate.sql.identity import family
from flaglift.migrate.sql.messages import may_pass, safe_message

_READ_ONLY = 1792
"""MySQL's error for a change in a transaction that only reads: the right itself is there."""


@contextmanager
def aside(connection: Connection) -> Iterator[None]:
    """Keep an error in the block from ending the transaction, as it does on PostgreSQL alone."""
    if connection.dialect.name != "postgresql":
        yield
        return
    with connection.begin_nested():
        yield


def reason_not_to_run(connection: Connection, statement: Any) -> str | None:
    """Return why the account may not run a statement without values; None where it may.

    What is explained is not executed, and fires no trigger.
    """
    sql = str(statement.compile(connection))
    try:
        with aside(connection):
            connection.exec_driver_sql(f"EXPLAIN {sql}").close()
    except exc.DBAPIError as error:
        if may_pass(error):
            raise
        number = next(iter(getattr(error.orig, "args", ())), None)
        return None if number == _READ_ONLY else safe_message(error)
    return None


def reason_not_to_write(connection: Connection, table: Table) -> str | None:
    """Return why the account may not read and write all of a table; None where it may."""
    column = next(iter(table.columns))
    statements = (
        select(column).where(false()),
        insert(table).from_select(table.columns.keys(), select(table).where(false())),
        update(table).values({column: column}).where(false()),
        delete(table).where(false()),
    )
    reasons = (reason_not_to_run(connection, statement) for statement in statements)
    return next(filter(None, reasons), None)


_MAY_CREATE = {
    "postgresql": "SELECT has_schema_privilege(:schema, 'CREATE')",
    "mysql": (
        "SELECT 1 FROM information_schema.user_privileges WHERE privilege_type = 'CREATE'"
        " UNION SELECT 1 FROM information_schema.schema_privileges"
        " WHERE privilege_type = 'CREATE' AND :schema LIKE table_schema"
    ),
}


def may_create(connection: Connection, schema: str | None) -> bool:
    """Tell whether the account has a right of its own to create tables.

    Of MySQL's roles nothing is known.
    """
    dialect = family(connection.dialect.name)
    query = _MAY_CREATE.get(dialect)
    return query is None or bool(connection.execute(text(query), {"schema": schema}).scalar())
