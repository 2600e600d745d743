"""Applies a run to a file: chunk by chunk into a separate file, then into place."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from flaglift.errors import InputError
from flaglift.migrate.clock import now
from flaglift.migrate.files.attributes import check_replaceable, keep_attributes
from flaglift.migrate.files.format import Format, FormatWriter, MadeChunk
from flaglift.migrate.files.ledger import Ledger
from flaglift.migrate.files.output import (
    check_own,
    discard,
    move,
    named,
    partial,
    sha256,
    sync_folder,
    writing,
)
from flaglift.migrate.files.runs import identity
from flaglift.migrate.job import Job
from flaglift.migrate.records import Cursor, StoredRecord
from flaglift.migrate.store import MigrationRun
from flaglift.migrate.tally import Tally


def kept(path: Path) -> Path:
    """Return where the original of a file that the journal cannot restore exactly is kept."""
    return named(path, "original")


def original_of(run: MigrationRun, path: Path) -> Path:
    """Return where the original of a run is kept, which may be the result of an earlier one."""
    return path.with_name(run.info.get("original", kept(path).name))


class FileWriter:
    """A run that is being applied to a file."""

    def __init__(
        self, ledger: Ledger, run: MigrationRun, path: Path, form: Format, job: Job
    ) -> None:
        self.run: MigrationRun = run
        self._ledger = ledger
        self._path = path
        self._format = form
        self._replace = job.replace
        self._result = Path(run.info["result"])
        self._partial = partial(self._result)
        self._writer: FormatWriter | None = None
        if run.state == "running":
            done = ledger.entries(run)
            # Until it is complete, the partial result is its writer's alone.
            self._writer = form.writer(self._partial, run.info["written"], run.cursor, done)

    def check_place(self) -> None:
        """Raise `InputError` if the result could not replace the source."""
        if self._replace and self.run.state == "running":
            check_replaceable(self._path, self._partial)
            with writing(self._partial):
                self._partial.chmod(0o600)

    @property
    def _open_writer(self) -> FormatWriter:
        if self._writer is None:
            raise AssertionError("only a running run is written")
        return self._writer

    @contextmanager
    def step(self) -> Iterator["_FileStep"]:
        """Write a chunk: first the bytes, synced, then its journal and checkpoint."""
        step = _FileStep(self._ledger, self.run, self._open_writer)
        with self._ledger.saving():
            yield step
            self._ledger.save(step.run)
        self.run = step.run

    def reconnect(self) -> None:
        """Do nothing: a file has no connection."""

    def finish(self) -> list[str]:
        """Put the complete result in its place; return what the user should know."""
        if self.run.state == "running":
            self._open_writer.complete()
            if self.run.info["source_id"] != identity(self._path):
                raise InputError(
                    f"{self._path}: was changed while it was read; begin again with --restart"
                )
            info = {"source_sha": sha256(self._path), "result_sha": sha256(self._partial)}
            self._save("finishing", **info)
        if self.run.state == "finishing":
            if os.path.lexists(self._partial) or not self._holds(self._result, "result_sha"):
                check_own(self._partial)
                # A copy of private prompts must not be more readable than the original.
                keep_attributes(self._partial, self._path)
                move(self._partial, self._result)
            discard(self._partial)
            self._save("finished", result_id=identity(self._result))
        if self._replace or self.run.state in ("replacing", "replaced"):
            return self._put_in_place()
        return [
            f"{self._result}: the result; {self._path} is as it was"
            " (the same command with --replace puts the result in its place)"
        ]

    def _put_in_place(self) -> list[str]:
        if self.run.state == "finished":
            if not self._holds(self._path, "source_sha"):
                raise InputError(
                    f"{self._path}: was changed since it was read; begin again with --restart"
                )
            check_replaceable(self._path, self._result)
            original = kept(self._path)
            while original.exists():
                original = kept(original)
            self._save("replacing", original=original.name)
        original = original_of(self.run, self._path)
        if self.run.state == "replacing":
            self._move_in_place(original)
        if self._format.exact:
            return [f"{self._path}: replaced; `flaglift migrate undo` restores it from the journal"]
        return [
            f"{self._path}: replaced; the original is {original}, which `flaglift migrate undo`"
            " needs: delete it when you are content"
        ]

    def _move_in_place(self, original: Path) -> None:
        if self._result.exists():
            if not self._format.exact and not original.exists():
                with writing(original):
                    os.link(self._path, original)
                    sync_folder(original.parent)
            move(self._result, self._path)
        elif not self._holds(self._path, "result_sha"):
            raise InputError(f"{self._result}: the result is gone; begin again with --restart")
        self._save("replaced", source_id=identity(self._path))

    def _holds(self, path: Path, which: str) -> bool:
        return path.exists() and sha256(path) == self.run.info[which]

    def _save(self, state: str, **info: object) -> None:
        self.run.state, self.run.updated = state, now()
        self.run.info |= info
        with self._ledger.saving():
            self._ledger.save(self.run)

    def close(self) -> None:
        """Close the partial result."""
        if self._writer is not None:
            self._writer.close()


class _FileStep:
    """A chunk of a file that is being written."""

    def __init__(self, ledger: Ledger, run: MigrationRun, writer: FormatWriter) -> None:
        self.run = run
        self._ledger = ledger
        self._writer = writer

    def moved(self, made: MadeChunk) -> Mapping[str, StoredRecord | None]:  # noqa: ARG002
        """Return nothing: a file changed by others is refused as a whole."""
        return {}

    def write(self, made: MadeChunk) -> None:
        """Write the rendered chunk and its journal entries."""
        self._writer.append(made.content)
        self._ledger.add(self.run, self.run.tally.changed + 1, made.entries)

    def checkpoint(self, cursor: Cursor, tally: Tally) -> None:
        """Save the run's position."""
        info = {**self.run.info, "written": self._writer.sync()}
        self.run = MigrationRun(
            self.run.id, self.run.source, self.run.fingerprint, self.run.state, cursor, tally,
            self.run.started, now(), info,
        )  # fmt: skip
