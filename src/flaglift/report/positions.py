"""Offsets to lines and columns."""

from bisect import bisect_right


class Positions:
    r"""The lines of a text; a line ends with LF, and a CR before it is not part of it.

    A byte order mark at the beginning is in no line.

    >>> Positions("a\r\nbc").line_and_column(4), Positions("a\r\nbc").line(1)
    ((2, 2), (0, 'a'))
    """

    def __init__(self, text: str) -> None:
        self._text = text
        # No editor shows a byte order mark or counts it as a column.
        self._starts = [1 if text.startswith("\ufeff") else 0]
        position = text.find("\n")
        while position >= 0:
            self._starts.append(position + 1)
            position = text.find("\n", position + 1)

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Return line and column of a code point, both from 1; columns count code points."""
        line = max(1, bisect_right(self._starts, offset))
        return line, max(0, offset - self._starts[line - 1]) + 1

    def line(self, number: int) -> tuple[int, str]:
        """Return where a line begins, and its text without its end."""
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self._text)
        return start, self._text[start:end].removesuffix("\r")
