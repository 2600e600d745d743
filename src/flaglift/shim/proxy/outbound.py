"""One connection to the upstream: requests out, responses in, one after the other."""

import asyncio
import contextlib
import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httptools

from flaglift.shim.proxy.alarm import Alarm
from flaglift.shim.proxy.body import Body
from flaglift.shim.proxy.headers import Headers, lowered, values
from flaglift.shim.proxy.writing import TransportWriter

_BUFFER = memoryview(bytearray(128 * 1024))
_MOST_HEAD_BYTES = 64 * 1024
_NO_BODY = (204, 304)
_NO_RESPONSE = "sent something that is not a response"
_LATE = "did not answer in time"
_KEPT = re.compile(rb"\btimeout *= *\"?([0-9]{1,6})", re.IGNORECASE)


class UpstreamError(Exception):
    """The upstream failed; `message` is safe for the client, `detail` for the log."""

    def __init__(self, message: str, detail: str = "", *, status: int = 502) -> None:
        super().__init__(message)
        self.message: str = f"the upstream {message}"
        self.detail = detail
        self.status = status


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """The beginning of the upstream's response."""

    status: int
    reason: bytes
    headers: Headers
    version: str
    """The HTTP version, such as `1.1`."""


class UpstreamConnection(asyncio.BufferedProtocol):
    """Sends requests, and reads what comes back as it arrives."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._parser: Any = None
        self._method = ""
        self._until_closed = False
        self._clean = True
        self._alarm = Alarm(self._too_late)
        self.unused: Alarm | None = None
        """Set by the pool while the connection is idle."""
        self.kept_seconds: float = math.inf
        """How long the upstream keeps it while it is idle, if it says so."""
        self._requests = 0
        self._lost = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Be ready for a request."""
        self.transport = transport
        self._writer = TransportWriter(transport, self._seconds, self._too_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the response if closing ends it, otherwise fail it."""
        self._writer.lost()
        if exc is not None:
            self._read_rest()
        if self._until_closed and exc is None and self._parser is not None:
            self._finish()
        else:
            self._fail(UpstreamError("closed the connection before it had answered"))
        self._parser = None
        self._lost = True
        self._alarm.close()

    def _read_rest(self) -> None:
        """Read the rest after a failed write: an upstream may answer early and close.

        The loop no longer reads then; under TLS, the rest cannot be read.
        """
        if self.transport.get_extra_info("sslcontext") is not None:
            return
        file = self.transport.get_extra_info("socket").fileno()
        with contextlib.suppress(OSError):
            while self._parser is not None and (count := os.readv(file, [_BUFFER])):
                self.buffer_updated(count)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - all get the same
        """Return the buffer to receive into."""
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Process received data."""
        if self._parser is None:
            self._clean = False  # an unsolicited response
            self.transport.close()
            return
        self._any = True
        try:
            self._parser.feed_data(_BUFFER[:nbytes])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._clean = False
            if self._parser is not None:
                self.fail(UpstreamError(_NO_RESPONSE, _detail(error)))

    def pause_writing(self) -> None:
        """Wait, within limits, for the upstream to read what was sent."""
        self._writer.pause()

    def resume_writing(self) -> None:
        """Resume: the upstream has read it."""
        self._writer.resume()

    def begin(self, method: str, hint: Callable[[ResponseHead], None]) -> None:
        """Expect the response to the next request; `hint` receives interim responses."""
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(
            # Of a response that is framed again, as most clients read it.
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )
        self._method = method
        self._hint = hint
        self._head: asyncio.Future[ResponseHead] = asyncio.get_running_loop().create_future()
        self._until_closed = False
        self._any = False
        self.body: Body = Body(self.transport.pause_reading, self.transport.resume_reading)
        self._requests += 1

    async def send(self, data: bytes) -> None:
        """Send a part of the request; wait until the upstream accepts it."""
        await self._writer.write(data)

    def send_at_once(self, data: bytes) -> None:
        """Send all of an in-memory request, without waiting for the upstream."""
        self.transport.write(data)

    def sent(self) -> None:
        """Note that all of the request was sent: the upstream's timeout starts now."""
        if not self._head.done():
            self._alarm.set(self._seconds)

    async def response(self) -> ResponseHead:
        """Return the beginning of the response. Raises `UpstreamError`, or that of `fail`."""
        try:
            return await self._head
        finally:
            self._alarm.turn_off()

    async def read(self) -> bytes:
        """Return the next bytes of the response's body; nothing if it has ended."""
        try:
            return await self.body.read(self._seconds)
        except TimeoutError:
            raise UpstreamError(_LATE, status=504) from None

    def fail(self, failure: Exception) -> None:
        """Raise this to whoever waits for the response, and abort the connection."""
        self._fail(failure)
        if not self._lost:  # asyncio does not allow it afterward
            self.transport.abort()

    @property
    def was_kept(self) -> bool:
        """Whether the current request is not its first."""
        return self._requests > 1

    @property
    def answered(self) -> bool:
        """Whether any of the response to the current request has arrived."""
        return self._any

    @property
    def reusable(self) -> bool:
        """Whether another request may be sent."""
        return self._clean and self._parser is None and not self.transport.is_closing()

    def on_message_begin(self) -> None:
        """Begin a head. The parser calls this, and what follows."""
        self._reason = b""
        self._headers: Headers = []
        self._size = 0

    def on_status(self, part: bytes) -> None:
        """Receive a part of the reason phrase."""
        self._count(len(part))
        self._reason += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Receive a field of the head; trailers are dropped."""
        self._count(len(name) + len(value))
        self._headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """Pass on the head, unless it is an interim response."""
        status = self._parser.get_status_code()
        version = self._parser.get_http_version()
        if 100 <= status < 200:
            if not self._head.done():
                self._hint(ResponseHead(status, self._reason, self._headers, version))
            return
        names = lowered(self._headers)
        codings = values(names, b"transfer-encoding")
        if not 200 <= status < 600 or [c.lower() for c in codings] not in ([], [b"chunked"]):
            raise UpstreamError(_NO_RESPONSE, "its status or its framing is not one of HTTP/1.1")
        framed = bool(codings) or bool(values(names, b"content-length"))
        self._clean = self._parser.should_keep_alive()
        for value in values(names, b"keep-alive"):
            if said := _KEPT.search(value):
                self.kept_seconds = int(said[1])
        if not self._head.done():
            self._head.set_result(ResponseHead(status, self._reason, self._headers, version))
            self._headers = []  # trailers must not join the head, which may not have been read yet
        if self._method == "HEAD" or status in _NO_BODY:
            self._finish()
        else:
            self._until_closed = not framed

    def on_body(self, chunk: bytes) -> None:
        """Take a part of the body."""
        self._size = 0
        if self._parser is None:
            self._clean = False  # a body where there should be none
        else:
            self.body.feed(chunk)

    def on_message_complete(self) -> None:
        """End the response; an interim response is followed by another."""
        if self._parser is not None and not 100 <= self._parser.get_status_code() < 200:
            self._finish()

    def _finish(self) -> None:
        self._parser = None
        self._hint = _ignore
        self.body.end()

    def _fail(self, failure: Exception) -> None:
        if self._requests == 0:
            return
        if not self._head.done():
            self._head.set_exception(failure)
            self._head.exception()  # nobody may be waiting
        self.body.fail(failure)

    def _count(self, length: int) -> None:
        self._size += length
        if self._size > _MOST_HEAD_BYTES:
            raise UpstreamError(_NO_RESPONSE, f"a head of more than {_MOST_HEAD_BYTES} bytes")

    def _too_late(self) -> None:
        self.fail(UpstreamError(_LATE, status=504))


def _ignore(_hint: ResponseHead) -> None:
    pass


def _detail(error: Exception) -> str:
    """Describe the error, without data sent by the upstream."""
    cause = error.__context__
    if isinstance(cause, UpstreamError):
        return cause.detail
    return str(error) if isinstance(error, httptools.HttpParserError) else "another protocol"
