"""The store of one file: its format, its journal, and the result next to it."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from flaglift.errors import InputError
from flaglift.migrate.errors import LockedError
from flaglift.migrate.files.format import Format, MadeChunk
from flaglift.migrate.files.ledger import Ledger
from flaglift.migrate.files.output import exists, partial
from flaglift.migrate.files.runs import begin_or_resume, result_path
from flaglift.migrate.files.undo import FileUndoer
from flaglift.migrate.files.verify import verify_file
from flaglift.migrate.files.writer import FileWriter
from flaglift.migrate.job import Job
from flaglift.migrate.locking import file_lock, lock_path
from flaglift.migrate.records import Chunk, Cursor, JournalEntry, RecordChange
from flaglift.migrate.resuming import reread
from flaglift.migrate.space import check_folder, check_name
from flaglift.migrate.store import Check, MigrationRun


def journal_path(path: Path, job: Job) -> Path:
    """Return the path of a file's journal."""
    return job.journal or _usual_journal(path)


def _usual_journal(path: Path) -> Path:
    return path.with_name(f"{path.name}.flaglift")


class FileStore:
    """A file of prompts. It can be sent to another process, which opens the file again."""

    passes_on = True

    def __init__(self, job: Job, path: Path, kind: type[Format]) -> None:
        """Take a file and its kind. It is opened when its prompts are first asked for.

        What a run has changed is read as the run kept it: it need not be readable as a source.
        """
        self.name: str = os.fsencode(path).decode("utf-8", "backslashreplace")
        self.unit: str = kind.unit
        self._job = job
        self._path = path
        self._kind = kind
        self._opened: Format | None = None
        self._ledger_path = journal_path(path, job)
        self.journal: str = str(self._ledger_path)
        if exists(self._ledger_path) and self._ledger_path.samefile(path):
            raise InputError(f"{self.name}: is the source; name another file with --journal")

    @property
    def _format(self) -> Format:
        if self._opened is None:
            self._opened = self._kind(self._job, self._path)
        return self._opened

    @property
    def fields(self) -> frozenset[str] | None:
        """The fields that a record can hold; None for any."""
        return self._format.fields

    def notes(self) -> list[str]:
        """Return what the user should know of the file before it is written."""
        return self._format.notes()

    def checks(self) -> list[Check]:
        """Return what the user should know of the file before it is written."""
        size = self._path.stat().st_size
        needed: dict[Path, int] = defaultdict(int)
        needed[result_path(self._path, self._job).absolute().parent] += size
        needed[self._ledger_path.absolute().parent] += size
        return [
            *(Check("note", "file", note) for note in self.notes()),
            *self._names(),
            *(each for folder in needed for each in check_folder(folder, needed[folder])),
        ]

    def _names(self) -> list[Check]:
        """Return which of the files beside this one have too long a name."""
        lock = lock_path(self._ledger_path)
        return [
            *check_name(lock.with_name(f"{lock.name}-journal"), "the journal", "--journal"),
            *check_name(partial(result_path(self._path, self._job)), "the result", "--to"),
        ]

    def total(self) -> tuple[str, int] | None:
        """Return the bytes to read; None for a compressed file, whose content size is unknown."""
        return self._format.total()

    def cut(self, cursor: Cursor | None, rows: int) -> Chunk | None:
        """Return the positions and bytes of the next records; None at the end."""
        return self._format.cut(cursor, rows)

    def parse(self, chunk: Chunk) -> Chunk:
        """Return a chunk that was cut, with its records."""
        return self._format.parse(chunk)

    def last(self) -> None:
        """Return None: a file changed by others is refused as a whole."""

    def read(
        self,
        cursor: Cursor | None,
        rows: int,
        until: Cursor | None = None,  # noqa: ARG002
    ) -> Chunk | None:
        """Return the next records; None at the end."""
        return self._format.read(cursor, rows)

    def made(self, chunk: Chunk, changes: Sequence[RecordChange]) -> MadeChunk:
        """Render a chunk with its changes."""
        return self._format.made(chunk, changes)

    def read_left(self, *_: object) -> None:
        """Return None: nothing is left of a file that was read whole."""

    def unreachable(self) -> int:
        """Return 0: a file is read whole."""
        return 0

    def hidden(self) -> str:
        """Return "": nothing of a file is hidden."""
        return ""

    def is_empty(self, field: str, value: Any) -> bool:
        """Return whether a value of a field stands for an empty one."""
        return self._job.is_empty(field, value)

    def fits(self, field: str, value: Any) -> str | None:
        """Return why a value cannot be held; None if it can."""
        return self._format.fits(field, value)

    @contextmanager
    def writing(self, *, restart: bool) -> Iterator[FileWriter]:
        """Begin a run or resume an unfinished one, holding the lock."""
        self._format.check_writable()
        if names := self._names():
            raise InputError(f"{self.name}: {names[0].sentence}")
        self._format.by_columns = True  # a plan shows samples of what it found
        with self._locked(), self._ledger(write=True) as ledger:
            layout = self._format.layout
            run = begin_or_resume(ledger, self._job, self._path, layout, restart=restart)
            writer = FileWriter(ledger, run, self._path, self._format, self._job)
            try:
                writer.check_place()
                yield writer
            finally:
                writer.close()

    @contextmanager
    def undoing(self, run: MigrationRun) -> Iterator[FileUndoer]:
        """Begin or resume the undo of a run."""
        with self._locked(), self._ledger(write=True) as ledger:
            run = reread(ledger.runs(), run)
            undoer = FileUndoer(ledger, run, self._path, self._changed)
            try:
                undoer.begin()
                yield undoer
            finally:
                undoer.close()

    def rehearsing(self) -> AbstractContextManager[FileWriter]:
        """Raise `InputError`: a file's result is separate, so there is nothing to rehearse."""
        raise InputError(
            f"{self.name}: --rehearse is for tables; the result of a file is written next to it"
        )

    def is_held(self) -> bool:
        """Return whether a run is working on the file now."""
        if not exists(lock_path(self._ledger_path)):
            return False
        try:
            with self._locked():
                return False
        except LockedError:
            return True

    def runs(self) -> list[MigrationRun]:
        """Return all runs, oldest first; none if there is no journal."""
        if not exists(self._ledger_path):
            return []
        with self._ledger(write=False) as ledger:
            return ledger.runs()

    def entries(self, run: MigrationRun, *, left: bool = False) -> Iterator[JournalEntry]:
        """Return the journal of a run in order."""
        with self._ledger(write=False) as ledger:
            yield from ledger.entries(run, left=left)

    def pressure(self) -> Mapping[str, float]:
        """Return nothing: a file has no other users to consider."""
        return {}

    def journal_bytes(self, run: MigrationRun) -> int:
        """Return the size of a run's entries in bytes."""
        with self._ledger(write=False) as ledger:
            return ledger.size(run)

    def purge(self, run: MigrationRun) -> None:
        """Delete the journal of a run."""
        with self._locked(), self._ledger(write=True) as ledger:
            ledger.purge(run)

    def verify(self, run: MigrationRun) -> tuple[list[str], list[str]]:
        """Return which checks of a run's result hold and which fail, one sentence each."""
        with self._ledger(write=False) as ledger:
            return verify_file(ledger, run, self._path, self._changed)

    def _changed(self, path: Path, run: MigrationRun) -> Format:
        # Each run as its own options read it, not as those of the newest one do.
        return self._kind.changed(self._job.with_options(run.info, self.journal), path, run.info)

    def close(self) -> None:
        """Close the source."""
        if self._opened is not None:
            self._opened.close()

    @contextmanager
    def _ledger(self, *, write: bool) -> Iterator[Ledger]:
        created = write and not self._ledger_path.exists()
        # A named journal may contain the runs of several files; one next to its file moves
        # with it, whether it was named or not.
        usual = _usual_journal(self._path).resolve() == self._ledger_path.resolve()
        source = self._path.name if usual else os.fspath(self._path)
        ledger = Ledger(self._ledger_path, source, write=write, like=self._path)
        try:
            yield ledger
        finally:
            unused = created and ledger.is_empty()
            ledger.close()
            if unused:  # a refused run must leave nothing behind
                self._ledger_path.unlink()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if not self._ledger_path.parent.is_dir():
            raise InputError(f"{self._ledger_path.parent}: there is no such folder")
        with file_lock(lock_path(self._ledger_path), self.name):
            yield
