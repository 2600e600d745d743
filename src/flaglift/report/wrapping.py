"""Text in rows of a terminal: whole words, with wide characters counted as two columns."""

import re
from collections.abc import Iterator

from flaglift.lossless.spans import Span
from flaglift.report.text import Line, text_of, width

_WORD = re.compile(r"[^ ]* *")


def rows(text: str, most: int, later: int | None = None) -> Iterator[Span]:
    r"""Yield the rows of a text, each at most `most` columns wide, not counting trailing blanks.

    A line end begins a new row and belongs to none; a word longer than a row is split. `later` is
    the width of the rows after the first one of each line; by default it is the same.

    >>> [span.of("a cat on\na mat") for span in rows("a cat on\na mat", 5)]
    ['a cat ', 'on', 'a mat']
    """
    end = -1
    for line in text.split("\n"):
        start = end + 1
        end = start + len(line)
        yield from _rows(text, Span(start, end), most, later or most)


def _rows(text: str, line: Span, most: int, later: int) -> Iterator[Span]:
    start, used = line.start, 0
    for word in _WORD.finditer(text, *line):
        solid = width(word[0].rstrip(" "))
        if used and used + solid > most:
            yield Span(start, word.start())
            start, used, most = word.start(), 0, later
        if solid > most:
            for position in range(word.start(), word.end()):
                step = width(text[position])
                if used + step > most and text[position] != " ":
                    yield Span(start, position)
                    start, used, most = position, 0, later
                used += step
        else:
            used += width(word[0])
    yield Span(start, line.end)


def folded(line: Line, most: int | None, indent: int) -> Iterator[Line]:
    """Yield the rows of a line, indented after the first; a single row if there is no limit."""
    if most is None:
        yield line
        return
    text = text_of(line)
    for number, row in enumerate(rows(text, most, max(1, most - indent))):
        solid = Span(row.start, row.start + len(row.of(text).rstrip(" ")))
        yield ((" " * indent,) if number else ()) + _cut(line, solid)


def _cut(line: Line, span: Span) -> Line:
    pieces: list[str | tuple[str, str]] = []
    position = 0
    for piece in line:
        text = piece if isinstance(piece, str) else piece[0]
        part = text[max(0, span.start - position) : max(0, span.end - position)]
        position += len(text)
        if part:
            pieces.append(part if isinstance(piece, str) else (part, piece[1]))
    return tuple(pieces)
