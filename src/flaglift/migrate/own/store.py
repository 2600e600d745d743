"""A custom store, adapted to the engine."""

import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType

from flaglift.errors import InputError
from flaglift.migrate.comparison import Comparison
from flaglift.migrate.errors import LockedError
from flaglift.migrate.files.ledger import Ledger
from flaglift.migrate.job import Job
from flaglift.migrate.locking import file_lock
from flaglift.migrate.own.blame import raised_in
from flaglift.migrate.own.records import OwnRecords, PromptCollection
from flaglift.migrate.own.run import OwnUndoer, OwnWriter
from flaglift.migrate.records import Chunk, Cursor, JournalEntry, RecordChange
from flaglift.migrate.resuming import new_run, reread, resumed
from flaglift.migrate.store import Check, MigrationRun, refuse_failed
from flaglift.syntax.concern import may_concern

SCHEME = "python:"
_HINT = "a store of your own is named `python:MODULE:FUNCTION`"


def collection_of(source: str) -> PromptCollection:
    """Return the store made by `python:MODULE:FUNCTION`, also from the current folder.

    Raises `InputError` if there is no such module or function, or if it raises an exception.
    """
    module, _, function = source.removeprefix(SCHEME).partition(":")
    if not module or not function:
        raise InputError(f"{source}: {_HINT}")
    with raised_in(source, f"`{module}`", shown=True):
        make = getattr(_imported(module, source), function, None)
    if not callable(make):
        raise InputError(f"{source}: `{module}` has no function `{function}`; {_HINT}")
    with raised_in(source, f"`{function}`", shown=True):
        made: PromptCollection = make()
    return made


def _imported(module: str, source: str) -> ModuleType:
    sys.path.insert(0, "")
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not f"{module}.".startswith(f"{error.name}."):
            raise  # a module that this module imports is missing
        raise InputError(f"{source}: {error}; {_HINT}") from None
    finally:
        sys.path.remove("")


def own_journal(job: Job) -> Path:
    """Return the path of a custom store's journal."""
    module = job.source.removeprefix(SCHEME).replace(":", ".")
    return job.journal or Path(f"{module}.flaglift")


class OwnStore:
    """A custom store, with its journal in a file."""

    unit = "key"
    passes_on = False
    fields: frozenset[str] | None = None

    def __init__(self, job: Job, collection: PromptCollection) -> None:
        self.name: str = job.source
        self._job = job
        self._records = OwnRecords(job.source, collection, job.targets)
        self._journal = own_journal(job)
        self.journal: str = str(self._journal)
        self._lock = self._journal.with_name(f"{self._journal.name}.lock")
        self._opened: Ledger | None = None

    def _ledger(self, *, write: bool) -> Ledger:
        if self._opened is not None and write:
            self._opened.close()
            self._opened = None
        if self._opened is None:
            self._opened = Ledger(self._journal, self.name, write=write)
        return self._opened

    def notes(self) -> list[str]:
        """Return nothing: `checks` already covers everything known about the store."""
        return []

    def checks(self) -> list[Check]:
        """Check that keys lead forward, and that a record can be read again by its key."""
        first = self._records.read(None, 2)
        if not first:
            return [Check("pass", "records", "the store has no record")]
        key, record = first[0]
        checks = []
        if self._records.get(key) != record:
            sentence = f"`get` does not give the record {key} as `read` does"
            checks.append(Check("refuse", "keys", sentence))
        behind = [key for key, _ in self._records.read(key, 1)]
        if behind != [key for key, _ in first[1:]]:
            sentence = f"`read` after {key} does not give the record that came next before"
            checks.append(Check("refuse", "keys", sentence))
        last = self.last()
        # Others may write behind a key between two calls; then the last one is another.
        if last and self._records.read(last["key"], 1) and self.last() == last:
            sentence = f"`read` gives records after {last['key']}, which is the key of `last`"
            checks.append(Check("refuse", "keys", sentence))
        return checks or [Check("pass", "keys", "records are found again by their keys, in order")]

    def total(self) -> tuple[str, int] | None:
        """Return None: the total is unknown."""
        return None

    def last(self) -> Cursor | None:
        """Return where the records end now; None if the store does not tell."""
        return {"key": self._records.last()} if self._records.tells_last else None

    def read(self, cursor: Cursor | None, rows: int, until: Cursor | None = None) -> Chunk | None:
        """Return the next records, up to a cursor of `last`; None at the end.

        Raises `InputError` if the store returns a record twice.
        """
        after = None if cursor is None else cursor["key"]
        if until is not None and until["key"] == after:
            return None
        pairs = self._records.read(after, rows)
        if not pairs:
            return None
        keys = [key for key, _ in pairs]
        if after in keys or len({*keys}) < len(keys):
            raise InputError(
                f"{self.name}: `read` gives a record again when asked for what comes after {after}"
            )
        end = len(keys)
        if until is not None and until["key"] in keys:
            end = keys.index(until["key"]) + 1
        return Chunk((), {"key": keys[end - 1]}).holding(each for _, each in pairs[:end])

    def made(
        self,
        chunk: Chunk,  # noqa: ARG002
        changes: Sequence[RecordChange],
    ) -> Sequence[RecordChange]:
        """Return the changes: nothing else is written."""
        return changes

    def read_left(
        self, cursor: Cursor | None, rows: int, until: Cursor | None = None
    ) -> Chunk | None:
        """Return those of the next records that may still contain flags; None at the end."""
        chunk = self.read(cursor, rows, until)
        if chunk is None:
            return None
        left = [r for r in chunk.records if any(may_concern(each.text) for each in r.prompts)]
        return chunk._replace(records=left)

    def unreachable(self) -> int:
        """Return 0: `read` reaches every record."""
        return 0

    def hidden(self) -> str:
        """Return "": what such a store does not show, only it knows."""
        return ""

    def is_empty(self, field: str, value: object) -> bool:
        """Return whether a value of a field stands for an empty one."""
        return self._job.is_empty(field, value)

    def fits(self, field: str, value: object) -> None:
        """Return None: `replace` rejects what does not fit."""

    @contextmanager
    def writing(self, *, restart: bool) -> Iterator["OwnWriter"]:
        """Begin a run or resume an unfinished one, holding the lock."""
        refuse_failed(self.name, self.checks())
        with file_lock(self._lock, self.name):
            ledger = self._ledger(write=True)
            yield OwnWriter(self._records, ledger, self._begun(ledger, restart=restart))

    def _begun(self, ledger: Ledger, *, restart: bool) -> MigrationRun:
        runs = ledger.runs()
        with ledger.saving():
            mine = self._job.fingerprint
            unfinished = resumed(runs, mine, self.name, ledger.save, restart=restart)
            if unfinished is not None:
                return unfinished
            run = new_run(self._job, self.name, {"entries": 0})
            ledger.save(run)
        return run

    def rehearsing(self) -> AbstractContextManager["OwnWriter"]:
        """Raise `InputError`: writes to such a store cannot be rolled back."""
        raise InputError(f"{self.name}: --rehearse is for databases, which can roll back")

    def runs(self) -> list[MigrationRun]:
        """Return all runs, oldest first; none if there is no journal."""
        return self._ledger(write=False).runs() if self._journal.exists() else []

    def is_held(self) -> bool:
        """Return whether a run is working on the store now."""
        if not self._lock.exists():
            return False
        try:
            with file_lock(self._lock, self.name):
                return False
        except LockedError:
            return True

    @contextmanager
    def undoing(self, run: MigrationRun) -> Iterator["OwnUndoer"]:
        """Begin or resume the undo of a run."""
        with file_lock(self._lock, self.name):
            ledger = self._ledger(write=True)
            yield OwnUndoer(self._records, ledger, reread(ledger.runs(), run))

    def entries(self, run: MigrationRun, *, left: bool = False) -> Iterator[JournalEntry]:
        """Return the journal of a run in order."""
        return self._ledger(write=False).entries(run, left=left)

    def pressure(self) -> Mapping[str, float]:
        """Return nothing: such a store reports no load."""
        return {}

    def journal_bytes(self, run: MigrationRun) -> int:
        """Return the size of a run's entries in bytes."""
        return self._ledger(write=False).size(run)

    def purge(self, run: MigrationRun) -> None:
        """Delete the journal of a run."""
        with file_lock(self._lock, self.name):
            self._ledger(write=True).purge(run)

    def verify(self, run: MigrationRun) -> tuple[list[str], list[str]]:
        """Return which checks of a run's changes hold and which fail, one sentence each."""
        compared = Comparison()
        for entry in self._ledger(write=False).entries(run, left=True):
            holds = self._records.holds(entry.key, entry.after)
            if holds is None:
                compared.add(entry.key, "deleted since")
            else:
                compared.add(entry.key, "as written" if holds else "edited since")
        return compared.sentences(self.name, "records")

    def close(self) -> None:
        """Close the journal."""
        if self._opened is not None:
            self._opened.close()
