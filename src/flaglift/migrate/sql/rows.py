"""Reads and writes rows of a table of prompts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    TextClause,
    cast,
    func,
    not_,
    select,
    text,
    type_coerce,
)
from sqlalchemy.sql.sqltypes import Text

from flaglift.errors import InputError
from flaglift.migrate.json_document import JsonDocuments
from flaglift.migrate.records import Problem, RecordChange, Stored, StoredRecord
from flaglift.migrate.sql.capacity import coerced, context_value, plain_value, reason_not_to_take
from flaglift.migrate.sql.connection import own_zone
from flaglift.migrate.sql.fetching import Row, by_key, fetched
from flaglift.migrate.sql.key_columns import RAW
from flaglift.migrate.sql.keys import has_surrogates, key_text
from flaglift.migrate.sql.reflection import stored_type
from flaglift.migrate.sql.table import PromptTable
from flaglift.migrate.sql.updates import Values, Write, update_alike_rows, update_rows
from flaglift.syntax.concern import may_concern

_MOST_KEYS = 1000
_NEIGHBOURS = 100
"""How many keys on each side of a position to search for a key that was rounded."""


class Rows:
    """The rows of a table, as records and back."""

    def __init__(self, table: PromptTable, dialect: str) -> None:
        """Prepare it. Raises `InputError` for an invalid path."""
        self.source = table
        self._dialect = dialect
        self.take_any_text: frozenset[str] = frozenset(
            name
            for name, column in table.columns.items()
            if isinstance(kind := stored_type(column), Text) and kind.length is None
            if column.name not in table.charsets
        )
        """The fields whose columns can hold any text."""
        job = table.job
        self._width = len(table.key.columns)
        names = [*table.columns, *map(_beside, table.context)]
        self.places: dict[str, int] = {n: i for i, n in enumerate(names, self._width)}
        """The position of each field's value in a row; a JSON document counts as `text`."""
        self._held = [(n, table.columns[n], self.places[n]) for n in job.targets if n in names]
        self._context = [(n, c, self.places[_beside(n)]) for n, c in table.context.items()]
        try:
            self._documents = JsonDocuments(job.text, job.targets) if table.is_json else None
        except ValueError as error:
            raise InputError(str(error)) from None
        # The newline ends a comment in it before the rest of the statement.
        escaped = (job.where or "").replace(":", "\\:")
        self.where: TextClause | None = None if job.where is None else text(f"({escaped}\n)")

    def select(
        self,
        connection: Connection,
        between: Sequence[ColumnElement[bool]],
        rows: int,
        columns: Sequence[ColumnElement[Any]] | None = None,
    ) -> list[Row]:
        """Return the next rows `between` keys; with `columns`, those instead of the fields.

        Raises `InputError` if several rows have one key.
        """
        query = self._query(columns).where(*self.source.key.present(), *between)
        if self.where is not None:
            query = query.where(self.where)
        # One more than asked for: two rows of one key could be the last and the first of two pages.
        query = query.order_by(*self.source.key.order).limit(rows + 1)
        found = fetched(connection, query)
        by_key(found, self._width)
        return found[:rows]

    def select_flagged(
        self, connection: Connection, between: Sequence[ColumnElement[bool]], rows: int
    ) -> tuple[list[Row], list[Row]]:
        """Return the next rows `between` keys, as keys only, and those that may have flags.

        The others have no double dash, so there is nothing to translate: most of a migrated
        table need not be transferred. JSON documents are all read, because only reading tells
        whether one is valid, and so are all texts if fixes may turn other dashes into flags.
        """
        if self.source.is_json or self.source.job.mending:
            whole_rows = self.select(connection, between, rows)
            return whole_rows, whole_rows
        passed = self.select(connection, between, rows, [self.has_dashes().label("flagged")])
        flagged = [self.key(row) for row in passed if row[-1]]
        rows_read = self.read_keys(connection, [key for key in flagged if is_sound(key)])
        if len(rows_read) < len(flagged):  # keys not found by `=` have to be reported, too
            whole = {self.key(row): row for row in self.select(connection, between, rows)}
            rows_read = {key: whole[key] for key in flagged if key in whole}
        return passed, list(rows_read.values())

    def lock(self, connection: Connection, keys: Sequence[Sequence[Any]]) -> dict[Row, Row]:
        """Return rows by their keys, in key order, and lock them."""
        return self._of_keys(connection, keys, lock=True)

    def read_keys(self, connection: Connection, keys: Sequence[Sequence[Any]]) -> dict[Row, Row]:
        """Return rows by their keys, in key order."""
        return self._of_keys(connection, keys, lock=False)

    def version(self, connection: Connection) -> Any:
        """Return what differs after a commit of any other connection; None if nothing tells."""
        if self._dialect != "sqlite":
            return None
        number = connection.exec_driver_sql("PRAGMA data_version").scalar()
        return connection.connection.driver_connection, number  # two connections do not compare

    def is_there(self, connection: Connection, key: Sequence[Any]) -> bool:
        """Return whether a row that `=` does not find exists at its key's position in the order."""
        after = self.source.key.after(key)
        return any(
            key_text(other) == key_text(key)
            for side, backwards in ((after, False), (not_(after), True))
            for other in self.keys(connection, side, most=_NEIGHBOURS, backwards=backwards)
        )

    def keys(
        self,
        connection: Connection,
        *conditions: ColumnElement[bool],
        most: int,
        backwards: bool = False,
    ) -> list[tuple[Any, ...]]:
        """Return the first keys that meet conditions, or the last ones, from the end."""
        key = self.source.key
        order = [column.desc() for column in key.order] if backwards else key.order
        query = select(*(column.read for column in key.columns))
        query = self._own(query.where(*key.present(), *conditions).order_by(*order).limit(most))
        return [tuple(row) for row in connection.execute(query)]

    def _of_keys(
        self, connection: Connection, keys: Sequence[Sequence[Any]], *, lock: bool
    ) -> dict[Row, Row]:
        rows: dict[Row, Row] = {}
        for start in range(0, len(keys), _MOST_KEYS):
            wanted = self.source.key.among(keys[start : start + _MOST_KEYS])
            query = self._query().where(wanted).order_by(*self.source.key.order)
            query = query.with_for_update() if lock else query
            rows |= by_key(fetched(connection, query), self._width)
        return rows

    def key(self, row: Row) -> Row:
        """Return the key of a row."""
        return row[: self._width]

    def _query(self, columns: Sequence[ColumnElement[Any]] | None = None) -> Any:
        key = [c.read.label(f"k{index}") for index, c in enumerate(self.source.key.columns)]
        if columns is None:
            read = {n: self.source.read(n, self._dialect) for n in self.source.columns}
            beside = self.source.context.items()
            read |= {_beside(name): type_coerce(column, RAW) for name, column in beside}
            columns = [column.label(f"v_{name}") for name, column in read.items()]
        return self._own(select(*key, *columns))

    def _own(self, query: Any) -> Any:
        """Return a query without the rows of child tables."""
        return (
            query.with_hint(self.source.table, "ONLY", "postgresql") if self.source.only else query
        )

    def has_dashes(self) -> ColumnElement[bool]:
        """Return the condition that a text holds two hyphens, without which it has no flag."""
        column = self.source.columns["text"]
        match self._dialect:
            case "postgresql":
                return func.strpos(cast(column, Text).collate("C"), "--") > 0
            case "sqlite":
                return func.instr(cast(column, Text), "--") > 0
            case _:
                return func.locate("--", column) > 0

    def record(self, row: Row) -> StoredRecord | Problem:
        """Return a row as a record, or the problem with it."""
        key = self.key(row)
        name = key_text(key)
        if not is_sound(key):
            return Problem(name, "its key is not UTF-8, and so cannot be written to")
        try:
            return StoredRecord(name, self._prompts(row), row)
        except ValueError as error:
            return Problem(name, str(error))

    def is_plain(self, row: Row) -> bool:
        """Return whether a row has a single prompt, without anything like a flag."""
        value = self.text(row)
        if self._documents is not None:
            return False
        if isinstance(value, str):
            return (
                value.isascii()
                and not may_concern(value)
                and all(part.isascii() for part in self.key(row) if isinstance(part, str))
            )
        return isinstance(value, (int, float))  # from SQLite, for a prompt of digits

    def places_beside(self, context: Iterable[str]) -> list[int]:
        """Return the positions of the targets' values, and of those of some context fields."""
        held = [place for _, _, place in self._held]
        return [*held, *(self.places[_beside(name)] for name in context)]

    def value(self, row: Row, name: str) -> Any:
        """Return the value of a field; None if its column no longer exists."""
        place = self.places.get(name)
        return None if place is None else row[place]

    def text(self, row: Row) -> Any:
        """Return the prompt of a row, or the document."""
        return row[self._width]

    def _prompts(self, row: Row) -> tuple[Stored, ...]:
        value = self.text(row)
        column = self.source.columns["text"].name
        if value is None:
            return ()
        if not isinstance(value, str):
            raise ValueError(f"`{column}` holds {type(value).__name__}, not text")  # noqa: TRY004
        if self._documents is not None:
            return self._documents.read(self._encoded(value))
        if not value.isascii():
            self._encoded(value)
        held: dict[str, Any] = dict.fromkeys(self.source.job.targets)
        for name, kind, place in self._held:
            if row[place] is not None:
                held[name] = plain_value(kind, row[place])
        context = {name: context_value(column, row[place]) for name, column, place in self._context}
        return (Stored("", value, held, context),)

    def _encoded(self, value: str) -> bytes:
        try:
            return value.encode()
        except UnicodeEncodeError as error:
            column = self.source.columns["text"].name
            raise ValueError(f"`{column}` is not UTF-8 at character {error.start + 1}") from None

    def new_values(self, change: RecordChange) -> dict[str, Any]:
        """Return the values that a change writes, by field, converted for the columns."""
        if self._documents is not None:
            data = self.text(change.record.body).encode()
            return {"text": self._documents.write(data, change.written).decode()}
        (verdict,) = change.written
        columns = self.source.columns
        return {name: coerced(columns[name], value) for name, value in verdict.writes.items()}

    def fits(self, name: str, value: Any) -> str | None:
        """Return why a column cannot hold a value; None if it can."""
        if name in self.take_any_text and isinstance(value, str):
            return None
        column = self.source.columns.get(name)
        if column is None or self.source.is_json:
            return None
        charset = self.source.charsets.get(column.name)
        return reason_not_to_take(column, name, value, self._dialect, charset)

    def update(self, connection: Connection, writes: Iterable[tuple[Row, Values]]) -> int:
        """Write values into locked rows, by key; return how many rows the database changed."""
        groups: dict[tuple[str, ...], list[Write]] = defaultdict(list)
        for key, values in writes:
            groups[tuple(values)].append((*values.values(), *key))
        self._check_constraints(connection)
        with own_zone(connection, self.source.key.spelling):
            return sum(
                update_rows(connection, self.source, names, group)
                for names, group in groups.items()
            )

    def update_alike(
        self, connection: Connection, names: Sequence[str], writes: Sequence[Write]
    ) -> int:
        """Write values of the same fields, to be read again and compared."""
        self._check_constraints(connection)
        with own_zone(connection, self.source.key.spelling):
            return update_alike_rows(connection, self.source, names, writes)

    def _check_constraints(self, connection: Connection) -> None:
        if self.source.deferred:  # otherwise a refused row would fail the whole chunk
            connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")


def is_sound(key: Row) -> bool:
    """Return whether a row can be updated by its key."""
    return not any(isinstance(part, str) and has_surrogates(part) for part in key)


def _beside(name: str) -> str:
    """Return the label of a value without a column in the job."""
    return f"beside_{name}"
