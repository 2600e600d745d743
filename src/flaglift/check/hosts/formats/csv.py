"""CSV, TSV and their relatives: the cells."""

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, NamedTuple

from flaglift.check.hosts.base import Around, ByteEdit, Comment, Literal, Origin
from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.formats.codec import Escaped
from flaglift.check.hosts.formats.siblings import FIELD_KEY, TEXT_KEY
from flaglift.check.hosts.patience import check_patience
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.emit.form import form_value
from flaglift.lossless.delimited import (
    Cell,
    DelimitedRow,
    Dialect,
    content,
    fault_of,
    row_at,
    rows,
    written,
)
from flaglift.lossless.dialects import choose
from flaglift.lossless.spans import Span

_BLANKS = (b" ", b"\t")


class CsvRow(NamedTuple):
    """A row of a table."""

    number: int
    cells: Sequence[Cell]
    fault: str
    """Why none of its cells may be edited."""
    is_torn: bool
    """Whether some readers may have other cells: quotes behind blanks, or single ones."""


class CsvLayout(NamedTuple):
    """The properties shared by all rows of a table."""

    dialect: Dialect
    header: tuple[str, ...]
    """The names of the columns; empty if the first row already has prompts."""
    width: int
    """How many cells the first row has."""


@dataclass(frozen=True)
class Columns:
    """The cells next to a prompt, by column name."""

    data: bytes
    header: Sequence[str]
    cells: Sequence[Cell]
    dialect: Dialect
    levels: int = 0

    def insert(self, fields: Mapping[str, Any]) -> Sequence[ByteEdit] | str:
        """Return the edits that fill empty cells; there must be one column for each field."""
        edits = []
        for name, value in fields.items():
            if self.header.count(name) != 1:
                how = "more than one" if name in self.header else "no"
                return f"there is {how} column `{name}`"
            cell = self.cells[self.header.index(name)]
            old = self.data[slice(*cell)]
            if old.strip(b'" '):
                return f"`{name}` is there already"
            new = written(form_value(value).encode(), self.dialect, like=b"")
            if new is None:
                return f"a cell of this file cannot hold the {name}"
            edits.append(ByteEdit(*cell, new))
        return edits

    def values(self, text: Cell) -> dict[str, str]:
        """Return the values of the other cells, by column name."""
        named = zip(self.header, self.cells, strict=False)
        return {name: _text(self.data, cell, self.dialect) for name, cell in named if cell != text}


class CsvHost:
    """A table of cells; the first row names the columns, unless it already has prompts."""

    def __init__(self, name: str) -> None:
        self.name = name

    def literals(self, data: bytes) -> list[Literal]:
        """Return the cells, in order."""
        layout = _layout(data, self.name)
        numbered = enumerate(rows(data, layout.dialect))
        return self._literals(data, layout, numbered)

    def flagged(self, data: bytes) -> list[Literal]:
        """Return the cells of the rows that may hold a flag."""
        layout = _layout(data, self.name)
        numbered = enumerate(rows(data, layout.dialect))
        found = (each for each in numbered if may_hold_flags(data[_place(each[1])]))
        return self._literals(data, layout, found)

    def cuts(self, data: bytes) -> Mapping[int, Hashable]:
        """Return where rows begin, each with the layout from the header and all of the rows."""
        layout = _layout(data, self.name)
        ends = _ROW_ENDS[layout.dialect.quoting, layout.dialect.backslash]
        line_ends = ends.finditer(data, layout.dialect.start)
        return {0: layout} | dict.fromkeys((m.end() for m in line_ends if m.lastindex), layout)

    def literals_in(self, data: bytes, part: Span) -> list[Literal] | None:
        """Return the cells of some rows; None if they are not complete rows."""
        layout = _layout(data, self.name)
        rows_read = list(rows(data, layout.dialect, part))
        if rows_read and rows_read[-1].following != part.end:
            return None
        return self._literals(data, layout, enumerate(rows_read, int(part.start > 0)))

    def follow(self, old: bytes, data: bytes) -> Sequence[Span]:  # noqa: ARG002
        """Return nothing: a row depends on others only through the layout."""
        return ()

    def _literals(
        self, data: bytes, layout: CsvLayout, numbered: Iterable[tuple[int, DelimitedRow]]
    ) -> list[Literal]:
        literals = []
        for number, each in numbered:
            check_patience()
            fault = "" if each.blank else fault_of(each, layout.width)
            is_torn = bool(fault) and _is_torn([data[start:end] for start, end in each.cells])
            row = CsvRow(number, each.cells, fault and f"the row {fault}", is_torn)
            columns = Columns(data, layout.header, row.cells, layout.dialect)
            literals += [self._literal(cell, i, row, columns) for i, cell in enumerate(row.cells)]
        return literals

    def _literal(self, cell: Cell, column: int, row: CsvRow, columns: Columns) -> Literal:
        data, dialect = columns.data, columns.dialect
        quoted = dialect.quoting and data.startswith(b'"', cell.start, cell.end)
        form = _quoted_form(dialect) if quoted else _plain_form(dialect)
        closed = quoted and cell.end - 1 > cell.start and data[cell.end - 1] == 0x22
        inside = Span(cell.start + quoted, cell.end - closed)
        key = columns.header[column] if column < len(columns.header) else ""
        literal = Literal(
            host=self.name,
            form=form,
            start=cell.start,
            end=cell.end,
            inside=inside.start,
            pieces=tuple(form.pieces(data, inside).pieces),
            look=partial(_look, cell, key or column, row, columns),
            source=data,
            unclear=row.fault,
        )
        if not dialect.doubt:
            return literal
        return replace(literal, doubt=dialect.doubt, possible=((Span(0, len(literal.text)),),))

    def comments(self, data: bytes) -> list[Comment]:  # noqa: ARG002
        """Return none: every cell is data."""
        return []

    def comments_in(self, data: bytes, part: Span) -> list[Comment]:  # noqa: ARG002
        """Return none."""
        return []


def _is_torn(cells: Sequence[bytes]) -> bool:
    """Return whether the delimiters in a row may stand inside of quotes."""
    opened = False
    for cell in cells:
        if opened and cell.rstrip().endswith(b"'"):
            return True
        opened = opened or cell.lstrip().startswith(b"'")
        if cell.startswith(_BLANKS) and cell.lstrip().startswith(b'"'):
            return True
    return False


def _place(row: DelimitedRow) -> slice:
    return slice(row.cells[0].start, row.end)


_ROW_ENDS = {
    (quoting, backslash): re.compile(quoted + rb"(\r\n?|\n)")
    for quoting, backslash, quoted in (
        (True, False, rb'"[^"]*+"?|'),
        (True, True, rb'"(?:[^"\\]|\\.)*+"?|'),
        (False, False, b""),
    )
}
"""Where rows end that have quotes around cells only; by what a dialect does with quotes."""


@per_document(2)
def _layout(data: bytes, name: str) -> CsvLayout:
    """Return the layout, which all rows of a document depend on."""
    dialect = choose(lambda: (data,), default="\t" if name == "tsv" else ",")
    first = row_at(data, dialect.start, dialect)
    cells = first.cells if first else []
    is_header = cells and not may_hold_flags(data[: cells[-1].end])
    header = [_text(data, cell, dialect) for cell in cells] if is_header else []
    return CsvLayout(dialect, tuple(header), len(cells))


def _look(cell: Cell, key: str | int, row: CsvRow, columns: Columns) -> Around:
    name = key if isinstance(key, str) else ""
    role = "torn" if row.is_torn else "cell"
    origin = Origin(role, name, path=(row.number, key), counted=True)
    if row.number == 0 or not FIELD_KEY.search(name):
        return Around(origin)
    if columns.header.count(name) > 1:
        return Around(origin, f"the column `{name}` is there twice")
    return Around(
        origin, beside=columns.values(cell), siblings=columns if TEXT_KEY.search(name) else None
    )


def _text(data: bytes, cell: Cell, dialect: Dialect) -> str:
    return content(data[slice(*cell)], dialect).decode()


@cache
def _quoted_form(dialect: Dialect) -> Escaped:
    escaped = '\\"' if dialect.backslash else '""'
    return Escaped(
        "quoted cell",
        re.compile(re.escape(escaped.encode())),
        lambda _: '"',
        {ord('"'): escaped},
        re.compile(r"\\") if dialect.backslash else None,
        universal=False,
    )


@cache
def _plain_form(dialect: Dialect) -> Escaped:
    special = ('"' if dialect.quoting else "") + ("\\\\" if dialect.backslash else "")
    refused = re.compile(f"[{special}\r\n{re.escape(dialect.delimiter)}]")
    return Escaped("cell", re.compile(rb"(?!)"), lambda _: None, {}, refused, universal=False)


def make(name: str) -> CsvHost:
    """Return the host of CSV or TSV."""
    return CsvHost(name)
