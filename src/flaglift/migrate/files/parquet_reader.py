"""Reads a Parquet file in pieces of a row group, and converts the values of its columns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flaglift.context import stated
from flaglift.emit.form import agree, form_value, number_of
from flaglift.errors import InputError
from flaglift.migrate.files.parquet_columns import (
    chosen,
    is_text,
    plain,
    raw_texts,
    text_bytes,
    values_of,
    wide,
)
from flaglift.migrate.files.parquet_decision import ColumnDecider, RowDecisions
from flaglift.migrate.job import Job
from flaglift.migrate.records import Chunk, Cursor, Problem, Stored, StoredRecord
from flaglift.migrate.request import context_columns
from flaglift.spelling import nearest
from flaglift.syntax.concern import may_concern
from flaglift.syntax.flags import FIELD_FLAGS, ValueKind

_Lists = Mapping[str, Sequence[Any]]
"""The values of a part of a table by field, row by row."""


class ParquetReader:
    """A Parquet file. A record's key is its row, from 1.

    A chunk is a part of a row group, or several short ones.
    """

    def __init__(self, job: Job, path: Path) -> None:
        """Open the file. Raises `InputError` if it is damaged or a column does not exist."""
        self.job = job
        self.path = path
        self.file: pq.ParquetFile = self._opened()
        self.schema: pa.Schema = _widened(self.file.schema_arrow, {job.text, *job.targets.values()})
        names = self.schema.names
        self._check_columns()
        self.missing: dict[str, str] = {f: c for f, c in job.targets.items() if c not in names}
        self.to_create: dict[str, str] = self.missing if job.create_columns else {}
        self.columns: dict[str, str] = {
            f: c for f, c in {"text": job.text, **job.targets}.items() if c in names
        }
        self._context = context_columns(names, job)
        self.every_record = False
        """Whether prompts without anything like a flag are read as records, too."""
        self._kinds: dict[str, tuple[Any, bool]] = {}
        self.added: list[str] = []
        """The columns that a run added to this file, to be dropped when it is undone."""
        self._loaded: tuple[range, Any] | None = None
        self.by_columns = False
        self._decider: ColumnDecider | None = None

    def _opened(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(_openable(self.path))
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(f"{self.path}: not a whole Parquet file: {error}") from None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "file": None, "_loaded": None, "_decider": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.file = self._opened()

    def _check_columns(self) -> None:
        names = self.schema.names
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"{self.path}: has more than one column `{name}`; rename one")
        for name in (self.job.text, self.job.key):
            if name is not None and name not in names:
                close = nearest(name, names)
                hint = f"did you mean `{close}`?" if close else f"it has {', '.join(names)}"
                raise InputError(f"{self.path}: has no column `{name}`; {hint}")
        if not is_text(self.schema.field(self.job.text).type):
            kind = self.schema.field(self.job.text).type
            raise InputError(f"{self.path}: `{self.job.text}` is of the type {kind}, not text")

    def cut(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the range of the next rows: a part of a row group, or several short ones."""
        group, start, first = (0, 0, 1) if cursor is None else cursor["at"]
        groups = self._together(group, rows)
        if not groups:
            return None
        total = sum(map(self.rows_of, groups))
        count = max(0, min(rows, total - start))
        done = start + count >= total
        following = [groups.stop, 0] if done else [group, start + count]
        return Chunk(
            records=(),
            cursor={"at": [*following, first + count]},
            body=(groups if done else range(0), first - start),
            unread=(groups, start, count, first),
        )

    def read(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the next rows; None at the end."""
        chunk = self.cut(cursor, rows)
        return chunk and self.parse(chunk)

    def parse(self, chunk: Chunk) -> Chunk:
        """Return rows with their values. Raises `InputError` if their row group is damaged."""
        groups, start, count, first = chunk.unread
        part = self._loaded_groups(groups).slice(start, count)
        size = text_bytes(part.column(self.columns["text"]))
        rows: Sequence[int] = range(first, first + count)
        decided = self._decide(part, first) if self.by_columns else None
        if decided is None:
            return chunk._replace(size=size).holding(self._records(part, rows))
        rows = pc.add(pc.indices_nonzero(decided.left).cast(pa.int64()), first).to_pylist()
        if rows:
            columns = [chosen(column, decided.left) for column in part.columns]
            part = pa.table(columns, part.schema.names)
        left = chunk.holding(self._records(part, rows) if rows else ())
        plain = left.plain + decided.plain
        return left._replace(size=size, plain=plain, columns=decided.columns)

    def _decide(self, part: Any, first: int) -> RowDecisions | None:
        if self._decider is None:
            self._decider = ColumnDecider(self, self._context)
        return self._decider(part, first)

    def _records(self, part: Any, rows: Sequence[int]) -> Iterator[StoredRecord | Problem | None]:
        texts = raw_texts(part.column(self.columns["text"]))
        targets = {f: c for f, c in self.columns.items() if f != "text"}
        beside = _values_of(part, targets, _held), _values_of(part, self._context, stated)
        keys = values_of(part.column(self.job.key)) if self.job.key else [None] * len(rows)
        for place, (row, text, key) in enumerate(zip(rows, texts, keys, strict=True)):
            yield self._record(row, place, text, beside, key)

    def rows_of(self, group: int) -> int:
        """Return the number of rows in a row group."""
        return int(self.file.metadata.row_group(group).num_rows)

    def _together(self, group: int, rows: int) -> range:
        """Return the row groups that are read at once: one, and others while all of them fit."""
        end, count = group, 0
        while end < self.file.metadata.num_row_groups:
            count += self.rows_of(end)
            if end > group and count > rows:
                break
            end += 1
        return range(group, end)

    def _loaded_groups(self, groups: range) -> Any:
        if self._loaded is None or self._loaded[0] != groups:
            wanted = {*self.columns.values(), *self._context.values()}
            wanted |= {self.job.key} if self.job.key else set()
            self._loaded = groups, self.table(groups, sorted(wanted))
        return self._loaded[1]

    def whole(self, group: int) -> Any:
        """Return a row group with all columns, not read again if all of them were read."""
        if self._loaded is not None and self._loaded[0] == range(group, group + 1):
            loaded = self._loaded[1]
            if len(loaded.schema) == len(self.schema):
                return loaded.select(self.schema.names)
        return self.table([group])

    def table(self, groups: Sequence[int], columns: list[str] | None = None) -> Any:
        """Return row groups as one table. Raises `InputError` if one is damaged."""
        try:
            table = self.file.read_row_groups(groups, columns=columns)
            fields = [self.schema.field(name) for name in table.schema.names]
            return table.cast(pa.schema(fields, table.schema.metadata))
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{self.path}: row group {groups[0]} is damaged: {error}") from None

    def _record(
        self, row: int, place: int, text: bytes | None, beside: tuple[_Lists, _Lists], key: Any
    ) -> StoredRecord | Problem | None:
        if text is None:
            return StoredRecord(str(row if key is None else key), (), row)
        try:
            prompt = text.decode()
        except UnicodeDecodeError as error:
            return Problem(
                str(row), f"not UTF-8: byte {error.start + 1} is 0x{text[error.start]:02x}"
            )
        if not self.every_record and not may_concern(prompt):
            return None
        held, context = ({field: v[place] for field, v in lists.items()} for lists in beside)
        stored = Stored("", prompt, {**dict.fromkeys(self.job.targets), **held}, context)
        return StoredRecord(str(row if key is None else key), (stored,), row)

    def kind(self, field: str) -> Any:
        """Return the type of a field's column, even if the column has yet to be added."""
        return self.column_kind(field)[0]

    def column_kind(self, field: str) -> tuple[Any, bool]:
        """Return the type and whether it is a text type, cached: called for every value."""
        known = self._kinds.get(field)
        if known is None:
            flag = FIELD_FLAGS.get(field)
            kind = pa.int64() if flag and flag.kind is ValueKind.WHOLE_NUMBER else pa.string()
            if field in self.columns:
                kind = self.schema.field(self.columns[field]).type
            known = self._kinds[field] = kind, is_text(kind)
        return known

    def plain_kind(self, field: str) -> Any:
        """Return a type for new values of a field; `replaced` makes those of the column of them."""
        kind, text = self.column_kind(field)
        return pa.string() if text else kind

    def coerced(self, field: str, value: Any) -> Any:
        """Convert a field's value to its column's type. Raises `ValueError` if it cannot."""
        if value is None:
            return None
        kind, text = self.column_kind(field)
        if text:
            return form_value(value)
        if pa.types.is_duration(kind):
            return timedelta(seconds=number_of(value, whole=True))
        if pa.types.is_temporal(kind):
            raise ValueError("not a time")
        if pa.types.is_boolean(kind):
            return bool(value) if value in (True, False) else value
        whole = pa.types.is_integer(kind)
        return number_of(value, whole=whole) if whole or isinstance(value, bool) else value

    def fits(self, field: str, value: Any) -> str | None:
        """Return why a field's column cannot hold a value; None if it can."""
        kind, text = self.column_kind(field)
        reason = f"the column for `{field}` is of the type {kind}"
        # A list would take the characters of a text, and Arrow's JSON one that is no JSON.
        if pa.types.is_nested(kind) or isinstance(kind, pa.BaseExtensionType):
            return reason
        try:
            if isinstance(value, str) and text:
                value.encode()
            else:
                (made,) = pa.array([self.coerced(field, value)], kind).to_pylist()
                if isinstance(made, bytes):  # which a prompt's text would not be found in again
                    return reason
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            return reason
        return None

    def holds(self, field: str, held: Any, value: Any) -> bool:
        """Return whether a column's value is what storing a field's value there results in."""
        if held is None or agree(held, value):
            return held is not None
        made = pa.array([self.coerced(field, value)], self.kind(field)).to_pylist()
        return bool(held == plain(made[0]))

    def close(self) -> None:
        """Close the file."""
        self.file.close(force=True)  # also one that was opened for it


def _values_of(table: Any, columns: Mapping[str, str], read: Callable[[Any], Any]) -> _Lists:
    """Return the values of columns by field, row by row."""
    return {field: _values(table.column(column), read) for field, column in columns.items()}


def _held(value: Any) -> Any:
    """Return a value as stored in a target: an empty text is restored as such."""
    return value if isinstance(value, str) else stated(value)


def _values(column: Any, read: Callable[[Any], Any]) -> list[Any]:
    if column.null_count == len(column):  # typical of targets before a migration
        return [None] * len(column)
    return [read(plain(value)) for value in values_of(column)]


def _widened(schema: Any, written: set[str]) -> Any:
    """Return a schema with room for new values in the columns that are written."""
    fields = [
        field.with_type(wide(field.type)) if field.name in written else field for field in schema
    ]
    return pa.schema(fields, schema.metadata)


def _openable(path: Path) -> Any:
    """Return something pyarrow can open: it rejects names that are not UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return path.open("rb")
    return path
