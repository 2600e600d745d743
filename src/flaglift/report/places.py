"""Maps bytes of a file to lines and columns, in every unit that a format needs."""

from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple

from flaglift.lossless.spans import Span

_BLOCK = 1024
_CONTINUATION = bytes(range(0x80, 0xC0))
"""The UTF-8 bytes that do not begin a code point."""
_NOT_ASTRAL = bytes(range(0xF0))
"""The bytes that do not begin a code point beyond U+FFFF."""


def _count(data: bytes) -> tuple[int, int]:
    """Return how many code points begin in some bytes, and how many of them are astral."""
    points = len(data.translate(None, _CONTINUATION))
    return points, len(data.translate(None, _NOT_ASTRAL))


class Point(NamedTuple):
    """A place in a file. Lines and columns count from 1; tabs count as one column."""

    line: int
    column: int
    """In code points."""
    utf16: int
    """The column in UTF-16 code units."""
    utf8: int
    """The column in bytes of UTF-8."""


class Region(NamedTuple):
    """A half-open range of a file."""

    start: Point
    end: Point


class LineIndex:
    r"""The lines of a file; a line ends with LF, and a CR before it is not part of the line.

    The file is UTF-8 without a byte order mark: editors hide the mark, and count columns from
    there.

    >>> LineIndex("é😀x\r\nb".encode()).point(6)
    Point(line=1, column=3, utf16=4, utf8=7)
    """

    def __init__(self, data: bytes) -> None:
        self._data = data

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        position = self._data.find(b"\n")
        while position >= 0:
            starts.append(position + 1)
            position = self._data.find(b"\n", position + 1)
        return starts

    @property
    def count(self) -> int:
        """The number of lines; the last may be empty."""
        return len(self._starts)

    def line_of(self, offset: int) -> int:
        """Return the number of the line that contains a byte."""
        return bisect_right(self._starts, offset)

    def span_of(self, number: int) -> Span:
        """Return the bytes of a line, including its end."""
        end = self._starts[number] if number < len(self._starts) else len(self._data)
        return Span(self._starts[number - 1], end)

    def around(self, offset: int, most: int) -> tuple[str, str]:
        """Return the text before and after a byte in its line, at most `most` bytes each."""
        start, end = self.span_of(self.line_of(offset))
        before = self._data[max(start, offset - most) : offset]
        while before and before[0] in _CONTINUATION:
            before = before[1:]
        behind = self._data[offset : min(end, offset + most)]
        return before.decode(), behind.removesuffix(b"\n").removesuffix(b"\r").decode(
            "utf-8", "ignore"
        )

    def code_points(self, offset: int) -> int:
        """Return the number of code points before a byte of the file."""
        return self._before(offset)[0]

    def point(self, offset: int) -> Point:
        """Return the place of a byte, which must begin a code point or be the end of the file."""
        line = self.line_of(offset)
        start = self._starts[line - 1]
        if offset - start < _BLOCK:
            points, astral = _count(self._data[start:offset])
        else:  # a long line
            first, last = self._before(start), self._before(offset)
            points, astral = last[0] - first[0], last[1] - first[1]
        return Point(line, points + 1, points + astral + 1, offset - start + 1)

    def _before(self, offset: int) -> tuple[int, int]:
        block = offset // _BLOCK
        points, astral = self._blocks[block]
        more, further = _count(self._data[block * _BLOCK : offset])
        return points + more, astral + further

    @cached_property
    def _blocks(self) -> list[tuple[int, int]]:
        """The numbers of code points, and of those beyond U+FFFF, before each block of bytes."""
        blocks = [(0, 0)]
        for start in range(0, len(self._data), _BLOCK):
            points, astral = _count(self._data[start : start + _BLOCK])
            blocks.append((blocks[-1][0] + points, blocks[-1][1] + astral))
        return blocks

    def region(self, span: Span) -> Region:
        """Return the region of a range of bytes."""
        return Region(self.point(span.start), self.point(span.end))
