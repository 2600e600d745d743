"""The runs and the journal of a table, in two tables beside it."""

import json
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    exc,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.schema import CreateTable

from flaglift.errors import InputError
from flaglift.migrate.records import Entry
from flaglift.migrate.store import Run
from flaglift.migrate.tally import Tally

_LONG = Text().with_variant(LONGTEXT(), "mysql", "mariadb")
_PAGE = 1000


class SqlLedger:
    """Keeps runs and journal entries, in the transactions of the caller."""

    def __init__(self, schema: str | None) -> None:
        metadata = MetaData()
        self.runs_table = Table(
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
            schema=schema,
            mysql_charset="utf8mb4",
            mariadb_charset="utf8mb4",
        )
        self.journal_table = Table(
            "flaglift_journal",
            metadata,
            Column("run", String(40), primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            Column("row_key", _LONG, nullable=False),
            Column("before", _LONG, nullable=False),
            Column("after", _LONG, nullable=False),
            Column("codes", Text, nullable=False),
            Column("patch", LargeBinary),
            Column("undone", Boolean, nullable=False),
            schema=schema,
            mysql_charset="utf8mb4",
            mariadb_charset="utf8mb4",
        )

    def exists(self, connection: Connection) -> bool:
        """Tell whether the tables are there."""
        inspector = inspect(connection)
        return all(
            inspector.has_table(table.name, table.schema)
            for table in (self.runs_table, self.journal_table)
        )

    def create(self, connection: Connection) -> None:
        """Create the tables. Raises `InputError` with their definitions where that is denied."""
        try:
            for table in (self.runs_table, self.journal_table):
                table.create(connection, checkfirst=True)
        except exc.DBAPIError as error:
            tables = (self.runs_table, self.journal_table)
            ddl = ";".join(str(CreateTable(t).compile(connection)) for t in tables)
            raise InputError(
                "the account may not create the journal's tables"
                f" ({' '.join(str(error.orig).split())}); let it, or create them: {ddl};"
            ) from None

    def save(self, connection: Connection, run: Run) -> None:
        """Keep a run as it is now."""
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
        found = connection.execute(update(runs).where(runs.c.id == run.id).values(values))
        if not found.rowcount:
            connection.execute(insert(runs).values(id=run.id, **values))

    def runs(self, connection: Connection, source: str) -> list[Run]:
        """Return the runs on a table, oldest first."""
        runs = self.runs_table
        query = select(runs).where(runs.c.source == source).order_by(runs.c.started, runs.c.id)
        return [
            Run(
                id=row.id,
                source=row.source,
                fingerprint=row.fingerprint,
                state=row.state,
                cursor=json.loads(row.cursor),
                tally=Tally.from_dict(json.loads(row.tally)),
                started=row.started,
                updated=row.updated,
                info=json.loads(row.info),
            )
            for row in connection.execute(query)
        ]

    def add(self, connection: Connection, run: Run, entries: Sequence[Entry]) -> None:
        """Write entries, of which there must be any, to the journal of a run."""
        rows = [
            {
                "run": run.id,
                "number": entry.number,
                "row_key": entry.key,
                "before": json.dumps(entry.before),
                "after": json.dumps(entry.after),
                "codes": entry.codes,
                "patch": entry.patch,
                "undone": False,
            }
            for entry in entries
        ]
        connection.execute(insert(self.journal_table), rows)

    def page(
        self, connection: Connection, run: Run, behind: int, rows: int, *, left: bool
    ) -> list[Entry]:
        """Return the next entries by number; with `left` only what is not taken back."""
        journal = self.journal_table
        query = select(journal).where(journal.c.run == run.id, journal.c.number > behind)
        if left:
            query = query.where(journal.c.undone.is_(False))
        found = connection.execute(query.order_by(journal.c.number).limit(rows))
        return [
            Entry(
                row.number, row.row_key, json.loads(row.before), json.loads(row.after),
                row.codes, row.patch,
            )
            for row in found
        ]  # fmt: skip

    def entries(self, connection: Connection, run: Run, *, left: bool) -> Iterator[Entry]:
        """Return the journal of a run in order."""
        behind = 0
        while page := self.page(connection, run, behind, _PAGE, left=left):
            yield from page
            behind = page[-1].number

    def mark_undone(self, connection: Connection, run: Run, numbers: Iterable[int]) -> None:
        """Remember that entries were taken back."""
        journal = self.journal_table
        wanted = list(numbers)
        for start in range(0, len(wanted), _PAGE):
            connection.execute(
                update(journal)
                .where(journal.c.run == run.id)
                .where(journal.c.number.in_(wanted[start : start + _PAGE]))
                .values(undone=True)
            )
