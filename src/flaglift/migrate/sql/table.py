"""What is known of the user's table: its key, its columns, what else hangs on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Table,
    Text,
    and_,
    cast,
    exc,
    inspect,
    or_,
    text,
    type_coerce,
)
from sqlalchemy.sql.sqltypes import JSON, String

from flaglift.errors import InputError
from flaglift.migrate.job import Job
from flaglift.spelling import nearest


@dataclass(frozen=True)
class PromptTable:
    """A table that was found in the database."""

    table: Table
    job: Job
    columns: Mapping[str, Column[Any]]
    """The columns to read and write: `text` and the fields; only the document if it is JSON."""
    notes: Sequence[str]
    missing: Mapping[str, str]
    """Fields whose columns are not there: field to column."""

    @property
    def key(self) -> list[Column[Any]]:
        """The primary key's columns, in its order."""
        return list(self.table.primary_key.columns)

    @property
    def is_json(self) -> bool:
        """Whether the prompts stand in a column of JSON documents."""
        return self.job.json_column is not None

    def read(self, name: str, dialect: str) -> ColumnElement[Any]:
        """Return the expression that reads a column as a plain value."""
        column = self.columns[name]
        if isinstance(column.type, JSON):
            # The driver would parse it, and lose its spelling.
            return cast(column, Text) if dialect == "postgresql" else type_coerce(column, Text)
        return column

    def after(self, key: Sequence[Any]) -> ColumnElement[bool]:
        """Return the condition for rows behind a key, in the database's own order.

        The database alone compares: what it orders by and what it compares with are the same
        column and collation, so no row falls between two pages. Written without row values, for
        which MariaDB and MySQL use no index.
        """
        pairs = list(zip(self.key, key, strict=True))
        steps = [
            and_(*(column == value for column, value in pairs[:index]), last > bound)
            for index, (last, bound) in enumerate(pairs)
        ]
        first, bound = pairs[0]
        return and_(first >= bound, or_(*steps)) if len(pairs) > 1 else steps[0]

    def keyed(self) -> list[ColumnElement[bool]]:
        """Return the conditions that leave out rows without a key, which only SQLite has."""
        return [column.is_not(None) for column in self.key if column.nullable]


def find_table(connection: Connection, job: Job, schema: str | None, name: str) -> PromptTable:
    """Return the table of a job.

    Raises `InputError` where the table, a column or a primary key is missing, naming what is near.
    """
    inspector = inspect(connection)
    try:
        table = Table(name, MetaData(), schema=schema, autoload_with=connection, resolve_fks=False)
    except exc.NoSuchTableError:
        known = inspector.get_table_names(schema) + inspector.get_view_names(schema)
        close = nearest(name, known)
        hint = f"; did you mean `{close}`?" if close else ""
        raise InputError(f"there is no table `{name}`{hint}") from None
    if not table.primary_key.columns:
        raise InputError(
            f"the table `{name}` has no primary key, so no row of it can be found again safely;"
            " add one, or export it to a file"
        )
    wanted = {"text": job.json_column or job.text}
    if job.json_column is None:
        wanted |= job.targets
    found = {n: table.columns[c] for n, c in wanted.items() if c in table.columns}
    missing = {n: c for n, c in wanted.items() if c not in table.columns}
    if "text" in missing:
        close = nearest(missing["text"], table.columns.keys())
        hint = f"did you mean `{close}`?" if close else f"it has {', '.join(table.columns.keys())}"
        raise InputError(f"the table `{name}` has no column `{missing['text']}`; {hint}")
    _check(found, table)
    notes = _notes(connection, schema, name, found)
    return PromptTable(table, job, found, notes, missing)


def _check(found: Mapping[str, Column[Any]], table: Table) -> None:
    for column in found.values():
        if column.computed is not None:
            raise InputError(f"the column `{column.name}` is generated and cannot be written")
        if column.primary_key:
            raise InputError(f"the column `{column.name}` is part of the primary key")
    names = [column.name for column in found.values()]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InputError(f"the column `{twice.pop()}` of `{table.name}` is to take two fields")


_TRIGGERS = {
    "postgresql": (
        "SELECT DISTINCT trigger_name FROM information_schema.triggers WHERE event_object_table"
        " = :name AND event_object_schema = coalesce(:schema, current_schema())"
        " AND event_manipulation = 'UPDATE'"
    ),
    "mysql": (
        "SELECT trigger_name FROM information_schema.triggers WHERE event_object_table = :name"
        " AND event_object_schema = coalesce(:schema, database())"
        " AND event_manipulation = 'UPDATE'"
    ),
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name"
        " AND :schema IS NULL AND upper(sql) LIKE '%UPDATE%'"
    ),
}


def _notes(
    connection: Connection, schema: str | None, name: str, found: Mapping[str, Column[Any]]
) -> list[str]:
    dialect = "mysql" if connection.dialect.name == "mariadb" else connection.dialect.name
    values = {"name": name, "schema": schema}
    triggers = connection.execute(text(_TRIGGERS[dialect]), values).scalars().all()
    notes = [f"the trigger `{trigger}` fires on every update" for trigger in sorted(triggers)]
    written = {column.name for column in found.values()}
    for column in inspect(connection).get_columns(name, schema):
        computed = column.get("computed")
        if computed and any(one in computed["sqltext"] for one in written):
            notes.append(f"the generated column `{column['name']}` follows what is written")
        default = str(column.get("default") or "").lower()
        if "on update" in default:
            notes.append(f"the column `{column['name']}` is set by every update")
    return notes


def room(column: Column[Any]) -> int | None:
    """Return how many characters a column takes; None where there is no limit."""
    kind = column.type
    return kind.length if isinstance(kind, String) else None
