"""Finds every string of a JSON or JSON5 document with its position, even if it is malformed.

A hand-written reader, because the standard library's gives no positions, is recursive, and stops
at the first error.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from flaglift.lossless.json_tokens import JSON5, Grammar, decoded, is_identifier, skip_blanks
from flaglift.lossless.spans import Span


class Container:
    """An object or a list."""

    __slots__ = ("above", "count", "is_object", "key", "name", "number", "opening")

    def __init__(self, opening: int, above: "Container | None", *, is_object: bool) -> None:
        self.opening: int = opening
        """The position of its bracket."""
        self.is_object: bool = is_object
        self.above: Container | None = above
        self.name: Span | None = above.key if above else None
        """Its key in the parent object."""
        self.number: int = above.count if above else 0
        """Its index in the parent list, from 0."""
        self.key: Span | None = None
        """The last key that was read."""
        self.count: int = 0
        """The number of commas so far."""


class JsonString(NamedTuple):
    """A string that is a value."""

    start: int
    """Its opening quote."""
    end: int
    container: Container | None
    key: Span | None
    number: int

    def path(self, data: bytes) -> tuple[str | int, ...]:
        """Return the keys and indices from the root of its document to it."""
        steps: list[str | int] = []
        key, number, container = self.key, self.number, self.container
        while container:
            steps.append((name_of(data, key) if key else "") if container.is_object else number)
            key, number, container = container.name, container.number, container.above
        return tuple(reversed(steps))

    def nearest_key(self, data: bytes) -> str:
        """Return the key of the string, or of the nearest list around it; empty for none."""
        key, container = self.key, self.container
        while container and not container.is_object:
            key, container = container.name, container.above
        return name_of(data, key) if key else ""


def name_of(data: bytes, key: Span) -> str:
    """Return the name that a key spells."""
    raw = data[key.start : key.end]
    name = decoded(raw)
    return raw.decode(errors="replace") if name is None else name


@dataclass(slots=True)
class Document:
    """One top-level value."""

    start: int
    texts: list[JsonString] = field(default_factory=list)
    fault: str = ""
    """The first error in it; empty if it is valid."""
    at: int = -1
    """The position of the error."""
    end: int = -1


class JsonReading(NamedTuple):
    """The content of a file: normally a single document."""

    documents: list[Document]
    comments: list[Span]


def read(
    data: bytes, grammar: Grammar = JSON5, start: int = 0, end: int | None = None
) -> JsonReading:
    """Return the documents in a range of the data. Never raises; errors are in the result."""
    reader = _Reader(data, grammar)
    for token in grammar.token.finditer(data, start, len(data) if end is None else end):
        kind = token.lastindex or 0
        reader.handlers[kind](token.start(kind), token.end(kind))
    return JsonReading(reader.documents, reader.comments)


class _Expected(IntEnum):
    """What can come next."""

    TOP = 0
    """A document, or the end of the file."""
    FIRST_VALUE = 1
    """A value of a list, or the end of the list."""
    VALUE = 2
    FIRST_KEY = 3
    """A key of an object, or the end of the object."""
    KEY = 4
    COLON = 5
    MEMBER = 6
    """The value of a key."""
    COMMA = 7
    """A comma, or the end of the list or object."""


_VALUES = (_Expected.TOP, _Expected.FIRST_VALUE, _Expected.VALUE, _Expected.MEMBER)
_KEYS = (_Expected.FIRST_KEY, _Expected.KEY)
_ENDS = (_Expected.COMMA, _Expected.FIRST_KEY, _Expected.FIRST_VALUE)
_AFTER_COMMA = (_Expected.KEY, _Expected.VALUE)


class _Reader:
    def __init__(self, data: bytes, grammar: Grammar) -> None:
        self.documents: list[Document] = []
        self.comments: list[Span] = []
        self._data = data
        self._grammar = grammar
        self._container: Container | None = None
        self._state = _Expected.TOP
        # In the order of the groups in `Grammar.token`.
        self.handlers: tuple[Callable[[int, int], None], ...] = (
            self._other, self._string, self._open, self._close, self._comma, self._colon,
            self._word, self._comment, self._misspelt, self._unclosed, self._other, self._end,
        )  # fmt: skip

    def _fault(self, at: int, reason: str) -> None:
        document = self._document(at)
        if not document.fault:
            document.fault, document.at = reason, at

    def _document(self, at: int) -> Document:
        """Return the document that is being read, or a new one."""
        if not self.documents or self.documents[-1].end >= 0:
            self.documents.append(Document(at))
        return self.documents[-1]

    def _string(self, start: int, end: int) -> None:
        container, state = self._container, self._state
        if container and (state in _KEYS or (state not in _VALUES and self._before_colon(end))):
            self._take_key(container, start, end)
            return
        self._expect_value(start)
        above = self._container
        key, number = (above.key, above.count) if above else (None, 0)
        self.documents[-1].texts.append(JsonString(start, end, above, key, number))
        self._after_value(end)

    def _word(self, start: int, end: int) -> None:
        raw = self._data[start:end]
        container = self._container
        relaxed_key = self._grammar.relaxed and self._state in _KEYS and is_identifier(raw)
        if container and relaxed_key:
            self._take_key(container, start, end)
            return
        self._expect_value(start)
        if not self._grammar.word.fullmatch(raw):
            self._fault(start, "a word that is not a value")
        self._after_value(end)

    def _take_key(self, container: Container, start: int, end: int) -> None:
        if self._state not in _KEYS:
            self._fault(start, "a key is not expected here")
        container.key = Span(start, end)
        self._state = _Expected.COLON

    def _before_colon(self, end: int) -> bool:
        after = skip_blanks(self._data, end)
        return self._data[after : after + 1] == b":"

    def _expect_value(self, at: int) -> None:
        self._document(at)
        if self._state not in _VALUES:
            self._fault(at, "a value is not expected here")

    def _after_value(self, end: int) -> None:
        if self._container is None:
            self.documents[-1].end = end
            self._state = _Expected.TOP
        else:
            self._state = _Expected.COMMA

    def _open(self, start: int, end: int) -> None:  # noqa: ARG002
        self._expect_value(start)
        is_object = self._data[start] == 0x7B
        self._container = Container(start, self._container, is_object=is_object)
        self._state = _Expected.FIRST_KEY if is_object else _Expected.FIRST_VALUE

    def _close(self, start: int, end: int) -> None:
        container = self._container
        if container is None or container.is_object != (self._data[start] == 0x7D):
            self._fault(start, "a closing bracket that was not opened")
            return
        trailing = self._grammar.relaxed and self._state in _AFTER_COMMA
        if self._state not in _ENDS and not trailing:
            self._fault(start, "a value is missing")
        self._container = container.above
        self._after_value(end)

    def _comma(self, start: int, end: int) -> None:  # noqa: ARG002
        container = self._container
        if self._state is not _Expected.COMMA or container is None:
            self._fault(start, "a comma is not expected here")
        if container:
            container.count += 1
            self._state = _Expected.KEY if container.is_object else _Expected.VALUE

    def _colon(self, start: int, end: int) -> None:  # noqa: ARG002
        if self._state is not _Expected.COLON:
            self._fault(start, "a colon is not expected here")
        if self._container:
            self._state = _Expected.MEMBER if self._container.is_object else _Expected.VALUE

    def _comment(self, start: int, end: int) -> None:
        self.comments.append(Span(start, end))
        if self._data.startswith(b"/*", start) and (
            end - start < 4 or not self._data.endswith(b"*/", start, end)
        ):
            self._fault(start, "a comment that is not closed")

    def _misspelt(self, start: int, end: int) -> None:
        self._bad_string(start, end, "an escape or a character that a string cannot hold")

    def _unclosed(self, start: int, end: int) -> None:
        self._bad_string(start, end, "a string that is not closed")

    def _bad_string(self, start: int, end: int, reason: str) -> None:
        self._fault(start, reason)
        self._string(start, end)

    def _other(self, start: int, end: int) -> None:  # noqa: ARG002
        self._fault(start, "a character that is not expected here")

    def _end(self, start: int, end: int) -> None:  # noqa: ARG002
        if self._container is not None:
            self._fault(start, "it ends too early")
            self._container, self._state = None, _Expected.TOP
