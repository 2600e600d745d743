"""A transport for httpx and httpx2 clients that translates the prompts they send.

>>> import httpx
>>> client = httpx.Client(transport=Transport())
>>> client.close()

It wraps any transport; by default, it creates one from the client's own library.
`AsyncClient` takes it as well.
"""

import sys
from collections.abc import AsyncIterable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from flaglift.shim.client import Observer, Outgoing, rewrite_bytes
from flaglift.shim.core.inspection import Target
from flaglift.shim.core.policy import Policy
from flaglift.shim.core.refusal import Refusal
from flaglift.shim.replay import Asynchronous, AsyncOnce, Once, Replayed

if TYPE_CHECKING:
    from httpx import AsyncBaseTransport, BaseTransport, Request, Response

    class _Transport(BaseTransport, AsyncBaseTransport):
        pass
else:

    class _Transport:
        """Both libraries accept any object with the methods of a transport."""


class Transport(_Transport):
    """Sends requests through another transport, with their prompts translated.

    `policy` says what is translated; `observe` is called once for each request. A request that is
    refused (mode `strict`) is not sent: its response has status 422 and names the reasons.
    """

    def __init__(
        self,
        wrapped: "BaseTransport | AsyncBaseTransport | None" = None,
        *,
        policy: Policy | None = None,
        observe: Observer | None = None,
    ) -> None:
        self._wrapped: Any = wrapped
        self._is_entered = False
        self._policy = policy or Policy()
        self._observe = observe

    def handle_request(self, request: "Request") -> "Response":
        """Send a request of a `Client`."""
        message = _HttpxMessage(request, self._policy)
        if self._wrapped is None:
            self._wrapped = message.library.HTTPTransport()
            if self._is_entered:
                self._wrapped.__enter__()
        try:
            response: Response = self._wrapped.handle_request(message.rewritten())
        except Refusal as refusal:
            return message.refused(refusal)
        finally:
            self._seen(message)
        return response

    async def handle_async_request(self, request: "Request") -> "Response":
        """Send a request of an `AsyncClient`."""
        message = _HttpxMessage(request, self._policy)
        if self._wrapped is None:
            self._wrapped = message.library.AsyncHTTPTransport()
            if self._is_entered:
                await self._wrapped.__aenter__()
        try:
            rewritten = await message.async_rewritten()
            response: Response = await self._wrapped.handle_async_request(rewritten)
        except Refusal as refusal:
            return message.refused(refusal)
        finally:
            self._seen(message)
        return response

    def close(self) -> None:
        """Close the wrapped transport."""
        if self._wrapped is not None:
            self._wrapped.close()

    async def aclose(self) -> None:
        """Close the wrapped transport."""
        if self._wrapped is not None:
            await self._wrapped.aclose()

    def __enter__(self) -> Self:
        self._is_entered = True
        if self._wrapped is not None:
            self._wrapped.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        if self._wrapped is not None:
            self._wrapped.__exit__(kind, error, traceback)

    async def __aenter__(self) -> Self:
        self._is_entered = True
        if self._wrapped is not None:
            await self._wrapped.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        if self._wrapped is not None:
            await self._wrapped.__aexit__(kind, error, traceback)

    def _seen(self, message: "_HttpxMessage") -> None:
        if self._observe is not None and message.outgoing.inspection.route is not None:
            self._observe(message.outgoing.inspection)


class _HttpxMessage:
    """One request of either library, and the one to send instead."""

    def __init__(self, request: "Request", policy: Policy) -> None:
        self._request = request
        # The module whose classes the request is made of: httpx or httpx2.
        self.library: Any = sys.modules[type(request.headers).__module__.partition(".")[0]]
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        target = Target(request.method, path, query)
        self.outgoing = Outgoing(target, request.headers.raw, policy)

    def rewritten(self) -> "Request":
        """Return the request that is sent. Raises `Refusal`."""
        stream: Any = self._request.stream
        if not self.outgoing.inspection.reads:
            return self._request
        if self.outgoing.is_small:
            return self._with_bytes(b"".join(stream))
        if self._can_replay(stream):
            replayed = self._replayed(stream)
            return self._with(replayed, replayed.delta()) if replayed.is_changed else self._request
        body = Once(self.outgoing.inspection.rewriter, iter(stream))
        return self._with(body, body.delta())

    async def async_rewritten(self) -> "Request":
        """Do the same for a request whose body is read asynchronously. Raises `Refusal`."""
        stream: Any = self._request.stream
        if not self.outgoing.inspection.reads:
            return self._request
        if self.outgoing.is_small:
            return self._with_bytes(b"".join([chunk async for chunk in stream]))
        if self._can_replay(stream):
            replayed = self._replayed(stream)
            if not replayed.is_changed:
                return self._request
            return self._with(Asynchronous(replayed), replayed.delta())
        body = AsyncOnce(self.outgoing.inspection.rewriter, aiter(stream))
        return self._with(body, await body.delta())

    def refused(self, refusal: Refusal) -> "Response":
        """Return the response to a request that is not sent."""
        response: Response = self.library.Response(
            refusal.status,
            headers={"content-type": "application/json; charset=utf-8"},
            content=refusal.body,
            request=self._request,
        )
        return response

    def _can_replay(self, stream: Any) -> bool:
        if isinstance(stream, self.library.ByteStream):
            return True
        files = [field.file for field in getattr(stream, "fields", ()) if hasattr(field, "file")]
        return hasattr(stream, "fields") and all(map(_can_reread, files))

    def _replayed(self, stream: Iterable[bytes]) -> Replayed:
        return Replayed(self.outgoing.reread().rewriter, lambda: iter(stream))

    def _with_bytes(self, body: bytes) -> "Request":
        new = rewrite_bytes(self.outgoing.inspection, body)
        if new == body and self._can_replay(self._request.stream):
            return self._request
        # With `stream`, the constructor derives nothing from the headers.
        request = self._copy(len(new) - len(body), stream=self.library.ByteStream(new))
        request.read()
        return request

    def _with(
        self, content: Iterable[bytes] | AsyncIterable[bytes], delta: int | None
    ) -> "Request":
        return self._copy(delta, content=content)

    def _copy(self, delta: int | None, **body: Any) -> "Request":
        new: Request = type(self._request)(
            self._request.method,
            self._request.url,
            headers=self._request.headers,  # it makes a copy
            extensions=self._request.extensions,
            **body,
        )
        length = self.outgoing.length
        if length is not None and delta is None:
            del new.headers["content-length"]
            new.headers["transfer-encoding"] = "chunked"
        elif length is not None and delta:
            new.headers["content-length"] = str(length + delta)
        return new


def _can_reread(file: Any) -> bool:
    """Whether the content of a part can be read twice; the libraries need no more than `read`."""
    return isinstance(file, str | bytes) or (hasattr(file, "seekable") and file.seekable())
