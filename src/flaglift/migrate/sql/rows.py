"""Reads and writes rows of a table of prompts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    bindparam,
    cast,
    select,
    text,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.sql.sqltypes import JSON, Enum, Integer, String

from flaglift.emit.form import form_value
from flaglift.errors import InputError
from flaglift.migrate.json_document import JsonDocuments
from flaglift.migrate.records import Change, Problem, Record, Stored
from flaglift.migrate.sql.keys import key_text
from flaglift.migrate.sql.table import PromptTable, room

Row = Mapping[str, Any]
"""The values of a row by field; the document as `text` if it is JSON."""
_MOST_KEYS = 500


class Rows:
    """The rows of a table, as records and back."""

    def __init__(self, found: PromptTable, dialect: str) -> None:
        """Prepare it. Raises `InputError` for a path that is none."""
        self.found = found
        self._dialect = dialect
        job = found.job
        try:
            self._documents = JsonDocuments(job.text, job.targets) if found.is_json else None
        except ValueError as error:
            raise InputError(str(error)) from None
        self._where = (
            None if job.where is None else text(f"({job.where.replace(':', chr(92) + ':')})")
        )

    def select(self, connection: Connection, after: Sequence[Any] | None, rows: int) -> list[Any]:
        """Return the next rows behind a key: pairs of key and values."""
        query = self._query().where(*self.found.keyed())
        if after is not None:
            query = query.where(self.found.after(after))
        if self._where is not None:
            query = query.where(self._where)
        return self._pairs(connection.execute(query.order_by(*self.found.key).limit(rows)))

    def lock(self, connection: Connection, keys: Sequence[Sequence[Any]]) -> dict[str, Row]:
        """Return rows by the text of their keys, and keep others from changing them."""
        return self._of_keys(connection, keys, lock=True)

    def read_keys(self, connection: Connection, keys: Sequence[Sequence[Any]]) -> dict[str, Row]:
        """Return rows by the text of their keys."""
        return self._of_keys(connection, keys, lock=False)

    def _of_keys(
        self, connection: Connection, keys: Sequence[Sequence[Any]], *, lock: bool
    ) -> dict[str, Row]:
        columns = self.found.key
        rows: dict[str, Row] = {}
        for start in range(0, len(keys), _MOST_KEYS):
            page = keys[start : start + _MOST_KEYS]
            if len(columns) == 1:
                wanted: ColumnElement[bool] = columns[0].in_([key[0] for key in page])
            else:
                wanted = tuple_(*columns).in_(page)
            query = self._query().where(wanted).order_by(*columns)
            query = query.with_for_update() if lock else query
            rows |= {key_text(k): values for k, values in self._pairs(connection.execute(query))}
        return rows

    def _query(self) -> Any:
        key = [column.label(f"k{index}") for index, column in enumerate(self.found.key)]
        names = self.found.columns
        return select(*key, *(self.found.read(n, self._dialect).label(f"v_{n}") for n in names))

    def _pairs(self, result: Iterable[Any]) -> list[tuple[tuple[Any, ...], Row]]:
        width = len(self.found.key)
        names = list(self.found.columns)
        return [(tuple(r[:width]), dict(zip(names, r[width:], strict=True))) for r in result]

    def record(self, key: tuple[Any, ...], values: Row) -> Record | Problem:
        """Return a row as a record, or what is wrong with it."""
        name = key_text(key)
        try:
            return Record(name, self._prompts(values), (key, values))
        except ValueError as error:
            return Problem(name, str(error))

    def _prompts(self, values: Row) -> tuple[Stored, ...]:
        value = values["text"]
        column = self.found.columns["text"].name
        if value is None:
            return ()
        if not isinstance(value, str):
            raise ValueError(f"`{column}` holds {type(value).__name__}, not text")  # noqa: TRY004
        try:
            data = value.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"`{column}` is not UTF-8 at character {error.start + 1}") from None
        if self._documents is not None:
            return self._documents.read(data)
        held = {name: values.get(name) for name in self.found.job.targets}
        return (Stored("", value, held),)

    def new_values(self, change: Change) -> dict[str, Any]:
        """Return what a change writes, by field, as the columns take it."""
        if self._documents is not None:
            data = change.record.body[1]["text"].encode()
            return {"text": self._documents.write(data, change.written).decode()}
        (verdict,) = change.written
        return {name: self.coerced(name, value) for name, value in verdict.writes.items()}

    def coerced(self, name: str, value: Any) -> Any:
        """Return a field's value as its column takes it."""
        kind = self.found.columns[name].type
        if isinstance(kind, String) and value is not None:
            return form_value(value)
        return int(value) if isinstance(kind, Integer) and value is not None else value

    def fits(self, name: str, value: Any) -> str | None:
        """Return why a column cannot hold a value; None if it can."""
        column = self.found.columns.get(name)
        if column is None or self.found.is_json:
            return None
        try:
            coerced = self.coerced(name, value)
        except ValueError:
            return f"`{name}` is no number, and the column `{column.name}` takes only those"
        if isinstance(column.type, Enum) and coerced not in column.type.enums:
            return f"the column `{column.name}` does not take this `{name}`"
        most = room(column)
        if most is not None and len(str(coerced)) > most:
            return f"`{name}` is longer than the {most} characters of the column `{column.name}`"
        return None

    def update(
        self, connection: Connection, changes: Iterable[tuple[Sequence[Any], Mapping[str, Any]]]
    ) -> None:
        """Write values into locked rows, by key.

        Raises `InputError`, which undoes the whole step, where the database leaves a row as it was.
        """
        groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for key, values in changes:
            parameters = {f"k{index}": part for index, part in enumerate(key)}
            parameters |= {f"v_{name}": value for name, value in values.items()}
            groups[tuple(values)].append(parameters)
        for names, rows in groups.items():
            statement = (
                update(self.found.table)
                .where(*(c == bindparam(f"k{i}") for i, c in enumerate(self.found.key)))
                .values({self.found.columns[name]: self._bound(name) for name in names})
            )
            done = connection.execute(statement, rows)
            if done.rowcount != len(rows):
                raise InputError(
                    f"the database changed {done.rowcount} of {len(rows)} rows of"
                    f" `{self.found.table.name}`; does a trigger or a rule hold the others back?"
                )

    def _bound(self, name: str) -> ColumnElement[Any]:
        column = self.found.columns[name]
        if not isinstance(column.type, JSON):
            return bindparam(f"v_{name}", type_=column.type)
        value = bindparam(f"v_{name}", type_=Text)
        if self._dialect == "postgresql":
            return cast(value, column.type)
        return type_coerce(value, Text)
