"""A JSON file: the elements of its outermost list, read one after the other, or one document."""

import re
from itertools import repeat
from pathlib import Path
from typing import Any

from flaglift.lossless.json_reader import read
from flaglift.lossless.json_tokens import PYTHON
from flaglift.migrate.files.byte_format import OVERSIZE
from flaglift.migrate.files.json_format import JsonFormat
from flaglift.migrate.job import Job
from flaglift.migrate.json_document import Change
from flaglift.migrate.json_values import UNREAD, element_at
from flaglift.migrate.records import Chunk, Cursor, Problem, StoredRecord

_BLOCK = 2**20
_BOM = b"\xef\xbb\xbf"
_SPACE = re.compile(rb"[ \t\r\n]*+")
_CUT_SHORT = "the list has no end: the file is cut short after a comma"
_BEHIND = "the list ends before it; it and what lies after it is skipped unchanged"
_ENDLESS = "longer than {most:,} bytes, or not JSON; it and what lies after it is skipped unchanged"
_EMPTY = "there is no element here, but a comma: the list is not JSON; it is copied unchanged"
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
        self._keeps = False
        """Whether chunks are parsed in this process, right after they are cut."""

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
        return self._elements(buffer, position, at, rows)

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
        record = self._record(buffer, (start, end), 1)
        if isinstance(record, Problem) and len(read(buffer[start:end], PYTHON).documents) > 1:
            hint = f"{record.sentence}; if each line is a document, name the file .jsonl"
            record = Problem(record.key, hint)
        return self._chunk(buffer, len(buffer), (0, 1, "rest")).holding([record])

    def _elements(self, buffer: bytes, position: int, at: tuple[int, int, str], rows: int) -> Chunk:
        places: list[tuple[int, int]] = []
        values: list[Any] = []
        offset, number, phase = at
        comma = phase == "list"  # which precedes the position, so that an element has to follow
        text = buffer.decode("latin-1")  # whose positions equal those of the bytes
        # Only ASCII also reads the same.
        read = self._keeps and buffer.isascii()
        while len(places) < rows:
            element = _element(text, position, read=read)
            if element is not None:
                value, start, last, position = element
                values.append(value)
                places.append((start, last))
                comma = text[position - 1] == ","
                continue
            end, buffer = self._element_end(buffer, position, alone=not places)
            if len(buffer) > len(text):
                text = buffer.decode("latin-1")
                read = read and buffer.isascii()
            if end is None and places and len(buffer) - position < self.job.most_bytes:
                break  # the next chunk begins with it
            start = _SPACE.match(buffer, position).end()  # type: ignore[union-attr]
            closed = buffer[start : start + 1] == b"]"
            if comma or not closed:
                values.append(UNREAD)
                places.append((start, -1 if end is None else end))
            if closed or end is None:
                position, phase = (start + 1, "behind") if closed else (len(buffer), "rest")
                break
            position = _SPACE.match(buffer, end).end()  # type: ignore[union-attr]
            comma = buffer[position : position + 1] == b","
            position += comma
        if phase not in ("behind", "rest"):
            phase = "list" if comma else "closing"
        chunk = self._chunk(buffer, position, (offset, number + len(places), phase))
        unread = number + 1, places, values if read else None
        return chunk._replace(unread=unread) if places else chunk

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

    def read(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the next elements as documents; values that were read to find ends are kept."""
        self._keeps = True
        try:
            return super().read(cursor, rows)
        finally:
            self._keeps = False

    def _record(
        self,
        buffer: bytes,
        place: tuple[int, int],
        number: int,
        change: Change | None = None,
        document: Any = UNREAD,
    ) -> StoredRecord | Problem | None:
        start, end = place
        if end <= start:
            empty = end == start
            sentence = _EMPTY if empty else _ENDLESS.format(most=self.job.most_bytes)
            return Problem(str(number), sentence)
        every = self.every_record
        if every and self.job.key is None:
            # To be restored: the journal has its values.
            return StoredRecord(str(number), (), slice(start, end))
        return self._documents.record(
            buffer[start:end], number, start, every=every, change=change, document=document
        )

    @staticmethod
    def _chunk(buffer: bytes, end: int, at: tuple[int, int, str]) -> Chunk:
        """Return the chunk up to a position in the buffer."""
        cursor = {"at": [at[0] + end, *at[1:]]}
        return Chunk((), cursor, size=end, body=buffer[:end])

    def parse(self, chunk: Chunk) -> Chunk:
        """Return elements as documents."""
        if chunk.unread is None:
            return chunk
        first, places, values = chunk.unread
        changes, change = self.changing()
        records = [
            self._record(chunk.body, place, number, change, value)
            for number, (place, value) in enumerate(
                zip(places, values or repeat(UNREAD), strict=False), first
            )
        ]
        return changes.moved_from(chunk.holding(records))


def _element(text: str, position: int, *, read: bool) -> tuple[Any, int, int, int] | None:
    """Return a valid element: its value, start and end, and where what follows it begins.

    None if it has to be looked for with `complete_end`.
    """
    start = _skipped(text, position)
    found = element_at(text, start, read=read)
    if found is None:
        return None
    value, end = found
    following = _skipped(text, end)
    after = text[following : following + 1]
    if after not in _FOLLOWING:
        return None
    return value, start, end, following + (after == ",")


def _skipped(text: str, position: int) -> int:
    """Return the position of the next character that is not white space."""
    if text[position : position + 1] > " ":
        return position
    return _BLANKS.match(text, position).end()  # type: ignore[union-attr]


def complete_end(buffer: bytes, position: int) -> int | None:
    """Return where the element at a position ends, if the delimiter after it is in view.

    >>> complete_end(b'[{"a": "]"} , 2]', 1), complete_end(b'[{"a": "]"', 1)
    (11, None)
    """
    start = _SPACE.match(buffer, position).end()  # type: ignore[union-attr]
    first = buffer[start : start + 1]
    if first in (b"", b"]", b","):
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
