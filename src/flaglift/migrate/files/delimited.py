"""CSV and TSV: only the cells that change are written, everything else stays as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from flaglift.emit.form import form_value
from flaglift.errors import InputError
from flaglift.migrate.files.byte_format import ByteFormat
from flaglift.migrate.files.cells import Cell, Cells
from flaglift.migrate.files.format import Format, Splice
from flaglift.migrate.job import Job, missing_columns
from flaglift.migrate.records import Change, Chunk, Cursor, Problem, Record, Stored
from flaglift.spelling import nearest

_BLOCK = 2**20
_BOM = b"\xef\xbb\xbf"
_WIDE = ("utf16", "utf32", "utf7")


class Delimited(ByteFormat):
    """A file of rows of cells, with a header. Row 1 is the header, as in a spreadsheet."""

    unit = "row"

    def __init__(self, job: Job, path: Path) -> None:
        """Prepare it. Raises `InputError` where the file or a column is not there."""
        super().__init__(job, path)
        self.fields = frozenset(job.targets)
        tab = path.name.lower().removesuffix(".gz").removesuffix(".zst").endswith(".tsv")
        delimiter = job.delimiter or ("\t" if tab else ",")
        _check(delimiter, job.encoding)
        self._cells = Cells(delimiter, job.encoding)
        self._added = 0
        try:
            self._read_columns(delimiter)
        except BaseException:
            self.source.close()
            raise

    def _read_columns(self, delimiter: str) -> None:
        self._header_end, self._names = self._header()
        self._width = len(self._names)
        wanted = {"text": self.job.text, **self.job.targets}
        self._columns = {f: self._index(c) for f, c in wanted.items() if c in self._names}
        if "text" not in self._columns:
            raise InputError(self._no_column(self.job.text, delimiter))
        missing = {f: c for f, c in self.job.targets.items() if c not in self._names}
        self._key = None if self.job.key is None else self._index(self.job.key)
        self._missing = missing
        self.created = list(missing.values()) if self.job.create_columns else []

    def _header(self) -> tuple[int, list[str]]:
        data = b""
        while True:
            block = self.source.read(_BLOCK)
            data += block
            if data.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise InputError(f"{self.path}: is UTF-16; convert it to UTF-8 first")
            start = len(_BOM) if data.startswith(_BOM) else 0
            row = self._cells.row(data, start, final=not block)
            if row is not None:
                break
            if not block or len(data) > self.job.most_bytes:
                raise InputError(f"{self.path}: a quote in its header does not close")
        cells, end = row
        try:
            return end, [self._cells.value(data[slice(*cell)]) for cell in cells]
        except UnicodeDecodeError as error:
            raise InputError(f"{self.path}: its header is not {error.encoding}") from None

    def _index(self, name: str) -> int:
        if self._names.count(name) != 1:
            how = "no column" if name not in self._names else "more than one column"
            raise InputError(f"{self.path}: has {how} `{name}`")
        return self._names.index(name)

    def _no_column(self, name: str, delimiter: str) -> str:
        close = nearest(name, self._names)
        shown = ", ".join(self._names[:20])
        hint = f"did you mean `{close}`?" if close else f"its header reads {shown}"
        if len(self._names) == 1:
            hint += f"; --delimiter says what is between cells, if it is not {delimiter!r}"
        return f"{self.path}: has no column `{name}`; {hint}"

    def notes(self) -> list[str]:
        """Return what is said of missing columns."""
        if self.created:
            return [f"apply will add the columns {', '.join(self.created)}"]
        return [missing_columns(sorted(self._missing.values()))] if self._missing else []

    def check_writable(self) -> None:
        """Raise `InputError` where a column is missing and is not to be added."""
        if self._missing and not self.created:
            raise InputError(f"{self.path}: {missing_columns(sorted(self._missing.values()))}")

    def fits(self, field: str, value: Any) -> str | None:
        """Return why a value cannot be written in the file's encoding; None if it can."""
        try:
            form_value(value).encode(self.job.encoding)
        except UnicodeEncodeError:
            return f"`{field}` holds characters that {self.job.encoding} does not have"
        return None

    def read(self, cursor: Cursor | None, rows: int) -> Chunk | None:
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
        found: list[Record | Problem] = []
        position = 0
        final = False
        while position < len(buffer) and len(found) < rows:
            row = self._cells.row(buffer, position, final=final)
            if row is None and position and not final:
                break  # the next chunk begins with it
            if row is None:
                more = b"" if len(buffer) > self.job.most_bytes else self.source.read(len(buffer))
                if not more and final:
                    found.append(Problem(str(number), _endless(self.job.most_bytes)))
                    return self._chunk(buffer, len(buffer), offset, number, found)
                final = not more
                buffer += more
                continue
            cells, position = row
            if len(cells) > 1 or cells[0].start < cells[0].end:
                found.append(self._record(buffer, cells, number))
            number += 1
        return self._chunk(buffer, position, offset, number, found)

    @staticmethod
    def _chunk(
        buffer: bytes, end: int, offset: int, number: int, found: list[Record | Problem]
    ) -> Chunk:
        return Chunk(
            records=[item for item in found if isinstance(item, Record)],
            cursor={"at": [offset + end, number]},
            problems=[item for item in found if isinstance(item, Problem)],
            size=end,
            body=buffer[:end],
        )

    def _record(self, buffer: bytes, cells: Sequence[Cell], number: int) -> Record | Problem:
        if len(cells) != self._width:
            return Problem(str(number), f"has {len(cells)} cells, and the header {self._width}")
        raw = [buffer[slice(*cell)] for cell in cells]
        try:
            values = {f: self._cells.value(raw[index]) for f, index in self._columns.items()}
            key = None if self._key is None else self._cells.value(raw[self._key])
        except UnicodeDecodeError as error:
            return Problem(
                str(number), f"is not {error.encoding}: byte 0x{error.object[error.start]:02x}"
            )
        text = values.pop("text")
        prompts = (Stored("", text, {**dict.fromkeys(self.job.targets), **values}),) if text else ()
        return Record(key or str(number), prompts, slice(cells[0].start, cells[-1].end))

    def splices(self, chunk: Chunk, changes: Sequence[Change]) -> list[Splice]:
        """Return the new bytes of a chunk: with added columns, those of every row."""
        if not self.created:
            return super().splices(chunk, changes)
        if chunk.cursor["at"][1] == 2 and not chunk.records and not chunk.problems:
            return [self._added_header(chunk.body)]
        changed = {change.record.body.start: change for change in changes}
        return [
            Splice(body.start, body.stop, self._row(chunk.body[body], change), change)
            for record in chunk.records
            for body in (record.body,)
            for change in (changed.get(body.start),)
        ]

    def _added_header(self, header: bytes) -> Splice:
        end = len(header.rstrip(b"\r\n"))
        names = [self._cells.written(name, like=b"", alone=False) for name in self.created]
        return Splice(end, end, self._cells.joined(names))

    def render(self, old: bytes, change: Change) -> bytes:
        """Return a row with what a change writes."""
        return self._row(old, change)

    def _row(self, old: bytes, change: Change | None) -> bytes:
        writes = change.written[0].writes if change else {}
        cells, _ = self._cells.whole_row(old, 0)
        pieces: list[bytes] = []
        position = 0
        for field, index in sorted(self._columns.items(), key=lambda item: item[1]):
            if field in writes:
                start, end = cells[index]
                new = form_value(writes[field])
                alone = self._width == 1 and not self.created
                cell = self._cells.written(new, like=old[start:end], alone=alone)
                pieces += (old[position:start], cell)
                position = end
        added = [
            self._cells.written(form_value(writes.get(field, "")), like=b"", alone=False)
            for field in self._missing
        ]
        tail = self._cells.joined(added) if self.created else b""
        return b"".join((*pieces, old[position:], tail))

    def changed(self, path: Path, info: dict[str, Any]) -> Format:
        """Return the format of this file's changed version, with the columns that were added."""
        form = Delimited(replace(self.job, create_columns=False), path)
        form._added = len(info["created"])
        return form

    def restoring(self, chunk: Chunk, old: Mapping[int, bytes]) -> list[Splice]:
        """Return the splices that put old bytes back, and take added columns out."""
        if not self._added:
            return super().restoring(chunk, old)
        if chunk.cursor["at"][1] == 2 and not chunk.records and not chunk.problems:
            return [self._less_added(chunk.body, len(_BOM) * chunk.body.startswith(_BOM))]
        return [
            Splice(body.start, body.stop, old[body.start])
            if body.start in old
            else self._less_added(chunk.body, body.start)
            for record in chunk.records
            for body in (record.body,)
        ]

    def _less_added(self, body: bytes, start: int) -> Splice:
        cells, _ = self._cells.whole_row(body, start)
        return Splice(cells[-self._added].start - 1, cells[-1].end, b"")


def _check(delimiter: str, encoding: str) -> None:
    try:
        ascii_kept = "a".encode(encoding) == b"a"
    except LookupError:
        raise InputError(f"--encoding {encoding}: there is no such encoding") from None
    if not ascii_kept or encoding.lower().replace("-", "").replace("_", "") in _WIDE:
        raise InputError(f"--encoding {encoding}: convert the file to UTF-8 first")
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n':
        raise InputError(f"--delimiter {delimiter!r}: must be one ASCII character, no quote")


def _endless(most: int) -> str:
    return (
        f"longer than {most:,} bytes, or a quote in it does not close; it and what lies behind it"
        " is passed by unchanged"
    )
