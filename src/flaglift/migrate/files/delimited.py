"""CSV and TSV: only the cells that change are written, everything else stays as it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from flaglift.emit.form import form_value
from flaglift.errors import FlagliftError, InputError
from flaglift.lossless.delimited import (
    UNCLOSED,
    DelimitedRow,
    Dialect,
    can_hold,
    fault_of,
    sound_content,
    written,
)
from flaglift.migrate.files.byte_format import ByteFormat
from flaglift.migrate.files.delimited_header import no_column, read_header
from flaglift.migrate.files.delimited_rows import DelimitedRows, ProvenRow
from flaglift.migrate.files.delimited_shapes import DelimitedShapes
from flaglift.migrate.files.format import Format, RecordSplice
from flaglift.migrate.job import Job, missing_columns
from flaglift.migrate.records import Chunk, Cursor, Problem, RecordChange, Stored, StoredRecord
from flaglift.migrate.request import context_columns
from flaglift.migrate.shape_decision import ShapeDecider
from flaglift.syntax.concern import may_concern

_BLOCK = 2**20
_ENDLESS = (
    "longer than {:,} bytes, or a quote in it does not close; it and what follows it"
    " is skipped unchanged"
)
_MEND_FIRST = "with the new columns all rows will have as many: mend that row, or add them yourself"


class Delimited(ByteFormat):
    """A file of rows of cells, with a header. Row 1 is the header, as in a spreadsheet."""

    unit = "row"

    def __init__(self, job: Job, path: Path, dialect: Dialect | None = None) -> None:
        """Open the file. Raises `InputError` if the file or a column does not exist.

        The changed version of a file keeps the file's dialect, even if what identified the
        dialect is gone.
        """
        super().__init__(job, path)
        self.fields: frozenset[str] = frozenset(job.targets)
        self._added = 0
        self._restores = False
        try:
            header = read_header(self.source, job, path, dialect)
            self._dialect, self._header_end, self._names = header
            self._read_columns(self._dialect.delimiter)
        except BaseException:
            self.source.close()
            raise

    def _read_columns(self, delimiter: str) -> None:
        self._width = len(self._names)
        wanted = {"text": self.job.text, **self.job.targets}
        self._columns = {f: self._index(c) for f, c in wanted.items() if c in self._names}
        if "text" not in self._columns:
            hint = no_column(self._names, self.job.text, delimiter)
            raise InputError(f"{self.path}: {hint}")
        beside = context_columns(self._names, self.job)
        self._context = {field: self._index(column) for field, column in beside.items()}
        missing = {f: c for f, c in self.job.targets.items() if c not in self._names}
        self._key = None if self.job.key is None else self._index(self.job.key)
        self._missing = missing
        self.created: list[str] = list(missing.values()) if self.job.create_columns else []
        self.every_record: bool = bool(self.created)
        text = self._columns["text"]
        self._rows = DelimitedRows(self._dialect, self._width, text, self.job.encoding)
        self.layout: dict[str, Any] = {"created": self.created, "dialect": asdict(self._dialect)}

    def _value(self, raw: bytes) -> str:
        return sound_content(raw, self._dialect).decode(self.job.encoding)

    def _index(self, name: str) -> int:
        if self._names.count(name) != 1:
            how = "no column" if name not in self._names else "more than one column"
            raise InputError(f"{self.path}: has {how} `{name}`")
        return self._names.index(name)

    def notes(self) -> list[str]:
        """Return notes about missing columns."""
        if self.created:
            return [f"apply will add the columns {', '.join(self.created)}"]
        return [missing_columns(sorted(self._missing.values()))] if self._missing else []

    def check_writable(self) -> None:
        """Raise `InputError` if a column is missing and will not be added."""
        if self._missing and not self.created:
            raise InputError(f"{self.path}: {missing_columns(sorted(self._missing.values()))}")

    def fits(self, field: str, value: Any) -> str | None:
        """Return why a value cannot be written in the file's encoding; None if it can."""
        try:
            plain = form_value(value).encode(self.job.encoding)
        except UnicodeEncodeError:
            return f"`{field}` holds characters that {self.job.encoding} does not have"
        if not can_hold(plain, self._dialect):
            return f"`{field}` holds characters that a cell of this file cannot"
        return None

    def cut(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the next rows; the header is a chunk of its own."""
        if cursor is None:
            self.source.seek(0)
            header = self.source.read(self._header_end)
            return Chunk((), {"at": [len(header), 2]}, (), len(header), header)
        offset, number = cursor["at"]
        self.source.seek(offset)
        buffer = self.source.read(_BLOCK)
        if not buffer:
            return None
        count = position = 0
        final = endless = False
        while position < len(buffer) and count < rows and not endless:
            known, position = self._rows.count(buffer, position, rows - count)
            if known:
                count += known
                continue
            row = self._rows.at(buffer, position, final=final)
            if row is None and position and not final:
                break  # the next chunk begins with it
            if row is None and len(buffer) <= self.job.most_bytes:
                more = self.source.read(len(buffer))
                final = not more
                buffer += more
                continue
            endless = row is None or row.fault == UNCLOSED
            position = len(buffer) if row is None or endless else row.following
            count += 1
        numbers = range(number, number + count)
        end = {"at": [offset + position, numbers.stop]}
        return Chunk((), end, (), position, buffer[:position], unread=(numbers, endless))

    def parse(self, chunk: Chunk) -> Chunk:
        """Return rows with their cells."""
        if chunk.unread is None:
            return chunk
        numbers, endless = chunk.unread
        records: list[StoredRecord | Problem | None] = []
        changes, change = self.changing()
        proven: list[ProvenRow] = []
        position = 0
        for number in numbers[:-1] if endless else numbers:
            match = self._rows.match(chunk.body, position)
            if match and not self.every_record and (text := self._rows.text(match)):
                concerned = may_concern(text)
                done = change(match, text, number) if concerned and change else None
                if done or not concerned:
                    position = match.end()
                    proven += [done] if done else ()
                    records.append(None)
                    continue
            row = self._rows.at(chunk.body, position, final=True)
            if row is None:
                raise AssertionError("a row that was counted ends in its chunk")
            position = row.following
            if not row.blank:
                records.append(self._record(chunk.body, row, number))
        if endless:
            records.append(Problem(str(numbers[-1]), _ENDLESS.format(self.job.most_bytes)))
        self._rows.prove(proven)
        return changes.moved_from(chunk.holding(records))

    def new_shapes(self, decide: ShapeDecider) -> DelimitedShapes:
        """Return what changes rows by shape."""
        places = (self._columns, self._context, self._key)
        return DelimitedShapes(self.job, self._dialect, *places, decide)

    def _record(self, buffer: bytes, row: DelimitedRow, number: int) -> StoredRecord | Problem:
        fault = fault_of(row, self._width)
        if self.created and not row.fault and len(row.cells) == self._width + len(self.created):
            # It would be skipped, and nothing would tell it from the rows that got the columns.
            raise InputError(f"{self.path}: row {number} {fault}; {_MEND_FIRST}")
        if fault:
            return Problem(str(number), fault)
        where = slice(row.cells[0].start, row.end)
        if self._restores and not self._added and self._key is None:
            return StoredRecord(str(number), (), where)  # the journal has its values
        raw = [buffer[start:end] for start, end in row.cells]
        try:
            values = {f: self._value(raw[index]) for f, index in self._columns.items()}
            context = {f: self._value(raw[index]) for f, index in self._context.items()}
            key = None if self._key is None else self._value(raw[self._key])
        except UnicodeDecodeError as error:
            return Problem(
                str(number), f"is not {error.encoding}: byte 0x{error.object[error.start]:02x}"
            )
        text = values.pop("text")
        held = {**dict.fromkeys(self.job.targets), **values}
        prompts = (Stored("", text, held, context),) if text else ()
        return StoredRecord(key or str(number), prompts, where)

    def splices(self, chunk: Chunk, changes: Sequence[RecordChange]) -> list[RecordSplice]:
        """Return the new bytes of a chunk: with added columns, those of every row."""
        splices = self._splices(chunk, changes)
        self._rows.prove(
            [
                (chunk.body[start:end], new, self._values(change))
                for start, end, new, change in splices
                if not (self.created and change is None and start == end)
            ]
        )
        return splices

    def _splices(self, chunk: Chunk, changes: Sequence[RecordChange]) -> list[RecordSplice]:
        if not self.created:
            return super().splices(chunk, changes)
        if chunk.cursor["at"][1] == 2 and not chunk.records and not chunk.problems:
            return [self._added_header(chunk.body)]
        changed = {change.record.body.start: change for change in changes}
        return [
            RecordSplice(body.start, body.stop, self._row(chunk.body[body], change), change)
            for record in chunk.records
            for body in (record.body,)
            for change in (changed.get(body.start),)
        ]

    def _added_header(self, header: bytes) -> RecordSplice:
        end = len(header.rstrip(b"\r\n"))
        return RecordSplice(end, end, self._joined(self.created))

    def _joined(self, values: Iterable[str]) -> bytes:
        """Return new cells with a delimiter before each."""
        delimiter = self._dialect.delimiter.encode()
        return b"".join(delimiter + self._cell(value) for value in values)

    def _cell(self, value: str, *, like: bytes = b"", alone: bool = False) -> bytes:
        plain = value.encode(self.job.encoding)
        cell = written(plain, self._dialect, like=like, alone=alone)
        if cell is None:
            raise FlagliftError("a cell cannot hold what fitted it; please report this")
        return cell

    def render(self, old: bytes, change: RecordChange) -> bytes:
        """Return a row with what a change writes."""
        return self._row(old, change)

    def _row(self, old: bytes, change: RecordChange | None) -> bytes:
        writes = change.written[0].writes if change else {}
        cells = self._rows.cells(old)
        pieces: list[bytes] = []
        position = 0
        for field, index in sorted(self._columns.items(), key=lambda item: item[1]):
            if field in writes:
                start, end = cells[index]
                alone = self._width == 1 and not self.created
                new = self._cell(form_value(writes[field]), like=old[start:end], alone=alone)
                pieces += (old[position:start], new)
                position = end
        added = [form_value(writes.get(field, "")) for field in self._missing]
        tail = self._joined(added) if self.created else b""
        return b"".join((*pieces, old[position:], tail))

    def _values(self, change: RecordChange | None) -> dict[int, str]:
        """Return the values that a row has to have after a change, by column."""
        writes = change.written[0].writes if change else {}
        values = {
            self._columns[field]: form_value(value)
            for field, value in writes.items()
            if field in self._columns
        }
        added = enumerate(self._missing if self.created else (), self._width)
        return values | {index: form_value(writes.get(field, "")) for index, field in added}

    @classmethod
    def changed(cls, job: Job, path: Path, info: Mapping[str, Any]) -> Format:
        """Return the format of a file that a run has changed, with the columns that were added."""
        dialect = Dialect(**info["dialect"]) if "dialect" in info else None
        form = cls(replace(job, create_columns=False), path, dialect)
        form.every_record = form._restores = True
        form._added = len(info["created"])
        return form

    def restoring(self, chunk: Chunk, old: Mapping[int, bytes]) -> list[RecordSplice]:
        """Return the splices that restore old bytes and remove added columns."""
        if not self._added:
            return super().restoring(chunk, old)
        if chunk.cursor["at"][1] == 2 and not chunk.records and not chunk.problems:
            return [self._less_added(chunk.body, self._dialect.start)]
        return [
            RecordSplice(body.start, body.stop, old[body.start])
            if body.start in old
            else self._less_added(chunk.body, body.start)
            for record in chunk.records
            for body in (record.body,)
        ]

    def _less_added(self, body: bytes, start: int) -> RecordSplice:
        cells = self._rows.cells(body[start:])
        return RecordSplice(start + cells[-self._added].start - 1, start + cells[-1].end, b"")
