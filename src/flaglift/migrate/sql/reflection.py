"""What SQLAlchemy reflects of a table, with what it leaves out or spells otherwise put right."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Column,
    Computed,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    exc,
    inspect,
    text,
)
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.sql.sqltypes import NUMERIC, NullType

from flaglift.migrate.sql.identity import TableIdentity, family

RESOLVES = "resolves"
"""Whether a constraint of SQLite says what happens on a conflict, such as that rows are deleted."""
_RESOLVED = (
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :table"
    " AND upper(sql) LIKE '%ON%CONFLICT%'"
)
_DECLARED = "SELECT name, upper(type) FROM pragma_table_xinfo(:table)"


@contextmanager
def any_types() -> Iterator[None]:
    """Reflect tables without a warning for a type that SQLAlchemy does not know.

    Such a type is read in the server's spelling.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", exc.SAWarning)
        yield


def reflected(connection: Connection, identity: TableIdentity) -> Table:
    """Return a table with its columns and its primary key, as the catalog has them."""
    sqlite = connection.dialect.name == "sqlite"
    schema = None if sqlite else identity.schema
    inspector = inspect(connection)
    with any_types():  # not `autoload_with`, which also asks for all keys, indexes and constraints
        columns = inspector.get_columns(identity.name, schema)
        key = inspector.get_pk_constraint(identity.name, schema)["constrained_columns"]
    parts: list[Any] = [_column(_unquoted(connection, each["name"]), each) for each in columns]
    parts.append(PrimaryKeyConstraint(*(_unquoted(connection, name) for name in key)))
    table = Table(identity.name, MetaData(), *parts, schema=schema)
    names = {"table": table.name}
    table.info[RESOLVES] = sqlite and connection.execute(text(_RESOLVED), names).first() is not None
    declared = connection.execute(text(_DECLARED), names).all() if sqlite else ()
    for name, kind in declared:
        column = table.columns.get(name)  # a virtual table has hidden columns
        # SQLAlchemy takes type names such as STRING or ANY for numeric.
        if column is not None and type(column.type) is NUMERIC and not kind.startswith("NUMERIC"):
            column.type = NullType()
    return table


def _column(name: str, found: ReflectedColumn) -> Column[Any]:
    computed = [Computed(**found["computed"])] if "computed" in found else []
    return Column(name, found["type"], *computed, nullable=found["nullable"])


def stored_type(column: Column[Any]) -> Any:
    """Return the type of a column's values: that of a domain is the type it was made of."""
    kind: Any = column.type
    while hasattr(kind, "data_type"):
        kind = kind.data_type
    return kind


def reflected_name(connection: Connection, name: str) -> str:
    """Return a name as SQLAlchemy reflects it: on MySQL with the quotes in it doubled."""
    quote = _quote(connection)
    return name.replace(quote, 2 * quote) if quote else name


def _unquoted(connection: Connection, name: str) -> str:
    quote = _quote(connection)
    return name.replace(2 * quote, quote) if quote else name


def _quote(connection: Connection) -> str:
    mysql = family(connection.dialect.name) == "mysql"
    return connection.dialect.identifier_preparer.final_quote if mysql else ""
