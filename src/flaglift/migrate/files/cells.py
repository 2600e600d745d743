"""The cells of a delimited file: where they stand, what they hold, how one is written."""

import re
from typing import NamedTuple


class Cell(NamedTuple):
    """A cell, in bytes of the row's buffer, its quotes included."""

    start: int
    end: int


class Cells:
    """Reads rows as Python's `csv` does: a quote opens only at a cell's start, `""` is a quote."""

    def __init__(self, delimiter: str, encoding: str) -> None:
        self._delimiter = delimiter.encode()
        self._encoding = encoding
        other = re.escape(self._delimiter) + rb"\r\n"
        self._cell = re.compile(rb'"(?:[^"]|"")*+"[^' + other + rb']*+|(?!")[^' + other + rb"]*+")
        self._quoted = re.compile(rb'"((?:[^"]|"")*+)"(.*)', re.DOTALL)
        self._special = re.compile(rb'["\r\n]|' + re.escape(self._delimiter))

    def row(self, buffer: bytes, start: int, *, final: bool) -> tuple[list[Cell], int] | None:
        r"""Return the cells of the row that starts there, and where the next row starts.

        None if the row does not end in the buffer; `final` says that nothing follows the buffer.

        >>> Cells(",", "utf-8").row(b'a,"b, c"\r\nd', 0, final=False)
        ([Cell(start=0, end=1), Cell(start=2, end=8)], 10)
        """
        cells: list[Cell] = []
        position = start
        while True:
            found = self._cell.match(buffer, position)
            if found is None:  # a quote that does not close
                return None
            end = found.end()
            cells.append(Cell(position, end))
            following = buffer[end : end + 1]
            if following == self._delimiter:
                position = end + 1
                continue
            # A closing quote, or a CR, may be the first half of something longer.
            if not final and end + (following == b"\r") >= len(buffer):
                return None
            width = 2 if buffer[end : end + 2] == b"\r\n" else len(following)
            return cells, end + width

    def whole_row(self, buffer: bytes, start: int) -> tuple[list[Cell], int]:
        """Return a row that was read before."""
        row = self.row(buffer, start, final=True)
        if row is None:
            raise AssertionError("a row that was read has an open quote")
        return row

    def value(self, raw: bytes) -> str:
        """Return what a cell holds. Raises `UnicodeDecodeError` as its encoding does."""
        found = self._quoted.fullmatch(raw)
        plain = found[1].replace(b'""', b'"') + found[2] if found else raw
        return plain.decode(self._encoding)

    def written(self, value: str, *, like: bytes, alone: bool) -> bytes:
        """Return a cell that holds a value: quoted if the old one was, or if it has to be.

        `alone` says that the row has no other cell: an empty one would be no row.
        """
        plain = value.encode(self._encoding)
        if like.startswith(b'"') or self._special.search(plain) or (alone and not plain):
            return b'"' + plain.replace(b'"', b'""') + b'"'
        return plain

    def joined(self, cells: list[bytes]) -> bytes:
        """Return cells with a delimiter before each."""
        return b"".join(self._delimiter + cell for cell in cells)
