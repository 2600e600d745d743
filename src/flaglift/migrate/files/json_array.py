"""A JSON file: the elements of its outermost list, read one after the other, or one document."""

import re
from collections.abc import Sequence
from pathlib import Path

from flaglift.lossless.json_reader import read
from flaglift.lossless.json_tokens import PYTHON
from flaglift.migrate.files.byte_format import OVERSIZE
from flaglift.migrate.files.json_format import JsonFormat
from flaglift.migrate.job import Job
from flaglift.migrate.json_document import Change
from flaglift.migrate.json_values import element_end
from flaglift.migrate.records import Chunk, Cursor, Problem, StoredRecord

_BLOCK = 2**20
_BOM = b"\xef\xbb\xbf"
_SPACE = re.compile(rb"[ \t\r\n]*+")
_CUT_SHORT = "the list has no end: the file is cut short after a comma"
_BEHIND = "the list ends before it; it and what lies after it is skipped unchanged"
_ENDLESS = "longer than {most:,} bytes, or not JSON; it and what lies after it is skipped unchanged"
_BLANKS = re.compile(r"[ \t\r\n]*+")
_FOLLOWING = (",", "]")
# A lone quote starts a string that continues after the end of the buffer.
_NESTING = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\]]', re.DOTALL)
_SCALAR = re.compile(rb"[^\s,\]]++")
_DEPTH = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}


class JsonArray(JsonFormat):
    """A file whose outermost value is a list of documents; any other value is one document."""

    unit = "element"

    def __init__(self, job: Job, path: Path) -> None:
        """Prepare it. Raises `InputError` if the file cannot be opened or a path is invalid."""
        super().__init__(job, path, job.text.removeprefix("[]."))

    def cut(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the next elements; whatever follows the list is reported, and copied in pieces."""
        offset, number, phase = (0, 0, "start") if cursor is None else cursor["at"]
        self.source.seek(offset)
        buffer = self.source.read(_BLOCK)
        at = (offset, number, phase)
        if not buffer and phase != "list":
            return None
        if phase == "behind" and not buffer.isspace():
            return self._unread(buffer, at, _BEHIND)
        if phase in ("behind", "rest"):
            return self._chunk(buffer, len(buffer), at)
        if not buffer:
            return self._unread(buffer, at, _CUT_SHORT)
        position = 0
        if phase == "start":
            position = _SPACE.match(buffer, 3 * buffer.startswith(_BOM)).end()  # type: ignore[union-attr]
            if buffer[position : position + 1] != b"[":
                return self._document(buffer, position)
            position += 1
        return self._elements(buffer, position, offset, number, rows)

    def _unread(self, buffer: bytes, at: tuple[int, int, str], sentence: str) -> Chunk:
        """Return a chunk that is reported as one unreadable element."""
        offset, number, _ = at
        chunk = self._chunk(buffer, len(buffer), (offset, number + 1, "rest"))
        return chunk.holding([Problem(str(number + 1), sentence)])

    def _document(self, buffer: bytes, start: int) -> Chunk:
        buffer += self.source.read(max(0, self.job.most_bytes - len(buffer)))
        more = self.source.read(1)
        if more:
            problem = Problem("1", OVERSIZE.format(most=self.job.most_bytes))
            chunk = self._chunk(buffer + more, len(buffer) + 1, (0, 1, "rest"))
            return chunk.holding([problem])
        end = len(buffer.rstrip())
        record = self._record(buffer, start, end, 1)
        if isinstance(record, Problem) and len(read(buffer[start:end], PYTHON).documents) > 1:
            hint = f"{record.sentence}; if each line is a document, name the file .jsonl"
            record = Problem(record.key, hint)
        return self._chunk(buffer, len(buffer), (0, 1, "rest")).holding([record])

    def _elements(self, buffer: bytes, position: int, offset: int, number: int, rows: int) -> Chunk:
        places: list[tuple[int, int]] = []
        first, phase = number + 1, "list"
        text = buffer.decode("latin-1")  # whose positions equal those of the bytes
        while len(places) < rows:
            end = _read_end(text, position)
            if end is None:
                end, buffer = self._element_end(buffer, position, alone=not places)
                if len(buffer) > len(text):
                    text = buffer.decode("latin-1")
            if end is None and places and len(buffer) - position < self.job.most_bytes:
                break  # the next chunk begins with it
            start = _SPACE.match(buffer, position).end()  # type: ignore[union-attr]
            if buffer[start : start + 1] == b"]":
                position, phase = start + 1, "behind"
                break
            number += 1
            if end is None:
                places.append((start, -1))
                position, phase = len(buffer), "rest"
                break
            places.append((start, end))
            position = _SPACE.match(buffer, end).end()  # type: ignore[union-attr]
            position += buffer[position : position + 1] == b","
        return self._chunk(buffer, position, (offset, number, phase), places, first)

    def _element_end(
        self, buffer: bytes, position: int, *, alone: bool
    ) -> tuple[int | None, bytes]:
        """Return the end of an element and of the comma or bracket after it; None if not in view.

        The buffer grows for the first element of a chunk only.
        """
        while True:
            end = complete_end(buffer, position)
            if end is not None or not alone or len(buffer) - position > self.job.most_bytes:
                return end, buffer
            more = self.source.read(len(buffer))
            if not more:
                return None, buffer
            buffer += more

    def _record(
        self, buffer: bytes, start: int, end: int, number: int, change: Change | None = None
    ) -> StoredRecord | Problem | None:
        if end < 0:
            return Problem(str(number), _ENDLESS.format(most=self.job.most_bytes))
        if self.every_record and self.job.key is None:
            # To be restored: the journal has its values.
            return StoredRecord(str(number), (), slice(start, end))
        every = self.every_record
        return self._documents.record(buffer[start:end], number, start, every=every, change=change)

    @staticmethod
    def _chunk(
        buffer: bytes,
        end: int,
        at: tuple[int, int, str],
        places: Sequence[tuple[int, int]] = (),
        first: int = 0,
    ) -> Chunk:
        """Return the chunk up to a position in the buffer, its elements numbered from `first`."""
        cursor = {"at": [at[0] + end, *at[1:]]}
        unread = (first, places) if places else None
        return Chunk((), cursor, size=end, body=buffer[:end], unread=unread)

    def parse(self, chunk: Chunk) -> Chunk:
        """Return elements as documents."""
        if chunk.unread is None:
            return chunk
        first, places = chunk.unread
        changes, change = self.changing()
        records = [
            self._record(chunk.body, start, end, n, change)
            for n, (start, end) in enumerate(places, first)
        ]
        return changes.moved_from(chunk.holding(records))


def _read_end(text: str, position: int) -> int | None:
    """Return the same as `complete_end`, provided Python's reader finds a valid element."""
    end = element_end(text, _BLANKS.match(text, position).end())  # type: ignore[union-attr]
    if end is None:
        return None
    behind = _BLANKS.match(text, end).end()  # type: ignore[union-attr]
    return end if text[behind : behind + 1] in _FOLLOWING else None


def complete_end(buffer: bytes, position: int) -> int | None:
    """Return where the element at a position ends, if the delimiter after it is in view.

    >>> complete_end(b'[{"a": "]"} , 2]', 1), complete_end(b'[{"a": "]"', 1)
    (11, None)
    """
    start = _SPACE.match(buffer, position).end()  # type: ignore[union-attr]
    first = buffer[start : start + 1]
    if first in (b"", b"]"):
        return start if first else None
    end: int | None = None
    if first in b'{["':
        depth = 0
        for token in _NESTING.finditer(buffer, start):
            if token[0] == b'"':
                return None
            depth += _DEPTH.get(token[0], 0)
            if depth <= 0:
                end = token.end()
                break
    else:
        scalar = _SCALAR.match(buffer, start)
        end = scalar.end() if scalar else None
    if end is None:
        return None
    behind = _SPACE.match(buffer, end).end()  # type: ignore[union-attr]
    return end if buffer[behind : behind + 1] in (b",", b"]") else None
