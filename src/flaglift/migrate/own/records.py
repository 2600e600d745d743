"""The interface of a custom store, and its records in the form the engine needs."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from flaglift.migrate.entries import entry_of
from flaglift.migrate.own.blame import raised_in
from flaglift.migrate.records import JournalEntry, Problem, RecordChange, Stored, StoredRecord
from flaglift.migrate.request import context_of, key_of_field

Values = Mapping[str, Any]
"""The `text` of a record and its fields, such as `video_model` or, as a form has it,
`prompt[video_model]`; an empty field is None or has no key. Other fields of a request, such as
`num_images`, are considered by the rules."""


class PromptCollection(Protocol):
    """The methods that a store of prompts needs to be migrated. Values are JSON-ready.

    If it is temporarily unavailable, it raises `flaglift.migrate.errors.UnavailableError`,
    and is retried later. Any other exception ends the run with the place where it was raised;
    what was written is kept.

    A store that others write to should also have `last() -> str | None`, which returns the last of
    the keys that `read` gives. A run ends each of its passes there; without it, a run ends when
    `read` gives nothing more.
    """

    def read(self, after: str | None, count: int) -> Sequence[tuple[str, Values]]:
        """Return up to `count` records after a key, or from the first, with their keys.

        The order is the store's own, and always the same. At the end there are none.
        """

    def get(self, key: str) -> Values | None:
        """Return a record as it is now; None if there is none."""

    def replace(self, key: str, before: Values, after: Values) -> bool:
        """Write the values `after` if the record still has those of `before`, atomically.

        Other values stay. Return whether it was done; a value of None means empty.
        """


class OwnRecords:
    """The records of such a store."""

    def __init__(self, name: str, collection: PromptCollection, fields: Collection[str]) -> None:
        self._name = name
        self._collection = collection
        self._fields = fields
        self.tells_last: bool = hasattr(collection, "last")
        """Whether the store tells which of its records is the last."""

    def read(self, after: str | None, count: int) -> list[tuple[str, StoredRecord | Problem]]:
        """Return records after a key, with their keys."""
        with raised_in(self._name, "`read`", shown=False):
            read = list(self._collection.read(after, count))
        return [(key, self._of(key, values)) for key, values in read]

    def last(self) -> str | None:
        """Return the key of the last record; None if there is none."""
        with raised_in(self._name, "`last`", shown=False):
            key: str | None = getattr(self._collection, "last")()  # noqa: B009
        return key

    def get(self, key: str) -> StoredRecord | Problem | None:
        """Return a record as it is now; None if there is none."""
        values = self._get(key)
        return None if values is None else self._of(key, values)

    def replace(self, key: str, before: Values, after: Values) -> bool:
        """Write values if the record still has those of `before`; return whether it did."""
        with raised_in(self._name, f"`replace` of {key}", shown=False):
            return self._collection.replace(key, before, after)

    def holds(self, key: str, values: Values) -> bool | None:
        """Return whether a record has these values; None if it does not exist."""
        current = self._get(key)
        if current is None:
            return None
        return all(current.get(name) == value for name, value in values.items())

    def _get(self, key: str) -> Values | None:
        with raised_in(self._name, f"`get` of {key}", shown=False):
            return self._collection.get(key)

    def _of(self, key: str, values: Values) -> StoredRecord | Problem:
        text = values.get("text")
        if text is None:
            return StoredRecord(key, ())
        if not isinstance(text, str):
            return Problem(key, f"`text` is {type(text).__name__}, not a text")
        keys = {name: key_of_field(name, values.keys()) for name in self._fields}
        held = {name: values.get(place) for name, place in keys.items()}
        context = context_of(values, frozenset(("text", *keys.values())))
        return StoredRecord(key, (Stored("", text, held, context),), keys)


def entry_with_keys(number: int, change: RecordChange) -> JournalEntry:
    """Return the journal entry for a change, by the keys of the fields in its record."""
    entry = entry_of(number, change)
    keys = change.record.body
    before, after = (
        {keys.get(name, name): value for name, value in values.items()}
        for values in (entry.before, entry.after)
    )
    return entry._replace(before=before, after=after)
