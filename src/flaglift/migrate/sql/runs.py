"""Which run an `apply` of a table goes on with, and what is made ready for a new one."""

from sqlalchemy import Connection, exc, false, update

from flaglift.errors import InputError
from flaglift.migrate.clock import new_id, now
from flaglift.migrate.job import Job
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.session import Session
from flaglift.migrate.store import Run
from flaglift.migrate.tally import Tally


def begin_or_resume(
    session: Session, ledger: SqlLedger, rows: Rows, table: str, *, restart: bool
) -> Run:
    """Return the unfinished run on a table, or a new one.

    Raises `InputError` where the account may not write, or an unfinished run does not fit.
    """
    job = rows.found.job
    with session.begin(write=True) as connection:
        _check_rights(connection, rows)
        ledger.create(connection)
    with session.begin(write=True) as connection:
        for run in reversed(ledger.runs(connection, table)):
            if run.state == "undoing":
                raise InputError(
                    f"{table}: an undo is unfinished; run `flaglift migrate undo` first"
                )
            if run.state == "running" and restart:
                # What it wrote stays written, and can be undone.
                run.state, run.updated = "stopped", now()
                ledger.save(connection, run)
            elif run.state == "running":
                return _resumed(run, job, table)
        info = {"undo": 0, "created": sorted(rows.found.missing.values())}
        run = Run(new_id(), table, job.fingerprint, "running", None, Tally(), now(), now(), info)
        ledger.save(connection, run)
    if rows.found.missing:
        with session.begin(write=True) as connection:
            _add_columns(connection, rows)
    return run


def _resumed(run: Run, job: Job, table: str) -> Run:
    if run.fingerprint != job.fingerprint:
        raise InputError(
            f"{table}: the run of {run.started} is unfinished, and was begun with other options or"
            " another version of flaglift; finish it with those, or begin another with --restart"
        )
    return run


def _check_rights(connection: Connection, rows: Rows) -> None:
    table = rows.found.table
    nothing = {column: column for column in rows.found.columns.values()}
    try:
        connection.execute(update(table).values(nothing).where(false()))
    except exc.DBAPIError as error:
        raise InputError(
            f"`{table.name}` cannot be written ({' '.join(str(error.orig).split())}): apply needs"
            " the right to select and update it"
        ) from None


def _add_columns(connection: Connection, rows: Rows) -> None:
    quote = connection.dialect.identifier_preparer
    table = quote.format_table(rows.found.table)
    for field, column in rows.found.missing.items():
        kind = "INTEGER" if field == "video_duration" else "TEXT"
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {quote.quote(column)} {kind}")
