"""The data exchanged between the engine and a store."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from flaglift.lossless.spans import Edit, difference

_NOTHING: Mapping[str, Any] = MappingProxyType({})

Cursor = Mapping[str, Any]
"""Where a chunk ended: JSON-ready, opaque to all but its store."""


class Stored(NamedTuple):
    """A prompt in a record, and the other values of the record."""

    place: str
    """Its path in the record; empty if the text is a column of the record."""
    text: str
    held: Mapping[str, Any]
    """The current values of the target fields; None for an empty one."""
    context: Mapping[str, Any] = _NOTHING
    """Other request fields in the record; a field that is missing here is unknown."""
    blank: Mapping[str, Any] = _NOTHING
    """Values that stand for an empty one and are None above: 0 may also be meant as a value."""


class StoredRecord(NamedTuple):
    """A line, a row or an element: changed as a whole or not at all."""

    key: str
    """How users identify it: its line or row number, or its key as JSON."""
    prompts: tuple[Stored, ...]
    body: Any = None
    """What the store needs to write it back."""


class Problem(NamedTuple):
    """A record that cannot be read; it is skipped unchanged."""

    key: str
    sentence: str


class Chunk(NamedTuple):
    """Consecutive records of a source."""

    records: Sequence[StoredRecord]
    """The records, without those counted in `plain`."""
    cursor: Cursor
    """Where the next chunk begins."""
    problems: Sequence[Problem] = ()
    size: int = 0
    """Bytes read for it."""
    body: Any = None
    """What the store needs to write it back."""
    plain: int = 0
    """How many more records were read, each a single prompt without anything like a flag."""
    unread: Any = None
    """What a file's format needs to parse the records; None once they are parsed."""
    columns: "DecidedColumns | None" = None
    """Further records, which were decided on by columns and are to be written."""

    @property
    def total(self) -> int:
        """The number of records that were read and parsed."""
        return len(self.records) + self.plain + (self.columns.total if self.columns else 0)

    def holding(self, parsed: Iterable[StoredRecord | Problem | None]) -> "Chunk":
        """Return the chunk with the records parsed from it; None stands for a plain record."""
        records: list[StoredRecord] = []
        problems: list[Problem] = []
        plain = 0
        for each in parsed:
            if each is None:
                plain += 1
            elif isinstance(each, StoredRecord):
                records.append(each)
            else:
                problems.append(each)
        return self._replace(records=records, problems=problems, plain=plain, unread=None)


class Verdict(NamedTuple):
    """The outcome for one prompt."""

    stored: Stored
    status: str
    """`translated`, `unchanged` or `refused`."""
    writes: Mapping[str, Any] = _NOTHING
    """The fields to write, including `text`, if they differ from the current values."""
    codes: tuple[str, ...] = ()
    """The rules that reported something."""
    refusals: tuple[tuple[str, str], ...] = ()
    """Code and message of each reason not to translate it."""
    model: str | None = None
    seconds: int | None = None
    cents: tuple[float | None, float | None] = (None, None)
    """The price before and after, where known."""
    mended: bool = False
    """Whether it was changed before translation: by a fix, or to another model."""

    @property
    def edit(self) -> Edit:
        """The edit that turns the old text into the new one, in code points."""
        return difference(self.stored.text, self.writes.get("text", self.stored.text))

    @property
    def is_done(self) -> bool:
        """Whether it is translated, and there is nothing left to write."""
        return self.status == "translated" and not self.writes


class DecidedColumns(NamedTuple):
    """Records that a store decided on by columns: all have a single prompt, and are changed."""

    groups: Sequence[tuple[Verdict, int]]
    """The verdicts without what is a prompt's own, and of how many records each is."""
    content: Any
    """What the store needs to write and journal them."""
    records: "Callable[[], Sequence[StoredRecord]]" = tuple
    """Returns them to be decided on one by one, when one was changed meanwhile or is refused."""

    @property
    def total(self) -> int:
        """The number of records."""
        return sum(records for _, records in self.groups)


class RecordChange(NamedTuple):
    """A record to write."""

    record: StoredRecord
    written: Sequence[Verdict]
    """The verdicts that write something."""

    @property
    def codes(self) -> str:
        """The codes of the rules with findings, separated by spaces."""
        return joined_codes(*[verdict.codes for verdict in self.written])


@lru_cache(maxsize=1000)
def joined_codes(*codes: tuple[str, ...]) -> str:
    """Return the codes of the prompts of a record, each once, separated by spaces."""
    return " ".join(sorted({code for each in codes for code in each}))


class JournalEntry(NamedTuple):
    """A row of the journal: what a run changed in one record."""

    number: int
    key: str
    before: dict[str, Any]
    """Values by place and field, before the change."""
    after: dict[str, Any]
    """The values that the run wrote there."""
    codes: str
    patch: bytes | None = None
    """What a file needs to restore the record's bytes."""


def at(place: str, name: str) -> str:
    """Return the journal's name for a field of a prompt.

    >>> at("", "text"), at("prompts[1].text", "video_model")
    ('text', 'prompts[1].text:video_model')
    """
    return f"{place}:{name}" if place else name
