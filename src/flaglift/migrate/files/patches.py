"""Turns a changed record back into its original bytes."""

import hashlib
import json
from collections.abc import Sequence

from flaglift.lossless.spans import common_ends
from flaglift.migrate.records import JournalEntry


def patch_of(old: bytes, new: bytes) -> bytes:
    """Return what `unpatched` needs to make the old bytes from the new ones.

    >>> unpatched(b'{"a": "b"}', patch_of(b'{"a": "b --video"}', b'{"a": "b"}'))
    b'{"a": "b --video"}'
    """
    start, tail = common_ends(old, new)
    middle = old[start : len(old) - tail]
    return b'[%d, %d, "%s"]\n%s' % (start, len(new) - tail, _digest(new).encode(), middle)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]  # half of it: there is one in each entry


def unpatched(new: bytes, patch: bytes) -> bytes | None:
    """Return the old bytes; None if the record has changed since it was written."""
    head, _, middle = patch.partition(b"\n")
    start, end, digest = json.loads(head)
    if _digest(new) != digest:
        return None
    return new[:start] + middle + new[end:]


def matching(current: bytes, entries: Sequence[JournalEntry]) -> tuple[JournalEntry, bytes] | None:
    """Return the first entry that the record comes from, and the record's old bytes."""
    for entry in entries:
        old = unpatched(current, entry.patch or b"")
        if old is not None:
            return entry, old
    return None
