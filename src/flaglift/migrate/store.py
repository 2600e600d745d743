"""What the engine asks of a store. A new kind of source implements these three classes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from flaglift.errors import InputError
from flaglift.migrate.records import Chunk, Cursor, JournalEntry, RecordChange, StoredRecord
from flaglift.migrate.tally import Tally

UNDER_WAY = ("running", "finishing", "replacing", "undoing")
"""The states of a run that somebody works on, or was stopped at."""


@dataclass
class MigrationRun:
    """A migration that was begun, as its store keeps it."""

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
    """What the store needs to know of it."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that was looked at before the first change."""

    outcome: str
    """`pass`, `note` or `refuse`."""
    topic: str
    sentence: str


def refuse_failed(name: str, checks: Sequence[Check]) -> None:
    """Raise `InputError` where a check has failed."""
    failed = [check.sentence for check in checks if check.outcome == "refuse"]
    if failed:
        raise InputError(f"{name}: nothing was changed: {'; '.join(failed)}")


@dataclass(frozen=True, slots=True)
class ChangeRefusal:
    """Why a store does not take a change."""

    code: str
    message: str


class Step(Protocol):
    """One chunk being written, as `Store.made` returned it: it and its checkpoint, or nothing."""

    def moved(self, made: Any) -> Mapping[str, StoredRecord | ChangeRefusal | None]:
        """Return the records that are not as they were read, by key; None for a deleted one.

        A refusal stands for one that is there and may not be changed.
        From here to the end of the step nobody else can change any of them.
        """

    def write(self, made: Any) -> Mapping[str, ChangeRefusal] | None:
        """Write the changed records and their journal entries; return what was refused, by key."""

    def checkpoint(self, cursor: Cursor, tally: Tally) -> None:
        """Keep where the run is."""


class RunWriter(Protocol):
    """A run that is being applied; nobody else applies one to the same source."""

    run: MigrationRun

    def step(self) -> AbstractContextManager[Step]:
        """Begin a chunk; leaving it commits, or writes nothing if it raised."""

    def reconnect(self) -> None:
        """Find the store again after it was unavailable, and read the run's checkpoint anew."""

    def finish(self) -> list[str]:
        """Complete the run; return what the user should know, one sentence each."""


class Undoer(Protocol):
    """A run that is being taken back."""

    run: MigrationRun
    restored: int
    """The records restored so far by this call."""

    def undo(self, rows: int) -> bool:
        """Restore the next records that are as the run wrote them; tell whether there may be more.

        Raises `UnavailableError` where it can be tried again.
        """

    def reconnect(self) -> None:
        """Find the store again after it was unavailable, and read the run's state anew."""

    def finish(self) -> list[str]:
        """Complete it; return what the user should know."""


class Store(Protocol):
    """A source of stored prompts."""

    name: str
    """What to call it: never a password in it."""
    unit: str
    """What a record's key counts: `line`, `row`, `element`, `key`."""
    fields: frozenset[str] | None
    """The fields it can hold; None for any."""
    passes_on: bool
    """Whether what lies behind a `--limit` is to be copied."""

    def notes(self) -> list[str]:
        """Return what the user should know of the source before it is written."""

    def checks(self) -> list[Check]:
        """Look whether the store behaves as the code relies on, before the first change."""

    def total(self) -> tuple[str, int] | None:
        """Return how much there is to read, in `bytes` or `records`; None where unknown."""

    def read(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the next records; None at the end. `rows` is a wish, not a limit."""

    def made(self, chunk: Chunk, changes: Sequence[RecordChange]) -> Any:
        """Return what a step writes of a chunk with these changes."""

    def read_left(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return those of the next records that may still hold flags; None at the end.

        Of a store that others write to while it is migrated.
        """

    def unreachable(self) -> int:
        """Return how many records there are that `read` does not come to."""

    def is_empty(self, field: str, value: Any) -> bool:
        """Tell whether a value that a field holds stands for none."""

    def fits(self, field: str, value: Any) -> str | None:
        """Return why a field's column cannot hold a value; None if it can."""

    def writing(self, *, restart: bool) -> AbstractContextManager[RunWriter]:
        """Begin a run, or go on with an unfinished one."""

    def rehearsing(self) -> AbstractContextManager[RunWriter]:
        """Begin a run that writes every chunk and keeps nothing."""

    def runs(self) -> list[MigrationRun]:
        """Return all runs, oldest first."""

    def is_held(self) -> bool:
        """Tell whether a run works on the source now."""

    def undoing(self, run: MigrationRun) -> AbstractContextManager[Undoer]:
        """Begin to take a run back, or go on with that."""

    def entries(self, run: MigrationRun, *, left: bool = False) -> Iterator[JournalEntry]:
        """Return the journal of a run in order; with `left` only what is not taken back."""

    def pressure(self) -> Mapping[str, float]:
        """Return the work of others on the source: `load` in running statements, `lag` in seconds.

        What the store cannot tell is missing. Raises `InputError` where the account may not see it.
        """

    def journal_bytes(self, run: MigrationRun) -> int:
        """Return about how many bytes the journal of a run takes."""

    def purge(self, run: MigrationRun) -> None:
        """Delete the journal of a run, which can then not be taken back."""

    def verify(self, run: MigrationRun) -> tuple[list[str], list[str]]:
        """Return what holds of what a run wrote and what does not, one sentence each."""

    def close(self) -> None:
        """Let go of connections and files."""
