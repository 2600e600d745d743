"""One client's connection: requests in, responses out, one after the other."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

from flaglift.shim.core.refusal import Refusal
from flaglift.shim.proxy.alarm import Alarm
from flaglift.shim.proxy.body import Body
from flaglift.shim.proxy.logs import LogFields
from flaglift.shim.proxy.options import Limits
from flaglift.shim.proxy.request import Request, RequestReader, other_protocol
from flaglift.shim.proxy.response import Response
from flaglift.shim.proxy.writing import TransportWriter

LOGGER = logging.getLogger("flaglift.shim.access")
LINGER_SECONDS = 5.0
"""How long a client that is answered early may continue to send."""
_BUFFER = memoryview(bytearray(64 * 1024))
"""The receive buffer shared by all connections: data is parsed before more arrives."""


class Door(Protocol):
    """The listening side that connections belong to."""

    @property
    def serve(self) -> Callable[[Request, Response], Awaitable[None]]:
        """Answers a request."""

    @property
    def limits(self) -> Limits:
        """The limits for new connections."""

    @property
    def draining(self) -> bool:
        """Whether connections end after the current response."""

    def opened(self, connection: "Connection") -> None:
        """Register a new connection."""

    def idle(self, connection: "Connection") -> None:
        """Mark a connection as waiting for a request."""

    def busy(self, connection: "Connection") -> None:
        """Mark a connection as busy with a request."""

    def closed(self, connection: "Connection") -> None:
        """Forget a closed connection."""


class Connection(asyncio.BufferedProtocol):
    """Reads requests, has them answered, and enforces the client's timeouts."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._limits = door.limits
        self._reader = RequestReader(self._begin, self._body)
        self.fresh: bool = True
        """Whether nothing has arrived yet."""
        self._requests: deque[Request] = deque()
        self._refusal: Refusal | None = None
        self._arrival: asyncio.Future[None] | None = None
        self._alarm = Alarm(self._is_late)
        self._head_is_timed = True
        self._told = False
        self._holds = 0
        self._current: Request | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request from now on."""
        self.transport = transport
        self.writer: TransportWriter = TransportWriter(
            transport, self._limits.client_seconds, transport.abort
        )
        peer = transport.get_extra_info("peername")
        # A dual-stack socket shows 10.0.0.1 as `::ffff:10.0.0.1`.
        self._client = peer[0].removeprefix("::ffff:") if isinstance(peer, tuple) else None
        self._await_head()
        self._door.opened(self)
        self._lost = False
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._task.add_done_callback(self._ended)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - irrelevant
        """Cancel everything in progress."""
        self._alarm.close()
        self._reader.close()
        self.writer.lost()
        self._lost = True
        self._task.cancel()
        self._ended(self._task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Notify the door, once nothing more is sent to the client or the upstream."""
        if self._lost and task.done():
            self._door.closed(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - all get the same
        """Return the buffer to receive into."""
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Process received data."""
        data = _BUFFER[:nbytes]
        try:
            if self.fresh:
                self.fresh = False
                if other := other_protocol(bytes(data[:32])):
                    raise other
            self._reader.feed(data)
        except Refusal as refusal:
            self._refuse(refusal)
        else:
            waiting = self._current is None and not self._requests
            if waiting and self._reader.within_head and not self._head_is_timed:
                self._await_head()

    def pause_writing(self) -> None:
        """Wait, within limits, for the client to read what was sent."""
        self.writer.pause()

    def resume_writing(self) -> None:
        """Resume: the client has read it."""
        self.writer.resume()

    def abort(self) -> None:
        """Abort it."""
        if not self._lost:  # asyncio does not allow it afterward
            self.transport.abort()

    def turn_away(self, refusal: Refusal) -> None:
        """Answer before any request, and close."""
        self._told = True  # do not log every one of many
        self._refuse(refusal)

    def _body(self) -> Body:
        return Body(self._hold, self._release)

    def _hold(self) -> None:
        self._holds += 1
        if self._holds == 1:
            self.transport.pause_reading()

    def _release(self) -> None:
        self._holds -= 1
        if self._holds == 0 and not self.transport.is_closing():
            self.transport.resume_reading()

    def _begin(self, request: Request) -> None:
        request.client = self._client
        self._requests.append(request)
        self._alarm.turn_off()
        if self._current is not None or len(self._requests) > 1:
            self._hold()  # pipelined data waits, and no more of it is read
            request.ahead = True
        else:
            self._door.busy(self)
        self._wake()

    def _refuse(self, refusal: Refusal) -> None:
        """Answer after the earlier requests are answered, and read no more."""
        self._reader.close()
        self._alarm.turn_off()
        last = self._requests[-1] if self._requests else self._current
        if last is not None and not last.body.complete:
            last.body.fail(refusal)
        else:
            self._refusal = refusal
            self._wake()

    async def _run(self) -> None:
        try:
            while await self._next():
                pass
        except (asyncio.CancelledError, ConnectionError):
            pass  # the client disconnected
        finally:
            self._alarm.close()
            self.transport.close()

    async def _next(self) -> bool:
        """Answer one request; return whether there may be another."""
        while not self._requests:
            if self._refusal is not None:
                await self._answer(self._refusal)
                return False
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        request = self._current = self._requests.popleft()
        if request.ahead:
            self._release()
        response = Response(self.writer, request, last=self._door.draining)
        await self._door.serve(request, response)
        self._current = None
        if not response.complete:
            self.transport.abort()  # the partial response must not look complete
        elif not request.body.complete:
            await self._linger(request)
        if not response.complete or not response.keep_alive or self.transport.is_closing():
            return False
        if not self._requests:
            self._door.idle(self)
            if self._reader.within_head:
                self._await_head()
            else:
                self._head_is_timed = False
                self._alarm.set(self._limits.idle_seconds)
        return True

    async def _answer(self, refusal: Refusal) -> None:
        if not self._told:
            LOGGER.info(LogFields(status=refusal.status, refused=refusal.body.decode()))
        await Response(self.writer, None, last=True).refuse(refusal)

    async def _linger(self, request: Request) -> None:
        """Drain what the client is still sending: if it is cut off, it might not see the answer."""
        with contextlib.suppress(TimeoutError, Refusal):
            async with asyncio.timeout(LINGER_SECONDS):
                while await request.body.read():
                    pass

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def _await_head(self) -> None:
        self._head_is_timed = True
        self._alarm.set(self._limits.head_seconds)

    def _is_late(self) -> None:
        if self._head_is_timed:
            self._refuse(Refusal(408, "base", ["the request's head did not arrive in time"]))
        else:
            self.transport.close()  # kept alive, but not used again
