"""Tells which rows a migration of a table did not see, so that no success is claimed for them."""

from sqlalchemy import Connection, Text, cast, func, literal_column, select, text

from flaglift.migrate.sql.identity import family
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.table import format_name

# What may be read needs one permissive policy, and each restrictive one.
_HIDDEN = (
    "WITH policies AS (SELECT p.polpermissive,"
    " coalesce(pg_get_expr(p.polqual, p.polrelid) = 'true', false) AS shows_all"
    " FROM pg_policy p WHERE p.polrelid = CAST(:name AS regclass) AND p.polcmd IN ('r', '*')"
    " AND (0 = ANY(p.polroles)"
    " OR EXISTS (SELECT FROM unnest(p.polroles) role WHERE pg_has_role(role, 'USAGE'))))"
    " SELECT row_security_active(CAST(:name AS regclass))"
    " AND (NOT EXISTS (SELECT FROM policies WHERE polpermissive AND shows_all)"
    " OR EXISTS (SELECT FROM policies WHERE NOT polpermissive AND NOT shows_all))"
)
_MOST_NAMED = 5
"""The child tables of which a message gives the names."""


def hidden_rows(connection: Connection, rows: Rows) -> str:
    """Return which rows were not looked at, and what to do; "" if there are none."""
    said = hiding_policies(connection, rows)
    if rows.source.only:
        said += _of_children(connection, rows, format_name(connection, rows.source.table))
    return "; ".join(said)


def hiding_policies(connection: Connection, rows: Rows) -> list[str]:
    """Say that policies may hide rows of a table, if they do."""
    if family(connection.dialect.name) != "postgresql":
        return []
    name = format_name(connection, rows.source.table)
    if not connection.execute(text(_HIDDEN), {"name": name}).scalar():
        return []
    return [
        "policies may hide rows from this account; the table's owner, or a role with BYPASSRLS,"
        " sees all of them"
    ]


def _of_children(connection: Connection, rows: Rows, name: str) -> list[str]:
    """Say how many rows of child tables may hold flags: they have keys of their own."""
    child = cast(literal_column("tableoid::regclass"), Text)
    query = select(child, func.count()).select_from(rows.source.table).group_by(child)
    query = query.where(rows.has_dashes(), literal_column("tableoid") != func.to_regclass(name))
    if rows.where is not None:
        query = query.where(rows.where)
    found = connection.execute(query.order_by(child)).all()
    if not found:
        return []
    named = ", ".join(f"{table} ({count:,})" for table, count in found[:_MOST_NAMED])
    more = f" and {len(found) - _MOST_NAMED} more tables" if len(found) > _MOST_NAMED else ""
    total = sum(count for _, count in found)
    return [f"{total:,} rows of child tables may hold flags; migrate each table: {named}{more}"]
