"""A response on its way to the client."""

from collections.abc import Callable
from http import HTTPStatus

from flaglift.shim.core.refusal import Refusal
from flaglift.shim.proxy.headers import Headers
from flaglift.shim.proxy.request import Request
from flaglift.shim.proxy.writing import TransportWriter

_NO_BODY = (204, 304)


class Response:
    """Writes one response, with the framing that the client understands."""

    def __init__(self, writer: TransportWriter, request: Request | None, *, last: bool) -> None:
        self._writer = writer
        self._request = request
        self._head = b""
        self._chunked = False
        self._empty = False
        self.keep_alive: bool = request is not None and request.keep_alive and not last
        """Whether the connection stays open."""
        self.status: int = 0
        """The status; 0 until the response begins."""
        self.complete: bool = False
        self.length: int = 0
        """The number of body bytes sent."""
        self.extra: Callable[[], Headers] = list
        """Returns the fields that the proxy adds."""

    @property
    def started(self) -> bool:
        """Whether the response has begun."""
        return self.status > 0

    def start(self, status: int, reason: bytes, headers: Headers) -> None:
        """Set the head, which is sent with the next write."""
        request = self._request
        self.status = status
        old = request is not None and request.version == "1.0"
        self._empty = status in _NO_BODY or (request is not None and request.method == "HEAD")
        headers = [*headers, *self.extra()]
        if status == 204:  # no body, and no length allowed (RFC 9110, section 8.6)
            headers = [pair for pair in headers if pair[0].lower() != b"content-length"]
        if not self._empty and not any(name.lower() == b"content-length" for name, _ in headers):
            if old:
                self.keep_alive = False  # it ends with the connection
            else:
                self._chunked = True
                headers.append((b"transfer-encoding", b"chunked"))
        if request is None or not request.body.complete:
            self.keep_alive = False
        if not self.keep_alive:
            headers.append((b"connection", b"close"))
        elif old:
            headers.append((b"connection", b"keep-alive"))
        self._head = _head(status, reason, headers)

    async def write(self, data: bytes = b"") -> None:
        """Send a part of the body, preceded by the head if unsent."""
        await self._writer.write(self._head + self._framed(data))
        self._head = b""

    async def end(self, data: bytes = b"") -> None:
        """Send the rest."""
        self.complete = True
        await self._writer.write(
            self._head + self._framed(data) + (b"0\r\n\r\n" if self._chunked else b"")
        )

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with an error, and close the connection afterward."""
        self.keep_alive = False
        self.start(
            refusal.status,
            HTTPStatus(refusal.status).phrase.encode(),
            [
                (b"content-type", b"application/json; charset=utf-8"),
                (b"content-length", b"%d" % len(refusal.body)),
            ],
        )
        await self.end(refusal.body)

    async def go_ahead(self) -> None:
        """Tell a client that waits for 100 to send the body."""
        request = self._request
        if not self.started and request is not None and request.expects:
            await self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def hint(self, status: int, reason: bytes, headers: Headers) -> None:
        """Send an interim response; it is skipped for a client that does not read."""
        if not self.started and self._request is not None and self._request.version == "1.1":
            kept = [pair for pair in headers if pair[0].lower() != b"content-length"]
            self._writer.write_if_taken(_head(status, reason, kept))

    def _framed(self, data: bytes) -> bytes:
        if self._empty or not data:
            return b""
        self.length += len(data)
        return b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data


def _head(status: int, reason: bytes, headers: Headers) -> bytes:
    fields = b"".join([b"%b: %b\r\n" % pair for pair in headers])
    return b"HTTP/1.1 %d %b\r\n%b\r\n" % (status, reason, fields)
