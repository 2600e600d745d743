"""The journal's blocks. Their JSON is a line of entries, and a line of those decided on by columns.

The latter are kept by columns, too: it is a third of the work and half of the size.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flaglift.errors import InputError
from flaglift.migrate.entries import encoded, entries_in, unpacked
from flaglift.migrate.records import JournalEntry
from flaglift.migrate.sql.changes import RowChanges
from flaglift.migrate.sql.keys import key_text
from flaglift.migrate.store import MigrationRun
from flaglift.syntax.flags import FlagName

_VIDEO_PROMPT = FlagName.VIDEO_PROMPT.field


ALL = "all"
"""What a block says that was undone whole."""


@dataclass(frozen=True, slots=True)
class JournalChunk:
    """The journal entries of one chunk."""

    first: int
    entries: Sequence[JournalEntry]
    undone: frozenset[int]
    """The numbers of the entries that were undone."""

    @property
    def last(self) -> int:
        """The number of the last entry."""
        return self.entries[-1].number

    @property
    def left(self) -> list[JournalEntry]:
        """The entries that were not undone."""
        return [entry for entry in self.entries if entry.number not in self.undone]


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


def chunk_of_row(run: MigrationRun, row: Any) -> JournalChunk:
    """Return a block of a run from its row. Raises `InputError` if it is not as it was written."""
    data = unpacked(row.entries)
    try:
        undone = [] if row.undone == ALL else [int(each) for each in json.loads(row.undone)]
    except (ValueError, TypeError, RecursionError):
        undone = None
    if undone is None or hashlib.sha256(data).hexdigest() != row.digest:
        raise InputError(
            f"the journal's block {row.first} of the run {run.id} is not as it was written, so"
            " nothing is restored from it: take it from a backup of flaglift_journal"
        )
    entries = entries_of_block(data, row.first)
    _check_fields(run, row.first, entries)
    numbers = (entry.number for entry in entries)
    return JournalChunk(row.first, entries, frozenset(numbers if row.undone == ALL else undone))


def _check_fields(run: MigrationRun, first: int, entries: Sequence[JournalEntry]) -> None:
    """Raise `InputError` for entries that a run of these options does not write."""
    options = run.info["options"]
    fields = {"text", *options["targets"]} if options["json_column"] is None else {"sha256"}
    others = {name for entry in entries for name in entry.before} - fields
    if others:
        raise InputError(
            f"flaglift_journal: the block {first} of the run {run.id} holds `{min(others)}`, which"
            " its options in flaglift_runs do not name, so nothing is restored from it: take both"
            " tables from a backup"
        )
