"""One request, sent to the upstream while it arrives, and its response back."""

import asyncio
import time
from collections.abc import Callable

from flaglift.shim.proxy.exchange import Exchange
from flaglift.shim.proxy.forwarded import says_where_from
from flaglift.shim.proxy.headers import Headers, end_to_end, via
from flaglift.shim.proxy.location import through_proxy
from flaglift.shim.proxy.outbound import ResponseHead, UpstreamConnection, UpstreamError
from flaglift.shim.proxy.response import Response
from flaglift.shim.proxy.upload import Upload
from flaglift.shim.proxy.upstream import Upstream

_IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"))
_SAID_ANEW = frozenset((b"host", b"content-length"))

Call = Callable[[Exchange], Headers]
"""Called when a request is sent to the upstream; returns the fields to add to it."""


class Framing:
    """How the end of the body is marked: by a length, by chunks, or there is no body."""

    def __init__(self, length: int | None, *, chunked: bool) -> None:
        self._left = length
        self._chunked = chunked
        self.header: Headers = []
        if chunked:
            self.header = [(b"Transfer-Encoding", b"chunked")]
        elif length is not None:
            self.header = [(b"Content-Length", b"%d" % length)]

    def frame(self, data: bytes) -> bytes:
        """Return a part of the body, framed. Raises `RuntimeError` beyond the announced length."""
        if self._chunked:
            return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        self._left = (self._left or 0) - len(data)
        if self._left < 0:
            raise RuntimeError("a body is longer than was announced")
        return data

    def end(self) -> bytes:
        """Return the end of the body. Raises `RuntimeError` below the announced length."""
        if self._left:
            raise RuntimeError("a body is shorter than was announced")
        return b"0\r\n\r\n" if self._chunked else b""


class Relay:
    """Sends one request to the upstream, and its response to the client.

    A request is retried only if a kept connection turns out to be closed, the request is
    idempotent, and all of it is still available.
    """

    def __init__(
        self,
        upstream: Upstream,
        exchange: Exchange,
        response: Response,
        call: Call,
        *,
        says_via: bool,
    ) -> None:
        self._upstream = upstream
        self._call = call
        self._says_via = says_via
        self._exchange = exchange
        self._request = exchange.request
        self._response = response
        self._sending: asyncio.Task[None] | None = None

    async def run(self, target: bytes, added: Headers, upload: Upload) -> None:
        """Relay until both sides are done.

        Raises `Refusal`, `UpstreamError`, or `ConnectionError` if the client has disconnected.
        """
        first = await upload.settle()
        again = upload.finished and self._request.method in _IDEMPOTENT
        connection = await self._upstream.connection()
        try:
            try:
                answer = await self._ask(connection, target, added, upload, first)
            except UpstreamError:
                if not again or not connection.was_kept or connection.answered:
                    raise
                connection = await self._upstream.connection(fresh=True)
                answer = await self._ask(connection, target, added, upload, first)
            await self._respond(connection, answer)
        finally:
            try:
                if self._sending is not None:
                    self._sending.cancel()
                    await asyncio.wait((self._sending,))  # there is one reader of a body at a time
            finally:  # also if the client disconnects meanwhile
                if self._response.complete and upload.finished:
                    self._upstream.release(connection)
                else:
                    connection.fail(UpstreamError("was given up"))

    async def _ask(
        self,
        connection: UpstreamConnection,
        target: bytes,
        added: Headers,
        upload: Upload,
        first: bytes,
    ) -> ResponseHead:
        framing = self._framing(upload, first)
        head = self._head(target, [*framing.header, *added, *self._call(self._exchange)])
        connection.begin(self._request.method, self._hint)
        started = time.perf_counter()
        if upload.finished:
            connection.send_at_once(head + framing.frame(first) + framing.end())
            connection.sent()
        else:
            sending = self._send(connection, upload, framing, head + framing.frame(first))
            self._sending = asyncio.get_running_loop().create_task(sending)
        answer = await connection.response()
        self._exchange.upstream_seconds = time.perf_counter() - started
        if answer.status == 407 and (proxy := self._upstream.forwarder):
            raise UpstreamError("cannot be reached", proxy.refusal("407"))
        self._exchange.upstream_status = answer.status
        return answer

    def _framing(self, upload: Upload, first: bytes) -> Framing:
        request, delta = self._request, upload.delta
        length = request.length
        if upload.finished and upload.rewrites:
            return Framing(len(first) if first or request.has_body else None, chunked=False)
        if length is None or delta is None:
            return Framing(None, chunked=request.has_body)
        return Framing(length + delta, chunked=False)

    def _head(self, target: bytes, added: Headers) -> bytes:
        address = self._upstream.address
        path = address.path
        if target == b"*":  # about the server, not about a path
            path = b""
        if proxy := self._upstream.forwarder:
            path = b"http://%b%b" % (address.name, path)
            target = b"" if target == b"*" else target
            added = [*added, *proxy.fields]
        anew = _SAID_ANEW.union(name.lower() for name, _ in added)
        kept = [
            pair
            for pair in end_to_end(self._request.headers)
            if (name := pair[0].lower()) not in anew and not says_where_from(name)
        ]
        if self._says_via:
            kept.append(via(self._request.version))
        fields = b"".join([b"%b: %b\r\n" % pair for pair in [*kept, *added]])
        return b"%b %b%b HTTP/1.1\r\nHost: %b\r\n%b\r\n" % (
            self._request.method.encode(),
            path,
            target,
            address.name,
            fields,
        )

    async def _send(
        self, connection: UpstreamConnection, upload: Upload, framing: Framing, first: bytes
    ) -> None:
        try:
            await connection.send(first)
            while not upload.finished:
                await connection.send(framing.frame(await upload.read()))
            await connection.send(framing.end())
            connection.sent()
        except ConnectionError:
            pass  # the connection reports it to whoever waits for the response
        except Exception as failure:
            connection.fail(failure)

    def _hint(self, hint: ResponseHead) -> None:
        """Forward an interim response of the upstream (RFC 9110, section 15.2).

        The proxy itself answers whether the body is wanted (100), and has done so; another
        protocol (101) was not requested.
        """
        if hint.status > 101:
            self._response.hint(hint.status, hint.reason, self._fields(hint))

    def _fields(self, head: ResponseHead) -> Headers:
        fields = through_proxy(end_to_end(head.headers), self._upstream.address)
        return [*fields, via(head.version)] if self._says_via else fields

    async def _respond(self, connection: UpstreamConnection, answer: ResponseHead) -> None:
        self._response.start(answer.status, answer.reason, self._fields(answer))
        body = connection.body
        while not body.finished:
            if not body.ready:
                await self._response.write()  # flush before waiting for more
            chunk = await connection.read()
            if body.finished:
                await self._response.end(chunk)
                return
            await self._response.write(chunk)
        await self._response.end()
