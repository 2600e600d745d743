"""A request's body on its way to the upstream."""

import time
from collections.abc import Iterator
from itertools import chain

from flaglift.shim.core.body import Rewriter, Untouched
from flaglift.shim.core.refusal import Refusal
from flaglift.shim.proxy.options import Limits
from flaglift.shim.proxy.request import Request
from flaglift.shim.proxy.response import Response

LEAST_RATE = 500
"""Bytes per second that a client must send, beyond its base allowance."""


class Upload:
    """Reads a request's body through a rewriter, with a time limit.

    A client may take `client_seconds`, and a second more for every `LEAST_RATE` bytes that it
    sends: one that stops is noticed, and one that sends a byte now and then as well.
    """

    def __init__(
        self, request: Request, response: Response, rewriter: Rewriter, limits: Limits
    ) -> None:
        self._body = request.body
        self._response = response
        self._rewriter = rewriter
        self._limits = limits
        self._patience = limits.client_seconds
        self._rest: Iterator[bytes] = iter(())  # rewritten chunks
        self._next: bytes | None = None  # the first of them
        self.finished: bool = False
        """Whether all of it was read and rewritten."""

    @property
    def delta(self) -> int | None:
        """The change of the body's length in bytes, once settled; None if unknown."""
        return self._rewriter.delta

    @property
    def rewrites(self) -> bool:
        """Whether the body is inspected."""
        return not isinstance(self._rewriter, Untouched)

    async def settle(self) -> bytes:
        """Read until the new body's length is known; return its beginning.

        Raises `Refusal`.
        """
        begun = [await self.read()] if self._body.ready else []
        while not self._rewriter.settled and not self.finished:
            begun.append(await self.read())
        return b"".join(begun)

    async def read(self) -> bytes:
        """Return the next part of the new body, which may be empty. Raises `Refusal`."""
        if self._next is None:
            await self._rewrite()
        part, self._next = self._next, next(self._rest, None)
        self.finished = self._next is None and self._body.finished
        return part or b""

    async def _rewrite(self) -> None:
        """Process received data. Raises `Refusal`."""
        body = self._body
        started = time.monotonic()
        if not body.ready:
            await self._response.go_ahead()
        try:
            chunk = await body.read(self._patience)
        except TimeoutError:
            raise Refusal(408, "base", ["the request's body did not arrive in time"]) from None
        if self._limits.body_bytes is not None:
            check_length(body.length, self._limits.body_bytes)
        left = self._patience - (time.monotonic() - started) + len(chunk) / LEAST_RATE
        self._patience = min(left, self._limits.client_seconds)
        new = self._rewriter.feed(chunk)
        if body.finished:
            new = chain(new, self._rewriter.finish())
        self._rest = iter(new)
        self._next = next(self._rest, None)


def check_length(length: int, limit: int) -> None:
    """Raise `Refusal` for a body that is longer than the limit."""
    if length > limit:
        raise Refusal(413, "base", [f"the request's body is longer than {limit} bytes"])
