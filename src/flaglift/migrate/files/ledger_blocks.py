"""The entries of a chunk as a file's journal keeps them."""

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from hashlib import blake2b
from itertools import accumulate, compress
from typing import Any, NamedTuple

from flaglift.migrate.entries import entries_in, packed, unpacked
from flaglift.migrate.records import JournalEntry

ALL = "all"
_BY_COLUMNS = b"columns:"
"""The beginning of a block with entries in Arrow's format."""
_PATCHES = b"patches:"
"""The beginning of a block with entries that consist of their patches."""


def storable(key: str) -> str:
    """Return a key or the name of a source as text that SQLite takes."""
    return key.encode("utf-8", "backslashreplace").decode()


def key_hash(key: str) -> int:
    """Return a number for a key, the same in every process."""
    return int.from_bytes(blake2b(storable(key).encode(), digest_size=6).digest())


def thousand(number: str) -> str:
    """Return the name of the thousand numbers that one, which is a record's key, is among.

    >>> thousand("12345"), thousand("7")
    ('12...', '...')
    """
    return f"{number[:-3]}..."


def hashes_to_find(keys: Iterable[str]) -> list[int]:
    """Return the hashes under which the blocks with entries for keys are kept."""
    thousands = {thousand(key) for key in keys if key.isdecimal()}
    return sorted({*map(key_hash, keys), *map(key_hash, thousands)})


class PackedEntries(NamedTuple):
    """Entries in the form that the journal stores, independent of their numbers."""

    block: bytes
    hashes: list[int]
    """Hashes of their distinct keys, or, if these number a file's records, of thousands of them."""

    @classmethod
    def of(
        cls, entries: Sequence[JournalEntry], *, numbered: bool = False
    ) -> "PackedEntries | None":
        """Return entries packed; None for none. `numbered` tells that keys number the records."""
        if not entries:
            return None
        keys = {thousand(entry.key) if numbered else entry.key for entry in entries}
        return cls(packed(entries)[1], sorted({*map(key_hash, keys)}))

    @classmethod
    def of_patches(
        cls, keys: Sequence[str], codes: Sequence[str], patches: Sequence[bytes], *, numbered: bool
    ) -> "PackedEntries | None":
        """Return entries that consist of patches, each column as a list; None for none.

        An empty patch is no entry. `numbered` is the same as in `of`. No object is made for an
        entry before it is read.
        """
        if not all(patches):
            keys, codes = [*compress(keys, patches)], [*compress(codes, patches)]
            patches = [*compress(patches, patches)]
        if not keys:
            return None
        lengths = [*map(len, patches)]
        head = json.dumps([keys, codes, lengths], ensure_ascii=False)
        data = head.encode("utf-8", "surrogatepass") + b"\n" + b"".join(patches)
        places = {*map(thousand, keys)} if numbered else {*keys}
        return cls(_PATCHES + zlib.compress(data, 1), sorted({*map(key_hash, places)}))

    @classmethod
    def with_columns(
        cls, columns: bytes, places: Iterable[str], others: "PackedEntries | None"
    ) -> "PackedEntries":
        """Return entries of rows that are kept by columns, together with others."""
        rest, hashes = others or (b"", ())
        block = len(columns).to_bytes(4) + columns + rest
        block = _BY_COLUMNS + zlib.crc32(block).to_bytes(4) + block
        return cls(block, sorted({*map(key_hash, places), *hashes}))


def _patch_entries(data: bytes, first: int) -> list[JournalEntry]:
    head, _, joined = data.partition(b"\n")
    keys, codes, lengths = json.loads(head.decode("utf-8", "surrogatepass"))
    ends = [*accumulate(lengths)]
    if ends[-1] != len(joined):
        raise ValueError("damaged")
    return [
        JournalEntry(number, key, {}, {}, each, joined[end - length : end])
        for number, (key, each, length, end) in enumerate(
            zip(keys, codes, lengths, ends, strict=True), first
        )
    ]


def _entries_of(block: bytes, first: int) -> list[JournalEntry]:
    """Return the entries of a block in the order of the source, numbered from `first`."""
    if block.startswith(_PATCHES):
        return _patch_entries(unpacked(block[len(_PATCHES) :]), first)
    if not block.startswith(_BY_COLUMNS):
        return entries_in(unpacked(block), first)
    from flaglift.migrate.files.parquet_entries import unpacked_table  # noqa: PLC0415 (needs Arrow)

    start = len(_BY_COLUMNS)
    digest, block = block[start : start + 4], block[start + 4 :]
    if zlib.crc32(block).to_bytes(4) != digest:
        raise ValueError("damaged")
    end = 4 + int.from_bytes(block[:4])
    found = [*unpacked_table(block[4:end])]
    if block[end:]:
        others = entries_in(unpacked(block[end:]), first)
        found += [(int(entry.patch or b"0"), entry) for entry in others]
        found.sort(key=lambda pair: pair[0])
    return [entry._replace(number=number) for number, (_, entry) in enumerate(found, first)]


class FileBlock:
    """The entries of one chunk, and which of them were undone."""

    def __init__(self, row: tuple[Any, ...]) -> None:
        first, undone, pending, block = row
        self.entries: list[JournalEntry] = _entries_of(block, first)
        numbers = (entry.number for entry in self.entries)
        written = json.loads(undone)
        self.undone: set[int] = set(numbers if written == ALL else written)
        self.pending: set[int] = set(json.loads(pending))
        self._by_key: dict[str, list[JournalEntry]] = defaultdict(list)
        self.keys: Set[str] = self._by_key.keys()
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
