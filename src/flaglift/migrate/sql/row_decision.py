"""Decides on rows whose outcome follows from the prompt alone, which are most rows of most tables.

The others, decided on one by one, are those with a value in a target or in a field that rules read,
and those whose outcome is more than a translation: a refusal, a finding of an unchanged prompt.
"""

from collections.abc import Sequence
from operator import itemgetter

from flaglift.migrate.records import DecidedColumns, StoredRecord
from flaglift.migrate.shape_decision import MOST_OUTCOMES, VIDEO_PROMPT, ShapeDecider, SharedOutcome
from flaglift.migrate.sql.capacity import coerced
from flaglift.migrate.sql.changes import RowChanges, RowOutcome
from flaglift.migrate.sql.fetching import Row
from flaglift.migrate.sql.keys import has_surrogates, to_json
from flaglift.migrate.sql.rows import Rows, is_sound
from flaglift.shapes import video_prompt_of
from flaglift.syntax.concern import may_concern


def row_decider(rows: Rows) -> "RowDecider | None":
    """Return what decides on the rows of a table; None if each needs a decision of its own."""
    decide = ShapeDecider(rows.source.job, rows.source.columns)
    return RowDecider(rows, decide) if decide.shares else None


class RowDecider:
    """Decides on the rows of one table."""

    def __init__(self, rows: Rows, decide: ShapeDecider) -> None:
        self._rows = rows
        self._decide = decide
        self._read, beside = decide.reader(rows.source.context)
        self._held = itemgetter(*rows.places_beside(beside))
        self._empty = self._held([None] * (1 + max(rows.places.values())))
        self._names = list(rows.source.columns)
        self._split = self._names.index(VIDEO_PROMPT)
        self._limited = {"text", VIDEO_PROMPT} - rows.take_any_text
        """The fields whose columns cannot hold any text."""
        self._outcomes: dict[SharedOutcome, RowOutcome | None] = {}

    def __call__(self, rows: Sequence[Row]) -> tuple[list[Row], int, DecidedColumns | None]:
        """Return the rows left to be decided on, the number of plain ones, and the decided ones."""
        place, held, takes = self._rows.places["text"], self._held, self._takes
        empty = self._empty
        left: list[Row] = []
        changes = RowChanges(place, self._names, [], [], [])
        plain = 0
        for row in rows:
            text = row[place]
            is_found = (place == 1 and row[0].__class__ is int) or is_sound(row[:place])
            if not is_found or text.__class__ is not str or has_surrogates(text):
                left.append(row)
            elif not may_concern(text):
                plain += 1
            elif held(row) != empty or not takes(changes, row, text):
                left.append(row)
        return left, plain, self._decided(changes) if changes.rows else None

    def _takes(self, changes: RowChanges, row: Row, text: str) -> bool:
        """Add the new values of a row; return whether they follow from its prompt alone."""
        reading = self._read(text)
        shared = self._decide(reading) if reading else None
        if reading is None or shared is None:
            return False
        if shared not in self._outcomes:
            if len(self._outcomes) > MOST_OUTCOMES:
                self._outcomes.clear()
            self._outcomes[shared] = self._outcome(shared)
        outcome = self._outcomes[shared]
        if outcome is None:
            return False
        prompt = video_prompt_of(reading)
        if self._limited and not self._fit(reading.text, prompt):
            return False
        changes.rows.append(row)
        changes.values.append((reading.text, *outcome.before, prompt, *outcome.after))
        changes.outcomes.append(outcome)
        return True

    def _fit(self, text: str, prompt: str | None) -> bool:
        own = {"text": text, VIDEO_PROMPT: prompt}
        return not any(self._rows.fits(name, own[name]) for name in self._limited)

    def _outcome(self, shared: SharedOutcome) -> RowOutcome | None:
        """Return the values of columns that prompts with one outcome share.

        None if a column cannot hold one of them.
        """
        values = {name: value for name, value in shared.fields.items() if name != VIDEO_PROMPT}
        if any(self._rows.fits(name, value) for name, value in values.items()):
            return None
        columns = self._rows.source.columns
        stored = {name: coerced(columns[name], value) for name, value in values.items()}
        row = [stored.get(name) for name in self._names]
        kept = {name: to_json(value) for name, value in stored.items()}
        before, after = row[1 : self._split], row[self._split + 1 :]
        return RowOutcome(shared.verdict, before, after, kept, shared.codes)

    def _decided(self, changes: RowChanges) -> DecidedColumns:
        counts: dict[int, int] = {}
        outcomes = {id(outcome): outcome for outcome in changes.outcomes}
        for number in map(id, changes.outcomes):
            counts[number] = counts.get(number, 0) + 1
        groups = [(outcomes[number].verdict, count) for number, count in counts.items()]

        def records() -> list[StoredRecord]:
            found = map(self._rows.record, changes.rows)
            return [record for record in found if isinstance(record, StoredRecord)]

        return DecidedColumns(groups, changes, records)
