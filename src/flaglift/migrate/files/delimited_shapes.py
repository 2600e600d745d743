"""Changes rows of a delimited file whose prompts are of known shapes."""

import re
from collections.abc import Callable, Mapping

from flaglift.emit.form import form_value
from flaglift.linting.engine import fields_beside
from flaglift.lossless.delimited import Dialect, sound_content, written
from flaglift.migrate.files.byte_changes import ShapedChanges
from flaglift.migrate.files.delimited_rows import ProvenRow
from flaglift.migrate.files.patches import patch_with
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
        self._has_context = bool(context)
        self._decide = decide
        beside = fields_beside("", dict.fromkeys(context))
        watched = {columns[field] for field in columns if field != "text"}
        watched |= {context[field] for field in beside}
        self._watched = [index + 1 for index in sorted(watched)]
        self._read: Callable[[str], object] = decide.reader(
            {**beside, **dict.fromkeys(job.targets)}
        )
        self._shared: dict[SharedOutcome, _Cells] = {}

    def change(
        self, changes: ShapedChanges, row: re.Match[bytes], text: str, number: int
    ) -> ProvenRow | None:
        """Add the change of a row to those of its chunk, and return it; None if it is left.

        The groups of the match are the cells.
        """
        if any(map(row.group, self._watched)):
            return None
        if self._has_context and "\n" in text and "=" in text:
            return None
        prompt = self._read(text)
        if not isinstance(prompt, ShapedPrompt):
            return None
        outcome = self._decide(prompt)
        cells = self._cells_of(prompt, outcome, row[self._text + 1]) if outcome else None
        if outcome is None or cells is None:
            return None
        values, raw = cells
        pieces: list[bytes] = []
        data, start, end = row.string, row.start(1), row.end(row.re.groups)
        first = position = row.start(self._order[0] + 1)
        for index in self._order:
            if index in raw:
                pieces += (data[position : row.start(index + 1)], raw[index])
                position = row.end(index + 1)
        middle = b"".join(pieces)
        new = b"".join((data[start:first], middle, data[position:end]))
        # Most often it is the text, which is shorter by its end.
        if not pieces[0] and data.startswith(pieces[1][:-1], first, position):
            first += len(pieces[1][:-1])
        patch = patch_with(new, first - start, len(new) - (end - position), data[first:position])
        key = self._key_of(row) or str(number)
        changes.add(start, end, new, key, outcome.codes, patch)
        changes.count(outcome)
        return data[start:end], new, values

    def _key_of(self, row: re.Match[bytes]) -> str:
        if self._key is None:
            return ""
        return sound_content(row[self._key + 1], self._dialect).decode(self._encoding)

    def _cells_of(self, prompt: ShapedPrompt, outcome: SharedOutcome, old: bytes) -> _Cells | None:
        """Return the new values of a row by column; None if a cell cannot hold one of them."""
        if outcome not in self._shared:
            if len(self._shared) > _MOST_OUTCOMES:
                self._shared.clear()
            shared = {
                self._columns[field]: form_value(value) for field, value in outcome.fields.items()
            }
            self._shared[outcome] = (
                shared,
                {i: self._cell(v, b"") or b"" for i, v in shared.items()},
            )
        shared, cells = self._shared[outcome]
        values, raw = {**shared, self._text: prompt.text}, cells.copy()
        own: list[tuple[int, bytes | None]] = [(self._text, self._cell(prompt.text, old))]
        video_prompt = video_prompt_of(prompt)
        if video_prompt:
            index = self._columns[VIDEO_PROMPT]
            values[index] = video_prompt
            own.append((index, self._cell(video_prompt, b"")))
        for index, cell in own:
            if cell is None:
                return None
            raw[index] = cell
        return values, raw

    def _cell(self, value: str, like: bytes) -> bytes | None:
        try:
            plain = value.encode(self._encoding)
        except UnicodeEncodeError:
            return None
        return written(plain, self._dialect, like=like, alone=len(self._order) == 1)
