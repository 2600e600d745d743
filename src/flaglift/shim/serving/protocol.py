"""What uvicorn's HTTP/1.1 connections do not guard against: slow heads and folded headers."""

import asyncio
import contextlib
import re
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_HEAD_BYTES = 64 * 1024
"""The most bytes of a request line and headers; uvicorn answers 400 to more."""
_READ_BYTES = 128 * 1024

_HEAD_END = re.compile(rb"\n\r?\n")
_FOLDED = re.compile(rb"\n[ \t]")


class GuardedProtocol(H11Protocol):
    """Answers 408 to a head that does not arrive in time, 400 to one with a folded header."""

    head_seconds = 30.0
    """How long a client may take for a request line and headers."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.access_log = False  # it would show queries
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a head from now on."""
        super().connection_made(transport)
        with contextlib.suppress(AttributeError):  # uvloop has a size of its own
            # asyncio's 256 KiB add up with many uploads.
            transport.max_size = _READ_BYTES  # type: ignore[attr-defined]
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._head_arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent. Between requests, it begins a head."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._head_arrived()
        elif self._head_timer is None:
            self._await_head()

    def handle_events(self) -> None:
        """Read the requests that have arrived, but none with a folded header."""
        if self.conn.their_state is h11.IDLE:
            head = self.conn.trailing_data[0]
            end = _HEAD_END.search(head)
            if _FOLDED.search(head, 0, end.start() if end else len(head)):
                self._reject(b"400 Bad Request", b"a header is folded over several lines")
                return
        super().handle_events()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self._head_is_late)

    def _head_arrived(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._reject(b"408 Request Timeout", b"the request's head did not arrive in time")

    def _reject(self, status: bytes, reason: bytes) -> None:
        body = b'{"base": ["%b"]}' % reason
        self.transport.write(
            b"HTTP/1.1 %b\r\ncontent-type: application/json; charset=utf-8\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (status, len(body), body)
        )
        self.transport.close()
