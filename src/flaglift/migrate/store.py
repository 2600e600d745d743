"""The interface of a store to the engine. A new kind of source implements these three classes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from flaglift.errors import InputError
from flaglift.migrate.records import Chunk, Cursor, JournalEntry, RecordChange, StoredRecord
from flaglift.migrate.tally import Tally

UNDER_WAY = ("running", "finishing", "replacing", "undoing")
"""The states of a run that is in progress or was interrupted."""


@dataclass
class MigrationRun:
    """A migration that was begun, as saved by its store."""

    id: str
    source: str
    fingerprint: str
    state: str
    """`running`, `finished`, `undoing`, `undone`, `partly undone` or `abandoned`; of files also
    `finishing`, `replacing` and `replaced`; `purged` without a journal."""
    cursor: Cursor | None
    tally: Tally
    started: str
    updated: str
    info: dict[str, Any] = field(default_factory=dict)
    """Data for the store's own use."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a check before the first change."""

    outcome: str
    """`pass`, `note` or `refuse`."""
    topic: str
    sentence: str


def refuse_failed(name: str, checks: Sequence[Check]) -> None:
    """Raise `InputError` if a check has failed."""
    failed = [check.sentence for check in checks if check.outcome == "refuse"]
    if failed:
        raise InputError(f"{name}: nothing was changed: {'; '.join(failed)}")


@dataclass(frozen=True, slots=True)
class ChangeRefusal:
    """Why a store refuses a change."""

    code: str
    message: str


class Step(Protocol):
    """One chunk from `Store.made` being written: either it and its checkpoint, or nothing."""

    def moved(self, made: Any) -> Mapping[str, StoredRecord | ChangeRefusal | None]:
        """Return the records changed since they were read, by key; None for a deleted one.

        A refusal stands for a record that exists but may not be changed.
        From here to the end of the step, no one else can change any of them.
        """

    def write(self, made: Any) -> Mapping[str, ChangeRefusal] | None:
        """Write the changed records and their journal entries; return what was refused, by key."""

    def checkpoint(self, cursor: Cursor, tally: Tally) -> None:
        """Save the run's position."""


class RunWriter(Protocol):
    """A run that is being applied, the only one on its source."""

    run: MigrationRun

    def step(self) -> AbstractContextManager[Step]:
        """Begin a chunk; leaving the block commits, or writes nothing if it raised."""

    def reconnect(self) -> None:
        """Reconnect after the store was unavailable, and reread the run's checkpoint."""

    def finish(self) -> list[str]:
        """Complete the run; return what the user should know, one sentence each."""


class ChunkCost(NamedTuple):
    """How much a chunk was."""

    records: int = 0
    size: int = 0
    """Their bytes, where these are read."""


class Undoer(Protocol):
    """A run that is being undone."""

    run: MigrationRun
    restored: int
    """The records restored so far by this call."""
    handled: ChunkCost
    """What took time in the last chunk: records restored, or passed on where all are written."""
    edited: list[str]
    """After `finish`, the keys of the records that were edited or deleted since."""

    def undo(self, rows: int) -> bool:
        """Restore the next records that are as the run wrote them; return whether more may remain.

        Raises `UnavailableError` if it can be retried.
        """

    def reconnect(self) -> None:
        """Reconnect after the store was unavailable, and reread the run's state."""

    def finish(self) -> list[str]:
        """Complete it; return what the user should know."""


class Store(Protocol):
    """A source of stored prompts."""

    name: str
    """The name to show: never contains a password."""
    unit: str
    """What a record's key counts: `line`, `row`, `element`, `key`."""
    journal: str
    """What holds its runs, as errors name it."""
    passes_on: bool
    """Whether records beyond a `--limit` have to be copied."""

    @property
    def fields(self) -> frozenset[str] | None:
        """The fields it can store; None for any."""

    def notes(self) -> list[str]:
        """Return what the user should know about the source before it is written."""

    def checks(self) -> list[Check]:
        """Check, before the first change, that the store behaves as the code assumes."""

    def total(self) -> tuple[str, int] | None:
        """Return how much there is to read, in `bytes` or `records`; None if unknown."""

    def last(self) -> Cursor | None:
        """Return where the records end now; None if only reading tells.

        For stores that others write to during a migration.
        """

    def read(self, cursor: Cursor | None, rows: int, until: Cursor | None = None) -> Chunk | None:
        """Return the next records, up to a cursor of `last`; None at the end.

        `rows` is a hint, not a limit.
        """

    def made(self, chunk: Chunk, changes: Sequence[RecordChange]) -> Any:
        """Return the data that a step writes for a chunk with these changes."""

    def read_left(
        self, cursor: Cursor | None, rows: int, until: Cursor | None = None
    ) -> Chunk | None:
        """Return those of the next records that may still contain flags; None at the end.

        For stores that others write to during a migration.
        """

    def unreachable(self) -> int:
        """Return how many records `read` cannot reach."""

    def hidden(self) -> str:
        """Return which records of the source were not looked at; "" if there are none."""

    def is_empty(self, field: str, value: Any) -> bool:
        """Return whether a value of a field stands for an empty one."""

    def fits(self, field: str, value: Any) -> str | None:
        """Return why a field's column cannot store a value; None if it can."""

    def writing(self, *, restart: bool) -> AbstractContextManager[RunWriter]:
        """Begin a run, or resume an unfinished one."""

    def rehearsing(self) -> AbstractContextManager[RunWriter]:
        """Begin a run that writes every chunk and keeps nothing."""

    def runs(self) -> list[MigrationRun]:
        """Return all runs, oldest first."""

    def is_held(self) -> bool:
        """Return whether a run is working on the source now."""

    def undoing(self, run: MigrationRun) -> AbstractContextManager[Undoer]:
        """Begin or resume the undo of a run."""

    def entries(self, run: MigrationRun, *, left: bool = False) -> Iterator[JournalEntry]:
        """Return the journal of a run in order; with `left` only the entries not undone."""

    def pressure(self) -> Mapping[str, float]:
        """Return the load from other clients: `load` in running statements, `lag` in seconds.

        Values that the store cannot measure are missing. Raises `InputError` if the account may not
        see them.
        """

    def journal_bytes(self, run: MigrationRun) -> int:
        """Return the approximate size of a run's journal in bytes."""

    def purge(self, run: MigrationRun) -> None:
        """Delete the journal of a run, which can then not be undone."""

    def verify(self, run: MigrationRun) -> tuple[list[str], list[str]]:
        """Return which checks of a run's changes hold and which fail, one sentence each."""

    def close(self) -> None:
        """Close connections and files."""
