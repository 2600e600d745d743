"""A message's body while it arrives, with timeouts for its reader."""

import asyncio
from collections.abc import Callable

MOST_BUFFERED = 128 * 1024
"""The most unread bytes of a body; beyond that, the sender is paused."""


class Body:
    """Buffers the part of a body that has arrived until it is read.

    `pause` and `resume` are called to pause and resume the sender.
    """

    def __init__(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._pause = pause
        self._resume = resume
        self._chunks: list[bytes] = []
        self._buffered = 0
        self._paused = False
        self._failure: Exception | None = None
        self._arrival: asyncio.Future[None] | None = None
        self.complete: bool = False
        """Whether all of it has arrived."""
        self.length: int = 0
        """How many bytes have arrived."""

    @property
    def ready(self) -> bool:
        """Whether `read` would return at once."""
        return bool(self._chunks) or self.complete or self._failure is not None

    @property
    def finished(self) -> bool:
        """Whether all of it has arrived and been read."""
        return self.complete and not self._chunks

    def feed(self, chunk: bytes) -> None:
        """Add a chunk that has arrived."""
        self._chunks.append(chunk)
        self._buffered += len(chunk)
        self.length += len(chunk)
        if self._buffered > MOST_BUFFERED and not self._paused:
            self._paused = True
            self._pause()
        self._wake()

    def end(self) -> None:
        """Note that all of it has arrived."""
        self.complete = True
        self._wake()

    def fail(self, failure: Exception) -> None:
        """Make reading raise `failure` from now on; unread bytes are dropped."""
        if not self.complete and self._failure is None:
            self._failure = failure
            self._chunks.clear()
            self._wake()

    async def read(self, seconds: float | None = None) -> bytes:
        """Return the bytes since the last call; nothing if the body has ended.

        Raises the failure, if any, and `TimeoutError` if nothing arrives for `seconds`.
        """
        if not self.ready:
            self._arrival = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(seconds):
                    await self._arrival
            finally:
                self._arrival = None
        if self._failure is not None:
            raise self._failure
        chunks = self._chunks
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self._buffered = 0
        if self._paused:
            self._paused = False
            self._resume()
        return data

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)
