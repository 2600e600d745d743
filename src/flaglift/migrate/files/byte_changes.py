"""The changed records of a chunk of bytes, and those that were decided on by shape."""

from typing import NamedTuple

from flaglift.migrate.records import Chunk, DecidedColumns
from flaglift.migrate.shape_decision import SharedOutcome


class ChangedBytes(NamedTuple):
    """New bytes for a part of a chunk."""

    start: int
    end: int
    new: bytes
    key: str
    """The key of the record, for the journal."""
    codes: str
    """The codes of the rules with findings, separated by spaces."""
    patch: bytes
    """What restores the old bytes; empty for a part that no change of the run is in."""


class ShapedChanges:
    """Collects the records of a chunk that were decided on by shape."""

    def __init__(self) -> None:
        self._rows: list[ChangedBytes] = []
        self._counts: dict[SharedOutcome, int] = {}

    def add(self, changed: ChangedBytes, outcome: SharedOutcome) -> None:
        """Add a record."""
        self._rows.append(changed)
        self._counts[outcome] = self._counts.get(outcome, 0) + 1

    def moved_from(self, chunk: Chunk) -> Chunk:
        """Return a chunk with these records apart; it counts them among the plain ones."""
        groups = [(outcome.verdict, count) for outcome, count in self._counts.items()]
        plain = chunk.plain - len(self._rows)
        return chunk._replace(plain=plain, columns=DecidedColumns(groups, self._rows))
