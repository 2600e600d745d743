"""Changes as journal entries, and entries as compressed blocks, one block per chunk.

A block takes a tenth of the space of rows, and is written in one go.
"""

import json
import zlib
from collections.abc import Iterable, Sequence

from flaglift.errors import InputError
from flaglift.migrate.records import JournalEntry, RecordChange, at


def entry_of(number: int, change: RecordChange, patch: bytes | None = None) -> JournalEntry:
    """Return the journal entry for a change: the values written, and those before.

    `patch` is any further data that a store needs to find or restore the record.
    """
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    for verdict in change.written:
        for name, value in verdict.writes.items():
            place = at(verdict.stored.place, name)
            old = verdict.stored.text if name == "text" else verdict.stored.held.get(name)
            before[place], after[place] = old, value
    return JournalEntry(number, change.record.key, before, after, change.codes, patch)


def packed(entries: Sequence[JournalEntry]) -> tuple[bytes, bytes]:
    """Return entries as JSON, and the same compressed."""
    data = encoded(entries)
    return data, compressed(data)


def compressed(data: bytes) -> bytes:
    """Return the JSON of a block, compressed."""
    return zlib.compress(data, 1)


def encoded(entries: Sequence[JournalEntry]) -> bytes:
    """Return entries as JSON.

    Their numbers are consecutive, so the first number, which is stored elsewhere, is enough.
    Bytes of a patch are written as characters, so that the compressor recognizes text that also
    occurs in the values.
    """
    rows = [
        [e.key, e.before, e.after, e.codes, e.patch and e.patch.decode("latin-1")] for e in entries
    ]
    return json.dumps(rows, ensure_ascii=False).encode("utf-8", "surrogatepass")


def unpacked(block: bytes) -> bytes:
    """Return the JSON of a block; nothing if it is damaged."""
    try:
        return zlib.decompress(block)
    except zlib.error:
        return b""


def entries_in(data: bytes, first: int) -> list[JournalEntry]:
    """Return the entries in JSON made by `encoded`, numbered from `first`."""
    rows = json.loads(data.decode("utf-8", "surrogatepass"))
    return [
        JournalEntry(number, key, before, after, codes, patch and patch.encode("latin-1"))
        for number, (key, before, after, codes, patch) in enumerate(rows, first)
    ]


def check_complete(
    blocks: Iterable[Sequence[JournalEntry]], first: int, end: int, journal: object
) -> None:
    """Raise `InputError` if blocks do not hold all entries from `first` to before `end`."""
    number = first
    for entries in blocks:
        if entries[0].number != number:
            break
        number += len(entries)
    if number != end:
        raise InputError(
            f"{journal}: the journal does not hold all of the run's {end - first:,} changes, so"
            " nothing is restored: take it from a backup"
        )
