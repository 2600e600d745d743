"""Applies a run to a custom store, and undoes it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from flaglift.migrate.clock import now
from flaglift.migrate.files.ledger import Ledger
from flaglift.migrate.files.ledger_blocks import PackedEntries
from flaglift.migrate.own.records import OwnRecords, entry_with_keys
from flaglift.migrate.records import Cursor, Problem, RecordChange, StoredRecord
from flaglift.migrate.store import ChangeRefusal, ChunkCost, MigrationRun
from flaglift.migrate.tally import Tally

NOT_WRITTEN = "not-written"
"""The pseudo-code of a record that the store rejected."""


class OwnWriter:
    """A run that is being applied."""

    def __init__(self, records: OwnRecords, ledger: Ledger, run: MigrationRun) -> None:
        self.run: MigrationRun = run
        self._records = records
        self._ledger = ledger

    @contextmanager
    def step(self) -> Iterator["_OwnStep"]:
        """Write a chunk, with its entries before it and its checkpoint after it."""
        step = _OwnStep(self._records, self._ledger, self.run)
        yield step
        self.run = step.run

    def reconnect(self) -> None:
        """Reread the checkpoint; the store itself reconnects when it is used."""
        self.run = next(run for run in self._ledger.runs() if run.id == self.run.id)

    def finish(self) -> list[str]:
        """Mark the run as finished."""
        self.run = replace(self.run, state="finished", updated=now())
        with self._ledger.saving():
            self._ledger.save(self.run)
        return [f"`flaglift migrate undo` restores the old values from {self._ledger.path}"]


class _OwnStep:
    """One chunk being written."""

    def __init__(self, records: OwnRecords, ledger: Ledger, run: MigrationRun) -> None:
        self.run = run
        self._records = records
        self._ledger = ledger
        self._undone: list[int] = []

    def moved(
        self, changes: Sequence[RecordChange]
    ) -> Mapping[str, StoredRecord | ChangeRefusal | None]:
        """Return the records changed since they were read, by key; None for a deleted one."""
        moved: dict[str, StoredRecord | ChangeRefusal | None] = {}
        for change in changes:
            key = change.record.key
            record = self._records.get(key)
            if isinstance(record, Problem):
                moved[key] = ChangeRefusal(NOT_WRITTEN, record.sentence)
            elif record != change.record:
                moved[key] = record
        return moved

    def write(self, changes: Sequence[RecordChange]) -> Mapping[str, ChangeRefusal]:
        """Write entries, then records; return what the store rejected, by key."""
        first = self.run.info["entries"]
        entries = [entry_with_keys(first + index, change) for index, change in enumerate(changes)]
        self.run = replace(self.run, info={**self.run.info, "entries": first + len(entries)})
        with self._ledger.saving():
            self._ledger.add(self.run, first, PackedEntries.of(entries))
            self._ledger.save(self.run)
        refused = {}
        for entry in entries:
            if not self._records.replace(entry.key, entry.before, entry.after):
                refused[entry.key] = ChangeRefusal(
                    NOT_WRITTEN, "the store did not take it: it was changed meanwhile, or may not"
                )
                self._undone.append(entry.number)
        return refused

    def checkpoint(self, cursor: Cursor, tally: Tally) -> None:
        """Save the run's position, and remove the entries of records that were not written."""
        self.run = replace(self.run, cursor=dict(cursor), tally=tally, updated=now())
        with self._ledger.saving():
            self._ledger.mark_undone(self.run, self._undone)
            self._ledger.settle_undone(self.run, keep=True)
            self._ledger.save(self.run)


class OwnUndoer:
    """A run that is being undone, its last change first."""

    def __init__(self, records: OwnRecords, ledger: Ledger, run: MigrationRun) -> None:
        self.run: MigrationRun = run
        self.restored: int = 0
        self.handled: ChunkCost = ChunkCost()
        self.edited: list[str] = []
        self._records = records
        self._ledger = ledger
        ledger.check(run)
        self._blocks = ledger.left_newest_first(run)

    def undo(self, rows: int) -> bool:  # noqa: ARG002 (a chunk of the run is one of the undo)
        """Restore the records of the next chunk that are as the run wrote them."""
        block = next(self._blocks, None)
        if block is None:
            return False
        restored = []
        for entry in block:
            if self._records.replace(entry.key, entry.after, entry.before):
                restored.append(entry.number)
                self.restored += 1
            elif self._records.holds(entry.key, entry.before):
                restored.append(entry.number)  # by a call that was killed, or never written
        self.handled = ChunkCost(len(restored))
        self.run = replace(self.run, state="undoing", updated=now())
        with self._ledger.saving():
            self._ledger.mark_undone(self.run, restored)
            self._ledger.settle_undone(self.run, keep=True)
            self._ledger.save(self.run)
        return True

    def reconnect(self) -> None:
        """Start over from the newest remaining chunk; the store reconnects when it is used."""
        self._blocks = self._ledger.left_newest_first(self.run)

    def finish(self) -> list[str]:
        """Mark the run as undone."""
        self.edited = [entry.key for entry in self._ledger.entries(self.run, left=True)]
        state = "partly undone" if self.edited else "undone"
        self.run = replace(self.run, state=state, updated=now())
        with self._ledger.saving():
            self._ledger.save(self.run)
        return []
