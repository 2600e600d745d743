"""The result of a Parquet file, one row group after the other."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flaglift.migrate.files.output import open_own, writing
from flaglift.migrate.files.parquet_columns import placed, replaced
from flaglift.migrate.files.parquet_decision import joined_changes
from flaglift.migrate.files.parquet_layout import kept_metadata, writer_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flaglift.migrate.files.format import Find, FindOnce
    from flaglift.migrate.files.parquet_decision import ColumnChanges
    from flaglift.migrate.files.parquet_reader import ParquetReader
    from flaglift.migrate.records import Chunk, Cursor, JournalEntry

Values = dict[str, dict[int, Any]]
"""New values by field and row, from 1 in the whole file."""


class ParquetResult:
    """Collects the changes of a row group, and writes it when it is complete.

    A Parquet file has its footer at the end, so half a file is useless: a resumed run starts
    the file over and replays earlier changes from the journal.
    """

    def __init__(self, form: ParquetReader, path: Path) -> None:
        self._form = form
        self._path = path
        self._values: Values = defaultdict(dict)
        self._columns: list[ColumnChanges] = []
        """The values of other rows, in their order."""
        schema = form.schema
        for field, column in form.to_create.items():
            schema = schema.append(pa.field(column, form.kind(field)))
        for column in form.added:
            schema = schema.remove(schema.get_field_index(column))
        self._schema = schema
        settings = writer_settings(form.file.metadata)
        self._stores_schema = settings["store_schema"]
        with writing(path):
            self._sink = open_own(path)
            self._writer = pq.ParquetWriter(self._sink, schema, **settings)

    def append(self, content: tuple[Values, ColumnChanges | None, tuple[range, int]]) -> None:
        """Take the new values of a chunk, and write the row groups that it completes."""
        values, columns, groups = content
        if columns:
            self._columns.append(columns)
        for field, new in values.items():
            self._values[field].update(new)
        self._write_groups(*groups)

    def restore(self, chunk: Chunk, find: Find) -> list[int]:
        """Undo the changes of a chunk; return their numbers in the journal."""
        numbers = []
        for entry, row in restorable(self._form, chunk, find):
            numbers.append(entry.number)
            self._take(entry.before, row)
        self._write_groups(*chunk.body)
        return numbers

    def _take(self, values: Mapping[str, Any], row: int) -> None:
        for field, value in values.items():
            self._values[field][row] = self._form.coerced(field, value)

    def replay(self, cursor: Cursor | None, done: Iterator[JournalEntry]) -> None:
        """Rewrite everything up to a cursor, from the journal."""
        group = 0 if cursor is None else cursor["at"][0]
        for entry in done:
            self._take(entry.after, json.loads(entry.patch or b"0"))
        row = 1
        for index in range(group):
            self._write_group(index, row)
            row += self._form.rows_of(index)

    def _write_groups(self, groups: range, first: int) -> None:
        """Write row groups; `first` is the first row of the first one."""
        for group in groups:
            self._write_group(group, first)
            first += self._form.rows_of(group)

    def _write_group(self, group: int, first: int) -> None:
        table = self._form.whole(group)
        rows = range(first, first + table.num_rows)
        changes = self._changes_before(rows.stop)
        table = changed_table(self._form, table, changes, first, self._schema)
        table = written_table(self._form, table, self._values, rows, self._schema)
        with writing(self._path):
            self._writer.write_table(table, row_group_size=max(1, table.num_rows))

    def _changes_before(self, row: int) -> ColumnChanges | None:
        """Remove and return the values for the rows before a row; None for none."""
        pairs = [changes.split(row) for changes in self._columns]
        self._columns = [after for _, after in pairs if len(after.rows)]
        return joined_changes([before for before, _ in pairs if len(before.rows)])

    def sync(self) -> int:
        """Return a value that asks for a replay; the bytes so far are not a file yet."""
        return 1

    def complete(self) -> None:
        """Write the footer, with all metadata of the source's, and sync the file to disk."""
        kept = kept_metadata(self._form.file.metadata)
        # With Arrow's schema in the footer, what belongs to the schema is written by the library.
        by_library = (self._schema.metadata or {}) if self._stores_schema else {}
        left = {key: value for key, value in kept.items() if key not in by_library}
        with writing(self._path):
            if left:
                self._writer.add_key_value_metadata(left)
            self._writer.close()
            self._sink.flush()
            os.fsync(self._sink.fileno())

    def close(self) -> None:
        """Close the file, complete or not."""
        with writing(self._path):
            self._writer.close()
            self._sink.close()


def changed_table(
    form: ParquetReader, table: Any, changes: ColumnChanges | None, first: int, schema: Any
) -> Any:
    """Return a row group with the columns to be added, and with values for its rows."""
    for field, column in form.to_create.items():
        if column not in table.schema.names:
            empty = pa.nulls(len(table), form.kind(field))
            table = table.append_column(schema.field(column), pa.chunked_array([empty]))
    if changes is not None:
        columns = form.columns | form.to_create
        indices = placed(pc.subtract(changes.rows, first), len(table))
        for field, new in changes.values.items():
            table = _with(table, columns[field], new, indices)
    return table


def written_table(form: ParquetReader, table: Any, values: Values, rows: range, schema: Any) -> Any:
    """Return a row group with the columns of a schema and new values, popped from `values`."""
    for field, column in (form.columns | form.to_create).items():
        given = _taken(values[field], rows)
        if given:
            places = sorted(given)
            indices = placed(pa.array(places, pa.int64()), len(rows))
            table = _with(table, column, [given[place] for place in places], indices)
    return table.select(schema.names).cast(schema) if form.added else table


def _with(table: Any, column: str, new: Any, indices: Any) -> Any:
    index = table.schema.get_field_index(column)
    done = replaced(table.column(column), new, indices)
    return table.set_column(index, table.schema.field(index), done)


def _taken(values: dict[int, Any], rows: range) -> dict[int, Any]:
    """Pop the values of some rows; return them by position within these rows."""
    wanted = [*values] if len(values) < len(rows) else rows
    return {row - rows.start: values.pop(row) for row in wanted if row in rows and row in values}


def restorable(form: ParquetReader, chunk: Chunk, find: Find) -> Iterable[tuple[JournalEntry, int]]:
    """Yield the entries of a chunk's rows that are as the run wrote them, and the rows."""
    taken: set[int] = set()
    entries = find(record.key for record in chunk.records)
    for record in chunk.records:
        for stored in record.prompts:
            now = {**stored.held, "text": stored.text}
            for entry in entries.get(record.key, ()):
                if entry.number not in taken and all(
                    form.holds(f, now.get(f), v) for f, v in entry.after.items()
                ):
                    taken.add(entry.number)
                    yield entry, record.body
                    break


def restored_table(form: ParquetReader, group: int, find: FindOnce) -> Any:
    """Return a row group with its changes undone, which uses their entries."""
    first = 1 + sum(form.rows_of(index) for index in range(group))
    table = form.table([group])
    rows = range(first, first + table.num_rows)
    values: Values = defaultdict(dict)
    chunk = form.read({"at": [group, 0, first]}, max(1, table.num_rows))
    for entry, row in restorable(form, chunk, find) if chunk else ():
        if row in rows:  # short row groups are read together
            find.use([entry.number])
            for field, value in entry.before.items():
                values[field][row] = form.coerced(field, value)
    names = [name for name in form.schema.names if name not in form.added]
    schema = pa.schema([form.schema.field(name) for name in names], form.schema.metadata)
    return written_table(form, table, values, rows, schema)
