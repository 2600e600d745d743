"""The interface of body rewriters, and the one for bodies that are kept whole."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from flaglift.shim.core.record import Reason, RequestRecord
from flaglift.shim.core.refusal import Doubt, Refusal
from flaglift.shim.core.splices import Splice


class Rewriter(Protocol):
    """Takes a body in chunks and returns the bytes to send instead."""

    @property
    def settled(self) -> bool:
        """Whether `delta` is final, so that the request's head can be sent."""

    @property
    def delta(self) -> int | None:
        """The change of the body's length in bytes; None if not known in advance."""

    @property
    def splices(self) -> Sequence[Splice]:
        """The changes so far."""

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Take a chunk; return the output that is final, to be read before the next call.

        There is none before it is settled. Raises `Refusal`: send nothing more.
        """

    def finish(self) -> Iterable[bytes]:
        """Return the rest, after the whole body was fed. Raises `Refusal`."""


class Untouched:
    """Passes a body on without looking at it."""

    settled = True
    delta: int | None = 0
    splices: Sequence[Splice] = ()

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Return the chunk."""
        return (data,)

    def finish(self) -> Iterable[bytes]:
        """Return nothing: all is passed on."""
        return ()


class Whole:
    """Buffers a body until complete, then rewrites it; one over the limit passes unchanged."""

    def __init__(
        self, rewrite: Callable[[bytes], bytes], limit: int, record: RequestRecord
    ) -> None:
        self._rewrite = rewrite
        self._limit = limit
        self._record = record
        self._held: list[bytes] = []
        self._length = 0
        self.settled: bool = False
        self.delta: int | None = 0
        self.splices: Sequence[Splice] = ()

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Buffer a chunk, or pass it on once the buffer is full."""
        if self.settled:
            return (data,)
        self._held.append(data)
        self._length += len(data)
        if self._length <= self._limit:
            return ()
        self._record.found = Reason.TOO_LARGE
        return (self._release(),)

    def finish(self) -> Iterable[bytes]:
        """Return the rewritten body, or the same bytes if it is ambiguous."""
        self._record.unfinished = False
        if self.settled:
            return ()
        body = self._release()
        try:
            new = self._rewrite(body)
        except Doubt as doubt:
            self._record.found = doubt.reason
            return (body,)
        if new != body:
            self.delta = len(new) - len(body)
            self.splices = (Splice(0, len(body), new),)
        return (new,)

    def _release(self) -> bytes:
        self.settled = True
        body = b"".join(self._held)
        self._held.clear()
        return body


class Watched:
    """Passes a body on unchanged, and inspects it at the same time."""

    settled = True
    delta: int | None = 0
    splices: Sequence[Splice] = ()

    def __init__(self, rewriter: Rewriter) -> None:
        self._rewriter: Rewriter | None = rewriter

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Return the chunk."""
        self._look(lambda rewriter: rewriter.feed(data))
        return (data,)

    def finish(self) -> Iterable[bytes]:
        """Return nothing: all is passed on."""
        self._look(lambda rewriter: rewriter.finish())
        return ()

    def _look(self, step: Callable[[Rewriter], Iterable[bytes]]) -> None:
        if self._rewriter is not None:
            try:
                step(self._rewriter)
            except Refusal:
                self._rewriter = None
