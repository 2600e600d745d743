"""JSON Lines: one document a line. Lines that are not valid are passed by and reported."""

from pathlib import Path

from flaglift.errors import InputError
from flaglift.migrate.files.byte_format import OVERSIZE, ByteFormat
from flaglift.migrate.job import Job
from flaglift.migrate.json_document import JsonDocuments, key_reader
from flaglift.migrate.records import Chunk, Cursor, Problem, RecordChange, StoredRecord

_BOM = b"\xef\xbb\xbf"
_BLOCK = 4 * 2**20


class JsonLines(ByteFormat):
    """A file of one JSON document a line."""

    unit = "line"

    def __init__(self, job: Job, path: Path) -> None:
        """Prepare it. Raises `InputError` where the file cannot be opened or a path is none."""
        super().__init__(job, path)
        try:
            self._documents = JsonDocuments(job.text, job.targets)
            self._key = key_reader(job.key)
        except ValueError as error:
            raise InputError(str(error)) from None

    def read(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the next lines; a line that is too long comes in pieces, as chunks without any."""
        offset, number, inside = (0, 1, False) if cursor is None else cursor["at"]
        self.source.seek(offset)
        lines: list[bytes] = []
        size = 0
        if inside:
            return self._rest_of_line(offset, number)
        while len(lines) < rows and size < _BLOCK:
            line = self.source.readline(self.job.most_bytes + 1)
            if not line:
                break
            if len(line) > self.job.most_bytes and not line.endswith(b"\n"):
                if lines:  # the next chunk begins with it
                    break
                return self._oversize(line, offset, number)
            lines.append(line)
            size += len(line)
        return self._chunk(lines, offset, number) if lines else None

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

    def _chunk(self, lines: list[bytes], offset: int, number: int) -> Chunk:
        records: list[StoredRecord] = []
        problems: list[Problem] = []
        position = 0
        for index, line in enumerate(lines):
            start = len(_BOM) if offset + position == 0 and line.startswith(_BOM) else 0
            content = line[start:].rstrip(b"\r\n")
            if content.strip():
                where = slice(position + start, position + start + len(content))
                key = str(number + index)
                try:
                    prompts = self._documents.read(content)
                    records.append(StoredRecord(self._key(content) or key, prompts, where))
                except ValueError as error:
                    problems.append(Problem(key, str(error)))
            position += len(line)
        cursor = {"at": [offset + position, number + len(lines), False]}
        return Chunk(records, cursor, problems, position, b"".join(lines))

    def render(self, old: bytes, change: RecordChange) -> bytes:
        """Return a document with what a change writes."""
        return self._documents.write(old, change.written)
