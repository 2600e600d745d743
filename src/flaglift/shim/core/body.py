"""What every rewriter of a body can do, and the one for bodies that are held whole."""

from collections.abc import Callable
from typing import Protocol

from flaglift.shim.core.record import Reason, Record
from flaglift.shim.core.refusal import Doubt, Refusal


class Rewriter(Protocol):
    """Takes a body in chunks and gives back what is to be sent instead."""

    @property
    def settled(self) -> bool:
        """Whether what `delta` says is final, so that the request's head can be sent."""

    @property
    def delta(self) -> int | None:
        """The change of the body's length in bytes; None where it is not known beforehand."""

    def feed(self, data: bytes) -> bytes:
        """Take a chunk; return what is certain. Raises `Refusal`: send nothing more."""

    def finish(self) -> bytes:
        """Return the rest, when the whole body was fed. Raises `Refusal`."""


class Untouched:
    """Passes a body on without looking at it."""

    settled = True
    delta: int | None = 0

    def feed(self, data: bytes) -> bytes:
        """Return the chunk."""
        return data

    def finish(self) -> bytes:
        """Return nothing: all is passed on."""
        return b""


class Whole:
    """Holds a body until it is complete, then rewrites it; one over the limit goes untouched."""

    def __init__(self, rewrite: Callable[[bytes], bytes], limit: int, record: Record) -> None:
        self._rewrite = rewrite
        self._limit = limit
        self._record = record
        self._held = bytearray()
        self.settled = False
        self.delta: int | None = 0

    def feed(self, data: bytes) -> bytes:
        """Hold a chunk, or pass it on once too much is held."""
        if self.settled:
            return data
        self._held += data
        if len(self._held) <= self._limit:
            return b""
        self._record.reason = Reason.TOO_LARGE
        return self._release()

    def finish(self) -> bytes:
        """Return the rewritten body, or the same bytes where it could be read in two ways."""
        if self.settled:
            return b""
        body = self._release()
        try:
            new = self._rewrite(body)
        except Doubt as doubt:
            self._record.reason = doubt.reason
            return body
        self.delta = len(new) - len(body)
        return new

    def _release(self) -> bytes:
        self.settled = True
        body = bytes(self._held)
        self._held.clear()
        return body


class Watched:
    """Passes a body on as it is, and looks at it on the side."""

    def __init__(self, rewriter: Rewriter) -> None:
        self._rewriter: Rewriter | None = rewriter
        self.settled = True
        self.delta: int | None = 0

    def feed(self, data: bytes) -> bytes:
        """Return the chunk."""
        self._look(lambda rewriter: rewriter.feed(data))
        return data

    def finish(self) -> bytes:
        """Return nothing: all is passed on."""
        self._look(lambda rewriter: rewriter.finish())
        return b""

    def _look(self, step: Callable[[Rewriter], bytes]) -> None:
        if self._rewriter is not None:
            try:
                step(self._rewriter)
            except Refusal:
                self._rewriter = None
