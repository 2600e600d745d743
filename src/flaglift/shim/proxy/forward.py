"""One request, sent to the upstream while it arrives, and its response back."""

import asyncio
import logging
import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from multidict import CIMultiDict
from yarl import URL

from flaglift.shim.asgi import Message, Receive, Scope, Send, answer, raw_path
from flaglift.shim.core.refusal import Refusal

LOGGER = logging.getLogger("flaglift.shim.upstream")
_HOP_BY_HOP = frozenset(
    b"connection expect http2-settings keep-alive proxy-authenticate proxy-authorization"
    b" proxy-connection te trailer transfer-encoding upgrade".split()
)
_NEVER_NAMED = frozenset((b"host", b"content-length", b"content-type", b"authorization"))
"""Headers that a client cannot have removed by naming them in `Connection`."""
_OWN = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""Headers that aiohttp would add."""

_BREAK = re.compile(rb"[\0\n\v\f\r]")
_MOST_HEADER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the upstream may take, in seconds."""

    connect: float = 10.0
    answer: float = 300.0
    """To begin its response, to go on with it, or to take more of a body."""


PATIENT = Timeouts()


class _Handler(ResponseHandler):
    """A connection that does not wait for an upstream that has stopped reading."""

    def close(self) -> None:
        """Close, and give up what was not sent: it is part of a request that has failed."""
        if self.transport is not None and self.transport.get_write_buffer_size():
            self.transport.abort()
        super().close()


class _Connector(aiohttp.TCPConnector):
    def __init__(self, *, limit: int, ttl_dns_cache: int) -> None:
        super().__init__(limit=limit, ttl_dns_cache=ttl_dns_cache)
        handler: Any = partial(_Handler, loop=self._loop)
        self._factory = handler


class Forward:
    """An ASGI app that is a plain reverse proxy: it changes no body and follows no redirect."""

    def __init__(self, upstream: str, timeouts: Timeouts = PATIENT) -> None:
        self._upstream = upstream.rstrip("/")
        self._timeouts = timeouts
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one request; open no session before the first, close it when the server ends."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            await _Exchange(self, receive, send).run(scope)

    @property
    def timeouts(self) -> Timeouts:
        """How long the upstream may take."""
        return self._timeouts

    def request(
        self, scope: Scope, data: bytes | AsyncIterable[bytes] | None
    ) -> "aiohttp.client._RequestContextManager":
        """Return the request to the upstream. Raises `Refusal` for headers that are not text."""
        if self._session is None:
            self._session = self._opened()
        path = raw_path(scope).decode("ascii")
        query = scope["query_string"].decode("ascii")
        return self._session.request(
            scope["method"],
            URL(f"{self._upstream}{path}{'?' if query else ''}{query}", encoded=True),
            headers=_to_send(scope["headers"], streamed=not isinstance(data, bytes)),
            data=data,
            allow_redirects=False,
        )

    def _opened(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=_Connector(limit=0, ttl_dns_cache=60),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_OWN,
            max_line_size=_MOST_HEADER_BYTES,
            max_field_size=_MOST_HEADER_BYTES,
            timeout=aiohttp.ClientTimeout(
                total=None,
                sock_connect=self._timeouts.connect,
                sock_read=self._timeouts.answer,
            ),
        )

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._session is not None:
            await self._session.close()
            self._session = None
        await send({"type": "lifespan.shutdown.complete"})


class _Once:
    """A body that can be sent once.

    aiohttp sends idempotent requests again if a kept connection turns out to be closed; with what
    is left of a stream, the upstream would get half a body and take it for the whole.
    """

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks: AsyncIterator[bytes] | None = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Raise `ServerDisconnectedError` the second time."""
        if self._chunks is None:
            raise aiohttp.ServerDisconnectedError
        chunks, self._chunks = self._chunks, None
        return chunks


class _Exchange:
    """One request and its response."""

    def __init__(self, forward: Forward, receive: Receive, send: Send) -> None:
        self._forward = forward
        self._receive = receive
        self._send = send
        self._stall = asyncio.timeout(None)
        self._received = asyncio.Event()
        self._gone = False
        self._started = False

    async def run(self, scope: Scope) -> None:
        """Relay until the response is complete or either side has gone."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            return
        relay = asyncio.ensure_future(self._relay(scope, message))
        watch = asyncio.ensure_future(self._client_gone())
        try:
            await asyncio.wait((relay, watch), return_when=asyncio.FIRST_COMPLETED)
        finally:
            watch.cancel()
            if not relay.done():
                relay.cancel()
                await asyncio.wait((relay,))
        if not relay.cancelled():
            relay.result()

    async def _relay(self, scope: Scope, first: Message) -> None:
        try:
            async with (
                self._stall,
                self._forward.request(scope, self._data(scope, first)) as response,
            ):
                await self._respond(response)
                if not self._received.is_set():
                    response.close()  # it was answered before all of it was sent
        except Refusal as refusal:
            await self._fail(refusal)
        except TimeoutError:
            await self._fail(Refusal(504, "base", ["the upstream did not answer in time"]))
        except aiohttp.ClientError as error:
            said = f"the upstream {_failure(error)}"
            # Other errors quote what the upstream sent, and the address with its query.
            known = isinstance(error, aiohttp.ClientConnectorError)
            LOGGER.warning("%s: %s", said, error if known else type(error).__name__)
            await self._fail(Refusal(502, "base", [said]))

    async def _fail(self, refusal: Refusal) -> None:
        """Answer, unless the client has gone or half of a response is already sent."""
        if not self._gone and not self._started:
            await answer(refusal, self._send)

    def _data(self, scope: Scope, first: Message) -> bytes | AsyncIterable[bytes] | None:
        body: bytes = first.get("body", b"")
        if first.get("more_body", False):
            return _Once(self._upload(body))
        self._received.set()
        names = [name for name, _ in scope["headers"]]
        has_body = b"content-length" in names or b"transfer-encoding" in names
        return body if has_body else None

    async def _upload(self, chunk: bytes) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        more = True
        while True:
            if chunk:  # an empty one would end a body that is sent in chunks
                self._stall.reschedule(loop.time() + self._forward.timeouts.answer)
                yield chunk
                self._stall.reschedule(None)
            if not more:
                break
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._gone = True
                raise ConnectionAbortedError  # the upstream must not see a complete request
            chunk, more = message.get("body", b""), message.get("more_body", False)
        self._received.set()

    async def _client_gone(self) -> None:
        await self._received.wait()
        await self._receive()  # after the body, a server has nothing else to say
        self._gone = True

    async def _respond(self, response: aiohttp.ClientResponse) -> None:
        _check_response(response)
        headers = _end_to_end([(name.lower(), value) for name, value in response.raw_headers])
        self._started = True
        await self._send(
            {"type": "http.response.start", "status": response.status, "headers": headers}
        )
        async for chunk in response.content.iter_any():
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})


def _check_response(response: aiohttp.ClientResponse) -> None:
    """Raise `ClientResponseError` for what aiohttp takes for a response, and no server can send."""
    coding = response.headers.get("Transfer-Encoding", "chunked").lower()
    values = b"".join(value for _, value in response.raw_headers)
    if not 200 <= response.status < 600 or coding != "chunked" or _BREAK.search(values):
        raise aiohttp.ClientResponseError(response.request_info, ())


def _failure(error: aiohttp.ClientError) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "has a certificate that is not trusted"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "cannot be reached"
    if isinstance(error, aiohttp.ClientResponseError):
        return "sent something that is not a response"
    return "closed the connection before it had answered"


def _end_to_end(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers that are meant for the other end, not for this hop."""
    named = {
        option.strip().lower()
        for name, value in headers
        if name == b"connection"
        for option in value.split(b",")
    }
    dropped = _HOP_BY_HOP | (named - _NEVER_NAMED)
    return [(name, value) for name, value in headers if name not in dropped]


def _to_send(headers: list[tuple[bytes, bytes]], *, streamed: bool) -> CIMultiDict[str]:
    sent: CIMultiDict[str] = CIMultiDict()
    try:
        for name, value in _end_to_end(headers):
            if name == b"host" or (name == b"content-length" and not streamed):
                continue  # both are said anew: the upstream's name, the length of what is sent
            sent.add(name.decode(), value.decode())
    except UnicodeDecodeError:
        raise Refusal(400, "base", ["a header of the request is not valid UTF-8"]) from None
    return sent
