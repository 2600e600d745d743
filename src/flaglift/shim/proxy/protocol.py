"""What uvicorn's HTTP/1.1 connections do not guard against.

Heads that come too slowly or have lines that others end elsewhere, and clients that do not read.
"""

import asyncio
import contextlib
import logging
import re
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

LOGGER = logging.getLogger("flaglift.shim.access")
MOST_HEAD_BYTES = 64 * 1024
"""The most bytes of a request line and headers; uvicorn answers 400 to more."""
_READ_BYTES = 128 * 1024

_HEAD_END = re.compile(rb"\n\r?\n")
_ODD_LINE = re.compile(rb"\n[ \t]|(?<!\r)\n")
"""A header that goes on in the next line, or a line that ends without a CR."""


class GuardedProtocol(H11Protocol):
    """Answers 408 to a head that does not arrive in time, 400 to one that others read otherwise."""

    head_seconds = 30.0
    """How long a client may take for a request line and headers."""
    client_seconds = 60.0
    """How long a client may leave unread what was sent to it."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.access_log = False  # it would show queries
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a head from now on."""
        super().connection_made(transport)
        with contextlib.suppress(AttributeError):  # uvloop has a size of its own
            # asyncio's 256 KiB add up with many uploads.
            transport.max_size = _READ_BYTES  # type: ignore[attr-defined]
        # Whatever the client does not take at once makes `pause_writing` be called.
        transport.set_write_buffer_limits(high=0)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._head_arrived()
        self._was_read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent. Between requests, it begins a head."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._head_arrived()
        elif self._head_timer is None:
            self._await_head()

    def handle_events(self) -> None:
        """Read the requests that have arrived, but none with odd lines in its head."""
        if self.conn.their_state is h11.IDLE:
            head = self.conn.trailing_data[0]
            end = _HEAD_END.search(head)
            if _ODD_LINE.search(head, 0, end.end() if end else len(head)):
                self._reject(
                    400, b"a header is folded, or a line of the head does not end in CR LF"
                )
                return
        super().handle_events()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - it says nothing
        """Refuse what is no request."""
        self._reject(400, b"this is not a request in HTTP/1.1")

    def pause_writing(self) -> None:
        """Wait for the client to read what was sent, but not for ever."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.client_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: the client has read it."""
        self._was_read()
        super().resume_writing()

    def _was_read(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self._head_is_late)

    def _head_arrived(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._reject(408, b"the request's head did not arrive in time")

    def _reject(self, status: int, reason: bytes) -> None:
        """Answer what is not yet, or no longer, a request; then close."""
        LOGGER.info("status=%d refused=%r", status, reason.decode())
        cycle: Any = self.cycle  # None before the first request
        if cycle and cycle.response_started and not cycle.response_complete:
            self.transport.abort()  # a second answer would look like a part of the first
            return
        body = b'{"base": ["%b"]}' % reason
        self.transport.write(
            b"HTTP/1.1 %d %b\r\ncontent-type: application/json; charset=utf-8\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%b"
            % (status, HTTPStatus(status).phrase.encode(), len(body), body)
        )
        self.transport.close()
