"""Rows and cells of delimited text (CSV, TSV and the like), with their byte positions.

A row that readers disagree on is returned with a description of what is odd about it.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from flaglift.lossless.spans import Span


@dataclass(frozen=True)
class Dialect:
    """How rows are written."""

    delimiter: str = ","
    backslash: bool = False
    """Whether a quote in a quoted cell is written as `\\"`, as Spark and MySQL do, not as `""`."""
    quoting: bool = True
    """Whether a cell may be quoted at all."""
    start: int = 0
    """Where the first row begins: after a byte order mark, or a line such as `sep=;`."""
    doubt: str = ""
    """Why the dialect may be a different one; empty if all rows agree."""


class Cell(NamedTuple):
    """A cell, in bytes, quotes included."""

    start: int
    end: int


class DelimitedRow(NamedTuple):
    """A row."""

    cells: list[Cell]
    end: int
    """Where its line end begins."""
    following: int
    """Where the next row begins."""
    fault: str
    """Why other readers may read it differently; empty if they do not."""

    @property
    def blank(self) -> bool:
        """Whether it is an empty line."""
        return len(self.cells) == 1 and self.cells[0].start == self.cells[0].end


BARE_QUOTE = "has a quote in a cell that is not quoted"
AFTER_QUOTE = "has text after a closing quote"
UNCLOSED = "has a quote that is not closed"
BACKSLASH = "has a backslash that not all readers understand alike"


class _Patterns(NamedTuple):
    quoted: re.Pattern[bytes]
    """A whole quoted cell."""
    plain: re.Pattern[bytes]
    """A cell without quotes, or the remainder of a malformed one."""
    odd_backslash: re.Pattern[bytes]


_MOST_COLUMNS = 60
"""The most columns of rows that a single expression matches."""


_LINE_END = rb"(?:\r?\n|\r(?!\Z))"
"""A CR at the end of the data may be half of a line end."""

RowMatcher = Callable[[bytes, int], re.Match[bytes] | None]


@cache
def row_matcher(dialect: Dialect, width: int) -> RowMatcher | None:
    """Return a matcher for rows of that many cells, one group each, that all readers agree on.

    The match includes the line end, which must be in the data. None if all rows need `row_at`.
    """
    if width > _MOST_COLUMNS:
        return None
    row = re.compile(_sound_row(dialect, width, rb"("))
    return row.match


_RUN = 100
"""The rows that are matched at once where only their number is wanted, once a tenth were sound."""


@cache
def row_counter(dialect: Dialect, width: int) -> Callable[[bytes, int, int], tuple[int, int]]:
    """Return what counts such rows from a position on, up to a number, and says where they end."""
    if width > _MOST_COLUMNS:
        return lambda data, start, most: (0, start)  # noqa: ARG005
    row = re.compile(_sound_row(dialect, width, rb"(?:"))
    run = re.compile(rb"(?:" + row.pattern + rb"){%d}+" % _RUN)

    def count(data: bytes, start: int, most: int) -> tuple[int, int]:
        found, end = _counted(row.match, 1, data, start, min(most, _RUN // 10))
        if found == _RUN // 10:
            more, end = _counted(run.match, _RUN, data, end, most - found)
            rest, end = _counted(row.match, 1, data, end, most - found - more)
            found += more + rest
        return found, end

    return count


def _counted(matched: RowMatcher, size: int, data: bytes, start: int, most: int) -> tuple[int, int]:
    found = 0
    while found + size <= most and (match := matched(data, start)):
        found += size
        start = match.end()
    return found, start


def _sound_row(dialect: Dialect, width: int, group: bytes) -> bytes:
    """Return the expression for a row that all readers agree on, with its cells in groups."""
    delimiter = re.escape(dialect.delimiter.encode())
    odd = rb'"' * dialect.quoting + rb"\\" * dialect.backslash
    cell = rb"[^\r\n" + odd + delimiter + rb"]*+"
    if dialect.quoting:
        inside = rb'[^"\\]++|\\"' if dialect.backslash else rb'[^"]++|""'
        cell = rb'"(?:' + inside + rb')*+"|' + cell
    return delimiter.join([group + cell + b")"] * width) + _LINE_END


@cache
def row_end_matcher(dialect: Dialect) -> RowMatcher:
    """Return a matcher for any row that ends within the data, as `row_at` reads it."""
    delimiter = dialect.delimiter.encode()
    patterns = _patterns(delimiter, backslash=dialect.backslash)
    rest = patterns.plain.pattern
    cell = rest
    if dialect.quoting:
        cell = rb"(?:" + patterns.quoted.pattern + rb'|(?!"))' + rest
    cells = cell + rb"(?:" + re.escape(delimiter) + cell + rb")*+"
    row = re.compile(cells + _LINE_END, re.DOTALL)
    return row.match


@cache
def _patterns(delimiter: bytes, *, backslash: bool) -> _Patterns:
    other = rb"[^\r\n" + re.escape(delimiter) + rb"]*+"
    inside = rb'[^"\\]++|\\.' if backslash else rb'[^"]++|""'
    return _Patterns(
        quoted=re.compile(rb'"(?:' + inside + rb')*+"', re.DOTALL),
        plain=re.compile(other),
        odd_backslash=re.compile(rb'\\(?!")' if backslash else rb"(?!)"),
    )


@cache
def _special(dialect: Dialect) -> re.Pattern[bytes]:
    """Return what finds the bytes that an unquoted cell cannot contain."""
    return re.compile(rb'["\r\n]|' + re.escape(dialect.delimiter.encode()))


def row_at(data: bytes, start: int, dialect: Dialect, *, final: bool = True) -> DelimitedRow | None:
    r"""Return the row that begins at a position; None if it does not end in the data.

    `final` means that no data follows: an open quote then extends to the end.

    >>> row_at(b'a,"b, c"\r\nd', 0, Dialect()).cells
    [Cell(start=0, end=1), Cell(start=2, end=8)]
    """
    delimiter = dialect.delimiter.encode()
    patterns = _patterns(delimiter, backslash=dialect.backslash)
    cells: list[Cell] = []
    faults: list[str] = []
    position = start
    while True:
        end, fault = _cell_end(data, position, dialect, patterns)
        if end is None:
            if not final:
                return None
            end = len(data)
        cells.append(Cell(position, end))
        faults += [fault] if fault else []
        following = data[end : end + 1]
        if following == delimiter:
            position = end + 1
            continue
        # A closing quote, or a CR, may be the first half of something longer.
        if not final and end + (following == b"\r") >= len(data):
            return None
        width = 2 if data[end : end + 2] == b"\r\n" else len(following)
        return DelimitedRow(cells, end, end + width, faults[0] if faults else "")


def _cell_end(
    data: bytes, start: int, dialect: Dialect, patterns: _Patterns
) -> tuple[int | None, str]:
    """Return where a cell ends, None if it is not closed, and what is odd about it."""
    quoted = dialect.quoting and data[start : start + 1] == b'"'
    end = start
    if quoted:
        match = patterns.quoted.match(data, start)
        if match is None:
            return None, UNCLOSED
        end = match.end()
    rest = patterns.plain.match(data, end).end()  # type: ignore[union-attr]
    fault = ""
    if quoted and rest > end:
        fault = AFTER_QUOTE
    elif not quoted and dialect.quoting and data.find(b'"', start, rest) >= 0:
        fault = BARE_QUOTE
    elif dialect.backslash and patterns.odd_backslash.search(data, start, rest):
        fault = BACKSLASH
    return rest, fault


def rows(data: bytes, dialect: Dialect, part: Span | None = None) -> Iterator[DelimitedRow]:
    """Yield the rows that begin in a part of a document, by default all, empty lines included."""
    position, end = part or (0, len(data))
    position = max(position, dialect.start)
    while position < end:
        row = row_at(data, position, dialect)
        if row is None:
            raise AssertionError("the last row takes all of the rest")
        yield row
        position = row.following


def content(raw: bytes, dialect: Dialect) -> bytes:
    """Return the content of a cell; a malformed one is read as by Python's `csv`."""
    if not dialect.quoting or not raw.startswith(b'"'):
        return raw
    patterns = _patterns(dialect.delimiter.encode(), backslash=dialect.backslash)
    match = patterns.quoted.match(raw)
    end = match.end() if match else len(raw) + 1
    return sound_content(raw[: end - 1] + b'"', dialect) + raw[end:]


def sound_content(raw: bytes, dialect: Dialect) -> bytes:
    """Return the content of a cell in a row without a fault.

    >>> sound_content(b'"a, ""b"", c"', Dialect())
    b'a, "b", c'
    """
    if not dialect.quoting or not raw.startswith(b'"'):
        return raw
    return raw[1:-1].replace(b'\\"' if dialect.backslash else b'""', b'"')


def written(plain: bytes, dialect: Dialect, *, like: bytes, alone: bool = False) -> bytes | None:
    """Return the cell for a value: quoted if the old cell was, or if the value requires it.

    `alone` means that the row has no other cell, so that an empty one would not be a row. None if
    the dialect cannot express the value in a way that all readers understand alike.
    """
    if not can_hold(plain, dialect):
        return None
    if not dialect.quoting:
        return plain
    if like.startswith(b'"') or (alone and not plain) or _special(dialect).search(plain):
        return b'"' + plain.replace(b'"', b'\\"' if dialect.backslash else b'""') + b'"'
    return plain


def can_hold(plain: bytes, dialect: Dialect) -> bool:
    """Return whether a cell can express a value in a way that all readers understand alike."""
    if dialect.backslash and b"\\" in plain:
        return False
    if dialect.quoting:
        return True
    delimiter = re.escape(dialect.delimiter.encode())
    return plain[:1] != b'"' and not re.search(rb"[\r\n]|" + delimiter, plain)


def as_python_reads(text: str, dialect: Dialect) -> list[list[str]] | None:
    """Return the rows as Python's `csv` reads them; None if a cell is too long for it."""
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect.delimiter,
        doublequote=not dialect.backslash,
        escapechar="\\" if dialect.backslash else None,
        quoting=csv.QUOTE_MINIMAL if dialect.quoting else csv.QUOTE_NONE,
    )
    try:
        return list(reader)
    except csv.Error:
        return None


def fault_of(row: DelimitedRow, width: int) -> str:
    """Return why the cells of a row are in doubt; empty if they are not."""
    if row.fault:
        return row.fault
    count = len(row.cells)
    return "" if count == width else f"has {count} cells, and the first row {width}"
