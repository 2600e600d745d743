"""The interface between the file store and formats. A new format is one file that implements it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from flaglift.lossless.spans import with_splices
from flaglift.migrate.files.ledger_blocks import PackedEntries
from flaglift.migrate.files.output import HashSink, Output
from flaglift.migrate.files.patches import matching
from flaglift.migrate.job import Job
from flaglift.migrate.records import Chunk, Cursor, JournalEntry, RecordChange
from flaglift.migrate.store import MigrationRun

Find = Callable[[Iterable[str]], Mapping[str, Sequence[JournalEntry]]]
"""Returns the journal entries for record keys, by key; keys without entries are missing."""


class FindOnce:
    """Finds entries that are not used yet: keys may repeat, and each entry is of one record."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._used = bytearray()
        """By number, 1 for a used entry: one byte for each, as a journal may hold millions."""

    def __call__(self, keys: Iterable[str]) -> dict[str, list[JournalEntry]]:
        """Return what `Find` returns, without the entries that are used."""
        used = self._used
        return {
            key: [e for e in entries if e.number >= len(used) or not used[e.number]]
            for key, entries in self._find(keys).items()
        }

    def use(self, numbers: Iterable[int]) -> None:
        """Leave entries out from now on."""
        for number in numbers:
            self._used.extend(bytes(max(0, number + 1 - len(self._used))))
            self._used[number] = 1


class RecordSplice(NamedTuple):
    """New bytes for a part of a chunk, and the change they come from, if it is journaled."""

    start: int
    end: int
    new: bytes
    change: RecordChange | None = None


class MadeChunk(NamedTuple):
    """A rendered chunk: all that remains is to write it, in the order of the source."""

    content: Any
    """What the format's writer takes."""
    entries: PackedEntries | None


class FormatWriter(Protocol):
    """Writes the result of one run."""

    def append(self, content: Any) -> None:
        """Write a rendered chunk."""

    def restore(self, chunk: Chunk, find: Find) -> list[int]:
        """Write a chunk with its changes undone; return their numbers in the journal."""

    def sync(self) -> int:
        """Sync to disk; return what `Format.writer` needs to resume from here."""

    def complete(self) -> None:
        """Write the end of the file, and sync it to disk."""

    def close(self) -> None:
        """Close the file, complete or not."""


class Format(Protocol):
    """One kind of file."""

    unit: str
    by_columns: bool
    """Whether `parse` may decide on records itself, by columns: nobody looks at them."""

    def __init__(self, job: Job, path: Path) -> None:
        """Open a source. Raises `InputError` if it cannot be read."""

    @property
    def fields(self) -> frozenset[str] | None:
        """The fields it can hold; None for any."""

    @property
    def exact(self) -> bool:
        """Whether the journal restores the file's bytes, not only its values."""

    @property
    def created(self) -> Sequence[str]:
        """Missing columns that a run adds."""

    @property
    def layout(self) -> Mapping[str, Any]:
        """What a run keeps, in JSON, to read the changed file; `created` is part of it."""

    def notes(self) -> list[str]:
        """Return what the user should know about the file before it is written."""

    def check_writable(self) -> None:
        """Raise `InputError` if anything needed to write it is missing."""

    def cut(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the positions and bytes of the next records; None at the end."""

    def parse(self, chunk: Chunk) -> Chunk:
        """Parse the records of a chunk that was cut; may run in any process, in any order."""

    def read(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the next records; None at the end."""

    def made(self, chunk: Chunk, changes: Sequence[RecordChange]) -> MadeChunk:
        """Render a chunk with its changes; may run in any process."""

    def fits(self, field: str, value: Any) -> str | None:
        """Return why a value cannot be held; None if it can."""

    def writer(
        self, path: Path, written: int, cursor: Cursor | None, done: Iterator[JournalEntry]
    ) -> FormatWriter:
        """Begin a result file, or resume one that was synced at `cursor`.

        `done` are the journal's entries so far.
        """

    @classmethod
    def changed(cls, job: Job, path: Path, info: Mapping[str, Any]) -> "Format":
        """Return the format of a file that a run has changed, to read and restore it."""

    def total(self) -> tuple[str, int] | None:
        """Return how much there is to read, in `bytes` or `records`; None if unknown."""

    def proof(self, find: Find, original: Path, info: dict[str, Any]) -> bool | None:
        """Return whether undoing its changes turns this file into the original; None if unknown."""

    def close(self) -> None:
        """Close the source."""


OpenChanged = Callable[[Path, MigrationRun], Format]
"""Opens a file that a run has changed, to read and restore it."""


class ByteWriter:
    """Writes formats whose records are ranges of bytes: `Record.body` is a slice of the chunk."""

    def __init__(
        self,
        output: Output | HashSink,
        restoring: Callable[[Chunk, Mapping[int, bytes]], list[RecordSplice]],
    ) -> None:
        self._output = output
        self._restoring = restoring
        """Returns the splices that undo a chunk, given old bytes by the start of their record."""

    def append(self, content: bytes) -> None:
        """Write a rendered chunk, compressed like the file."""
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
        splices = ((start, end, new) for start, end, new, _ in self._restoring(chunk, old))
        self._output.append(self._output.compressed(with_splices(chunk.body, splices)))
        return [*numbers]

    def sync(self) -> int:
        """Sync to disk; return the file's size in bytes."""
        return self._output.sync()

    def complete(self) -> None:
        """Sync to disk."""
        self._output.complete()

    def close(self) -> None:
        """Close the file."""
        self._output.close()
