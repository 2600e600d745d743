"""Rows of a delimited file: those that all CSV readers agree on are read by one regex."""

import re
from collections.abc import Iterable, Mapping, Sequence

from flaglift.errors import FlagliftError
from flaglift.lossless.delimited import (
    Cell,
    DelimitedRow,
    Dialect,
    as_python_reads,
    row_at,
    row_counter,
    row_matcher,
    sound_content,
)

ProvenRow = tuple[bytes, bytes, Mapping[int, str]]
"""A row before and after, and the values that it has to have then, by column from 0."""


class DelimitedRows:
    """Reads rows of one file."""

    def __init__(self, dialect: Dialect, width: int, text: int, encoding: str) -> None:
        """`text` is the number of the column of the prompts, `width` that of all columns."""
        self._dialect = dialect
        self._text = text
        self._encoding = encoding
        self._matched = row_matcher(dialect, width)
        self._width = width

    def count(self, data: bytes, start: int, most: int) -> tuple[int, int]:
        """Count the next rows that all readers agree on, up to a number, and say where they end."""
        return row_counter(self._dialect, self._width)(data, start, most)

    def match(self, data: bytes, start: int) -> re.Match[bytes] | None:
        """Return the row at a position, each cell as a group; None if readers may not agree."""
        return self._matched(data, start) if self._matched else None

    def at(self, data: bytes, start: int, *, final: bool) -> DelimitedRow | None:
        """Return the row at a position; None if it does not end within the data."""
        match = self.match(data, start)
        if match is None:
            return row_at(data, start, self._dialect, final=final)
        cells = [Cell(*place) for place in match.regs[1:]]
        return DelimitedRow(cells, cells[-1].end, match.end(), "")

    def text(self, match: re.Match[bytes]) -> str:
        """Return the text of a row; empty if the row is not in the file's encoding."""
        try:
            text = sound_content(match[self._text + 1], self._dialect).decode(self._encoding)
            row = match[0]
            if not row.isascii():  # other bytes have to be reported, wherever they are
                row.decode(self._encoding)
        except UnicodeDecodeError:
            return ""
        return text

    def cells(self, row: bytes) -> list[Cell]:
        """Return the cells of a row without its line end."""
        whole = self.at(row + b"\n", 0, final=True)
        return whole.cells if whole else []

    def again(self, rows: Iterable[bytes]) -> list[list[str]] | None:
        """Return rows as Python's reader has them; None if a cell exceeds its limit."""
        text = b"\n".join(rows).decode(self._encoding, "surrogateescape")
        return as_python_reads(text, self._dialect)

    def prove(self, rows: Sequence[ProvenRow]) -> None:
        """Read rows before and after with Python's reader, and compare the results.

        Raises `FlagliftError` if they are not as intended, which is a bug in this code.
        """
        before = self.again(old for old, _, _ in rows)
        if before is None:  # a cell exceeds the reader's limit
            for row in rows if len(rows) > 1 else ():
                self.prove([row])
            return
        for (_, _, values), wanted in zip(rows, before, strict=False):
            for index, value in values.items():
                wanted[index : index + 1] = [value]
        if len(before) != len(rows) or self.again(new for _, new, _ in rows) != before:
            raise FlagliftError("a row would not read as intended; please report this")
