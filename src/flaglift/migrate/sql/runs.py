"""Which run an `apply` of a table resumes, and what is made ready for a new one."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, exc, false, update

from flaglift.errors import InputError
from flaglift.migrate.clock import new_id, now, who
from flaglift.migrate.job import Job
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.messages import may_pass, safe_message
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.session import Session
from flaglift.migrate.store import MigrationRun
from flaglift.migrate.tally import Tally
from flaglift.syntax.flags import FIELD_FLAGS, ValueKind


def new_run(job: Job, source: str, missing: list[str]) -> MigrationRun:
    """Return a run that has not begun; it keeps its options, and who began it."""
    info: dict[str, Any] = {"undo": 0, "created": missing, "options": job.options(), "by": who()}
    return MigrationRun(
        new_id(), source, job.fingerprint, "running", None, Tally(), now(), now(), info
    )


def begin_or_resume(
    session: Session, ledger: SqlLedger, rows: Rows, source: str, *, restart: bool
) -> MigrationRun:
    """Return the unfinished run on a table, or a new one.

    Raises `InputError` where an unfinished run does not fit.
    """
    job = rows.found.job
    with session.begin(write=True) as connection:
        for run in reversed(ledger.runs(connection, source)):
            if run.state == "undoing":
                raise InputError(
                    f"{source}: an undo is unfinished; run `flaglift migrate undo` first"
                )
            if run.state == "running" and restart:
                # What it wrote stays written, and can be undone.
                ledger.save(connection, replace(run, state="stopped", updated=now()))
            elif run.state == "running":
                return _resumed(run, job, source)
        run = new_run(job, source, sorted(rows.found.missing.values()))
        ledger.save(connection, run)
    if rows.found.missing:
        with session.begin(write=True) as connection:
            _add_columns(connection, rows)
    return run


def _resumed(run: MigrationRun, job: Job, source: str) -> MigrationRun:
    if run.fingerprint != job.fingerprint:
        raise InputError(
            f"{source}: the run of {run.started} is unfinished, and was begun with other options or"
            " another version of flaglift; finish it with those, or begin another with --restart"
        )
    return run


def check_rights(connection: Connection, rows: Rows) -> None:
    """See that the account may write. Raises `InputError` where it may not."""
    table = rows.found.table
    nothing = {column: column for column in rows.found.columns.values()}
    try:
        connection.execute(update(table).values(nothing).where(false()))
    except exc.DBAPIError as error:
        if may_pass(error):
            raise
        raise InputError(
            f"`{table.name}` cannot be written ({safe_message(error)}): apply needs the right to"
            " select and update it"
        ) from None


def _add_columns(connection: Connection, rows: Rows) -> None:
    quote = connection.dialect.identifier_preparer
    table = quote.format_table(rows.found.table)
    for field, column in rows.found.missing.items():
        flag = FIELD_FLAGS.get(field)
        kind = "INTEGER" if flag and flag.kind is ValueKind.WHOLE_NUMBER else "TEXT"
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {quote.quote(column)} {kind}")
