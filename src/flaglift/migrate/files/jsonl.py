"""JSON Lines: one document a line. Invalid lines are skipped and reported."""

from io import BytesIO
from pathlib import Path

from flaglift.migrate.files.byte_format import OVERSIZE
from flaglift.migrate.files.json_format import JsonFormat
from flaglift.migrate.job import Job
from flaglift.migrate.records import Chunk, Cursor, Problem, StoredRecord

_BOM = b"\xef\xbb\xbf"
_BLOCK = 4 * 2**20


class JsonLines(JsonFormat):
    """A file of one JSON document a line."""

    unit = "line"

    def __init__(self, job: Job, path: Path) -> None:
        """Prepare it. Raises `InputError` if the file cannot be opened or a path is invalid."""
        super().__init__(job, path, job.text)

    def cut(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the next lines; an overlong line comes in pieces, as chunks without records."""
        offset, number, inside = (0, 1, False) if cursor is None else cursor["at"]
        self.source.seek(offset)
        if inside:
            return self._rest_of_line(offset, number)
        most = self.job.most_bytes
        lines = self.source.readlines(rows, _BLOCK, most + 1)
        if not lines:
            return None
        if len(lines[-1]) > most and not lines[-1].endswith(b"\n"):
            if len(lines) == 1:
                return self._oversize(lines[0], offset, number)
            del lines[-1]  # the next chunk begins with it
        body = b"".join(lines)
        end = {"at": [offset + len(body), number + len(lines), False]}
        return Chunk((), end, size=len(body), body=body, unread=(offset, number))

    def _oversize(self, line: bytes, offset: int, number: int) -> Chunk:
        problem = Problem(str(number), OVERSIZE.format(most=self.job.most_bytes))
        cursor = {"at": [offset + len(line), number, True]}
        return Chunk((), cursor, [problem], len(line), line)

    def _rest_of_line(self, offset: int, number: int) -> Chunk | None:
        piece = self.source.readline(_BLOCK)
        if not piece:
            return None
        ended = piece.endswith(b"\n")
        cursor = {"at": [offset + len(piece), number + ended, not ended]}
        return Chunk((), cursor, (), len(piece), piece)

    def parse(self, chunk: Chunk) -> Chunk:
        """Return lines with their documents."""
        if chunk.unread is None:
            return chunk
        offset, number = chunk.unread
        records: list[StoredRecord | Problem | None] = []
        position = 0
        record, every = self._documents.record, self.every_record
        by_number = every and self.job.key is None
        changes, change = self.changing()
        for index, line in enumerate(BytesIO(chunk.body), number):
            content = line.rstrip(b"\r\n")
            start = position
            if offset + position == 0 and line.startswith(_BOM):
                start, content = len(_BOM), content[len(_BOM) :]
            if by_number:  # to be restored: the journal has its values
                where = slice(start, start + len(content))
                records.append(StoredRecord(str(index), (), where))
            elif content and not content.isspace():
                records.append(record(content, index, start, every=every, change=change))
            position += len(line)
        return changes.moved_from(chunk.holding(records))
