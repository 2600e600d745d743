"""Changes rows of a delimited file whose prompts are of known shapes."""

import re
from collections.abc import Mapping

from flaglift.emit.form import form_value
from flaglift.lossless.delimited import Dialect, sound_content, written
from flaglift.migrate.files.byte_changes import ShapedChanges
from flaglift.migrate.files.delimited_rows import ProvenRow
from flaglift.migrate.files.patches import patch_of
from flaglift.migrate.job import Job
from flaglift.migrate.shape_decision import VIDEO_PROMPT, ShapeDecider, SharedOutcome
from flaglift.shapes import ShapedPrompt, video_prompt_of

_MOST_OUTCOMES = 1000
_Cells = tuple[dict[int, str], dict[int, bytes]]
"""The values of rows by column, and how they are written."""


class DelimitedShapes:
    """Changes rows of one file. Columns are numbered from 0."""

    def __init__(  # noqa: PLR0913, PLR0917 (what a file's header says)
        self,
        job: Job,
        dialect: Dialect,
        columns: Mapping[str, int],
        context: Mapping[str, int],
        key: int | None,
        decide: ShapeDecider,
    ) -> None:
        """`columns` are those of the text and the targets, by field; `context` the others."""
        self._encoding = job.encoding
        self._dialect = dialect
        self._columns = columns
        self._text = columns["text"]
        self._key = key
        self._order = sorted(columns.values())
        self._empty = [{b""}, {b'""'}] if dialect.quoting else [{b""}]
        """What the cells that have to be empty hold, all of them alike."""
        self._decide = decide
        self._read, beside = decide.reader(context)
        watched = {columns[field] for field in columns if field != "text"}
        watched |= {context[field] for field in beside}
        self._watched = [index + 1 for index in sorted(watched)]
        self._shared: dict[
            tuple[SharedOutcome, bytes], tuple[dict[int, str], dict[int, bytes | None]]
        ] = {}

    def change(
        self, changes: ShapedChanges, row: re.Match[bytes], text: str, number: int
    ) -> ProvenRow | None:
        """Add the change of a row to those of its chunk, and return it; None if it is left.

        The groups of the match are the cells.
        """
        beside = {*map(row.group, self._watched)}
        if beside not in self._empty:
            return None
        prompt = self._read(text)
        outcome = self._decide(prompt) if prompt else None
        if prompt is None or outcome is None:
            return None
        cells = self._cells_of(prompt, outcome, row[self._text + 1], *beside)
        if cells is None:
            return None
        values, raw = cells
        pieces: list[bytes] = []
        data, start, end = row.string, row.start(1), row.end(row.re.groups)
        position = start
        for index in self._order:
            if index in raw:
                pieces += (data[position : row.start(index + 1)], raw[index])
                position = row.end(index + 1)
        old, new = data[start:end], b"".join((*pieces, data[position:end]))
        key = self._key_of(row) or str(number)
        changes.add(start, end, new, key, outcome.codes, patch_of(old, new))
        changes.count(outcome)
        return old, new, values

    def _key_of(self, row: re.Match[bytes]) -> str:
        if self._key is None:
            return ""
        return sound_content(row[self._key + 1], self._dialect).decode(self._encoding)

    def _cells_of(
        self, prompt: ShapedPrompt, outcome: SharedOutcome, old: bytes, empty: bytes
    ) -> _Cells | None:
        """Return the new values of a row by column; None if a cell cannot hold one of them.

        `old` is the cell of its text, and `empty` each of those of its targets.
        """
        key = outcome, empty
        if key not in self._shared:
            if len(self._shared) > _MOST_OUTCOMES:
                self._shared.clear()
            fields = {self._columns[f]: form_value(value) for f, value in outcome.fields.items()}
            cells = {index: self._cell(value, empty) for index, value in fields.items()}
            self._shared[key] = fields, cells
        fields, cells = self._shared[key]
        video_prompt, index = video_prompt_of(prompt) or "", self._columns[VIDEO_PROMPT]
        raw = cells | {
            self._text: self._cell(prompt.text, old),
            index: self._cell(video_prompt, empty),
        }
        known = {column: cell for column, cell in raw.items() if cell is not None}
        if len(known) < len(raw):
            return None
        return fields | {self._text: prompt.text, index: video_prompt}, known

    def _cell(self, value: str, like: bytes) -> bytes | None:
        try:
            plain = value.encode(self._encoding)
        except UnicodeEncodeError:
            return None
        return written(plain, self._dialect, like=like, alone=len(self._order) == 1)
