"""The common base of formats whose records are byte ranges."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from flaglift.migrate.files.byte_changes import ByteChanges, Change, ShapedChanges
from flaglift.migrate.files.compression import ByteSource, compressed, compression_of
from flaglift.migrate.files.format import (
    ByteWriter,
    Find,
    FindOnce,
    Format,
    MadeChunk,
    RecordSplice,
)
from flaglift.migrate.files.ledger_blocks import PackedEntries
from flaglift.migrate.files.output import HashSink, Output
from flaglift.migrate.files.patches import patch_of
from flaglift.migrate.job import Job
from flaglift.migrate.records import Chunk, Cursor, JournalEntry, RecordChange
from flaglift.migrate.shape_decision import ShapeDecider

OVERSIZE = "longer than {most:,} bytes; it is skipped unchanged (--most-bytes allows more)"


class Shapes(Protocol):
    """Changes records whose prompts are of known shapes."""

    @property
    def change(self) -> Callable[..., Any]:
        """Adds the change of a record to the `ShapedChanges` that it is given first."""


class ByteFormat(ABC):
    """A file whose records are ranges of bytes: `Record.body` is a slice of the chunk's bytes."""

    unit: str
    fields: frozenset[str] | None = None
    created: Sequence[str] = ()
    by_columns: bool = False
    every_record: bool = False
    """Whether prompts without anything like a flag are read as records, too."""

    def __init__(self, job: Job, path: Path) -> None:
        """Prepare it. Raises `InputError` if the file cannot be opened."""
        self._shapes: Shapes | None = None
        self.job = job
        self.path = path
        self.layout: Mapping[str, Any] = {"created": []}
        self.source: ByteSource = ByteSource(path)
        self.exact: bool = not compression_of(path)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_shapes": None}  # what was learned of shapes stays in its process

    @abstractmethod
    def new_shapes(self, decide: ShapeDecider) -> Shapes | None:
        """Return what changes records by their shapes; None if this file's cannot be."""

    def changing(self) -> tuple[ShapedChanges, Callable[..., Any] | None]:
        """Return what collects changes by shape, and the `Shapes.change` that adds to it.

        None in place of that if each prompt is wanted as a record.
        """
        changes = ShapedChanges()
        if self._shapes is None and self.by_columns and not self.every_record:
            decide = ShapeDecider(self.job, self.fields)
            self._shapes = self.new_shapes(decide) if decide.shares else None
        return changes, partial(self._shapes.change, changes) if self._shapes else None

    @abstractmethod
    def cut(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the positions and bytes of the next records; None at the end."""

    @abstractmethod
    def parse(self, chunk: Chunk) -> Chunk:
        """Return a chunk that was cut, with its records."""

    def read(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the next records; None at the end."""
        chunk = self.cut(cursor, rows)
        return chunk and self.parse(chunk)

    @abstractmethod
    def render(self, old: bytes, change: RecordChange) -> bytes:
        """Return a record with a change applied."""

    def made(self, chunk: Chunk, changes: Sequence[RecordChange]) -> MadeChunk:
        """Return a chunk's new bytes, and patches with all that is needed to restore it."""
        found = chunk.columns.content if chunk.columns else ByteChanges()
        changed = found.merged(_change(chunk, each) for each in self.splices(chunk, changes))
        numbered = self.job.key is None
        entries = PackedEntries.of_patches(
            changed.keys, changed.codes, changed.patches, numbered=numbered
        )
        content = compressed(changed.applied_to(chunk.body), compression_of(self.path))
        return MadeChunk(content, entries)

    def splices(self, chunk: Chunk, changes: Sequence[RecordChange]) -> list[RecordSplice]:
        """Return the new bytes of a chunk, in order."""
        return [
            RecordSplice(body.start, body.stop, self.render(chunk.body[body], change), change)
            for change in changes
            for body in (change.record.body,)
        ]

    def restoring(self, chunk: Chunk, old: Mapping[int, bytes]) -> list[RecordSplice]:
        """Return the splices that put old bytes back, by where in the chunk a record begins."""
        return [
            RecordSplice(record.body.start, record.body.stop, old[record.body.start])
            for record in chunk.records
            if record.body.start in old
        ]

    def notes(self) -> list[str]:
        """Return what the user should know about the file before it is written."""
        return []

    def check_writable(self) -> None:
        """Raise `InputError` if a column to write is missing; byte formats need none."""
        return

    def fits(self, field: str, value: Any) -> str | None:  # noqa: ARG002
        """Return None: any value can be written as bytes."""
        return None

    def writer(
        self,
        path: Path,
        written: int,
        cursor: Cursor | None,  # noqa: ARG002
        done: Iterator[JournalEntry],  # noqa: ARG002
    ) -> ByteWriter:
        """Begin a result file, or resume one of `written` bytes."""
        return ByteWriter(Output(path, self.path, written), self.restoring)

    @classmethod
    def changed(cls, job: Job, path: Path, info: Mapping[str, Any]) -> Format:  # noqa: ARG003
        """Return the format of a file that a run has changed."""
        form = cls(job, path)
        form.every_record = True
        return form

    def total(self) -> tuple[str, int] | None:
        """Return the bytes of the file; None if it is compressed."""
        return ("bytes", self.path.stat().st_size) if self.exact else None

    def proof(self, find: Find, original: Path, info: dict[str, Any]) -> bool | None:
        """Return whether undoing its changes turns this file into the original; None if unknown."""
        sink = HashSink()
        writer = ByteWriter(sink, self.restoring)
        find_once = FindOnce(find)
        cursor: Cursor | None = None
        while chunk := self.read(cursor, 10_000):
            find_once.use(writer.restore(chunk, find_once))
            cursor = chunk.cursor
        if self.exact:
            return bool(sink.hexdigest() == info["source_sha"])
        return sink.hexdigest() == _content_hash(original) if original.exists() else None

    def close(self) -> None:
        """Close the source."""
        self.source.close()


def _change(chunk: Chunk, splice: RecordSplice) -> Change:
    start, end, new, change = splice
    if change is None:
        return start, end, new, "", "", b""
    patch = patch_of(chunk.body[start:end], new)
    return start, end, new, change.record.key, change.codes, patch


def _content_hash(path: Path) -> str:
    sink = HashSink()
    source = ByteSource(path)
    while block := source.read(2**20):
        sink.append(block)
    source.close()
    return sink.hexdigest()
