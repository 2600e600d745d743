"""Rows of a delimited file: those that all CSV readers agree on are read by one regex."""

import re
from collections.abc import Iterable

from flaglift.lossless.delimited import (
    Cell,
    DelimitedRow,
    Dialect,
    as_python_reads,
    row_at,
    row_matcher,
    sound_content,
)
from flaglift.syntax.concern import may_concern


class DelimitedRows:
    """Reads rows of one file."""

    def __init__(self, dialect: Dialect, width: int, text: int, encoding: str) -> None:
        """`text` is the number of the column of the prompts, `width` that of all columns."""
        self._dialect = dialect
        self._text = text
        self._encoding = encoding
        self._matched = row_matcher(dialect, width)

    def ends(self, data: bytes, start: int, most: int) -> list[int]:
        """Return the ends of the next rows that all readers agree on, stopping at any other row."""
        ends: list[int] = []
        matched = self._matched
        while matched and len(ends) < most and (match := matched(data, start)):
            start = match.end()
            ends.append(start)
        return ends

    def at(
        self, data: bytes, start: int, *, final: bool, less_plain: bool = False
    ) -> DelimitedRow | None:
        """Return the row at a position; None if it does not end within the data.

        With `less_plain`, also None if it certainly contains nothing like a flag.
        """
        match = self._matched(data, start) if self._matched else None
        if match is None:
            return row_at(data, start, self._dialect, final=final)
        if less_plain and self._is_plain(match):
            return None
        cells = [Cell(*place) for place in match.regs[1:]]
        return DelimitedRow(cells, cells[-1].end, match.end(), "")

    def _is_plain(self, match: re.Match[bytes]) -> bool:
        try:
            text = sound_content(match[self._text + 1], self._dialect).decode(self._encoding)
            if not text or may_concern(text):
                return False
            row = match[0]
            if not row.isascii():  # bytes that are not in the file's encoding have to be reported
                row.decode(self._encoding)
        except UnicodeDecodeError:
            return False
        return True

    def cells(self, row: bytes) -> list[Cell]:
        """Return the cells of a row without its line end."""
        whole = self.at(row + b"\n", 0, final=True)
        return whole.cells if whole else []

    def again(self, rows: Iterable[bytes]) -> list[list[str]] | None:
        """Return rows as Python's reader has them; None if a cell exceeds its limit."""
        text = b"\n".join(rows).decode(self._encoding, "surrogateescape")
        return as_python_reads(text, self._dialect)
