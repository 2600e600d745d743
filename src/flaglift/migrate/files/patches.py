"""Turns a changed record back into its original bytes."""

import hashlib
import json
from collections.abc import Sequence

from flaglift.lossless.spans import common_ends
from flaglift.migrate.records import JournalEntry

DIGITS = 32
"""The length of a digest in a patch."""


def patch_of(old: bytes, new: bytes) -> bytes:
    """Return what `unpatched` needs to make the old bytes from the new ones.

    >>> unpatched(b'{"a": "b"}', patch_of(b'{"a": "b --video"}', b'{"a": "b"}'))
    b'{"a": "b --video"}'
    """
    start, tail = common_ends(old, new)
    middle = old[start : len(old) - tail]
    return b'[%d, %d, "%s"]\n%s' % (start, len(new) - tail, digest_of(new).encode(), middle)


def digest_of(data: bytes) -> str:
    """Return the digest of a record as patches keep it: half of one, as each entry has one."""
    return hashlib.sha256(data).hexdigest()[:DIGITS]


def digest_in(patch: bytes) -> str:
    """Return the digest of the record that a patch is for."""
    return str(json.loads(patch.partition(b"\n")[0])[2])


def unpatched(new: bytes, patch: bytes) -> bytes | None:
    """Return the old bytes; None if the record has changed since it was written."""
    head, _, middle = patch.partition(b"\n")
    start, end, digest = json.loads(head)
    if digest_of(new) != digest:
        return None
    return new[:start] + middle + new[end:]


def matching(current: bytes, entries: Sequence[JournalEntry]) -> tuple[JournalEntry, bytes] | None:
    """Return the first entry that the record comes from, and the record's old bytes."""
    for entry in entries:
        old = unpatched(current, entry.patch or b"")
        if old is not None:
            return entry, old
    return None
