"""A transport for httpx and httpx2 clients that translates the prompts they send.

>>> import httpx
>>> client = httpx.Client(transport=Transport())
>>> client.close()

It wraps any transport; one of httpx's own is made if none is given. `AsyncClient` takes it as well.
"""

import sys
from collections.abc import AsyncIterable, Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from flaglift.errors import ConfigError
from flaglift.shim.client import Observer, inspector, lowered, rewrite_bytes
from flaglift.shim.core.inspection import Inspection
from flaglift.shim.core.policy import Policy
from flaglift.shim.core.refusal import Refusal
from flaglift.shim.replay import Asynchronous, AsyncOnce, Once, Replayed

if TYPE_CHECKING:
    from httpx import AsyncBaseTransport, BaseTransport, Request, Response

    class _Transport(BaseTransport, AsyncBaseTransport):
        pass
else:

    class _Transport:
        """Either library takes any object with the methods of a transport."""


class Transport(_Transport):
    """Sends requests through another transport, with their prompts translated.

    `policy` says what is translated; `observe` is called once for each request. A request that is
    refused (mode `strict`) is not sent: its response has status 422 and names the reasons.

    Raises `ConfigError` on the first request if no transport was given and httpx is not installed.
    """

    def __init__(
        self,
        wrapped: "BaseTransport | AsyncBaseTransport | None" = None,
        *,
        policy: Policy | None = None,
        observe: Observer | None = None,
    ) -> None:
        self._wrapped: Any = wrapped
        self._policy = policy or Policy()
        self._observe = observe

    def handle_request(self, request: "Request") -> "Response":
        """Send a request of a `Client`."""
        wrapped = self._transport("HTTPTransport")
        message = _Message(request, self._policy)
        try:
            response: Response = wrapped.handle_request(message.rewritten())
        except Refusal as refusal:
            return message.refused(refusal)
        finally:
            self._seen(message)
        return response

    async def handle_async_request(self, request: "Request") -> "Response":
        """Send a request of an `AsyncClient`."""
        wrapped = self._transport("AsyncHTTPTransport")
        message = _Message(request, self._policy)
        try:
            rewritten = await message.async_rewritten()
            response: Response = await wrapped.handle_async_request(rewritten)
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
        self._transport("HTTPTransport").__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._wrapped.__exit__(kind, error, traceback)

    async def __aenter__(self) -> Self:
        await self._transport("AsyncHTTPTransport").__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._wrapped.__aexit__(kind, error, traceback)

    def _transport(self, name: str) -> Any:
        if self._wrapped is None:
            try:
                import httpx  # noqa: PLC0415 - with httpx2 it need not be installed
            except ImportError:
                raise ConfigError(
                    "httpx is not installed: pip install 'flaglift[http]', or give the transport "
                    "to wrap"
                ) from None
            self._wrapped = getattr(httpx, name)()
        return self._wrapped

    def _seen(self, message: "_Message") -> None:
        if self._observe is not None and message.inspection.route is not None:
            self._observe(message.inspection)


class _Message:
    """One request of either library, and the one that is sent for it."""

    def __init__(self, request: "Request", policy: Policy) -> None:
        self._request = request
        # The classes of the library that the request comes from: httpx or httpx2.
        self._library: Any = sys.modules[type(request.headers).__module__.partition(".")[0]]
        self._limit = policy.hold_limit
        length = request.headers.get("content-length", "")
        self._length = int(length) if length.isdecimal() else None
        self._begin: Callable[[], Inspection] = inspector(
            request.method,
            str(request.url),
            lowered(request.headers.raw),
            policy,
            announced=self._length is not None,
        )
        self._body: Replayed | Once | AsyncOnce | None = None
        self._inspection = self._begin()

    @property
    def inspection(self) -> Inspection:
        """The inspection of the body as it was last sent."""
        return self._body.inspection if self._body else self._inspection

    def rewritten(self) -> "Request":
        """Return the request that is sent. Raises `Refusal`."""
        stream: Any = self._request.stream
        if not self._inspection.reads:
            return self._request
        if self._is_small:
            return self._with_bytes(b"".join(stream))
        if self._can_replay(stream):
            body = self._replayed(stream)
            return self._with(body, body.delta())
        self._body = Once(self._inspection, iter(stream))
        return self._with(self._body, self._body.delta())

    async def async_rewritten(self) -> "Request":
        """Do the same for a request whose body is read asynchronously. Raises `Refusal`."""
        stream: Any = self._request.stream
        if not self._inspection.reads:
            return self._request
        if self._is_small:
            return self._with_bytes(b"".join([chunk async for chunk in stream]))
        if self._can_replay(stream):
            body = self._replayed(stream)
            return self._with(Asynchronous(body), body.delta())
        self._body = AsyncOnce(self._inspection, aiter(stream))
        return self._with(self._body, await self._body.delta())

    def refused(self, refusal: Refusal) -> "Response":
        """Return the response to a request that is not sent."""
        response: Response = self._library.Response(
            refusal.status,
            headers={"content-type": "application/json; charset=utf-8"},
            content=refusal.body,
            request=self._request,
        )
        return response

    @property
    def _is_small(self) -> bool:
        return self._length is not None and self._length <= self._limit

    def _can_replay(self, stream: Any) -> bool:
        if isinstance(stream, self._library.ByteStream):
            return True
        files = [field.file for field in getattr(stream, "fields", ()) if hasattr(field, "file")]
        return hasattr(stream, "fields") and all(
            isinstance(file, str | bytes) or file.seekable() for file in files
        )

    def _replayed(self, stream: Iterable[bytes]) -> Replayed:
        self._body = Replayed(self._begin, lambda: iter(stream))
        return self._body

    def _with_bytes(self, body: bytes) -> "Request":
        new = rewrite_bytes(self._inspection, body)
        return self._with(new, len(new) - len(body))

    def _with(
        self, content: bytes | Iterable[bytes] | AsyncIterable[bytes], delta: int | None
    ) -> "Request":
        headers = self._request.headers.copy()
        if self._length is not None and delta is not None:
            headers["content-length"] = str(self._length + delta)
        elif self._length is not None:
            del headers["content-length"]
            headers["transfer-encoding"] = "chunked"
        new: Request = type(self._request)(
            self._request.method,
            self._request.url,
            headers=headers,
            content=content,
            extensions=self._request.extensions,
        )
        return new
