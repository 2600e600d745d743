"""Request bodies of Python clients: rewritten while they are sent, and sent again on a retry."""

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import chain

from flaglift.errors import InputError
from flaglift.shim.core.body import Rewriter
from flaglift.shim.core.inspection import Inspection


class BodyConsumedError(InputError):
    """A body that can be read only once has to be sent again, and cannot be."""

    def __init__(self) -> None:
        super().__init__(
            "the body of this request can be read only once, so it cannot be sent again; give it "
            "as bytes or as a file that can seek"
        )


class Replayed:
    """The chunks of a body that can be read again: every iteration gives the same bytes."""

    def __init__(
        self, begin: Callable[[], Inspection], source: Callable[[], Iterator[bytes]]
    ) -> None:
        self._begin = begin
        self._source = source
        self.inspection = begin()
        """The latest one."""

    def delta(self) -> int:
        """Return by how many bytes the body gets longer; reads it as far as that takes.

        Raises `Refusal` where the request must not be sent.
        """
        self.inspection = self._begin()
        rewriter = self.inspection.rewriter
        before = after = 0
        for chunk in self._source():
            before += len(chunk)
            after += len(rewriter.feed(chunk))
            if rewriter.settled and rewriter.delta is not None:
                return rewriter.delta
        return after + len(rewriter.finish()) - before

    def __iter__(self) -> Iterator[bytes]:
        """Begin to send. Raises `Refusal` where the request must not be sent on."""
        self.inspection = self._begin()
        return rewritten(self.inspection.rewriter, self._source())


class Asynchronous:
    """The same for an asynchronous client; such bodies are in memory or in files."""

    def __init__(self, body: Replayed) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Begin to send. Raises `Refusal` where the request must not be sent on."""
        for chunk in self._body:
            yield chunk


class Once:
    """The chunks of a body that can be read only once."""

    def __init__(self, inspection: Inspection, source: Iterator[bytes]) -> None:
        self.inspection = inspection
        self._rewriter = inspection.rewriter
        self._chunks: Iterator[bytes] | None = rewritten(self._rewriter, source)

    def delta(self) -> int | None:
        """Return by how many bytes the body gets longer; None if only sending it would tell.

        Raises `Refusal` where the request must not be sent.
        """
        chunks = iter(self)
        first: list[bytes] = []
        while not self._rewriter.settled:
            first.append(next(chunks))
        self._chunks = chain(first, chunks)
        return self._rewriter.delta

    def __iter__(self) -> Iterator[bytes]:
        """Begin to send. Raises `BodyConsumedError` the second time."""
        if self._chunks is None:
            raise BodyConsumedError
        chunks, self._chunks = self._chunks, None
        return chunks


class AsyncOnce:
    """The same for a body that is read asynchronously."""

    def __init__(self, inspection: Inspection, source: AsyncIterator[bytes]) -> None:
        self.inspection = inspection
        self._rewriter = inspection.rewriter
        self._first: list[bytes] = []
        self._chunks: AsyncIterator[bytes] | None = _async_rewritten(self._rewriter, source)

    async def delta(self) -> int | None:
        """Return by how many bytes the body gets longer; None if only sending it would tell.

        Raises `Refusal` where the request must not be sent.
        """
        while self._chunks is not None and not self._rewriter.settled:
            self._first.append(await anext(self._chunks))
        return self._rewriter.delta

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Begin to send. Raises `BodyConsumedError` the second time."""
        if self._chunks is None:
            raise BodyConsumedError
        chunks, self._chunks = self._chunks, None
        for chunk in self._first:
            yield chunk
        async for chunk in chunks:
            yield chunk


def rewritten(rewriter: Rewriter, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what is sent for each chunk of a body, and at its end.

    A rewriter is settled at the latest when this ends.
    """
    for chunk in chunks:
        yield rewriter.feed(chunk)
    yield rewriter.finish()


async def _async_rewritten(
    rewriter: Rewriter, chunks: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        yield rewriter.feed(chunk)
    yield rewriter.finish()
