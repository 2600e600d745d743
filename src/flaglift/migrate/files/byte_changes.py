"""The changed records of a chunk of bytes, each of their values in a list of its own."""

from collections.abc import Iterable

from flaglift.lossless.spans import with_splices
from flaglift.migrate.records import Chunk, DecidedColumns
from flaglift.migrate.shape_decision import SharedOutcome

Change = tuple[int, int, bytes, str, str, bytes]
"""Start and end in the chunk, the new bytes, and what the journal keeps: the key, the codes, and
the patch that restores the old bytes. The patch is empty for bytes that no change is in."""


class ByteChanges:
    """Changed records: an object for each would cost more than finding it."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.new: list[bytes] = []
        self.keys: list[str] = []
        self.codes: list[str] = []
        self.patches: list[bytes] = []

    def add(  # noqa: PLR0913, PLR0917 (this runs for each record)
        self, start: int, end: int, new: bytes, key: str, codes: str, patch: bytes
    ) -> None:
        """Add a record; see `Change`."""
        self.starts.append(start)
        self.ends.append(end)
        self.new.append(new)
        self.keys.append(key)
        self.codes.append(codes)
        self.patches.append(patch)

    def merged(self, others: Iterable[Change]) -> "ByteChanges":
        """Return these and other records, in the order of their places."""
        every = [*others]
        if not every:
            return self
        every += zip(
            self.starts, self.ends, self.new, self.keys, self.codes, self.patches, strict=True
        )
        merged = ByteChanges()
        for change in sorted(every):
            merged.add(*change)
        return merged

    def applied_to(self, body: bytes) -> bytes:
        """Return the bytes of a chunk with the changes applied."""
        return with_splices(body, zip(self.starts, self.ends, self.new, strict=True))


class ShapedChanges(ByteChanges):
    """Records that were decided on by shape."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[SharedOutcome, int] = {}

    def count(self, outcome: SharedOutcome) -> None:
        """Count a record that was added."""
        self._counts[outcome] = self._counts.get(outcome, 0) + 1

    def moved_from(self, chunk: Chunk) -> Chunk:
        """Return a chunk with these records apart; it counts them among the plain ones."""
        groups = [(outcome.verdict, count) for outcome, count in self._counts.items()]
        self._counts = {}
        plain = chunk.plain - len(self.starts)
        return chunk._replace(plain=plain, columns=DecidedColumns(groups, self))
