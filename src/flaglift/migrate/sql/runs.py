"""Chooses the run that an `apply` of a table resumes, and prepares a new one."""

from functools import partial

from sqlalchemy import Connection

from flaglift.errors import InputError
from flaglift.migrate.resuming import new_run, resumed
from flaglift.migrate.sql.kept_key import check_kept_key, kept_key
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.rights import reason_not_to_add_columns, reason_not_to_update
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.session import Session
from flaglift.migrate.store import MigrationRun
from flaglift.syntax.flags import FIELD_FLAGS, ValueKind


def table_run(rows: Rows, source: str) -> MigrationRun:
    """Return a new run, which adds the columns that are missing."""
    table = rows.source
    created = sorted(table.missing.values())
    info = {"undo": 0, "created": created, "key": kept_key(table.key)}
    return new_run(table.job, source, info)


def begin_or_resume(
    session: Session, ledger: SqlLedger, rows: Rows, source: str, *, restart: bool
) -> MigrationRun:
    """Return the unfinished run on a table, or a new one.

    Raises `InputError` if an unfinished run does not fit.
    """
    job = rows.source.job
    with session.begin(write=True) as connection:
        runs = ledger.runs(connection, source)
        stop = partial(ledger.save, connection)
        run = resumed(runs, job.fingerprint, source, stop, restart=restart)
        if run is None:
            run = table_run(rows, source)
            ledger.save(connection, run)
        check_kept_key(connection, ledger, rows, run)
    if rows.source.missing:  # also if a run was killed before it could add them
        with session.begin(write=True) as connection:
            _add_columns(connection, rows)
    return run


def lacking(connection: Connection, rows: Rows) -> str | None:
    """Return why the account may not change the columns of a job; None if it may."""
    source = rows.source
    reason = reason_not_to_update(connection, source.table, source.columns.values())
    if reason:
        return (
            f"`{source.table.name}` cannot be written ({reason}): apply needs the right to select"
            " and update it"
        )
    if source.missing and source.job.create_columns:
        reason = reason_not_to_add_columns(connection, source.table)
    return reason and f"columns cannot be added to `{source.table.name}` ({reason})"


def check_rights(connection: Connection, rows: Rows) -> None:
    """Check that the account may write. Raises `InputError` if it may not."""
    reason = lacking(connection, rows)
    if reason:
        raise InputError(reason)


def _add_columns(connection: Connection, rows: Rows) -> None:
    quote = connection.dialect.identifier_preparer
    table = quote.format_table(rows.source.table)
    for field, column in rows.source.missing.items():
        flag = FIELD_FLAGS.get(field)
        kind = "INTEGER" if flag and flag.kind is ValueKind.WHOLE_NUMBER else "TEXT"
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {quote.quote(column)} {kind}")
