"""The runs on tables of a schema, their journal, and the leases: three tables in the schema.

The journal holds a chunk's entries as one compressed block: a tenth of the size of rows, and one
statement to write. Each block has a hash, which is checked before anything is restored from it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    delete,
    exc,
    false,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects.mysql import LONGBLOB, LONGTEXT
from sqlalchemy.schema import CreateTable

from flaglift.errors import InputError
from flaglift.migrate.clock import now
from flaglift.migrate.entries import compressed
from flaglift.migrate.saved import Kinds, saved_run
from flaglift.migrate.sql.blocks import ALL, JournalChunk, chunk_of_row
from flaglift.migrate.sql.identity import family
from flaglift.migrate.sql.keys import key_of
from flaglift.migrate.sql.messages import may_pass, safe_message
from flaglift.migrate.sql.rights import (
    account,
    aside,
    reason_not_to_create,
    reason_not_to_run,
    reason_not_to_write,
)
from flaglift.migrate.store import MigrationRun

_LONG = Text().with_variant(LONGTEXT(), "mysql", "mariadb")
_BLOB = LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")
# InnoDB, whatever the default: the journal and the rows are written in one transaction.
_MYSQL: dict[str, Any] = {
    f"{name}_{option}": value
    for name in ("mysql", "mariadb")
    for option, value in (("charset", "utf8mb4"), ("engine", "InnoDB"))
}


class SqlLedger:
    """Stores runs and journal entries, in the transactions of the caller."""

    def __init__(self, schema: str | None) -> None:
        metadata = MetaData(schema=schema)
        self.runs_table: Table = Table(
            "flaglift_runs",
            metadata,
            Column("id", String(40), primary_key=True),
            Column("source", String(255), nullable=False),
            Column("fingerprint", String(64), nullable=False),
            Column("state", String(20), nullable=False),
            Column("cursor", _LONG),
            Column("tally", _LONG, nullable=False),
            Column("started", String(20), nullable=False),
            Column("updated", String(20), nullable=False),
            Column("info", _LONG, nullable=False),
            **_MYSQL,
        )
        self.journal_table: Table = Table(
            "flaglift_journal",
            metadata,
            Column("run", String(40), primary_key=True),
            Column("first", BigInteger, primary_key=True, autoincrement=False),
            Column("entries", _BLOB, nullable=False),
            Column("digest", String(64), nullable=False),
            Column("undone", _LONG, nullable=False),
            **_MYSQL,
        )
        self.leases_table: Table = Table(
            "flaglift_leases",
            metadata,
            Column("source", String(255), primary_key=True),
            Column("owner", String(40), nullable=False),
            Column("holder", String(255), nullable=False),
            Column("machine", String(255), nullable=False),
            Column("pid", Integer, nullable=False),
            Column("taken", String(20), nullable=False),
            Column("expires", BigInteger, nullable=False),
            **_MYSQL,
        )
        self.tables: tuple[Table, ...] = (self.runs_table, self.journal_table, self.leases_table)

    def exists(self, connection: Connection) -> bool:
        """Return whether the tables exist."""
        return not self.missing(connection)

    def is_readable(self, connection: Connection) -> bool:
        """Return whether there is a journal. Raises `InputError` if the account may not read it."""
        seen = self.exists(connection)
        if not seen and family(connection.dialect.name) != "mysql":
            return False
        tables = (self.runs_table, self.journal_table)
        reason = reason_not_to_run(connection, *(select(each).where(false()) for each in tables))
        if reason and (seen or "denied" in reason):
            raise self._refused(connection, reason)
        return reason is None

    def missing(self, connection: Connection) -> list[Table]:
        """Return the tables that are missing."""
        # MySQL lists a table only for accounts that may use it, and hides it from others.
        names = set(inspect(connection).get_table_names(self.runs_table.schema))
        return [table for table in self.tables if table.name not in names]

    def create(self, connection: Connection) -> None:
        """Create the tables, and check that the account may use them.

        Raises `InputError` with the statements to run if it may not.
        """
        try:
            with aside(connection):
                for table in self.missing(connection):
                    connection.execute(CreateTable(table, if_not_exists=True))
        except exc.DBAPIError as error:
            if may_pass(error):
                raise
            if not self.missing(connection):  # another run has just created them
                return
            if connection.dialect.name == "sqlite":  # which has no accounts
                raise InputError(f"the journal's tables: {safe_message(error)}") from None
            created = (str(CreateTable(table).compile(connection)) for table in self.tables)
            ddl = "; ".join(" ".join(statement.split()) for statement in created)
            raise InputError(
                f"the account may not create the journal's tables ({safe_message(error)}); let it,"
                f" or create them: {ddl}; {self._grants(connection)}"
            ) from None
        self.check_rights(connection)

    def check_rights(self, connection: Connection) -> None:
        """Raise `InputError` if the account may not use the tables, with the statements to run."""
        reason = self.lacking(connection)
        if reason:
            raise self._refused(connection, reason)

    def _refused(self, connection: Connection, reason: str) -> InputError:
        return InputError(
            f"the account may not use the journal's tables ({reason}), which another account"
            f" has created; its owner can run: {self._grants(connection)}"
        )

    def lacking(self, connection: Connection) -> str | None:
        """Return why the account cannot keep a journal; None if no reason is known."""
        missing = self.missing(connection)
        reasons = (
            reason_not_to_create(connection, table)
            if table in missing
            else reason_not_to_write(connection, table)
            for table in self.tables
        )
        return next(filter(None, reasons), None)

    def _grants(self, connection: Connection) -> str:
        quoting = connection.dialect.identifier_preparer
        to = account(connection)
        return " ".join(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {quoting.format_table(table)} TO {to};"
            for table in self.tables
        )

    def save(self, connection: Connection, run: MigrationRun) -> None:
        """Save the current state of a run."""
        values = {
            "source": run.source,
            "fingerprint": run.fingerprint,
            "state": run.state,
            "cursor": json.dumps(run.cursor),
            "tally": json.dumps(run.tally.to_dict()),
            "started": run.started,
            "updated": run.updated,
            "info": json.dumps(run.info),
        }
        runs = self.runs_table
        updated = connection.execute(update(runs).where(runs.c.id == run.id).values(values))
        if not updated.rowcount:
            connection.execute(insert(runs).values(id=run.id, **values))

    def runs(self, connection: Connection, source: str) -> list[MigrationRun]:
        """Return the runs on a table, oldest first."""
        runs = self.runs_table
        query = select(runs).where(runs.c.source == source).order_by(runs.c.started, runs.c.id)
        return [self._run(row._asdict()) for row in connection.execute(query)]

    def _run(self, values: dict[str, Any]) -> MigrationRun:
        try:
            return saved_run(values, _kinds, lambda cursor: key_of(cursor["key"]))
        except ValueError as error:
            raise InputError(f"{self.runs_table.name}: the run {values['id']} {error}") from None

    def add(self, connection: Connection, run: MigrationRun, first: int, data: bytes) -> None:
        """Write entries, at least one, to the journal of a run as a block, numbered from `first`.

        `data` is their JSON.
        """
        values = {
            "run": run.id,
            "first": first,
            "entries": compressed(data),
            "digest": hashlib.sha256(data).hexdigest(),
            "undone": "[]",
        }
        connection.execute(insert(self.journal_table), values)

    def block(self, connection: Connection, run: MigrationRun, after: int) -> JournalChunk | None:
        """Return the first block of entries with numbers above `after`; None at the end.

        Raises `InputError` if it is not as it was written.
        """
        journal = self.journal_table
        query = select(journal).where(journal.c.run == run.id, journal.c.first > after)
        row = connection.execute(query.order_by(journal.c.first).limit(1)).first()
        return None if row is None else chunk_of_row(run, row)

    def block_before(
        self, connection: Connection, run: MigrationRun, first: int
    ) -> JournalChunk | None:
        """Return the last block before the one that begins with a number; for 0, the last of all.

        A row that was edited during the run has two entries, the later of which has to
        be undone first. Raises as `block` does.
        """
        journal = self.journal_table
        query = select(journal).where(journal.c.run == run.id)
        query = query.where(journal.c.first < first) if first else query
        row = connection.execute(query.order_by(journal.c.first.desc()).limit(1)).first()
        return None if row is None else chunk_of_row(run, row)

    def blocks(self, connection: Connection, run: MigrationRun) -> Iterator[JournalChunk]:
        """Return the journal of a run in order."""
        after = 0
        while (block := self.block(connection, run, after)) is not None:
            yield block
            after = block.last

    def size(self, connection: Connection, run: MigrationRun) -> int:
        """Return the size of a run's blocks in bytes."""
        journal = self.journal_table
        total = func.sum(func.length(journal.c.entries))
        size = connection.execute(select(total).where(journal.c.run == run.id)).scalar()
        return int(size or 0)

    def purge(self, connection: Connection, run: MigrationRun) -> None:
        """Delete a run's blocks."""
        journal = self.journal_table
        connection.execute(delete(journal).where(journal.c.run == run.id))
        self.save(connection, replace(run, state="purged", updated=now()))

    def mark_undone(
        self, connection: Connection, run: MigrationRun, block: JournalChunk, numbers: Iterable[int]
    ) -> None:
        """Record that entries of a block were undone."""
        undone = block.undone.union(numbers)
        whole = len(undone) == len(block.entries)
        journal = self.journal_table
        connection.execute(
            update(journal)
            .where(journal.c.run == run.id, journal.c.first == block.first)
            .values(undone=ALL if whole else json.dumps(sorted(undone)))
        )


def _kinds(_: str, info: Mapping[str, Any]) -> Kinds:
    """Return what a run of a table keeps."""
    kinds: dict[str, tuple[type, ...]] = {"undo": (int,), "created": (list,)}
    return kinds | {"key": (dict,)} if "key" in info else kinds
