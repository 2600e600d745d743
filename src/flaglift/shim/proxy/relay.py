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
"""Is told that a request is sent to the upstream, and says what fields to add to it."""


class Framing:
    """How the upstream is told where the body ends: by a length, in chunks, or there is none."""

    def __init__(self, length: int | None, *, chunked: bool) -> None:
        self._left = length
        self._chunked = chunked
        self.header: Headers = []
        if chunked:
            self.header = [(b"Transfer-Encoding", b"chunked")]
        elif length is not None:
            self.header = [(b"Content-Length", b"%d" % length)]

    def frame(self, data: bytes) -> bytes:
        """Return a part of the body as it is sent. Raises `RuntimeError` for more than was said."""
        if self._chunked:
            return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        self._left = (self._left or 0) - len(data)
        if self._left < 0:
            raise RuntimeError("a body is longer than was announced")
        return data

    def end(self) -> bytes:
        """Return what ends the body. Raises `RuntimeError` for less than was said."""
        if self._left:
            raise RuntimeError("a body is shorter than was announced")
        return b"0\r\n\r\n" if self._chunked else b""


class Relay:
    """Sends one request to the upstream, and what it answers to the client.

    A request is sent a second time only if a kept connection turns out to be closed, and if it
    cannot do anything twice and all of it is still there.
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

        Raises `Refusal`, `UpstreamError`, or `ConnectionError` where the client has gone.
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
            finally:  # also where the client goes while that is waited for
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
        if target == b"*":  # it is about the server, and not about what is below a path
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
            pass  # whoever waits for the response is told by the connection
        except Exception as failure:
            connection.fail(failure)

    def _hint(self, hint: ResponseHead) -> None:
        """Hand on what the upstream says before it answers (RFC 9110, section 15.2).

        Whether the body is wanted (100) is for the proxy to say, and it has said so; another
        protocol (101) was not asked for.
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
                await self._response.write()  # what there is, before more is waited for
            chunk = await connection.read()
            if body.finished:
                await self._response.end(chunk)
                return
            await self._response.write(chunk)
        await self._response.end()
