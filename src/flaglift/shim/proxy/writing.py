"""Writing to a peer that may stop reading."""

import asyncio
import fcntl
import select
import termios
from array import array
from collections.abc import Callable


def unread(transport: asyncio.Transport) -> bool:
    """Return whether data, or at least EOF, has arrived that the loop has not read yet."""
    return readable(transport.get_extra_info("socket").fileno())


def readable(file: int) -> bool:
    """Return whether a socket has data, a connection or EOF to read."""
    if file < 0:
        return False  # it is closed
    poll = select.poll()  # select() is limited to 1024 descriptors
    poll.register(file, select.POLLIN)
    return bool(poll.poll(0))


def waiting_bytes(transport: asyncio.Transport) -> int:
    """Return how many bytes have arrived that the loop has not read yet; EOF counts as none."""
    file = transport.get_extra_info("socket").fileno()
    count = array("i", [0])
    if file >= 0:  # it is not closed
        fcntl.ioctl(file, termios.FIONREAD, count)
    return count[0]


class TransportWriter:
    """Writes to a transport, and waits until the peer accepts the data.

    `stalled` is called if the peer accepts nothing for `seconds`.
    """

    def __init__(
        self, transport: asyncio.Transport, seconds: float, stalled: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._seconds = seconds
        self._stalled = stalled
        self._timer: asyncio.TimerHandle | None = None
        self._drained: asyncio.Future[None] | None = None
        # Any data that the peer does not accept at once triggers `pause`.
        transport.set_write_buffer_limits(high=0)

    async def write(self, data: bytes) -> None:
        """Write, and wait until it is accepted; raises `ConnectionResetError` if it never is."""
        if self._transport.is_closing():
            raise ConnectionResetError
        if data:
            self._transport.write(data)
        if self._drained is not None:
            await asyncio.shield(self._drained)

    def write_if_taken(self, data: bytes) -> None:
        """Write optional data, unless earlier data is still waiting."""
        if self._drained is None and not self._transport.is_closing():
            self._transport.write(data)

    def pause(self) -> None:
        """Wait, within limits, for the peer to read."""
        loop = asyncio.get_running_loop()
        self._drained = loop.create_future()
        self._timer = loop.call_later(self._seconds, self._stalled)

    def resume(self) -> None:
        """Resume: the peer has read everything."""
        self._end(None)

    def lost(self) -> None:
        """Stop waiting: the connection is lost."""
        self._end(ConnectionResetError())

    def _end(self, failure: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        drained, self._drained, self._timer = self._drained, None, None
        if drained is not None and not drained.done():
            if failure is None:
                drained.set_result(None)
            else:
                drained.set_exception(failure)
                drained.exception()  # nobody may be waiting
