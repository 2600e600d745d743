"""What files of JSON documents have in common."""

from pathlib import Path

from flaglift.errors import InputError
from flaglift.migrate.files.byte_format import ByteFormat
from flaglift.migrate.job import Job
from flaglift.migrate.json_document import JsonDocuments
from flaglift.migrate.json_shapes import JsonShapes
from flaglift.migrate.records import RecordChange
from flaglift.migrate.shape_decision import ShapeDecider


class JsonFormat(ByteFormat):
    """A file whose records are JSON documents."""

    def __init__(self, job: Job, path: Path, text: str) -> None:
        """`text` is the path of the prompts in a document.

        Raises `InputError` if the file cannot be opened or a path is invalid.
        """
        super().__init__(job, path)
        try:
            self._documents = JsonDocuments(text, job.targets, job.key)
        except ValueError as error:
            raise InputError(str(error)) from None

    def new_shapes(self, decide: ShapeDecider) -> JsonShapes | None:
        """Return what changes documents by shape; None if prompts or keys are further inside."""
        return self._documents.shapes(self.job, decide)

    def render(self, old: bytes, change: RecordChange) -> bytes:
        """Return a document with a change applied."""
        return self._documents.write(old, change.written)
