"""A string literal of a file: its decoded text, and the bytes that encode each part of it."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate, zip_longest
from typing import Any, NamedTuple, Protocol

from flaglift.check.hosts.encoding import ByteOffsets
from flaglift.check.hosts.pieces import (
    BROKEN,
    HOLE,
    HOLES,
    Around,
    Hole,
    Origin,
    Piece,
    PieceKind,
    PromptText,
    Siblings,
    cut,
)
from flaglift.lossless.spans import Span

_RUN = PieceKind.RUN


class LiteralForm(Protocol):
    """A way to write a literal: `python "..."`, a YAML folded scalar, a CSV cell."""

    @property
    def name(self) -> str:
        """The form's name in messages and tests."""

    def encode(self, text: str, literal: "Literal", at: int) -> bytes | None:
        """Return the encoding of `text` at byte `at` of the literal; None if there is none.

        It may be wrong in some contexts: the caller must read the file again after writing it.
        """

    def place_between(self, low: int, high: int) -> int:
        """Return the byte from `low` to `high` at which to insert text between two holes."""


@dataclass(frozen=True, eq=False)
class Literal(PromptText):
    """A string literal, and the bytes that encode its decoded text.

    Adjacent parts that form one string (implicit concatenation) are one literal.
    """

    host: str
    form: LiteralForm
    start: int
    """The first byte, delimiters included, in the file or in the outer literal's UTF-8 text."""
    end: int
    inside: int
    """The first byte after the opening delimiter."""
    pieces: tuple[Piece, ...]
    """In order. Bytes in between encode nothing: indentation, continuations, delimiters."""
    look: Callable[[], "Around"]
    """Returns its context; called only for literals of interest."""
    source: bytes = field(repr=False)
    """The document."""
    unclear: str = ""
    """Why its pieces may be wrong; empty if they are reliable."""
    outer: "Literal | None" = None
    """The literal whose decoded text is the document; None if that is the file itself."""
    doubt: str = ""
    """Why its text may not be exactly one prompt; empty if it is."""
    possible: tuple[tuple[Span, ...], ...] = ()
    """If in doubt, the parts of its text that may each be a prompt."""

    @cached_property
    def _around(self) -> "Around":
        return self.look()

    @property
    def origin(self) -> Origin:
        """Its origin: everything that distinguishes a prompt from another string."""
        return self._around.origin

    @property
    def locked(self) -> str:
        """Why it must not be edited; empty if it may."""
        above = self.outer.locked if self.outer else ""
        return self.unclear or self.doubt or self._around.locked or above

    @property
    def is_broken(self) -> bool:
        """Whether the code around it does not parse, so that its place in it is in doubt."""
        above = self.outer is not None and self.outer.is_broken
        return above or self._around.locked == BROKEN

    @property
    def beside(self) -> Mapping[str, Any]:
        """The fields next to it in the same request, by name.

        None for an absent value; a string with a `HOLE` for an unknown one.
        """
        return self._around.beside

    @property
    def siblings(self) -> Siblings | None:
        """The place next to it where fields can be added; None if there is none."""
        return self._around.siblings

    @property
    def is_request(self) -> bool:
        """Whether the fields next to it are evidently sent with it."""
        return self._around.is_request

    @cached_property
    def text(self) -> str:
        """The decoded text, with `HOLE` for each interpolation."""
        return "".join(piece.text for piece in self.pieces)

    @cached_property
    def offsets(self) -> ByteOffsets:
        """The bytes of its text in UTF-8, as the documents nested in it count."""
        return ByteOffsets(self.text)

    @cached_property
    def holes(self) -> tuple[Hole, ...]:
        """The interpolations, in order."""
        return tuple(
            Hole(begin, self._spelling(piece))
            for begin, piece in zip(self.begins, self.pieces, strict=False)
            if piece.kind in HOLES
        )

    def spelt(self, text: str) -> str:
        """Return the host's view of a text of this literal, with placeholders as in the source."""
        sources = [piece.spelt or HOLE for piece in self.pieces if piece.kind in HOLES]
        parts = text.split(HOLE)
        if len(parts) != len(sources) + 1:
            return text  # it contains the code point of `HOLE` as ordinary text
        return "".join(a + b for a, b in zip_longest(parts, sources, fillvalue=""))

    def _spelling(self, piece: Piece) -> str:
        if self.outer is None:
            return self.source[piece.start : piece.end].decode()
        start, end = self.outer.offsets.code_points(Span(piece.start, piece.end))
        spelt = [hole.source for hole in self.outer.holes if start <= hole.at < end]
        return spelt[0] if spelt else self.source[piece.start : piece.end].decode()

    @property
    def root(self) -> "Literal":
        """The file's literal that it is nested in; itself if it is not nested."""
        return self.outer.root if self.outer else self

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that it is nested in, the file's first: `("markdown", "bash", "curl")`."""
        return (*(self.outer.hosts if self.outer else ()), self.host)

    @cached_property
    def pointer(self) -> str:
        """A JSON pointer to it if the host is structured, otherwise empty."""
        above = self.outer.pointer if self.outer else ""
        return above + "".join(
            "/" + str(key).replace("~", "~0").replace("/", "~1") for key in self.origin.path
        )

    @cached_property
    def begins(self) -> list[int]:
        """The start of each piece in the decoded text, and finally the end of the text."""
        return list(accumulate((len(piece.text) for piece in self.pieces), initial=0))

    def within(self, outer: "Literal") -> "Literal":
        """Return it as a literal of another literal's decoded text, with that literal's holes."""
        data = self.source
        marks = [outer.offsets[hole.at] for hole in outer.holes]
        pieces = [part for piece in self.pieces for part in cut(piece, marks, data)]
        return replace(self, pieces=tuple(pieces), outer=outer)

    def moved(self, offset: int, source: bytes) -> "Literal":
        """Return it as a literal of another document, moved forward by `offset` bytes."""
        pieces = [p._replace(start=p.start + offset, end=p.end + offset) for p in self.pieces]
        return replace(
            self,
            **{name: getattr(self, name) + offset for name in ("start", "end", "inside")},
            pieces=tuple(pieces),
            look=lambda: self.look().moved(offset),
            source=source,
        )

    def read_bytes(self) -> Iterator[Span]:
        """Yield its bytes outside of interpolations, which are code."""
        start = self.start
        for piece in self.pieces:
            if piece.kind is PieceKind.HOLE:
                yield Span(start, piece.start)
                start = piece.end
        yield Span(start, self.end)

    def part(self, spans: Sequence[Span]) -> "PartialLiteral":
        """Return a literal that contains only some ranges of the decoded text, in order."""
        pieces = [
            piece._replace(
                start=self._byte(low) if piece.kind is _RUN else piece.start,
                end=self._byte_end(high - 1) if piece.kind is _RUN else piece.end,
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
        """Return whether a range of the decoded text contains an interpolation."""
        return any(span.start <= hole.at < span.end for hole in self.holes)

    def bytes_of(self, span: Span) -> Span:
        """Return the bytes of its document that encode a range of the decoded text."""
        first = self._byte(span.start) if span.start < len(self.text) else self.last
        return Span(first, first if span.start == span.end else self._byte_end(span.end - 1))

    def locate(self, span: Span) -> Span:
        """Return the bytes of the file that encode a range of the decoded text."""
        place = self.bytes_of(span)
        return self.outer.locate(self.outer.offsets.code_points(place)) if self.outer else place

    @cached_property
    def place(self) -> Span:
        """The bytes of the file that it covers, delimiters included."""
        whole = Span(self.start, self.end)
        return self.outer.locate(self.outer.offsets.code_points(whole)) if self.outer else whole

    @cached_property
    def extent(self) -> Span:
        """Its place in the file, extended to where a comment on it may precede or follow it."""
        opener, closer = self._around.opener, self._around.closer
        start, end = self.place
        return Span(
            start if opener is None else min(self._in_file(opener), start),
            end if closer is None else max(self._in_file(closer), end),
        )

    @cached_property
    def openings(self) -> tuple[int, ...]:
        """The bytes of the file at which it begins, or code that it belongs to, or a part of it."""
        begins = map(self._in_file, dict.fromkeys(self._around.begins))
        return (self.extent.start, self.place.start, *begins)

    def _in_file(self, at: int) -> int:
        """Return the byte of the file for one of its document."""
        if self.outer is None:
            return at
        return self.outer.locate(self.outer.offsets.code_points(Span(at, at))).start

    @property
    def last(self) -> int:
        """The position at which to append text."""
        return self.pieces[-1].end if self.pieces else self.inside

    def _indices(self, span: Span) -> range:
        """Return the indices of the pieces that cover a range of the decoded text."""
        first = bisect_right(self.begins, span.start, hi=len(self.pieces)) - 1
        return range(max(first, 0), bisect_left(self.begins, span.end, hi=len(self.pieces)))

    def _byte(self, offset: int) -> int:
        piece, begin = self._piece_at(offset)
        return piece.start + self._width(begin, offset) if piece.kind is _RUN else piece.start

    def _byte_end(self, offset: int) -> int:
        piece, begin = self._piece_at(offset)
        return piece.start + self._width(begin, offset + 1) if piece.kind is _RUN else piece.end

    def _piece_at(self, offset: int) -> tuple[Piece, int]:
        index = bisect_right(self.begins, offset, hi=len(self.pieces)) - 1
        return self.pieces[index], self.begins[index]

    def _width(self, start: int, end: int) -> int:
        return self.offsets[end] - self.offsets[start]


class PartialLiteral(NamedTuple):
    """A literal that contains only some of another one's text."""

    literal: Literal
    spans: tuple[Span, ...]
    """The ranges of the other literal's text."""

    def back(self, span: Span) -> Span:
        """Map a range of this literal's text to the other one's."""
        return Span(self._offset(span.start, at_end=False), self._offset(span.end, at_end=True))

    def _offset(self, offset: int, *, at_end: bool) -> int:
        for start, end in self.spans:
            length = end - start
            if offset < length or (offset == length and (at_end or start == self.spans[-1].start)):
                return start + offset
            offset -= length
        return self.spans[-1].end
