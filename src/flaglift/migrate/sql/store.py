"""The store of one table."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from flaglift.errors import InputError
from flaglift.migrate.job import Job, missing_columns
from flaglift.migrate.records import Chunk, Cursor, Entry, Problem, Record
from flaglift.migrate.sql.connection import database_url
from flaglift.migrate.sql.keys import key_of, key_text
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.runs import begin_or_resume
from flaglift.migrate.sql.session import Session
from flaglift.migrate.sql.table import find_table
from flaglift.migrate.sql.undo import SqlUndoer
from flaglift.migrate.sql.verify import verify_table
from flaglift.migrate.sql.writer import SqlWriter
from flaglift.migrate.store import Run

_ESTIMATES = {
    "postgresql": (
        "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass(:name)"
    ),
    "mysql": (
        "SELECT table_rows FROM information_schema.tables WHERE table_name = :name"
        " AND table_schema = coalesce(:schema, database())"
    ),
}


class TableStore:
    """A table of prompts."""

    unit = "key"
    passes_on = False

    def __init__(self, job: Job, *, write: bool) -> None:
        """Look at the table.

        Raises `InputError` for a bad address, table or column, `UnavailableError` without answer.
        """
        url, schema, table = database_url(job.source)
        self._job = job
        self.table = table if schema is None else f"{schema}.{table}"
        shown = url.set(drivername=url.get_backend_name(), query={})
        self.name = f"{shown.render_as_string(hide_password=True)}#{self.table}"
        self._session = Session(url, self.name, write=write)
        self._ledger = SqlLedger(schema)
        try:
            with self._session.begin() as connection:
                self._rows = Rows(find_table(connection, job, schema, table), self._session.dialect)
        except BaseException:
            self._session.close()
            raise
        self._schema = schema
        self.fields = None if self._rows.found.is_json else frozenset(job.targets)

    def notes(self) -> list[str]:
        """Return triggers, generated columns and missing columns."""
        notes = list(self._rows.found.notes)
        missing = sorted(self._rows.found.missing.values())
        if missing and self._job.create_columns:
            notes.append(f"apply will add the columns {', '.join(missing)}")
        elif missing:
            notes.append(missing_columns(missing))
        return notes

    def total(self) -> tuple[str, int] | None:
        """Return how many rows the database thinks there are; SQLite counts them."""
        if self._job.where is not None:
            return None
        dialect = {"mariadb": "mysql"}.get(self._session.dialect, self._session.dialect)
        with self._session.begin() as connection:
            table = self._rows.found.table
            quoted = connection.dialect.identifier_preparer.format_table(table)
            query = _ESTIMATES.get(dialect, f"SELECT count(*) FROM {quoted}")  # noqa: S608
            name = quoted if dialect == "postgresql" else table.name
            values = {"name": name, "schema": self._schema}
            found = connection.execute(text(query), values).scalar()
        return ("records", int(found)) if found else None

    def read(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the next rows by primary key; None at the end."""
        after = None if cursor is None else key_of(cursor["key"])
        with self._session.begin() as connection:
            pairs = self._rows.select(connection, after, rows)
        if not pairs:
            return None
        read = [self._rows.record(key, values) for key, values in pairs]
        size = sum(len(values["text"]) for _, values in pairs if values["text"] is not None)
        return Chunk(
            records=[record for record in read if isinstance(record, Record)],
            problems=[problem for problem in read if isinstance(problem, Problem)],
            cursor={"key": key_text(pairs[-1][0])},
            size=size,
        )

    def fits(self, field: str, value: object) -> str | None:
        """Return why a field's column cannot hold a value; None if it can."""
        return self._rows.fits(field, value)

    @contextmanager
    def writing(self, *, restart: bool) -> Iterator[SqlWriter]:
        """Begin a run, or go on with an unfinished one; nobody else can meanwhile."""
        missing = sorted(self._rows.found.missing.values())
        if missing and not self._job.create_columns:
            raise InputError(f"{self.name}: {missing_columns(missing)}")
        with self._session.locked(self.table):
            run = begin_or_resume(
                self._session, self._ledger, self._rows, self.table, restart=restart
            )
            if missing:
                with self._session.begin() as connection:
                    found = find_table(
                        connection, self._job, self._schema, self._rows.found.table.name
                    )
                self._rows = Rows(found, self._session.dialect)
            yield SqlWriter(self._session, self._ledger, self._rows, run)

    @contextmanager
    def undoing(self, run: Run) -> Iterator[SqlUndoer]:
        """Begin to take a run back, or go on with that."""
        with self._session.locked(self.table):
            yield SqlUndoer(self._session, self._ledger, self._rows, run)

    def runs(self) -> list[Run]:
        """Return all runs on the table, oldest first; none if there is no journal."""
        with self._session.begin() as connection:
            if not self._ledger.exists(connection):
                return []
            return self._ledger.runs(connection, self.table)

    def entries(self, run: Run, *, left: bool = False) -> Iterator[Entry]:
        """Return the journal of a run in order."""
        with self._session.begin() as connection:
            yield from self._ledger.entries(connection, run, left=left)

    def verify(self, run: Run) -> tuple[list[str], list[str]]:
        """Return what holds of what a run wrote and what does not, one sentence each."""
        return verify_table(self._session, self._ledger, self._rows, run)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()
