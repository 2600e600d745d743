"""Changes as entries of the journal, and these as compressed blocks: a chunk's entries are one.

A block takes a tenth of the room of rows, and is written at once.
"""

import json
import zlib
from collections.abc import Sequence

from flaglift.migrate.records import JournalEntry, RecordChange, at


def entry_of(number: int, change: RecordChange, patch: bytes | None = None) -> JournalEntry:
    """Return the journal's entry for a change: what it wrote, and what stood there before.

    `patch` is what else a store needs to find or restore the record.
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
    """Return entries as JSON, and that compressed.

    Their numbers follow each other, so that the first one, which is not in it, tells them all.
    Bytes of a patch are written as characters, so that what stands in the values, too, is found
    again and takes no room.
    """
    rows = [
        [e.key, e.before, e.after, e.codes, e.patch and e.patch.decode("latin-1")] for e in entries
    ]
    data = json.dumps(rows, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return data, zlib.compress(data, 1)


def unpacked(block: bytes) -> bytes:
    """Return the JSON of a block; nothing where it is damaged."""
    try:
        return zlib.decompress(block)
    except zlib.error:
        return b""


def entries_in(data: bytes, first: int) -> list[JournalEntry]:
    """Return the entries that JSON of `packed` holds, numbered from `first`."""
    rows = json.loads(data.decode("utf-8", "surrogatepass"))
    return [
        JournalEntry(number, key, before, after, codes, patch and patch.encode("latin-1"))
        for number, (key, before, after, codes, patch) in enumerate(rows, first)
    ]
