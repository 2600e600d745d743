"""The columns of the tables that an SQL script creates, in order."""

import re
from collections.abc import Sequence
from enum import Enum

from flaglift.lossless.spans import Span

NAME = rb"\"(?:[^\"]|\"\")*+\"?|`[^`]*`?|(?<![\w$\x80-\xff])[A-Za-z_\x80-\xff][\w$\x80-\xff]*"
"""A name, quoted or unquoted."""

_NAME = re.compile(NAME)
_CHANGES = frozenset(["ADD", "DROP", "RENAME", "CHANGE", "MODIFY"])
_BEFORE_NAME = frozenset(["IF", "NOT", "EXISTS", "ONLY"])
_MORE_COLUMNS = frozenset(["AS", "SELECT", "INHERITS", "OF", "LIKE", "VIRTUAL"])
"""Keywords by which a table gets columns from elsewhere, or other columns than those listed."""
_CONSTRAINTS = frozenset(["PRIMARY", "UNIQUE", "CONSTRAINT", "FOREIGN", "CHECK", "EXCLUDE"])
_INDEXES = frozenset(["KEY", "INDEX", "FULLTEXT", "SPATIAL", "PERIOD"])
"""Keywords that begin an index in MySQL, but may be column names elsewhere."""


def names_of(source: bytes) -> list[str]:
    """Return the names in a piece of SQL.

    >>> names_of(b'public."my prompts"')
    ['public', 'my prompts']
    """
    return [match[0].strip(b'"`').decode() for match in _NAME.finditer(source)]


class _Naming(Enum):
    """Where the statement has the name of its table."""

    NEXT = 1
    BEGUN = 2
    OVER = 3


class SqlTables:
    """Reads the statements that create and change tables, name by name."""

    def __init__(self, data: bytes, *, mysql: bool) -> None:
        self._data = data
        self._constraints = _CONSTRAINTS | _INDEXES if mysql else _CONSTRAINTS
        self._columns: dict[str, Sequence[str] | str] = {}
        """A string says why the columns are unknown."""
        self._begin()

    def _begin(self) -> None:
        self.statement: str = ""
        """The keyword that the statement begins with."""
        self._table = ""
        self._naming = _Naming.OVER
        self._creates = False
        self._defined: list[str] | None = None
        self._start = -1
        """The start of a column definition whose name has not been read yet."""
        self._doubt = ""

    def columns(self, table: str = "") -> Sequence[str] | str:
        """Return the columns of a table, by default the statement's, or a string that says why not.

        Tables are identified by their names as the script spells them.
        """
        table = table or self._table
        missing = f"no `CREATE TABLE {table}` above it shows which column it is for"
        return self._columns.get(table, missing)

    def name(self, word: str, keyword: str, place: Span, depth: int) -> None:
        """Process a name, joined to those before it by dots; `keyword` is empty if it is quoted.

        `depth` is the number of open brackets.
        """
        self.statement = self.statement or keyword
        if depth == 1 and self._start >= 0:
            self._define(word, keyword, place.start)
        elif not depth:
            self._head(word, keyword)

    def _head(self, word: str, keyword: str) -> None:
        if keyword in ("INTO", "TABLE"):
            self._naming = _Naming.NEXT
            self._creates = self.statement == "CREATE" and keyword == "TABLE"
        elif self._naming is _Naming.NEXT and keyword in _BEFORE_NAME:
            return
        elif self._naming is _Naming.NEXT or (
            self._naming is _Naming.BEGUN and word.startswith(f"{self._table}.")
        ):
            self._table, self._naming = word, _Naming.BEGUN
        else:
            self._naming = _Naming.OVER
        if self.statement == "ALTER" and self._table and keyword in _CHANGES:
            self._doubt = f"`ALTER TABLE` changes the columns of `{self._table}`"
        if self.statement == "CREATE" and keyword in _MORE_COLUMNS:
            self._doubt = self._doubt or f"`{keyword}` gives it other columns than are named"
        if self.statement == "USE" or word == "search_path":
            self._columns.clear()  # the same names may now mean other tables

    def _define(self, word: str, keyword: str, start: int) -> None:
        if keyword == "LIKE" or self._data[self._start : start].strip():
            self._doubt = f"the columns of `{self._table}` cannot be read"
        elif keyword not in self._constraints and self._defined is not None:
            self._defined.append(word)
        self._start = -1

    def comment(self, place: Span) -> None:
        """Process a comment."""
        if self._start >= 0 and not self._data[self._start : place.start].strip():
            self._start = place.end

    def sign(self, sign: bytes, end: int, depth: int) -> None:
        """Process a bracket or comma that ends at a byte; `depth` is the bracket depth after it."""
        if not self._creates:
            return
        if sign == b"(" and depth == 1 and self._defined is None:
            self._defined, self._start = [], end
        elif self._start >= 0:
            self._doubt = f"the columns of `{self._table}` cannot be read"
        elif sign == b"," and depth == 1:
            self._start = end

    def end(self) -> None:
        """End the statement."""
        table, defined = self._table, self._defined
        if self._creates:
            known = self._columns.get(table, tuple(defined or ()))
            if known != tuple(defined or ()):
                self._doubt = self._doubt or f"`{table}` is created twice, with other columns"
            self._columns[table] = self._doubt or known
        elif self._doubt:
            self._columns[table] = self._doubt
        self._begin()
