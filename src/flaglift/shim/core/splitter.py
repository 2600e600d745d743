"""A multipart body, split at its delimiters while it arrives (RFC 2046, section 5.1).

The bytes of all pieces, and those still held, are the bytes that went in. Only what every parser
treats as a delimiter is one; a body with anything ambiguous raises `Doubt`.
"""

from collections.abc import Callable, Iterator
from enum import Enum

from flaglift.shim.core.record import Reason
from flaglift.shim.core.refusal import Doubt

MOST_HEADER_BYTES = 16 * 1024
"""The most bytes in the headers of one part, and after the closing delimiter."""


class MultipartPiece(Enum):
    """The kind of a piece of a multipart body."""

    HEAD = "head"
    """A delimiter and the headers of the part that it begins, the blank line included."""
    DATA = "data"
    """Some of the content of the part."""
    END = "end"
    """The closing delimiter, the last piece: what follows is held until the body ends."""


class Splitter:
    """Takes a body in chunks of any size and yields its pieces."""

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._buffer = b""
        self._at = 0
        self._last = -1  # where the last delimiter of the buffer begins
        # A function, not a bound method, which would make a cycle and keep the buffer until garbage
        # is collected.
        self._step: Callable[[Splitter], tuple[MultipartPiece, bytes] | None] = Splitter._begin

    @property
    def held(self) -> bytes:
        """Received bytes that are not yet in any piece."""
        return self._buffer[self._at :]

    def feed(self, data: bytes) -> Iterator[tuple[MultipartPiece, bytes]]:
        """Yield the pieces that are final now. Raises `Doubt` if parsers would disagree."""
        self._buffer = self.held + data
        self._at = 0
        self._last = self._buffer.rfind(self._delimiter)
        while (piece := self._step(self)) is not None:
            yield piece

    def _take(self, kind: MultipartPiece, end: int) -> tuple[MultipartPiece, bytes]:
        taken, self._at = self._buffer[self._at : end], end
        return kind, taken

    def _begin(self) -> tuple[MultipartPiece, bytes] | None:
        # Text before the first delimiter is an error to some parsers and skipped by others.
        first = self._delimiter[2:]
        if not self._buffer.startswith(first[: len(self._buffer)]):
            raise Doubt(Reason.MALFORMED)
        if len(self._buffer) < len(first):
            return None
        return self._headers(first)

    def _next(self) -> tuple[MultipartPiece, bytes] | None:
        """Read the delimiter that the held bytes begin with, and the headers after it."""
        closing = self._delimiter + b"--"
        if len(self._buffer) - self._at < len(closing):
            return None
        if self._buffer.startswith(closing, self._at):
            self._step = Splitter._after
            return self._take(MultipartPiece.END, self._at + len(closing))
        return self._headers(self._delimiter)

    def _headers(self, delimiter: bytes) -> tuple[MultipartPiece, bytes] | None:
        # Spaces before the line's end are skipped by some parsers; others skip the part.
        line_end = self._at + len(delimiter)
        if not b"\r\n".startswith(self._buffer[line_end : line_end + 2]):
            raise Doubt(Reason.MALFORMED)
        most = self._at + MOST_HEADER_BYTES
        end = self._buffer.find(b"\r\n\r\n", line_end, most + 4)
        if end < 0 and len(self._buffer) >= most + 4:
            raise Doubt(Reason.ODD_PART)
        if end < 0:
            return None
        self._step = Splitter._data
        return self._take(MultipartPiece.HEAD, end + 4)

    def _after(self) -> None:
        # Some parsers continue reading parts there, or do not accept a longer line as a delimiter.
        held = self.held
        ends = b"\r\n".startswith(held[:2])
        if not ends or len(held) > MOST_HEADER_BYTES or self._delimiter[2:] in held:
            raise Doubt(Reason.MALFORMED)

    def _data(self) -> tuple[MultipartPiece, bytes] | None:
        # Usually there is none, and `rfind` needs half the time of `find` to see that.
        if self._at <= self._last:
            at = self._buffer.find(self._delimiter, self._at)
            if at > self._at:
                return self._take(MultipartPiece.DATA, at)
            self._step = Splitter._next
            return self._next()
        # A delimiter may begin in the last bytes: hold them from the last CR on.
        end = len(self._buffer)
        tail = self._buffer.rfind(b"\r", max(self._at, end - len(self._delimiter) + 1))
        certain = end if tail < 0 else tail
        return self._take(MultipartPiece.DATA, certain) if certain > self._at else None
