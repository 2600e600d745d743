"""The position of a string in SQL: its column and row, or the value it is compared with."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flaglift.check.hosts.base import HOLE, Around, ByteEdit, Origin, PieceKind
from flaglift.check.hosts.formats.codec import Escaped
from flaglift.check.hosts.formats.siblings import FIELD_KEY, TEXT_KEY
from flaglift.check.hosts.formats.sqlnesting import SqlNesting
from flaglift.check.hosts.formats.sqltables import SqlTables
from flaglift.check.hosts.formats.transforms import changed_in_sql
from flaglift.lossless.spans import Span

_OPENS = re.compile(rb"\s*\(")
_NUMBER = re.compile(rb"[+-]?[0-9]{1,9}")
_COMPARES = frozenset(["WHERE", "HAVING", "ON", "WHEN"])
_RESUMES = frozenset(["SELECT", "SET", "VALUES", "THEN", "ELSE", "UPDATE", "INSERT", "RETURNING"])
_PATTERNS = frozenset(["LIKE", "ILIKE"])
_LOOKS_UP = frozenset(["RLIKE", "REGEXP", "GLOB", "MATCH", "SIMILAR"])
_ENDS_ASSIGNMENTS = frozenset(["WHERE", "FROM", "RETURNING", "ORDER", "LIMIT", "ON", "AS"])
_PUT_TOGETHER = "it is only a part of what the column gets"


@dataclass(eq=False)
class SqlRow:
    """The values of a row, and the columns that they belong to.

    A field can fill a column that is listed and has no value. Other columns of the table cannot be
    filled: their default values are unknown.
    """

    data: bytes
    number: int
    columns: Sequence[str] | str
    """The names as written, such as `text` or `p.text`; a string says why they are unknown."""
    form: Escaped
    """The form in which values are written."""
    quote: str
    null: bytes
    """The keyword for an absent value."""
    opener: int
    """The start of the part of the statement that a comment above it applies to."""
    role: str = "cell"
    cells: list[Span] = field(default_factory=list)

    def look(self, index: int, place: Span) -> Around:
        """Return the context of a string in a value: the other values are siblings of a text."""
        names = () if isinstance(self.columns, str) else self.columns
        table, dot, name = (names[index] if index < len(names) else "").rpartition(".")
        origin = Origin(self.role, name)
        if name and not FIELD_KEY.search(name):
            return Around(origin, opener=self.opener)
        doubt = self._doubt()
        if not doubt and self.cells[index : index + 1] != [place]:  # a value may be open
            doubt = _PUT_TOGETHER
        cells = {
            other.removeprefix(table + dot): cell
            for other, cell in (() if doubt else zip(names, self.cells, strict=True))
            if other.rpartition(".")[0] == table
        }
        values = {other: self.value(cell) for other, cell in cells.items() if other != name}
        if name:
            origin = origin._replace(path=(self.number, name), counted=True)
        siblings = SqlFields(self, cells, doubt) if not name or TEXT_KEY.search(name) else None
        return Around(origin, "", values, siblings, opener=self.opener)

    def _doubt(self) -> str:
        """Return why it is uncertain which value belongs to which column."""
        if isinstance(self.columns, str):
            return self.columns
        if len(self.cells) != len(self.columns):
            return f"there are {len(self.cells)} values for {len(self.columns)} columns"
        twice = [name for name in self.columns if self.columns.count(name) > 1]
        return f"column `{twice[0]}` is named more than once" if twice else ""

    def value(self, cell: Span) -> Any:
        """Return a value: None if absent, `HOLE` if unknown."""
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


@dataclass(frozen=True)
class SqlFields:
    """The columns of the same row as a text."""

    row: SqlRow
    cells: Mapping[str, Span]
    """Their values, by column name in the same table."""
    doubt: str
    levels: int = 0

    def insert(self, fields: Mapping[str, Any]) -> Sequence[ByteEdit] | str:
        """Return the edits that fill columns without a value; each field needs such a column."""
        if self.doubt:
            return self.doubt
        edits = []
        for name, value in fields.items():
            if name not in self.cells:
                return f"no column `{name}` is filled here"
            if self.row.value(self.cells[name]) is not None:
                return f"`{name}` is there already"
            is_number = isinstance(value, int)
            new = str(value).encode() if is_number else self.row.form.quoted(value, self.row.quote)
            if new is None:
                return f"a {self.row.form.name} cannot hold the {name}"
            edits.append(ByteEdit(*self.cells[name], new))
        return edits


class SqlStatement:
    """The reader's position in a statement."""

    def __init__(self, data: bytes, form: Escaped, tables: SqlTables) -> None:
        self._data = data
        self._form = form
        self._tables = tables
        self._rows = 0
        self._begin()

    def _begin(self) -> None:
        self._opener = -1
        self._named: list[str] = []
        self._last = self._key = ""
        self._depth = self._start = self._behind = 0
        self._row: SqlRow | None = None
        self._nesting = SqlNesting()
        self._values = self._assigns = self._compares = False

    @property
    def start(self) -> int:
        """The start of the statement; -1 before its first word."""
        return self._opener

    def end(self, at: int) -> None:
        """End the statement before a byte."""
        if self._assigns:
            self._cut(at)
        self._tables.end()
        self._begin()

    def take(self, match: re.Match[bytes]) -> None:
        """Process a token that is not a string."""
        place = Span(*match.span())
        if match["name"]:
            word = match["name"].strip(b'"`').decode()
            keyword = word.upper() if word.encode() == match["name"] else ""
            if self._values and not self._depth and keyword in ("INSERT", "REPLACE"):
                self.end(place.start)
            self._name(word, keyword, place)
        elif match["comment"]:
            self._tables.comment(place)
        elif match["sign"] == b";":
            self.end(place.start)
        else:
            self._sign(match["sign"], place)

    def _name(self, word: str, keyword: str, place: Span) -> None:
        if self._opener < 0:
            self._opener = place.start
        if self._behind and self._data[self._behind : place.start].strip() == b".":
            word = f"{self._last}.{word}"
            if self._depth == 1 and not self._values and self._named:
                self._named.pop()
        self._tables.name(word, keyword, place, self._depth)
        self._nesting = self._nesting.after_word(keyword, place.start)
        if self._depth == 1 and not self._values:
            self._named.append(word)
        elif not self._depth:
            self._clause(keyword, place)
        self._compares = keyword in _COMPARES or (self._compares and keyword not in _RESUMES)
        self._last, self._behind = word, place.end

    def _clause(self, keyword: str, place: Span) -> None:
        """Process a keyword that may begin or end values or assignments."""
        if self._assigns and (keyword in _ENDS_ASSIGNMENTS or keyword == "VALUES"):
            self._cut(place.start)
            self._assigns = False
        if keyword == "VALUES" or (keyword == "VALUE" and _OPENS.match(self._data, place.end)):
            self._values = True
        elif self._tables.statement not in ("", "SET") and (
            keyword == "SET" or (keyword == "UPDATE" and self._last.upper() == "KEY")
        ):
            self._assigns, self._values = True, False
            self._begin_row([], self._opener, "value")

    def _sign(self, sign: bytes, place: Span) -> None:
        if sign == b"(":
            self._nesting = self._nesting.opened(place.start)
            self._depth += 1
            if self._depth == 1 and self._values:
                columns = tuple(self._named) or self._tables.columns()
                self._begin_row(columns, place.start if self._row else self._opener, "cell")
                self._start = place.end
            elif self._depth == 1:
                self._named = []
        elif sign == b")":
            if self._depth == 1 and self._values:
                self._cut(place.start)
            self._depth = max(0, self._depth - 1)
            self._nesting = self._nesting.above or self._nesting
        elif sign == b",":
            self._nesting = self._nesting.after_comma(is_row=self._values and not self._depth)
            if self._depth == self._values:
                self._cut(place.start)
                self._start = place.end
            self._key = ""
        else:
            self._key = self._last.rpartition(".")[2]
            self._assign(place)
        self._tables.sign(sign, place.end, self._depth)

    def _assign(self, place: Span) -> None:
        """Begin the value of an assignment; an equals sign inside a value does not."""
        row = self._row
        if self._assigns and row and not self._depth and len(row.cells) == len(row.columns):
            row.columns = [*row.columns, self._last]
            self._start = place.end

    def _begin_row(self, columns: Sequence[str] | str, opener: int, role: str) -> None:
        form, number = self._form, self._rows
        self._row = SqlRow(self._data, number, columns, form, "'", b"NULL", opener, role)
        self._rows += 1

    def _cut(self, end: int) -> None:
        """End the current value, if there is one."""
        row = self._row
        if row and (self._values or (self._assigns and len(row.cells) < len(row.columns))):
            raw = self._data[self._start : end]
            start = end - len(raw.lstrip())
            row.cells.append(Span(start, start + len(raw.strip())))

    @property
    def is_at_row(self) -> bool:
        """Whether the values of a row begin here."""
        row = self._row
        return self._values and self._depth == 1 and row is not None and not row.cells

    @property
    def is_pattern(self) -> bool:
        """Whether the next string is a pattern, in which `%` matches any text."""
        return self._last.upper() in _PATTERNS

    def around(self, start: int) -> Callable[[Span], Around]:
        """Return a function for the context of the next string, or of what it is a part of."""
        self._nesting = self._nesting.after_word("", start)
        look, nesting, data = self._look(), self._nesting, self._data
        return lambda place: look(place)._replace(
            locked=changed_in_sql(data, place.start), begins=nesting.begins()
        )

    def _look(self) -> Callable[[Span], Around]:
        row = self._row
        compares = self._compares or self._last.upper() in _PATTERNS | _LOOKS_UP
        assigned = row and self._assigns and not self._depth and len(row.cells) < len(row.columns)
        if row and not compares and (assigned or (self._values and self._depth == 1)):
            return partial(row.look, len(row.cells))
        origin = Origin("operand" if compares else "value", self._key)
        around = Around(origin, opener=self._opener if self._opener >= 0 else None)
        return lambda _: around
