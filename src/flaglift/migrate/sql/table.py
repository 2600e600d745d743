"""The user's table: its key and its columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    Text,
    cast,
    false,
    func,
    select,
    text,
    type_coerce,
)
from sqlalchemy.sql.sqltypes import (
    ARRAY,
    JSON,
    Boolean,
    Float,
    Integer,
    NullType,
    Numeric,
    String,
)

from flaglift.emit.fields import typed
from flaglift.errors import InputError
from flaglift.migrate.job import Job
from flaglift.migrate.request import context_columns
from flaglift.migrate.sql.identity import TableIdentity, family
from flaglift.migrate.sql.key_columns import RAW, Key, key_of_table
from flaglift.migrate.sql.reflection import reflected, stored_type
from flaglift.migrate.sql.rights import reason_not_to_run
from flaglift.spelling import nearest


@dataclass(frozen=True)
class PromptTable:
    """A table that was found in the database."""

    identity: TableIdentity
    table: Table
    job: Job
    key: Key
    columns: Mapping[str, Column[Any]]
    """The columns to read and write: `text` and the fields; only the document if it is JSON."""
    missing: Mapping[str, str]
    """Fields whose columns are missing: field to column."""
    context: Mapping[str, Column[Any]]
    """The columns with other request fields, by field; none next to JSON documents."""
    assigned: Mapping[str, str]
    """The PostgreSQL type that written text is cast to, by column; none for text columns."""
    only: bool = False
    """Whether it has child tables, whose rows are not its own."""
    deferred: bool = False
    """Whether constraints may be checked at the end of a transaction only."""
    charsets: Mapping[str, str] = field(default_factory=dict)
    """MySQL's character sets by column, defaulting to that of the table or the database."""

    @property
    def is_json(self) -> bool:
        """Whether the prompts are in a column of JSON documents."""
        return self.job.json_column is not None

    def read(self, name: str, dialect: str) -> ColumnElement[Any]:
        """Return the expression that reads a column as the database spells it."""
        column = self.columns[name]
        if isinstance(stored_type(column), JSON) and dialect == "postgresql":
            # The driver would parse it and lose its spelling.
            return cast(column, Text)
        return type_coerce(column, RAW)


_READ = (Integer, Numeric, Float, Boolean, String, JSON, ARRAY)
"""The types whose values can be request fields."""


def find_table(connection: Connection, job: Job, identity: TableIdentity) -> PromptTable:
    """Return the table of a job.

    Raises `InputError` if a column or a primary key is missing, or has an unsupported type.
    """
    table = reflected(connection, identity)
    if not table.primary_key.columns:
        raise InputError(
            f"the table `{identity.name}` has no primary key, so no row of it can be found again"
            " safely; add one, or export it to a file"
        )
    wanted = {"text": job.json_column or job.text}
    if job.json_column is None:
        wanted |= job.targets
    dialect = connection.dialect.name
    wanted = {n: _spelled(table, c, dialect) for n, c in wanted.items()}
    columns = {n: table.columns[c] for n, c in wanted.items() if c in table.columns}
    missing = {n: c for n, c in wanted.items() if c not in table.columns}
    if "text" in missing:
        close = nearest(missing["text"], table.columns.keys())
        hint = f"did you mean `{close}`?" if close else f"it has {', '.join(table.columns.keys())}"
        raise InputError(f"the table `{identity.name}` has no column `{missing['text']}`; {hint}")
    _check(columns, table)
    _check_types(columns, job, dialect)
    kinds, assigned, charsets = dict[str, str](), dict[str, str](), dict[str, str]()
    only = deferred = False
    if dialect == "postgresql":
        kinds, assigned = _catalog(connection, table)
        names = {"name": format_name(connection, table)}
        only = connection.execute(text(_CHILDREN), names).first() is not None
        deferred = connection.execute(text(_DEFERRED), names).first() is not None
    elif dialect != "sqlite":
        names = {"schema": identity.schema, "table": identity.name}
        charsets = {str(row[0]): str(row[1]) for row in connection.execute(text(_CHARSETS), names)}
    key_columns = list(table.primary_key.columns)
    key = key_of_table(dialect, key_columns, kinds or charsets)
    context = _context(table, job, dialect)
    _check_readable(connection, table, [*key_columns, *columns.values(), *context.values()])
    return PromptTable(
        identity, table, job, key, columns, missing, context, assigned, only, deferred, charsets
    )


def _spelled(table: Table, name: str, dialect: str) -> str:
    """Return a column's name as the table has it: case counts on PostgreSQL only."""
    if name in table.columns or dialect == "postgresql":
        return name
    names = (column.name for column in table.columns)
    return next((each for each in names if each.lower() == name.lower()), name)


def _context(table: Table, job: Job, dialect: str) -> dict[str, Column[Any]]:
    named = {} if job.json_column else context_columns(table.columns.keys(), job)
    columns = {field: table.columns[name] for field, name in named.items()}
    return {
        n: c for n, c in columns.items() if dialect == "sqlite" or isinstance(stored_type(c), _READ)
    }


def _check(columns: Mapping[str, Column[Any]], table: Table) -> None:
    for column in columns.values():
        if column.computed is not None:
            raise InputError(f"the column `{column.name}` is generated and cannot be written")
        if column.primary_key:
            raise InputError(f"the column `{column.name}` is part of the primary key")
    names = [column.name for column in columns.values()]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InputError(f"the column `{twice.pop()}` of `{table.name}` would take two fields")


def _check_types(columns: Mapping[str, Column[Any]], job: Job, dialect: str) -> None:
    column = columns["text"]
    if isinstance(stored_type(column), JSON) and job.json_column is None:
        raise InputError(
            f"the column `{column.name}` holds JSON: name it with --json-column {column.name}, and"
            " the prompts in it with --text-column, as in `prompts[].text`"
        )
    for name, column in columns.items():
        if not _takes(name, stored_type(column), dialect):
            raise InputError(
                f"the column `{column.name}` is of the type {str(column.type).lower()}, which does"
                f" not take {'a prompt' if name == 'text' else f'`{name}`'}"
            )


def _check_readable(connection: Connection, table: Table, columns: list[Column[Any]]) -> None:
    """Check that the account may select the columns. Raises `InputError` if it may not."""

    def denied(*some: Column[Any]) -> str | None:
        return reason_not_to_run(connection, select(*some).where(false()))

    reason = denied(*columns)
    if reason:
        names = ", ".join(f"`{column.name}`" for column in columns if denied(column))
        raise InputError(f"`{table.name}` cannot be read ({reason}): migrate has to select {names}")


def _takes(name: str, kind: Any, dialect: str) -> bool:
    if isinstance(kind, String) or type(kind).__name__ == "CITEXT":
        return True
    if name == "text":
        # SQLite's columns can store text whatever their type is; a type unknown to SQLAlchemy
        # may be read as one.
        return dialect == "sqlite" or isinstance(kind, JSON | NullType)
    if isinstance(kind, Boolean):
        return isinstance(typed(name, "true"), bool)
    if isinstance(kind, NullType):
        return dialect == "sqlite"
    return isinstance(kind, Integer | Numeric | Float)


_COLUMNS = (
    "SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL),"
    " t.typcategory FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
    " WHERE a.attrelid = CAST(:name AS regclass) AND a.attnum > 0 AND NOT a.attisdropped"
)
_CHARSETS = (
    "SELECT column_name, character_set_name FROM information_schema.columns"
    " WHERE table_schema = :schema AND table_name = :table AND character_set_name IS NOT NULL"
)
_CHILDREN = (
    "SELECT 1 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent"
    " WHERE c.oid = CAST(:name AS regclass) AND c.relkind = 'r'"
)
_DEFERRED = (
    "SELECT 1 FROM pg_constraint WHERE conrelid = CAST(:name AS regclass) AND condeferrable"
    " UNION ALL SELECT 1 FROM pg_trigger WHERE tgrelid = CAST(:name AS regclass) AND tgdeferrable"
)


def _catalog(connection: Connection, table: Table) -> tuple[dict[str, str], dict[str, str]]:
    """Return PostgreSQL's types by column, and those that a written text is cast to."""
    name = {"name": format_name(connection, table)}
    rows = connection.execute(text(_COLUMNS), name).all()
    types = {str(row[0]): str(row[1]) for row in rows}
    # A cast to varchar(5) truncates; assigning text to such a column raises.
    assigned = {str(row[0]): str(row[2]) for row in rows if row[3] != "S"}
    return types, assigned


def format_name(connection: Connection, table: Table) -> str:
    """Return a table's name as SQL, its schema included."""
    # For display: percent signs must not be doubled as in a statement.
    return connection.dialect.identifier_preparer.format_table(table).replace("%%", "%")


_ESTIMATES = {
    "postgresql": (
        "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = CAST(:name AS regclass)"
    ),
    "mysql": (
        "SELECT table_rows FROM information_schema.tables WHERE table_name = :table"
        " AND table_schema = :schema"
    ),
}


def count_rows(connection: Connection, table: PromptTable) -> int:
    """Return the database's estimate of the number of rows; SQLite counts them."""
    dialect = family(connection.dialect.name)
    if dialect not in _ESTIMATES:
        return int(connection.execute(select(func.count()).select_from(table.table)).scalar_one())
    values = {
        "name": format_name(connection, table.table),
        "schema": table.identity.schema,
        "table": table.identity.name,
    }
    return int(connection.execute(text(_ESTIMATES[dialect]), values).scalar() or 0)
