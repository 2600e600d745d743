"""What passes between the engine and a store."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from flaglift.lossless.spans import Edit, difference

_NOTHING: Mapping[str, Any] = MappingProxyType({})

Cursor = Mapping[str, Any]
"""Where a chunk ended: JSON-ready, known to its store only."""


class Stored(NamedTuple):
    """A prompt in a record, and what the record holds beside it."""

    place: str
    """Its path in the record; empty where the record is named by a column."""
    text: str
    held: Mapping[str, Any]
    """The values of the target fields as they are now; None where there is none."""
    context: Mapping[str, Any] = _NOTHING
    """What else of the request the record holds, by field; what is not named is unknown."""
    blank: Mapping[str, Any] = _NOTHING
    """Values that stand for none and are None above: 0 may also be the value that is meant."""


class StoredRecord(NamedTuple):
    """A line, a row or an element: what is changed as a whole or not at all."""

    key: str
    """How people find it: its line or row number, or its key as JSON."""
    prompts: tuple[Stored, ...]
    body: Any = None
    """What the store needs to write it back."""


class Problem(NamedTuple):
    """A record that cannot be read; it is passed by unchanged."""

    key: str
    sentence: str


class Chunk(NamedTuple):
    """Consecutive records of a source."""

    records: Sequence[StoredRecord]
    """Without those that count as `plain`."""
    cursor: Cursor
    """Where the next chunk begins."""
    problems: Sequence[Problem] = ()
    size: int = 0
    """Bytes read for it."""
    body: Any = None
    """What the store needs to write it back."""
    plain: int = 0
    """Further records, each with one prompt that has nothing to do with flags: most have."""
    unread: Any = None
    """What a file's format needs to read the records; None when that is done."""

    def holding(self, parsed: Iterable[StoredRecord | Problem | None]) -> "Chunk":
        """Return the chunk with what was read of it; None stands for a plain record."""
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
    """What becomes of one prompt."""

    stored: Stored
    status: str
    """`translated`, `unchanged` or `refused`."""
    writes: Mapping[str, Any] = _NOTHING
    """The fields to write, `text` among them, where they differ from what is there."""
    codes: tuple[str, ...] = ()
    """The rules that reported something."""
    refusals: tuple[tuple[str, str], ...] = ()
    """Code and message of each reason not to translate it."""
    model: str | None = None
    seconds: int | None = None
    cents: tuple[float | None, float | None] = (None, None)
    """The price before and after, where known."""
    mended: bool = False
    """Whether it was changed before it was translated: by a fix, or to another model."""

    @property
    def edit(self) -> Edit:
        """What turns the old text into the new one, in code points."""
        return difference(self.stored.text, self.writes.get("text", self.stored.text))

    @property
    def is_done(self) -> bool:
        """Whether it is translated, and all that this is to write is there."""
        return self.status == "translated" and not self.writes


class RecordChange(NamedTuple):
    """A record that is to be written."""

    record: StoredRecord
    written: Sequence[Verdict]
    """The verdicts that write something."""

    @property
    def codes(self) -> str:
        """The codes of the rules that had something to say, with spaces between."""
        return _joined(*[verdict.codes for verdict in self.written])


@lru_cache(maxsize=1000)
def _joined(*codes: tuple[str, ...]) -> str:
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
    """Return how the journal names a field of a prompt.

    >>> at("", "text"), at("prompts[1].text", "video_model")
    ('text', 'prompts[1].text:video_model')
    """
    return f"{place}:{name}" if place else name
