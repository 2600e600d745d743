"""Request bodies of Python clients: rewritten while they are sent, and sent again on a retry."""

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import chain

from flaglift.errors import InputError
from flaglift.shim.core.body import Rewriter
from flaglift.shim.core.splices import growth, spliced


class BodyConsumedError(InputError):
    """A body that can be read only once would have to be sent again."""

    def __init__(self) -> None:
        super().__init__(
            "the body of this request can be read only once, so it cannot be sent again; give it "
            "as bytes or as a file that can seek"
        )


class Replayed:
    """The chunks of a body that can be read again: every iteration yields the same bytes.

    It is read once to find the changes. Raises `Refusal` if the request must not be sent.
    """

    def __init__(self, rewriter: Rewriter, source: Callable[[], Iterator[bytes]]) -> None:
        self._source = source
        for chunk in source():
            rewriter.feed(chunk)
        rewriter.finish()
        self._splices = rewriter.splices

    @property
    def is_changed(self) -> bool:
        """Whether it differs from the client's body."""
        return bool(self._splices)

    def delta(self) -> int:
        """Return by how many bytes the body gets longer."""
        return growth(self._splices)

    def __iter__(self) -> Iterator[bytes]:
        """Begin to send."""
        return spliced(self._source(), self._splices)


class Asynchronous:
    """The same for an asynchronous client; such bodies are in memory or in files."""

    def __init__(self, body: Replayed) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Begin to send."""
        for chunk in self._body:
            yield chunk


class Once:
    """The chunks of a body that can be read only once."""

    def __init__(self, rewriter: Rewriter, source: Iterator[bytes]) -> None:
        self._rewriter = rewriter
        self._chunks: Iterator[bytes] | None = _rewritten(rewriter, source)

    def delta(self) -> int | None:
        """Return by how many bytes the body gets longer; None if only sending it would tell.

        Raises `Refusal` if the request must not be sent.
        """
        chunks = iter(self)
        self._chunks = chain([first] if (first := next(chunks, b"")) else (), chunks)
        return self._rewriter.delta

    def __iter__(self) -> Iterator[bytes]:
        """Begin to send. Raises `BodyConsumedError` the second time."""
        if self._chunks is None:
            raise BodyConsumedError
        chunks, self._chunks = self._chunks, None
        return chunks


class AsyncOnce:
    """The same for a body that is read asynchronously."""

    def __init__(self, rewriter: Rewriter, source: AsyncIterator[bytes]) -> None:
        self._rewriter = rewriter
        self._first = b""
        self._chunks = _async_rewritten(rewriter, source)
        self._sent = False

    async def delta(self) -> int | None:
        """Return by how many bytes the body gets longer; None if only sending it would tell.

        Raises `Refusal` if the request must not be sent.
        """
        self._first = await anext(self._chunks, b"")
        return self._rewriter.delta

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Begin to send. Raises `BodyConsumedError` the second time."""
        if self._sent:
            raise BodyConsumedError
        self._sent = True
        if self._first:
            yield self._first
        async for chunk in self._chunks:
            yield chunk


def _rewritten(rewriter: Rewriter, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the bytes to send for a body; the rewriter is settled before the first chunk."""
    for chunk in chunks:
        yield from rewriter.feed(chunk)
    yield from rewriter.finish()


async def _async_rewritten(
    rewriter: Rewriter, chunks: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        for sent in rewriter.feed(chunk):
            yield sent
    for sent in rewriter.finish():
        yield sent
