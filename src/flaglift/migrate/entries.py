"""Changes as entries of the journal."""

from flaglift.migrate.records import JournalEntry, RecordChange, at


def entry_of(number: int, change: RecordChange, patch: bytes | None = None) -> JournalEntry:
    """Return the journal's entry for a change: what it wrote, and what stood there before."""
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    for verdict in change.written:
        for name, value in verdict.writes.items():
            place = at(verdict.stored.place, name)
            old = verdict.stored.text if name == "text" else verdict.stored.held.get(name)
            before[place], after[place] = old, value
    return JournalEntry(number, change.record.key, before, after, change.codes, patch)
