"""Parquet as a format of the file store: same layout, restored and compared by value."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from flaglift.errors import InputError
from flaglift.migrate.entries import entry_of
from flaglift.migrate.errors import missing_extra
from flaglift.migrate.files.format import Find, FindOnce, Format, MadeChunk
from flaglift.migrate.files.ledger_blocks import PackedEntries
from flaglift.migrate.job import Job, missing_columns
from flaglift.migrate.records import Chunk, Cursor, JournalEntry, RecordChange

try:
    import pyarrow  # noqa: F401 (the modules below need it)
except ImportError:
    raise missing_extra("parquet", "a .parquet file") from None

from flaglift.migrate.files.parquet_columns import same
from flaglift.migrate.files.parquet_decision import ColumnChanges
from flaglift.migrate.files.parquet_entries import packed_table
from flaglift.migrate.files.parquet_layout import kept_metadata, layout_notes
from flaglift.migrate.files.parquet_reader import ParquetReader
from flaglift.migrate.files.parquet_writer import ParquetResult, Values, restored_table


class ParquetFormat(ParquetReader):
    """Plans, writes and restores a Parquet file."""

    unit = "row"
    exact = False
    created: Sequence[str]

    def __init__(self, job: Job, path: Path) -> None:
        """Open the file. Raises `InputError` if it is damaged or a column does not exist."""
        super().__init__(job, path)
        self.fields: frozenset[str] | None = frozenset(job.targets)
        self.created = list(self.to_create.values())
        self.layout: dict[str, list[str]] = {"created": self.created}

    def notes(self) -> list[str]:
        """Return notes about missing columns."""
        said = layout_notes(self.file.metadata)
        said += [
            f"the column {name} is written as {kind}, so that it can hold all values"
            for name, kind in zip(self.schema.names, self.schema.types, strict=True)
            if not kind.equals(self.file.schema_arrow.field(name).type)
        ]
        if self.created:
            said.append(f"apply will add the columns {', '.join(self.created)}")
        elif self.missing:
            said.append(missing_columns(sorted(self.missing.values())))
        return said

    def check_writable(self) -> None:
        """Raise `InputError` if a column is missing and will not be added."""
        if self.missing and not self.created:
            raise InputError(f"{self.path}: {missing_columns(sorted(self.missing.values()))}")

    def total(self) -> tuple[str, int] | None:
        """Return the rows of the file."""
        return "records", self.file.metadata.num_rows

    def made(self, chunk: Chunk, changes: Sequence[RecordChange]) -> MadeChunk:
        """Return the new values of a chunk, and the journal's entries, each with its row."""
        values: Values = defaultdict(dict)
        for change in changes:
            for field, value in change.written[0].writes.items():
                values[field][change.record.body] = self.coerced(field, value)
        entries = [entry_of(0, change, b"%d" % change.record.body) for change in changes]
        packed = PackedEntries.of(entries, numbered=self.job.key is None)
        columns: ColumnChanges | None = chunk.columns and chunk.columns.content
        if columns and len(columns.rows):
            packed = PackedEntries.with_columns(packed_table(columns.entries), columns.keys, packed)
            columns = columns._replace(entries=None)
        return MadeChunk((values, columns, chunk.body), packed)

    def writer(
        self, path: Path, written: int, cursor: Cursor | None, done: Iterator[JournalEntry]
    ) -> ParquetResult:
        """Begin a result file; work done before is replayed from the journal."""
        result = ParquetResult(self, path)
        if written:
            result.replay(cursor, done)
        return result

    @classmethod
    def changed(cls, job: Job, path: Path, info: Mapping[str, Any]) -> Format:
        """Return the format of a file that a run has changed."""
        form = cls(replace(job, create_columns=False), path)
        form.added = list(info["created"])
        form.every_record = True
        return form

    def proof(self, find: Find, original: Path, info: dict[str, Any]) -> bool | None:  # noqa: ARG002
        """Return whether undoing its changes restores the original; None without one."""
        if not original.exists():
            return None
        other = ParquetFormat(self.job, original)
        find_once = FindOnce(find)
        try:
            same_kept = kept_metadata(self.file.metadata) == kept_metadata(other.file.metadata)
            groups = self.file.metadata.num_row_groups
            return (
                same_kept
                and groups == other.file.metadata.num_row_groups
                and all(
                    _same_tables(restored_table(self, group, find_once), other.table([group]))
                    for group in range(groups)
                )
            )
        finally:
            other.close()


def _same_tables(one: Any, other: Any) -> bool:
    return one.schema.equals(other.schema) and all(
        same(a, b) for a, b in zip(one.columns, other.columns, strict=True)
    )
