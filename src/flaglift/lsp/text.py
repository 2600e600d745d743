"""The text of an editor's document, with positions in the negotiated encoding."""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from difflib import SequenceMatcher
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

from lsprotocol.types import Position, PositionEncodingKind, Range

from flaglift.check.hosts.base import ByteEdit
from flaglift.lossless.spans import Span, difference

_LINE_END = re.compile(rb"\r\n?|\n")
"""The line ends of the protocol, and no others: U+2028 and form feeds do not end lines."""

_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_NOT_A_CHARACTER = "\ufffd".encode()

_WIDTHS: Mapping[str, Callable[[str], int]] = {
    PositionEncodingKind.Utf8.value: lambda text: len(text.encode("utf-8", "surrogatepass")),
    PositionEncodingKind.Utf16.value: lambda text: (
        len(text.encode("utf-16-le", "surrogatepass")) // 2
    ),
    PositionEncodingKind.Utf32.value: len,
}
_PIECE = 512
"""Bytes of a line that are counted through for one position: lines may be millions long."""


class _Pieces(NamedTuple):
    """A line in pieces: where each begins."""

    starts: list[int]
    """The bytes of the text."""
    columns: list[int]
    """The columns of the line."""


class EditorText:
    """A text as the editor has it. It is immutable: an edit returns a new one.

    `unit` is the unit of columns: `utf-8`, `utf-16` or `utf-32`. Offsets are bytes of `data`. A
    lone surrogate, which an editor may send, is kept as three bytes.
    """

    def __init__(self, text: str | bytes, unit: str, starts: list[int] | None = None) -> None:
        self._known = starts
        self._raw = _encoded(text) if isinstance(text, str) else text
        self.unit = unit
        self._width = _WIDTHS[unit]
        self._long: dict[int, _Pieces] = {}

    @cached_property
    def data(self) -> bytes:
        """The text in valid UTF-8; a lone surrogate becomes U+FFFD, which has the same length."""
        return _SURROGATE.sub(_NOT_A_CHARACTER, self._raw) if b"\xed" in self._raw else self._raw

    @cached_property
    def _starts(self) -> list[int]:
        return self._known or [0, *(match.end() for match in _LINE_END.finditer(self._raw))]

    def edited(self, place: Range, text: str) -> "EditorText":
        """Return the text with a range replaced; positions past the end count as the end."""
        start, end = self.span(place)
        end = max(start, end)
        raw = _joined(b"".join((self._raw[:start], _encoded(text), self._raw[end:])))
        return EditorText(raw, self.unit, self._starts_in(raw, start, end))

    def _starts_in(self, raw: bytes, start: int, end: int) -> list[int]:
        """Return the line starts after a range was replaced; only lines around it are scanned."""
        known, moved = self._starts, len(raw) - len(self._raw)
        # The line before may end in a CR, which a new LF would join into one line end.
        first = max(0, bisect_right(known, start) - 2)
        last = bisect_right(known, end)
        until = known[last] + moved if last < len(known) else len(raw)
        new = [match.end() for match in _LINE_END.finditer(raw, known[first], until)]
        return [*known[: first + 1], *new, *(each + moved for each in known[last + 1 :])]

    def span(self, place: Range) -> Span:
        """Return the bytes of a range."""
        return Span(self.offset(place.start), self.offset(place.end))

    def offset(self, position: Position) -> int:
        """Return the byte at a position; inside a character, the character's first byte."""
        if position.line >= len(self._starts):
            return len(self._raw)
        pieces, end = self._pieces(position.line), self._line(position.line).end
        number = bisect_right(pieces.columns, position.character) - 1
        offset = pieces.starts[number]
        left = position.character - pieces.columns[number]
        for sign in self._text(offset, min(end, offset + _PIECE)):
            left -= self._width(sign)
            if left < 0:
                break
            offset += len(sign.encode("utf-8", "surrogatepass"))
        return offset

    def position(self, offset: int) -> Position:
        """Return the position of a byte."""
        line = bisect_right(self._starts, offset) - 1
        pieces, offset = self._pieces(line), min(offset, self._line(line).end)
        number = bisect_right(pieces.starts, offset) - 1
        text = self._text(pieces.starts[number], offset)
        return Position(line, pieces.columns[number] + self._width(text))

    def _text(self, start: int, end: int) -> str:
        """Return a text from the first byte of a character, without a last one in part."""
        return self._raw[start : self._border(end)].decode("utf-8", "surrogatepass")

    def _border(self, offset: int) -> int:
        """Return the first byte of the character that a byte is in."""
        while offset < len(self._raw) and self._raw[offset] & 0xC0 == 0x80:
            offset -= 1
        return offset

    def _pieces(self, number: int) -> _Pieces:
        """Return a line in pieces of at most `_PIECE` bytes."""
        start, end = self._line(number)
        if end - start <= _PIECE:
            return _Pieces([start], [0])
        if number not in self._long:
            starts = [start]
            while end - starts[-1] > _PIECE:
                starts.append(self._border(starts[-1] + _PIECE))
            widths = (self._width(self._text(*piece)) for piece in pairwise(starts))
            self._long[number] = _Pieces(starts, list(accumulate(widths, initial=0)))
        return self._long[number]

    def range(self, span: Span) -> Range:
        """Return the positions of a range of bytes."""
        return Range(self.position(span.start), self.position(span.end))

    def lines(self, span: Span) -> list[Span]:
        """Split a range of bytes at line boundaries, without the line ends."""
        first, last = (bisect_right(self._starts, at) - 1 for at in span)
        lines = map(self._line, range(first, last + 1))
        return [Span(max(span.start, start), min(span.end, end)) for start, end in lines]

    def line_before(self, position: Position) -> str:
        """Return the text of the displayed line before a position."""
        start = self.offset(Position(position.line, 0))
        return self.data[start : self.offset(position)].decode(errors="ignore")

    def _line(self, number: int) -> Span:
        """Return the bytes of a line without its end."""
        start = self._starts[number]
        if number + 1 == len(self._starts):
            return Span(start, len(self._raw))
        end = self._starts[number + 1]
        return Span(start, start + len(self._raw[start:end].rstrip(b"\r\n")))


def line_edits(old: bytes, new: bytes) -> list[ByteEdit]:
    r"""Return edits that turn one document into another, each within a few lines.

    >>> line_edits(b"a\nb\nc\n", b"a\nbx\nc\n")
    [ByteEdit(start=3, end=3, content=b'x')]
    """
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    if len(before) == len(after):
        blocks = [(i, i + 1, i, i + 1) for i in range(len(before)) if before[i] != after[i]]
    else:
        codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        blocks = [(i, j, k, m) for tag, i, j, k, m in codes if tag != "equal"]
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line))
    edits = []
    for i, j, k, m in blocks:
        text = b"".join(before[i:j]).decode()
        start, end, content = difference(text, b"".join(after[k:m]).decode())
        first = starts[i] + len(text[:start].encode())
        edits.append(ByteEdit(first, first + len(text[start:end].encode()), content.encode()))
    return edits


def _encoded(text: str) -> bytes:
    return _joined(text.encode("utf-8", "surrogatepass"))


def _joined(raw: bytes) -> bytes:
    """Return the bytes with each surrogate pair combined into its character."""
    if b"\xed" not in raw:
        return raw
    return _PAIR.sub(lambda pair: _character(pair[0]).encode(), raw)


def _character(pair: bytes) -> str:
    text = pair.decode("utf-8", "surrogatepass")
    return text.encode("utf-16", "surrogatepass").decode("utf-16")
