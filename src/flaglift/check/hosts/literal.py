"""A string literal of a file: its decoded text, and the bytes that each part of it is made of."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate, zip_longest
from typing import Any, NamedTuple, Protocol

from flaglift.check.hosts.pieces import (
    HOLE,
    HOLES,
    Around,
    Hole,
    Origin,
    Piece,
    PieceKind,
    PromptText,
    Siblings,
)
from flaglift.lossless.spans import Span


class LiteralForm(Protocol):
    """One way to write a literal down: `python "..."`, a YAML folded scalar, a CSV cell."""

    @property
    def name(self) -> str:
        """What the form is called in messages and tests."""

    def encode(self, text: str, literal: "Literal", at: int) -> bytes | None:
        """Return what stands for `text` at byte `at` of the literal; None if nothing does.

        It need not be right in every neighbourhood: whoever writes it reads the file again.
        """

    def place_between(self, low: int, high: int) -> int:
        """Return the byte, from `low` to `high`, where text can be written between two holes."""


@dataclass(frozen=True, eq=False)
class Literal(PromptText):
    """A string literal, and the bytes that its decoded text is made of.

    Adjacent parts that mean one string (implicit concatenation) are one literal.
    """

    host: str
    form: LiteralForm
    start: int
    """First byte, delimiters included, in the file or in the outer literal's text in UTF-8."""
    end: int
    inside: int
    """First byte behind the opening delimiter."""
    pieces: tuple[Piece, ...]
    """In order. Bytes between them stand for nothing: indentation, continuations, delimiters."""
    look: Callable[[], "Around"]
    """Tells where it stands; asked only about literals of interest."""
    source: bytes = field(repr=False)
    """The document."""
    unclear: str = ""
    """Why its pieces may not be right; empty if they are."""
    outer: "Literal | None" = None
    """The literal whose decoded text is the document; None for the file itself."""
    doubt: str = ""
    """Why its text is not known to be one prompt; empty if it is."""
    possible: tuple[tuple[Span, ...], ...] = ()
    """The parts of its text that may be a prompt, each alone, where there is a doubt."""

    @cached_property
    def _around(self) -> "Around":
        return self.look()

    @property
    def origin(self) -> Origin:
        """Where it stands: all that tells a prompt from another string."""
        return self._around.origin

    @property
    def locked(self) -> str:
        """Why it must not be edited; empty if it may."""
        above = self.outer.locked if self.outer else ""
        return self.unclear or self.doubt or self._around.locked or above

    @property
    def beside(self) -> Mapping[str, Any]:
        """Fields of the same request that stand next to it, by name.

        None for an absent value; a string with a `HOLE` for one that is not known.
        """
        return self._around.beside

    @property
    def siblings(self) -> Siblings | None:
        """Where fields can be added next to it; None if there is no such place."""
        return self._around.siblings

    @property
    def is_request(self) -> bool:
        """Whether the fields next to it are seen to be sent with it."""
        return self._around.is_request

    @cached_property
    def text(self) -> str:
        """The decoded text, with `HOLE` for each interpolation."""
        return "".join(piece.text for piece in self.pieces)

    @cached_property
    def holes(self) -> tuple[Hole, ...]:
        """The interpolations, in order."""
        return tuple(
            Hole(begin, self._spelling(piece))
            for begin, piece in zip(self.begins, self.pieces, strict=False)
            if piece.kind in HOLES
        )

    def spelt(self, text: str) -> str:
        """Return what the host reads as a text of this literal: placeholders are as spelt."""
        sources = [piece.spelt or HOLE for piece in self.pieces if piece.kind in HOLES]
        parts = text.split(HOLE)
        if len(parts) != len(sources) + 1:
            return text  # the code point of `HOLE` is in it as itself
        return "".join(a + b for a, b in zip_longest(parts, sources, fillvalue=""))

    def _spelling(self, piece: Piece) -> str:
        if self.outer is None:
            return self.source[piece.start : piece.end].decode()
        start, end = code_points(self.outer.text, Span(piece.start, piece.end))
        spelt = [hole.source for hole in self.outer.holes if start <= hole.at < end]
        return spelt[0] if spelt else self.source[piece.start : piece.end].decode()

    @property
    def root(self) -> "Literal":
        """The literal of the file that it is nested in; itself if it is in no other."""
        return self.outer.root if self.outer else self

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that it is nested in, the file's first: `("markdown", "bash", "curl")`."""
        return (*(self.outer.hosts if self.outer else ()), self.host)

    @cached_property
    def pointer(self) -> str:
        """A JSON pointer to it, where the host is structured; else empty."""
        above = self.outer.pointer if self.outer else ""
        return above + "".join(
            "/" + str(key).replace("~", "~0").replace("/", "~1") for key in self.origin.path
        )

    @cached_property
    def begins(self) -> list[int]:
        """Where each piece begins in the decoded text; at last, where the text ends."""
        return list(accumulate((len(piece.text) for piece in self.pieces), initial=0))

    def within(self, outer: "Literal") -> "Literal":
        """Return it as a literal of another one's decoded text, with that one's holes."""
        data = self.source
        marks = [len(outer.text[: hole.at].encode()) for hole in outer.holes]
        pieces = [part for piece in self.pieces for part in _cut(piece, marks, data)]
        return replace(self, pieces=tuple(pieces), outer=outer)

    def moved(self, offset: int, source: bytes) -> "Literal":
        """Return it as a literal of another document, in which it is some bytes farther on."""
        pieces = [p._replace(start=p.start + offset, end=p.end + offset) for p in self.pieces]
        return replace(
            self,
            **{name: getattr(self, name) + offset for name in ("start", "end", "inside")},
            pieces=tuple(pieces),
            look=lambda: self.look().moved(offset),
            source=source,
        )

    def read_bytes(self) -> Iterator[Span]:
        """Yield the bytes of it that are no interpolation: these are code."""
        start = self.start
        for piece in self.pieces:
            if piece.kind is PieceKind.HOLE:
                yield Span(start, piece.start)
                start = piece.end
        yield Span(start, self.end)

    def part(self, spans: Sequence[Span]) -> "PartialLiteral":
        """Return what reads as some ranges of the decoded text, in order, and nothing else."""
        pieces = [
            piece._replace(
                start=self._byte(low) if piece.kind is PieceKind.RUN else piece.start,
                end=self._byte_end(high - 1) if piece.kind is PieceKind.RUN else piece.end,
                text=piece.text[low - begin : high - begin],
            )
            for span in spans
            for begin, piece in ((self.begins[i], self.pieces[i]) for i in self._indices(span))
            if (low := max(span.start, begin)) < (high := min(span.end, begin + len(piece.text)))
        ]
        return PartialLiteral(
            replace(self, pieces=tuple(pieces), doubt="", possible=()), tuple(spans)
        )

    def touches_hole(self, span: Span) -> bool:
        """Return whether a range of the decoded text holds an interpolation."""
        return any(span.start <= hole.at < span.end for hole in self.holes)

    def bytes_of(self, span: Span) -> Span:
        """Return the bytes of its document that stand for a range of the decoded text."""
        first = self._byte(span.start) if span.start < len(self.text) else self.last
        return Span(first, first if span.start == span.end else self._byte_end(span.end - 1))

    def locate(self, span: Span) -> Span:
        """Return the bytes of the file that stand for a range of the decoded text."""
        place = self.bytes_of(span)
        return self.outer.locate(code_points(self.outer.text, place)) if self.outer else place

    @cached_property
    def place(self) -> Span:
        """The bytes of the file that it takes, delimiters included."""
        whole = Span(self.start, self.end)
        return self.outer.locate(code_points(self.outer.text, whole)) if self.outer else whole

    @cached_property
    def extent(self) -> Span:
        """Its place in the file, from where a comment about it can stand before."""
        opener = self._around.opener
        if opener is None:
            return self.place
        at = Span(opener, opener)
        if self.outer:
            at = self.outer.locate(code_points(self.outer.text, at))
        return Span(min(at.start, self.place.start), self.place.end)

    @property
    def last(self) -> int:
        """Where text can be added at the end."""
        return self.pieces[-1].end if self.pieces else self.inside

    def _indices(self, span: Span) -> range:
        """Return which pieces hold a range of the decoded text."""
        first = bisect_right(self.begins, span.start, hi=len(self.pieces)) - 1
        return range(max(first, 0), bisect_left(self.begins, span.end, hi=len(self.pieces)))

    def _piece_at(self, offset: int) -> tuple[Piece, int]:
        index = bisect_right(self.begins, offset, hi=len(self.pieces)) - 1
        return self.pieces[index], offset - self.begins[index]

    def _byte(self, offset: int) -> int:
        piece, inside = self._piece_at(offset)
        return piece.start + _width(piece, inside) if piece.kind is PieceKind.RUN else piece.start

    def _byte_end(self, offset: int) -> int:
        piece, inside = self._piece_at(offset)
        return piece.start + _width(piece, inside + 1) if piece.kind is PieceKind.RUN else piece.end


class PartialLiteral(NamedTuple):
    """A literal that holds only some of another one's text."""

    literal: Literal
    spans: tuple[Span, ...]
    """Which parts of the other one's text."""

    def back(self, span: Span) -> Span:
        """Return the place in the other literal's text of a range of this one's."""
        return Span(self._offset(span.start, at_end=False), self._offset(span.end, at_end=True))

    def _offset(self, offset: int, *, at_end: bool) -> int:
        for start, end in self.spans:
            length = end - start
            if offset < length or (offset == length and (at_end or start == self.spans[-1].start)):
                return start + offset
            offset -= length
        return self.spans[-1].end


def _width(piece: Piece, length: int) -> int:
    return len(piece.text[:length].encode())


def _cut(piece: Piece, marks: Sequence[int], data: bytes) -> list[Piece]:
    """Return a piece of an inner document with the outer literal's holes as pieces of their own."""
    inside = [mark for mark in marks if piece.start <= mark < piece.end]
    if not inside:
        return [piece]
    if piece.kind is not PieceKind.RUN:
        return [piece._replace(kind=PieceKind.HOLE, text=HOLE)]
    parts = []
    position = piece.start
    for mark in inside:
        end = mark + len(HOLE.encode())
        parts += [
            Piece(PieceKind.RUN, position, mark, data[position:mark].decode()),
            Piece(PieceKind.HOLE, mark, end, HOLE),
        ]
        position = end
    parts.append(Piece(PieceKind.RUN, position, piece.end, data[position : piece.end].decode()))
    return [part for part in parts if part.text]


def code_points(text: str, span: Span) -> Span:
    """Return the code points of a text that a range of its bytes in UTF-8 covers."""
    data = text.encode()
    start = len(data[: span.start].decode())
    return Span(start, start + len(data[span.start : span.end].decode()))
