"""Resolves the name of a table: one table has one name, one lock and one journal."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from flaglift.errors import InputError
from flaglift.spelling import nearest

_TABLES = {
    "postgresql": (
        "SELECT n.nspname, c.relname, c.relkind IN ('v', 'm'), '' FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND (n.nspname = :schema"
        " OR CAST(:schema AS text) IS NULL AND pg_table_is_visible(c.oid))"
    ),
    "sqlite": "SELECT 'main', name, type = 'view', '' FROM sqlite_master"
    " WHERE type IN ('table', 'view') AND coalesce(:schema, 'main') = 'main'",
    "mysql": (
        "SELECT table_schema, table_name, table_type = 'VIEW', coalesce(engine, '')"
        " FROM information_schema.tables WHERE table_schema = coalesce(:schema, database())"
    ),
}
_Found = tuple[str, str, bool, str]
"""Schema, name, whether it is a view, engine."""


@dataclass(frozen=True)
class TableIdentity:
    """A table, by its canonical name in the journal."""

    schema: str
    name: str
    engine: str
    """MySQL's storage engine."""

    @property
    def source(self) -> str:
        """The name."""
        return f"{self.schema}.{self.name}"


def family(dialect: str) -> str:
    """Return the SQL family of a dialect: MariaDB belongs to MySQL."""
    return "mysql" if dialect == "mariadb" else dialect


def identify(connection: Connection, name: str) -> TableIdentity:
    """Return the table that `[schema.]table` refers to; either name may also contain dots.

    Raises `InputError` for a view, and if there is no such table, suggesting similar names.
    """
    dialect = family(connection.dialect.name)
    dots = [place for place, character in enumerate(name) if character == "."]
    readings: list[tuple[str | None, str]] = [(None, name)]
    readings += [(name[:dot], name[dot + 1 :]) for dot in dots]
    known: list[str] = []
    meant: list[_Found] = []
    for where, table in readings:
        rows = [
            (str(row[0]), str(row[1]), bool(row[2]), str(row[3]))
            for row in connection.execute(text(_TABLES[dialect]), {"schema": where})
        ]
        named = _named(rows, table, folds=_folds(connection, dialect))
        meant += [named] if named and named not in meant else []
        known += [row[1] for row in rows]
    if len(meant) > 1:
        each = " and ".join(f"the table `{row[1]}` of `{row[0]}`" for row in meant)
        raise InputError(f"`{name}` may be {each}; rename one of them")
    if not meant:
        close = next(filter(None, (nearest(table, known) for _, table in reversed(readings))), None)
        hint = f"; did you mean `{close}`?" if close else ""
        raise InputError(f"there is no table `{name}`{hint}")
    schema, table, is_view, engine = meant[0]
    if is_view:
        raise InputError(f"`{name}` is a view; name the table that it shows")
    return TableIdentity(schema, table, engine)


def _folds(connection: Connection, dialect: str) -> bool:
    """Return whether table names are case-insensitive."""
    if dialect == "mysql":
        return bool(connection.execute(text("SELECT @@lower_case_table_names")).scalar())
    return dialect == "sqlite"


def _named(rows: Sequence[_Found], name: str, *, folds: bool) -> _Found | None:
    for row in rows:
        if row[1] == name:
            return row
    return next((row for row in rows if folds and row[1].lower() == name.lower()), None)
