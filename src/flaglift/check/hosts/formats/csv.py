"""CSV and TSV: the cells (RFC 4180)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
from typing import Any, NamedTuple

from flaglift.check.hosts.base import Around, ByteEdit, Comment, Literal, Origin
from flaglift.check.hosts.formats.codec import Escaped
from flaglift.check.hosts.formats.siblings import TEXT_KEY
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.emit.form import form_value
from flaglift.lossless.spans import Span

_QUOTED = Escaped(
    "quoted cell", re.compile(rb'""'), lambda _: '"', {ord('"'): '""'}, universal=False
)


MALFORMED = "its quotes are not closed where it ends"


class Cell(NamedTuple):
    """A cell, and where it stands."""

    row: int
    column: int
    span: Span
    inside: Span
    """What it holds, its quotes left out."""
    quoted: bool
    unclear: str = ""


def cells(data: bytes, delimiter: bytes) -> Iterator[Cell]:
    r"""Yield the cells of a document, in order.

    >>> [data[slice(*c.span)] for data in [b'a,"b,\nc"\nd'] for c in cells(data, b",")]
    [b'a', b'"b,\nc"', b'd']
    """
    ending = re.compile(b"[\r\n" + re.escape(delimiter) + b"]")
    quoted = re.compile(rb'"(?:[^"]|"")*+(?:"|\Z)')
    row = column = position = 0
    while position < len(data):
        start = position
        opening = quoted.match(data, position)
        found = ending.search(data, opening.end() if opening else position)
        end = found.start() if found else len(data)
        yield _cell(row, column, Span(start, end), opening)
        position = end
        if data[position : position + 1] == delimiter:
            position += 1
            column += 1
            if position == len(data):
                yield _cell(row, column, Span(position, position), None)
        elif position < len(data):
            position += 2 if data[position : position + 2] == b"\r\n" else 1
            row, column = row + 1, 0


def _cell(row: int, column: int, span: Span, quoted: re.Match[bytes] | None) -> Cell:
    if quoted is None:
        return Cell(row, column, span, span, quoted=False)
    closed = len(quoted[0]) > 1 and quoted[0].endswith(b'"')
    end = quoted.end() - closed
    unclear = "" if closed and quoted.end() == span.end else MALFORMED
    return Cell(row, column, span, Span(span.start + 1, end), quoted=True, unclear=unclear)


@dataclass(frozen=True)
class Row:
    """The cells beside a prompt's, by the names of their columns."""

    data: bytes
    cells: Mapping[str, Cell]
    delimiter: bytes
    levels: int = 0

    def insert(self, fields: Mapping[str, Any]) -> Sequence[ByteEdit] | str:
        """Return the edits that fill empty cells; there must be a column for each field."""
        edits = []
        for name, value in fields.items():
            cell = self.cells.get(name)
            if cell is None:
                return f"there is no column `{name}`"
            if self.data[slice(*cell.span)].strip(b'" '):
                return f"`{name}` is there already"
            written = form_value(value)
            if re.search('["\r\n' + re.escape(self.delimiter.decode()) + "]", written):
                written = '"' + written.replace('"', '""') + '"'
            edits.append(ByteEdit(*cell.span, written.encode()))
        return edits


class CsvHost:
    """A table of cells; the first row names the columns, unless it holds prompts itself."""

    def __init__(self, name: str) -> None:
        self.name = name

    def literals(self, data: bytes) -> list[Literal]:
        """Return the cells, in order."""
        delimiter = self._delimiter(data)
        rows = groupby(cells(data, delimiter), key=lambda cell: cell.row)
        header: list[str] = []
        found = []
        for number, row in rows:
            line = list(row)
            texts = [_text(data, cell) for cell in line]
            if number == 0 and not any(may_hold_flags(text.encode()) for text in texts):
                header = texts
            named = dict(zip(header, line, strict=False))
            for cell in line:
                key = header[cell.column] if cell.column < len(header) else ""
                found.append(self._literal(data, cell, key, Row(data, named, delimiter)))
        return found

    def _literal(self, data: bytes, cell: Cell, key: str, row: Row) -> Literal:
        form = _QUOTED if cell.quoted else _plain_form(row.delimiter)
        return Literal(
            host=self.name,
            form=form,
            start=cell.span.start,
            end=cell.span.end,
            inside=cell.inside.start,
            pieces=tuple(form.pieces(data, cell.inside).pieces),
            look=partial(_look, cell, key, row),
            source=data,
            unclear=cell.unclear,
        )

    def _delimiter(self, data: bytes) -> bytes:
        if self.name == "tsv":
            return b"\t"
        first = data.partition(b"\n")[0]
        return max((b",", b";", b"\t"), key=first.count) if b"," not in first else b","

    def comments(self, data: bytes) -> list[Comment]:  # noqa: ARG002
        """Return none: every cell is data."""
        return []


def _look(cell: Cell, key: str, row: Row) -> Around:
    origin = Origin("cell", key, path=(cell.row, key or cell.column))
    if cell.row == 0 or not TEXT_KEY.search(key):
        return Around(origin)
    others = {name: other for name, other in row.cells.items() if other != cell}
    beside = {name: _text(row.data, other) for name, other in others.items()}
    return Around(origin, beside=beside, siblings=row)


def _text(data: bytes, cell: Cell) -> str:
    raw = data[slice(*cell.inside)]
    return (raw.replace(b'""', b'"') if cell.quoted else raw).decode()


@cache
def _plain_form(delimiter: bytes) -> Escaped:
    refused = re.compile('["\r\n' + re.escape(delimiter.decode()) + "]")
    return Escaped("cell", re.compile(rb"(?!)"), lambda _: None, {}, refused, universal=False)


def make(name: str) -> CsvHost:
    """Return the host of CSV or TSV."""
    return CsvHost(name)
