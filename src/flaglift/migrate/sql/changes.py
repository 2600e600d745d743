"""What a step writes for a chunk: rows decided on one by one, and rows decided on by columns."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flaglift.migrate.records import Verdict
from flaglift.migrate.sql.fetching import Row
from flaglift.migrate.sql.updates import Values


class RowOutcome(NamedTuple):
    """What rows of prompts with the same flags have in common."""

    verdict: Verdict
    before: Sequence[Any]
    """The values of the columns between the text and the video prompt; None to leave one empty."""
    after: Sequence[Any]
    """Those of the columns after the video prompt."""
    written: Mapping[str, Any]
    """The values by field, as the journal keeps them."""
    codes: str


class RowWrite(NamedTuple):
    """A row to write."""

    row: Row
    """The row as it was read."""
    values: Values
    codes: str
    """The codes of the rules with findings, separated by spaces."""


class RowChanges(NamedTuple):
    """New values of rows whose fields are all empty."""

    width: int
    """The number of the key's columns."""
    names: Sequence[str]
    """The fields with a column, the text first."""
    rows: list[Row]
    """The rows as they were read."""
    values: list[Row]
    """The new values of all these fields, by row; None for one that stays empty."""
    outcomes: list[RowOutcome]
    """By row."""

    @property
    def keys(self) -> list[Row]:
        """The keys of the rows."""
        return [row[: self.width] for row in self.rows]

    def are_written(self, stored: Mapping[Row, Row]) -> bool:
        """Return whether rows, by key, are as they were to be written."""
        end = self.width + len(self.names)
        keys = self.keys
        new = zip(keys, self.values, self.rows, strict=True)
        wanted = {key: (*key, *values, *row[end:]) for key, values, row in new}
        if stored != wanted:
            return False
        # A number may be equal and of another type, which the journal has to keep.
        each = {id(outcome): key for key, outcome in zip(keys, self.outcomes, strict=True)}
        return all(
            list(map(type, stored[key])) == list(map(type, wanted[key])) for key in each.values()
        )

    def one_by_one(self) -> list[RowWrite]:
        """Return the same changes, each by itself."""
        return [
            RowWrite(
                row,
                {n: v for n, v in zip(self.names, new, strict=True) if v is not None},
                outcome.codes,
            )
            for row, new, outcome in zip(self.rows, self.values, self.outcomes, strict=True)
        ]


class TableChanges(NamedTuple):
    """All changes of a chunk."""

    writes: Sequence[RowWrite]
    columns: RowChanges | None = None
    version: Any = None
    """The version of the database that the rows were read from; None if it is not known."""

    @property
    def rows(self) -> list[Row]:
        """The rows as they were read."""
        rows = [write.row for write in self.writes]
        return [*self.columns.rows, *rows] if self.columns else rows

    def one_by_one(self) -> "TableChanges":
        """Return the same changes, each by itself."""
        columns = self.columns.one_by_one() if self.columns else []
        return TableChanges([*columns, *self.writes])
