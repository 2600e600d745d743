"""Undoes a run on a file: record by record from the journal, then into place."""

import os
from pathlib import Path

from flaglift.errors import InputError
from flaglift.migrate.clock import now
from flaglift.migrate.files.attributes import keep_attributes
from flaglift.migrate.files.format import Format, FormatWriter, OpenChanged
from flaglift.migrate.files.ledger import Ledger
from flaglift.migrate.files.output import check_own, discard, move, partial, sha256
from flaglift.migrate.files.runs import identity
from flaglift.migrate.files.writer import original_of
from flaglift.migrate.store import ChunkCost, MigrationRun

_IN_PLACE = ("replacing", "replaced", "undoing", "partly undone")
"""States in which the source may already be the result; its hash decides."""
_WHOLE = "as it was before the run, to the byte"


class FileUndoer:
    """A run on a file that is being undone.

    A result that was never put in the place of the source is deleted. A kept original goes back to
    its place, if the file has not been edited since. Otherwise the file is rewritten: each record
    that is still as the run wrote it gets its old bytes.
    """

    def __init__(
        self, ledger: Ledger, run: MigrationRun, path: Path, changed_at: OpenChanged
    ) -> None:
        self.run = run
        self.restored: int = 0
        self.handled: ChunkCost = ChunkCost()
        self.edited: list[str] = []
        self._ledger = ledger
        self._path = path
        self._partial = partial(path, "undo")
        self._result = Path(run.info["result"])
        self._format: Format | None = None
        self._writer: FormatWriter | None = None
        self._original = original_of(run, path)
        self._changed_at = changed_at
        self._in_place = run.state in _IN_PLACE and sha256(path) != run.info["source_sha"]

    def _original_fits(self) -> bool:
        info, original = self.run.info, self._original
        if not original.exists() or sha256(self._path) != info["result_sha"]:
            return False
        return bool(sha256(original) == info["source_sha"])

    def _rewritten(self) -> bool:
        """Return whether the file was written, perhaps moved, and only the run's state lags."""
        undo = self.run.info["undo"] or {}
        return "sha" in undo

    def begin(self) -> None:
        """Open the file to restore, unless there is no need to."""
        if not self._in_place or self._original_fits() or self._rewritten():
            return
        self._ledger.check(self.run)
        undo = self.run.info["undo"]
        if (undo or {}).get("of") != identity(self._path) or not self._partial.exists():
            undo = {"cursor": None, "written": 0, "of": identity(self._path)}
            with self._ledger.saving():
                self._ledger.settle_undone(self.run, keep=False)
        self._format = self._changed_at(self._path, self.run)
        done = self._ledger.entries(self.run)
        self._writer = self._format.writer(self._partial, undo["written"], undo["cursor"], done)
        self._save("undoing", undo)

    def undo(self, rows: int) -> bool:
        """Restore the next records; return whether there may be more."""
        if self._writer is None or self._format is None:
            return False
        undo = self.run.info["undo"]
        chunk = self._format.read(undo["cursor"], rows)
        if chunk is None:
            return False
        with self._ledger.saving():
            numbers = self._writer.restore(chunk, lambda keys: self._ledger.of_keys(self.run, keys))
            self._ledger.mark_undone(self.run, numbers)
            written = self._writer.sync()
            self.run.info["undo"] = {**undo, "cursor": chunk.cursor, "written": written}
            self._ledger.save(self.run)
        self.restored += len(numbers)
        self.handled = ChunkCost(rows, chunk.size)
        return True

    def reconnect(self) -> None:
        """Do nothing: a file has no connection."""

    def finish(self) -> list[str]:
        """Put the restored file in its place; return what the user should know."""
        if not self._in_place:
            return self._discard()
        if self._original_fits():
            move(self._original, self._path)
            self.restored = sum(1 for _ in self._ledger.entries(self.run, left=True))
            return self._discard()
        if self._writer is not None:
            self._writer.complete()
            if self.run.info["undo"]["of"] != identity(self._path):
                raise InputError(f"{self._path}: was changed meanwhile; run undo again")
            self._save("undoing", {**self.run.info["undo"], "sha": sha256(self._partial)})
        lost: list[str] = []
        if os.path.lexists(self._partial):
            check_own(self._partial)
            lost = keep_attributes(self._partial, self._path)
            move(self._partial, self._path)
        discard(self._partial)
        with self._ledger.saving():
            self._ledger.settle_undone(self.run, keep=True)
        self.edited = [entry.key for entry in self._ledger.entries(self.run, left=True)]
        self._save("partly undone" if self.edited else "undone", None)
        whole = not self.edited and sha256(self._path) == self.run.info["source_sha"]
        how = _WHOLE if whole else "restored where it was still as the run wrote it"
        said = [f"{self._path}: {how}"]
        return [*said, f"{self._path}: lost its {', '.join(lost)}"] if lost else said

    def _discard(self) -> list[str]:
        """Remove the remains of a run whose source is unchanged."""
        for left in (partial(self._result), self._partial):
            discard(left)
        self._mark_all()
        how = (
            _WHOLE
            if self._is_as_read()
            else "not changed by the run, and no longer as the run read it"
        )
        said = [f"{self._path}: {how}"]
        for copy, digest in ((self._result, "result_sha"), (self._original, "source_sha")):
            if copy.exists() and digest in self.run.info and copy != self._path:
                if sha256(copy) == self.run.info[digest]:
                    copy.unlink()
                    said.append(f"{copy}: deleted")
                else:
                    said.append(f"{copy}: was edited since, and is left where it is")
        self._save("undone", None)
        return said

    def _is_as_read(self) -> bool:
        # The hash is known once a run has read the whole file.
        info = self.run.info
        if "source_sha" in info:
            return bool(sha256(self._path) == info["source_sha"])
        return bool(identity(self._path) == info["source_id"])

    def _mark_all(self) -> None:
        with self._ledger.saving():
            self._ledger.mark_all_undone(self.run)

    def _save(self, state: str, undo: dict[str, object] | None) -> None:
        self.run.state, self.run.updated = state, now()
        self.run.info["undo"] = undo
        with self._ledger.saving():
            self._ledger.save(self.run)

    def close(self) -> None:
        """Close the files."""
        if self._writer is not None:
            self._writer.close()
        if self._format is not None:
            self._format.close()
