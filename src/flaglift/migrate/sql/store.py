"""The store of one table."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from flaglift.errors import InputError
from flaglift.migrate.job import Job, missing_columns
from flaglift.migrate.records import Chunk, Cursor, JournalEntry, RecordChange
from flaglift.migrate.resuming import reread
from flaglift.migrate.sql.changes import RowWrite, TableChanges
from flaglift.migrate.sql.connection import database_url
from flaglift.migrate.sql.hidden import hidden_rows
from flaglift.migrate.sql.identity import identify
from flaglift.migrate.sql.kept_key import check_kept_key
from flaglift.migrate.sql.key_checks import check_zone, null_keys
from flaglift.migrate.sql.keys import key_of, key_text
from flaglift.migrate.sql.lease import Lease
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.load import pressure_on
from flaglift.migrate.sql.messages import said_what_is_kept
from flaglift.migrate.sql.preflight import check_table
from flaglift.migrate.sql.row_decision import RowDecider, row_decider
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.runs import begin_or_resume, check_rights, table_run
from flaglift.migrate.sql.session import Session
from flaglift.migrate.sql.table import count_rows, find_table
from flaglift.migrate.sql.undo import SqlUndoer
from flaglift.migrate.sql.verify import verify_table
from flaglift.migrate.sql.writer import Rehearsal, SqlWriter
from flaglift.migrate.store import Check, MigrationRun, refuse_failed

_LEAST_LEFT = 5_000
"""Rows of a migrated table to scan at a time: few of them are transferred."""


class TableStore:
    """A table of prompts."""

    unit = "key"
    journal = "flaglift_runs"
    passes_on = False

    def __init__(self, job: Job, *, write: bool) -> None:
        """Inspect the table.

        Raises `InputError` for a bad address or table, `UnavailableError` without an answer.
        """
        url, name = database_url(job.source)
        self._job = job
        self._write = write
        shown = url.set(drivername=url.get_backend_name(), query={})
        self.name: str = f"{shown.render_as_string(hide_password=True)}#{name}"
        self._session = Session(url, self.name)
        try:
            with self._session.begin() as connection:
                self._identity = identify(connection, name)
        except BaseException:
            self._session.close()
            raise
        schema = None if self._session.dialect == "sqlite" else self._identity.schema
        self.source: str = self._identity.source
        self._ledger = SqlLedger(schema)
        self._lease = Lease(self._session, self._ledger, self.source)
        self._found: Rows | None = None
        self._decide: RowDecider | None = None
        self._checked: list[Check] | None = None
        self.fields: frozenset[str] | None = (
            None if job.json_column is not None else frozenset(job.targets)
        )

    @property
    def _rows(self) -> Rows:
        """The rows of the job. Raises `InputError` for a bad column."""
        if self._found is None:
            self._found = self._rows_of(self._job)
        return self._found

    def _rows_of(self, job: Job) -> Rows:
        with self._session.begin() as connection:
            table = find_table(connection, job, self._identity)
        self._session.spelling |= table.key.spelling
        return Rows(table, self._session.dialect)

    def checks(self) -> list[Check]:
        """Check, once, that the database behaves as the code assumes."""
        if self._checked is None:
            self._checked = self._looked()
        return self._checked

    def _looked(self) -> list[Check]:
        rows = self._rows
        with self._session.begin() as connection:
            checks = check_table(connection, rows, self._ledger)
        missing = sorted(rows.source.missing.values())
        if missing:
            added = self._job.create_columns
            sentence = f"apply will add the columns {', '.join(missing)}"
            checks.append(Check("note", "column", sentence if added else missing_columns(missing)))
        return checks

    def notes(self) -> list[str]:
        """Return triggers, generated columns and missing columns."""
        return [check.sentence for check in self.checks() if check.outcome != "pass"]

    def total(self) -> tuple[str, int] | None:
        """Return the database's estimate of the row count; SQLite counts the rows."""
        if self._job.where is not None:
            return None
        table = self._rows.source
        with self._session.begin() as connection:
            count = count_rows(connection, table)
        return ("records", count) if count else None

    def last(self) -> Cursor:
        """Return the last key that there is now."""
        table = self._rows
        with self._session.begin() as connection:
            last = table.keys(connection, most=1, backwards=True)
        return {"key": key_text(last[0]) if last else None}

    def read(self, cursor: Cursor | None, rows: int, until: Cursor | None = None) -> Chunk | None:
        """Return the next rows by primary key, up to a cursor of `last`; None at the end.

        Raises `InputError` if the database does not move forward from a key.
        """
        return self._read(cursor, until, rows, left=False)

    def made(self, chunk: Chunk, changes: Sequence[RecordChange]) -> TableChanges:
        """Return the values to write."""
        new_values = self._rows.new_values
        writes = [RowWrite(each.record.body, new_values(each), each.codes) for each in changes]
        columns = chunk.columns.content if chunk.columns else None
        return TableChanges(writes, columns, chunk.body)

    def read_left(
        self, cursor: Cursor | None, rows: int, until: Cursor | None = None
    ) -> Chunk | None:
        """Return those of the next rows that may still contain flags; None at the end."""
        return self._read(cursor, until, max(rows, _LEAST_LEFT), left=True)

    def _read(
        self, cursor: Cursor | None, until: Cursor | None, rows: int, *, left: bool
    ) -> Chunk | None:
        if until is not None and until["key"] is None:  # the table was empty
            return None
        table = self._rows
        borders = (None if each is None else key_of(each["key"]) for each in (cursor, until))
        between = table.source.key.between(*borders)
        with self._session.begin() as connection:
            version = None  # of late rows, our own triggers may change some between two steps
            if left:
                passed, wanted = table.select_flagged(connection, between, rows)
            else:
                passed = wanted = table.select(connection, between, rows)
                version = table.version(connection)
        if not passed:
            return None
        first, end = (key_text(table.key(passed[place])) for place in (0, -1))
        if cursor is not None and cursor["key"] in (first, end):
            raise InputError(
                f"{self.name}: the database gives the row {end} again when asked for what comes"
                " after it; export the table to a file, or add a key of numbers or texts"
            )
        texts = map(table.text, wanted)
        size = sum(len(text) for text in texts if isinstance(text, str))
        plain, columns = 0, None
        if self._decide is not None and not left:
            wanted, plain, columns = self._decide(wanted)
        records = (None if table.is_plain(row) else table.record(row) for row in wanted)
        chunk = Chunk((), {"key": end}, size=size, body=version).holding(records)
        return chunk._replace(plain=chunk.plain + plain, columns=columns)

    def unreachable(self) -> int:
        """Return how many rows no cursor reaches: those with a NULL key."""
        table = self._rows.source
        with self._session.begin() as connection:
            return null_keys(connection, table)

    def hidden(self) -> str:
        """Return which rows were not looked at; "" if there are none."""
        with self._session.begin() as connection:
            return hidden_rows(connection, self._rows)

    def is_empty(self, field: str, value: object) -> bool:
        """Return whether a value of a field stands for an empty one."""
        return self._job.is_empty(field, value)

    def fits(self, field: str, value: object) -> str | None:
        """Return why a field's column cannot hold a value; None if it can."""
        return self._rows.fits(field, value)

    @contextmanager
    def writing(self, *, restart: bool) -> Iterator[SqlWriter]:
        """Begin a run or resume an unfinished one, holding the lease."""
        if not self._write:
            raise InputError(f"{self.name}: is opened read-only")
        missing = sorted(self._rows.source.missing.values())
        if missing and not self._job.create_columns:
            raise InputError(f"{self.name}: {missing_columns(missing)}")
        refuse_failed(self.name, self.checks())
        rows = self._rows
        with self._session.begin(write=True) as connection:
            check_rights(connection, rows)
            self._ledger.create(connection)
        with self._lease.held():
            run = begin_or_resume(
                self._session, self._ledger, self._rows, self.source, restart=restart
            )
            if missing:
                self._found = None
            self._decide = row_decider(self._rows)
            with said_what_is_kept("written"):
                yield SqlWriter(self._session, self._ledger, self._rows, run, self._lease)

    @contextmanager
    def rehearsing(self) -> Iterator[Rehearsal]:
        """Begin a run that keeps nothing.

        Raises `InputError` if the columns or, on MySQL, the journal's tables are missing.
        """
        rows = self._rows
        missing = sorted(rows.source.missing.values())
        if missing:
            raise InputError(
                f"{self.name}: there is no column {', '.join(missing)}; add them, and rehearse then"
            )
        refuse_failed(self.name, self.checks())
        with self._session.begin(write=True) as connection:
            check_rights(connection, rows)
            if self._session.dialect not in ("postgresql", "sqlite"):
                # MySQL commits each DDL statement, so these tables stay, but empty.
                self._ledger.create(connection)
        self._decide = row_decider(rows)
        run = table_run(rows, self.source)
        yield Rehearsal(self._session, self._ledger, rows, run, self._lease)

    @contextmanager
    def undoing(self, run: MigrationRun) -> Iterator[SqlUndoer]:
        """Begin or resume the undo of a run."""
        rows = self._rows_of_run(run)
        with self._session.begin() as connection:
            refuse_failed(self.name, check_zone(connection, rows.source))
            self._ledger.check_rights(connection)
        with self._lease.held():
            run = reread(self.runs(), run)
            with said_what_is_kept("restored"):
                yield SqlUndoer(self._session, self._ledger, rows, run, self._lease)

    def _rows_of_run(self, run: MigrationRun) -> Rows:
        """Return the rows as the run's own options read them; raises `InputError` if it cannot."""
        try:
            rows = self._rows_of(self._job.with_options(run.info, self.journal))
            with self._session.begin() as connection:
                check_kept_key(connection, self._ledger, rows, run)
            return rows  # noqa: TRY300
        except InputError as error:
            raise InputError(
                f"{error}. The run {run.id} needs it: `undo --run` can take back later runs alone,"
                f" and `purge --run {run.id}` forgets this one"
            ) from None

    def runs(self) -> list[MigrationRun]:
        """Return all runs on the table, oldest first; none if there is no journal."""
        with self._session.begin() as connection:
            readable = self._ledger.is_readable(connection)
            return self._ledger.runs(connection, self.source) if readable else []

    def is_held(self) -> bool:
        """Return whether a run is working on the table now."""
        return self._lease.is_held()

    def entries(self, run: MigrationRun, *, left: bool = False) -> Iterator[JournalEntry]:
        """Return the journal of a run in order."""
        with self._session.begin() as connection:
            for block in self._ledger.blocks(connection, run):
                yield from block.left if left else block.entries

    def pressure(self) -> Mapping[str, float]:
        """Return how many statements others are running, and the replicas' lag in seconds."""
        with self._session.begin() as connection:
            return pressure_on(connection)

    def journal_bytes(self, run: MigrationRun) -> int:
        """Return the size of a run's blocks in bytes."""
        with self._session.begin() as connection:
            return self._ledger.size(connection, run)

    def purge(self, run: MigrationRun) -> None:
        """Delete the journal of a run."""
        with self._lease.held(), self._session.begin(write=True) as connection:
            self._ledger.purge(connection, run)

    def verify(self, run: MigrationRun) -> tuple[list[str], list[str]]:
        """Return which checks of a run's changes hold and which fail, one sentence each."""
        return verify_table(self._session, self._ledger, self._rows_of_run(run), run)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()
