"""What the file store asks of a format. A new format is one file that implements these."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from flaglift.migrate.files.ledger import PackedEntries
from flaglift.migrate.files.output import HashSink, Output
from flaglift.migrate.files.patches import matching
from flaglift.migrate.records import Chunk, Cursor, JournalEntry, RecordChange

Find = Callable[[Iterable[str]], Mapping[str, Sequence[JournalEntry]]]
"""Returns the journal's entries for keys of records, by key; nothing for a key without any."""


class RecordSplice(NamedTuple):
    """New bytes for a part of a chunk, and the change they come from, if it is to be journaled."""

    start: int
    end: int
    new: bytes
    change: RecordChange | None = None


class MadeChunk(NamedTuple):
    """What a chunk is made into: all that is left is to write it, in the order of the source."""

    content: Any
    """What the format's writer takes."""
    entries: PackedEntries | None


def with_splices(chunk: Chunk, splices: Sequence[RecordSplice]) -> bytes:
    """Return the bytes of a chunk with new ones in their places."""
    pieces: list[bytes] = []
    position = 0
    for start, end, new, _ in splices:
        pieces += (chunk.body[position:start], new)
        position = end
    return b"".join((*pieces, chunk.body[position:]))


class FormatWriter(Protocol):
    """Writes the result of one run."""

    def append(self, content: Any) -> None:
        """Write what a chunk was made into."""

    def restore(self, chunk: Chunk, find: Find) -> list[int]:
        """Write a chunk with its changes taken back; return their numbers in the journal."""

    def sync(self) -> int:
        """Bring it to the disk; return what `Format.writer` needs to go on from here."""

    def complete(self) -> None:
        """Write what stands at the end of a file, and bring it to the disk."""

    def close(self) -> None:
        """Close the file, complete or not."""


class Format(Protocol):
    """One kind of file."""

    unit: str

    @property
    def fields(self) -> frozenset[str] | None:
        """The fields it can hold; None for any."""

    @property
    def exact(self) -> bool:
        """Whether the journal gives back the file's bytes, not only its values."""

    @property
    def created(self) -> Sequence[str]:
        """Columns that are missing, and that a run adds."""

    @property
    def layout(self) -> Mapping[str, Any]:
        """What a run keeps, in JSON, to read the changed file; `created` is part of it."""

    def notes(self) -> list[str]:
        """Return what the user should know of the file before it is written."""

    def check_writable(self) -> None:
        """Raise `InputError` where something is missing to write it."""

    def cut(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return where the next records are, and their bytes; None at the end."""

    def parse(self, chunk: Chunk) -> Chunk:
        """Return a chunk that was cut, with its records: in any process, and in any order."""

    def read(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the next records; None at the end."""

    def made(self, chunk: Chunk, changes: Sequence[RecordChange]) -> MadeChunk:
        """Return what a chunk with changes is made into, in any process."""

    def fits(self, field: str, value: Any) -> str | None:
        """Return why a value cannot be held; None if it can."""

    def writer(
        self, path: Path, written: int, cursor: Cursor | None, done: Iterator[JournalEntry]
    ) -> FormatWriter:
        """Begin a result file, or go on with one that was synced at `cursor`.

        `done` are the journal's entries so far.
        """

    def changed(self, path: Path, info: dict[str, Any]) -> "Format":
        """Return the format of the changed file, to read and restore it."""

    def total(self) -> tuple[str, int] | None:
        """Return how much there is to read, in `bytes` or `records`; None where unknown."""

    def proof(self, find: Find, original: Path, info: dict[str, Any]) -> bool | None:
        """Tell whether this file, its changes taken back, is the original; None if unknown."""

    def close(self) -> None:
        """Close the source."""


class ByteWriter:
    """Writes formats whose records are ranges of bytes: `Record.body` is a slice of the chunk."""

    def __init__(
        self,
        output: Output | HashSink,
        restoring: Callable[[Chunk, Mapping[int, bytes]], list[RecordSplice]],
    ) -> None:
        self._output = output
        self._restoring = restoring
        """Returns the splices that take a chunk back, from old bytes by where a record begins."""

    def append(self, content: bytes) -> None:
        """Write what a chunk was made into, compressed as the file is."""
        self._output.append(content)

    def restore(self, chunk: Chunk, find: Find) -> list[int]:
        """Write a chunk with the old bytes of its records."""
        old: dict[int, bytes] = {}
        numbers: dict[int, None] = {}
        entries = find(record.key for record in chunk.records)
        for record in chunk.records:
            known = entries.get(record.key)
            if not known:
                continue
            unused = [entry for entry in known if entry.number not in numbers]
            match = matching(chunk.body[record.body], unused)
            if match:
                numbers[match[0].number] = None
                old[record.body.start] = match[1]
        self._output.append(
            self._output.compressed(with_splices(chunk, self._restoring(chunk, old)))
        )
        return [*numbers]

    def sync(self) -> int:
        """Bring it to the disk; return its bytes."""
        return self._output.sync()

    def complete(self) -> None:
        """Bring it to the disk."""
        self._output.complete()

    def close(self) -> None:
        """Close the file."""
        self._output.close()
