"""The JSON of the journal's blocks: a line of entries, and a line of those decided on by columns.

The latter are kept by columns, too: it is a third of the work and half of the size.
"""

import json
from collections.abc import Iterator, Sequence

from flaglift.migrate.entries import encoded, entries_in
from flaglift.migrate.records import JournalEntry
from flaglift.migrate.sql.changes import RowChanges
from flaglift.migrate.sql.keys import key_text
from flaglift.syntax.flags import FlagName

_VIDEO_PROMPT = FlagName.VIDEO_PROMPT.field


def encoded_block(entries: Sequence[JournalEntry], columns: RowChanges | None) -> bytes:
    """Return the JSON of a chunk's entries."""
    data = encoded(entries)
    return data if columns is None else b"%s\n%s" % (data, _encoded_columns(columns))


def entries_of_block(data: bytes, first: int) -> list[JournalEntry]:
    """Return the entries in the JSON of a block, numbered from `first`."""
    line, _, columns = data.partition(b"\n")
    entries = entries_in(line, first)
    return [*entries, *_entries_of_columns(columns, first + len(entries))] if columns else entries


def _encoded_columns(changes: RowChanges) -> bytes:
    shared = {id(outcome): outcome for outcome in changes.outcomes}
    number = {each: index for index, each in enumerate(shared)}
    place = changes.names.index(_VIDEO_PROMPT)
    old = [row[changes.width] for row in changes.rows]
    new = (values[0] for values in changes.values)
    columns = {
        "keys": list(map(key_text, changes.keys)),
        "old": old,
        # Most flags come last: what is left is the beginning of the old text.
        "new": [len(b) if a.startswith(b) else b for a, b in zip(old, new, strict=True)],
        "prompts": [new[place] for new in changes.values],
        "which": [number[id(outcome)] for outcome in changes.outcomes],
        "shared": [[outcome.written, outcome.codes] for outcome in shared.values()],
    }
    return json.dumps(columns, ensure_ascii=False).encode()


def _entries_of_columns(data: bytes, first: int) -> Iterator[JournalEntry]:
    columns = json.loads(data)
    own = ("keys", "old", "new", "prompts", "which")
    each = zip(*(columns[name] for name in own), strict=True)
    for number, (key, old, new, prompt, which) in enumerate(each, first):
        written, codes = columns["shared"][which]
        text = old[:new] if isinstance(new, int) else new
        after = {"text": text, **written, _VIDEO_PROMPT: prompt}
        before = {**dict.fromkeys(after), "text": old}
        yield JournalEntry(number, key, before, after, codes)
