"""What files of JSON documents have in common."""

from functools import partial
from pathlib import Path
from typing import Any

from flaglift.errors import InputError
from flaglift.migrate.files.byte_changes import ShapedChanges
from flaglift.migrate.files.byte_format import ByteFormat
from flaglift.migrate.job import Job
from flaglift.migrate.json_document import Change, JsonDocuments
from flaglift.migrate.json_shapes import JsonShapes
from flaglift.migrate.records import RecordChange


class JsonFormat(ByteFormat):
    """A file whose records are JSON documents."""

    def __init__(self, job: Job, path: Path, text: str) -> None:
        """`text` is the path of the prompts in a document.

        Raises `InputError` if the file cannot be opened or a path is invalid.
        """
        super().__init__(job, path)
        self._shapes: JsonShapes | None = None
        try:
            self._documents = JsonDocuments(text, job.targets, job.key)
        except ValueError as error:
            raise InputError(str(error)) from None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_shapes": None}  # what was learned of shapes stays in its process

    def changing(self) -> tuple[ShapedChanges, Change | None]:
        """Return what collects changes by shape, and what finds them; None if nothing may."""
        changes = ShapedChanges()
        if self._shapes is None and (decide := self.by_shape):
            self._shapes = self._documents.shapes(self.job, decide)
        return changes, partial(self._shapes.change, changes) if self._shapes else None

    def render(self, old: bytes, change: RecordChange) -> bytes:
        """Return a document with a change applied."""
        return self._documents.write(old, change.written)
