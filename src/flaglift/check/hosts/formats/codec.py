"""From the bytes of a literal to pieces, and back: one escape expression for each literal form."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from flaglift.check.hosts.base import HOLE, Literal, LiteralForm, Piece, PieceKind
from flaglift.lossless.spans import Span

Decode = Callable[[bytes], str | None]
"""The meaning of an escape: its text, "" for nothing, None if it is unknown."""

BROKEN = "an escape in it cannot be read"

_LINE_FEED = re.compile(rb"\n")
_BLANKS = re.compile(rb"[ \t]*+")

LINE_END = rb"\r\n?"
"""What reads as a line feed in most languages."""


@dataclass(frozen=True, eq=False)
class Escaped:
    """A form in which all text is literal, except for the matches of a regex."""

    name: str
    escapes: re.Pattern[bytes]
    decode: Decode
    written: Mapping[int, str] = field(default_factory=dict)
    """The escapes for code points that cannot be literal, for `str.translate`."""
    forbidden: re.Pattern[str] | None = None
    """What cannot be written at all."""
    universal: bool = True
    """Whether a line end inside reads as a line feed, however the file ends its lines."""

    def encode(self, text: str, literal: Literal, at: int) -> bytes | None:  # noqa: ARG002
        """Return the text encoded in this form; line ends are those of the literal."""
        if self.forbidden and self.forbidden.search(text):
            return None
        written = text.translate(self.written)
        if self.universal and b"\r\n" in literal.source[literal.start : literal.end]:
            written = written.replace("\n", "\r\n")
        return written.encode()

    def place_between(self, low: int, high: int) -> int:  # noqa: ARG002
        """Return the offset before a hole, which is inside the literal."""
        return high

    def quoted(self, text: str, quote: str) -> bytes | None:
        """Return a new literal of this form; None if it cannot express the text."""
        if self.forbidden and self.forbidden.search(text):
            return None
        return f"{quote}{text.translate(self.written)}{quote}".encode()

    def pieces(self, data: bytes, inside: Span, holes: Iterable[Span] = ()) -> "ScannedLiteral":
        """Decode the bytes inside the delimiters."""
        scanned = ScannedLiteral()
        position = inside.start
        for hole in holes:
            self._scan(data, Span(position, hole.start), scanned)
            scanned.hole(hole)
            position = hole.end
        self._scan(data, Span(position, inside.end), scanned)
        return scanned

    def _scan(self, data: bytes, span: Span, scanned: "ScannedLiteral") -> None:
        position = span.start
        for match in self.escapes.finditer(data, span.start, span.end):
            scanned.run(data, Span(position, match.start()))
            position = match.end()
            while position < span.end and data[position] & 0xC0 == 0x80:  # the rest of a character
                position += 1
            scanned.atom(Span(match.start(), position), self.decode(data[match.start() : position]))
        scanned.run(data, Span(position, span.end))


@dataclass(frozen=True, eq=False)
class DividedText:
    """The form of a text with tags inside."""

    form: LiteralForm
    """The form of its parts."""
    is_divided: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """That of the parts."""
        return self.form.name

    def encode(self, text: str, literal: Literal, at: int) -> bytes | None:
        """Return the encoding of a text inside of one part."""
        return self.form.encode(text, literal, at)

    def place_between(self, low: int, high: int) -> int:
        """Return the byte before a hole, which no tag is next to for certain."""
        return self.form.place_between(low, high)


@dataclass(slots=True)
class ScannedLiteral:
    """The pieces of a literal as they are found."""

    pieces: list[Piece] = field(default_factory=list)
    unclear: str = ""
    """Why the pieces may not be right."""

    def run(self, data: bytes, span: Span) -> None:
        """Add literal bytes.

        If they begin or end within a character, the string is not closed where it seems to be.
        """
        if span.start >= span.end:
            return
        try:
            text = data[span.start : span.end].decode()
        except UnicodeDecodeError:
            self.atom(span, data[span.start : span.end].decode(errors="replace"))
            self.unclear = BROKEN
        else:
            self.pieces.append(Piece(PieceKind.RUN, *span, text))

    def atom(self, span: Span, text: str | None) -> None:
        """Add an escape. A lone surrogate is not valid text."""
        if text is None or any("\ud800" <= c <= "\udfff" for c in text):
            self.unclear = BROKEN
            text = "\ufffd"
        if text:
            self.pieces.append(Piece(PieceKind.ATOM, *span, text))

    def hole(self, span: Span) -> None:
        """Add an interpolation."""
        self.pieces.append(Piece(PieceKind.HOLE, *span, HOLE))


def blanks_of(data: bytes, place: Span, scanned: ScannedLiteral) -> dict[int, int]:
    """Return where the lines of a literal begin, but for those of code in it.

    Each has the end of the blanks that it begins with.
    """
    starts = [place.start, *(feed.end() for feed in _LINE_FEED.finditer(data, *place))]
    for piece in scanned.pieces:
        if piece.kind is PieceKind.HOLE:
            del starts[bisect_right(starts, piece.start) : bisect_left(starts, piece.end)]
    found = (_BLANKS.match(data, start, place.end) for start in starts if start < place.end)
    return {blanks.start(): blanks.end() for blanks in found if blanks}


def without_margins(
    margins: Mapping[int, int], pieces: Iterable[Piece], data: bytes
) -> list[Piece]:
    """Return pieces without the margins of lines, given by their starts and ends in order."""
    starts = list(margins)
    result = ScannedLiteral()
    for piece in pieces:
        if piece.kind is not PieceKind.RUN:
            is_line_end = data[piece.end - 1 : piece.end] == b"\n"
            end = margins.get(piece.end, piece.end) if is_line_end else piece.end
            result.pieces.append(piece._replace(end=max(end, piece.end)))
            continue
        position = piece.start
        inside = slice(bisect_left(starts, piece.start), bisect_right(starts, piece.end))
        for start in starts[inside]:
            if start > piece.start:
                result.run(data, Span(position, start - 1))
                result.atom(Span(start - 1, margins[start]), "\n")
            position = max(position, margins[start])
        result.run(data, Span(position, piece.end))
    return result.pieces


def backslashed(pairs: Sequence[str]) -> dict[int, str]:
    r"""Return a table that writes characters with a backslash: `"n\n"` writes a line feed as `\n`.

    >>> backslashed(['n\n', '""'])
    {10: '\\n', 34: '\\"'}
    """
    return {ord(pair[1]): "\\" + pair[0] for pair in pairs}


def character(digits: str) -> str | None:
    """Return the character with a hexadecimal number; None if there is none.

    >>> character("41"), character("110000")
    ('A', None)
    """
    number = int(digits, 16)
    return chr(number) if number < 0x110000 else None


CONTROLS = [*range(9), 11, 12, *range(14, 32), 127, *range(0x80, 0xA0), 0x2028, 0x2029]
"""Characters that are escaped wherever there is an escape for them; tab and line ends apart."""


def stripped(comment: bytes) -> str:
    """Return the text of a comment.

    >>> stripped(b"/* a */"), stripped(b"# b"), stripped(b"<!-- c -->")
    ('a', 'b', 'c')
    """
    text = comment.decode().strip()
    for opening, closing in (("/*", "*/"), ("<!--", "-->"), ("//", ""), ("#", "")):
        if text.startswith(opening):
            return text.removeprefix(opening).removesuffix(closing).strip(" \t\r\n*#/")
    return text
