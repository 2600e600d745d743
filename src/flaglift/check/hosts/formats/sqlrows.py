"""Where a string stands in SQL: for which column of which row, or what it is compared with."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flaglift.check.hosts.base import HOLE, Around, ByteEdit, Origin, PieceKind
from flaglift.check.hosts.formats.codec import Escaped
from flaglift.check.hosts.formats.siblings import TEXT_KEY
from flaglift.lossless.spans import Span

_NUMBER = re.compile(rb"[+-]?[0-9]{1,9}")
_COMPARES = frozenset(["WHERE", "HAVING", "ON", "WHEN"])
_RESUMES = frozenset(["SELECT", "SET", "VALUES", "THEN", "ELSE", "UPDATE", "INSERT", "RETURNING"])
_PATTERNS = frozenset(["LIKE", "ILIKE"])
_LOOKS_UP = frozenset(["RLIKE", "REGEXP", "GLOB", "MATCH", "SIMILAR"])


@dataclass(eq=False)
class SqlRow:
    """The values of a row, and the columns that they are for.

    A field fills a column that is named and has no value: nothing shows which others there are.
    """

    data: bytes
    number: int
    columns: Sequence[str]
    form: Escaped
    """How a value is written."""
    quote: str
    null: bytes
    """How it is said that there is no value."""
    cells: list[Span] = field(default_factory=list)
    levels: int = 0

    def look(self, index: int) -> Around:
        """Return what is around a value: the others are next to a text."""
        key = self.columns[index] if index < len(self.columns) else ""
        if not TEXT_KEY.search(key):
            return Around(Origin("cell", key))
        origin = Origin("cell", key, path=(self.number, key))
        if len(self.cells) != len(self.columns):
            return Around(origin)
        named = zip(self.columns, self.cells, strict=True)
        values = {name: self._value(cell) for name, cell in named if name != key}
        return Around(origin, beside=values, siblings=self)

    def insert(self, fields: Mapping[str, Any]) -> Sequence[ByteEdit] | str:
        """Return the edits that fill columns without a value; there must be one for each field."""
        edits = []
        for name, value in fields.items():
            if self.columns.count(name) != 1:
                how = "more than one" if name in self.columns else "no"
                return f"there is {how} column `{name}`"
            cell = self.cells[self.columns.index(name)]
            if self._value(cell) is not None:
                return f"`{name}` is there already"
            is_number = isinstance(value, int)
            new = str(value).encode() if is_number else self.form.quoted(value, self.quote)
            if new is None:
                return f"a {self.form.name} cannot hold the {name}"
            edits.append(ByteEdit(*cell, new))
        return edits

    def _value(self, cell: Span) -> Any:
        raw, quote = self.data[slice(*cell)], self.quote.encode()
        if raw.upper() in (self.null, 2 * quote):
            return None
        if _NUMBER.fullmatch(raw):
            return int(raw)
        if not raw.startswith(quote) or not raw.endswith(quote):
            return HOLE
        scanned = self.form.pieces(self.data, Span(cell.start + len(quote), cell.end - len(quote)))
        runs = "".join(piece.text for piece in scanned.pieces if piece.kind is PieceKind.RUN)
        if scanned.unclear or (self.quote and self.quote in runs) or self._refused(runs):
            return HOLE
        return "".join(piece.text for piece in scanned.pieces)

    def _refused(self, text: str) -> bool:
        return bool(self.form.forbidden and self.form.forbidden.search(text))


class SqlStatement:
    """Where in a statement the reader is."""

    def __init__(self, data: bytes, form: Escaped) -> None:
        self._data = data
        self._form = form
        self._rows = 0
        self._end()

    def _end(self) -> None:
        self._columns: Sequence[str] = ()
        self._named: list[str] = []
        self._last = self._key = ""
        self._depth = self._start = 0
        self._row: SqlRow | None = None
        self._values = self._compares = False

    def take(self, match: re.Match[bytes]) -> None:
        """Take a token that is no string."""
        if match["name"]:
            name = match["name"].strip(b'"`').decode()
            self._name(name, name.upper() if name.encode() == match["name"] else "")
        elif match["sign"] == b";":
            self._end()
        elif match["sign"]:
            self._sign(match["sign"], Span(*match.span()))

    def _name(self, word: str, keyword: str) -> None:
        if keyword == "VALUES" and not self._depth:
            self._columns, self._values = tuple(self._named), True
        elif self._depth == 1 and not self._values:
            self._named.append(word)
        self._compares = keyword in _COMPARES or (self._compares and keyword not in _RESUMES)
        self._last = word

    def _sign(self, sign: bytes, place: Span) -> None:
        if sign == b"(":
            self._depth += 1
            if self._depth == 1:
                self._named = self._named if self._values else []
                self._begin(place.end)
        elif sign == b")":
            if self._depth == 1:
                self._cut(place)
            self._depth = max(0, self._depth - 1)
        elif sign == b",":
            if self._depth == 1:
                self._cut(place)
            self._key = ""
        else:
            self._key = self._last

    def _begin(self, start: int) -> None:
        self._start = start
        self._row = SqlRow(self._data, self._rows, self._columns, self._form, "'", b"NULL")
        self._rows += self._values

    def _cut(self, place: Span) -> None:
        """End a value at a comma or a bracket."""
        raw = self._data[self._start : place.start]
        start = place.start - len(raw.lstrip())
        if self._row:
            self._row.cells.append(Span(start, start + len(raw.strip())))
        self._start = place.end

    @property
    def is_pattern(self) -> bool:
        """Whether the string that comes next is one in which `%` stands for any text."""
        return self._last.upper() in _PATTERNS

    def around(self) -> Callable[[], Around]:
        """Return what tells where the string stands that comes next."""
        if self._values and self._depth == 1 and self._row:
            return partial(self._row.look, len(self._row.cells))
        compares = self._compares or self._last.upper() in _PATTERNS | _LOOKS_UP
        return partial(Around, Origin("operand" if compares else "value", self._key))
