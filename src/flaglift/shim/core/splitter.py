"""A multipart body, split at its delimiters while it arrives (RFC 2046, section 5.1).

The bytes of all pieces, and those still held, are the bytes that went in. Only what every parser
takes for a delimiter is one; a body that has anything else raises `Doubt`.
"""

import re
from collections.abc import Callable, Iterator
from enum import Enum

from flaglift.shim.core.record import Reason
from flaglift.shim.core.refusal import Doubt

_LINE_END = re.compile(rb"[ \t]{0,64}\r\n")
_LINE_END_BEGUN = re.compile(rb"[ \t]{0,64}\r?")
MOST_HEADER_BYTES = 16 * 1024
"""The most bytes in the headers of one part."""


class Piece(Enum):
    """What a stretch of a multipart body is."""

    HEAD = "head"
    """A delimiter and the headers of the part that it begins, the blank line included."""
    DATA = "data"
    """Some of the content of the part."""
    END = "end"
    """The closing delimiter, the last piece: what follows stays held."""


class Splitter:
    """Takes a body in chunks of any size and yields its pieces."""

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._held = b""
        # A function and no bound method: that would make a cycle, and keep the buffer until garbage
        # is collected.
        self._step: Callable[[Splitter], tuple[Piece, bytes] | None] = Splitter._begin

    @property
    def held(self) -> bytes:
        """What came and is not yet in any piece."""
        return self._held

    def feed(self, data: bytes) -> Iterator[tuple[Piece, bytes]]:
        """Yield the pieces that are certain now. Raises `Doubt` where parsers would disagree.

        Ask for no more after `END`.
        """
        self._held += data
        while (piece := self._step(self)) is not None:
            yield piece

    def _take(self, kind: Piece, length: int) -> tuple[Piece, bytes]:
        taken, self._held = self._held[:length], self._held[length:]
        return kind, taken

    def _begin(self) -> tuple[Piece, bytes] | None:
        # Text before the first delimiter is an error to some parsers and skipped by others.
        first = self._delimiter[2:]
        if not self._held.startswith(first[: len(self._held)]):
            raise Doubt(Reason.MALFORMED)
        if len(self._held) < len(first):
            return None
        return self._headers(first)

    def _next(self) -> tuple[Piece, bytes] | None:
        """Read the delimiter that the held bytes begin with, and the headers behind it."""
        closing = self._delimiter + b"--"
        if len(self._held) < len(closing):
            return None
        if self._held.startswith(closing):
            return self._take(Piece.END, len(closing))
        return self._headers(self._delimiter)

    def _headers(self, delimiter: bytes) -> tuple[Piece, bytes] | None:
        line = _LINE_END.match(self._held, len(delimiter))
        if line is None:
            if _LINE_END_BEGUN.fullmatch(self._held, len(delimiter)) is None:
                raise Doubt(Reason.MALFORMED)
            return None
        end = self._held.find(b"\r\n\r\n", line.end() - 2)
        if (end if end >= 0 else len(self._held)) > MOST_HEADER_BYTES:
            raise Doubt(Reason.ODD_PART)
        if end < 0:
            return None
        self._step = Splitter._data
        return self._take(Piece.HEAD, end + 4)

    def _data(self) -> tuple[Piece, bytes] | None:
        # Mostly there is none; `rfind` says so in half the time that `find` takes.
        at = self._held.rfind(self._delimiter)
        at = self._held.find(self._delimiter) if at > 0 else at
        if at > 0:
            return self._take(Piece.DATA, at)
        if at == 0:
            self._step = Splitter._next
            return self._next()
        # A delimiter may begin in the last bytes: hold them from the last CR on.
        tail = self._held.rfind(b"\r", max(0, len(self._held) - len(self._delimiter) + 1))
        certain = len(self._held) if tail < 0 else tail
        return self._take(Piece.DATA, certain) if certain else None
