"""The entries of a chunk as a file's journal keeps them."""

import json
from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from flaglift.migrate.entries import entries_in, packed, unpacked
from flaglift.migrate.records import JournalEntry

ALL = "all"


def storable(key: str) -> str:
    """Return a key or the name of a source as text that SQLite takes."""
    return key.encode("utf-8", "backslashreplace").decode()


def key_hash(key: str) -> int:
    """Return a number for a key, the same in every process."""
    return int.from_bytes(blake2b(storable(key).encode(), digest_size=6).digest())


class PackedEntries(NamedTuple):
    """Entries in the form that the journal stores, independent of their numbers."""

    block: bytes
    hashes: list[int]
    """Hashes of their distinct keys."""

    @classmethod
    def of(cls, entries: Sequence[JournalEntry]) -> "PackedEntries | None":
        """Return entries packed; None for none."""
        hashes = sorted({key_hash(entry.key) for entry in entries})
        return cls(packed(entries)[1], hashes) if entries else None


class FileBlock:
    """The entries of one chunk, and which of them were undone."""

    def __init__(self, row: tuple[Any, ...]) -> None:
        first, undone, pending, block = row
        self.entries = entries_in(unpacked(block), first)
        numbers = (entry.number for entry in self.entries)
        self.undone = set(numbers if json.loads(undone) == ALL else json.loads(undone))
        self.pending: set[int] = set(json.loads(pending))
        self._by_key: dict[str, list[JournalEntry]] = defaultdict(list)
        self.keys = self._by_key.keys()
        for entry in self.entries:
            self._by_key[entry.key].append(entry)

    def _is_left(self, entry: JournalEntry) -> bool:
        return entry.number not in self.undone and entry.number not in self.pending

    @property
    def left(self) -> list[JournalEntry]:
        """The entries that were not undone."""
        return list(filter(self._is_left, self.entries))

    def of_key(self, key: str) -> list[JournalEntry]:
        """Return those of a key, which must be one of `keys`."""
        return list(filter(self._is_left, self._by_key[key]))
