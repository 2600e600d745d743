"""Accepting connections from a listening socket that is shared with other workers."""

import asyncio
import logging
import socket
from functools import partial

from flaglift.errors import reason
from flaglift.shim.proxy.connections import Connections
from flaglift.shim.proxy.inbound import Connection
from flaglift.shim.proxy.listeners import BACKLOG, unusable
from flaglift.shim.proxy.logs import Seldom
from flaglift.shim.proxy.writing import readable

LOGGER = logging.getLogger("flaglift.shim")
_AT_ONCE = 32
"""How many connections a single worker accepts at once: fewer than the descriptors in
reserve, because connections are closed to make room only afterward. One of several workers
takes one at a time, and leaves the others to those that are idle."""
_YIELD_SECONDS = 0.1
"""How long a worker with little room leaves connections to the others, which may be busy."""
_INSIST_SECONDS = 0.5
"""How long it then accepts them itself if the others did not."""
_RETRY_SECONDS = 1.0
"""How long it waits if the system has no room."""


class Acceptor:
    """Accepts connections for a door. Raises `ConfigError` if it cannot listen."""

    def __init__(self, listener: socket.socket, door: Connections, *, alone: bool) -> None:
        self.listener: socket.socket = listener
        self._door = door
        self._alone = alone
        self._loop = asyncio.get_running_loop()
        self._insists_until = 0.0
        self._tasks: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._may_tell = Seldom()
        listener.setblocking(False)
        try:
            listener.listen(BACKLOG)
        except OSError as error:  # two proxies that start at once can bind, but not listen
            raise unusable(listener, error) from None
        self._begin()

    @property
    def making(self) -> bool:
        """Whether a connection was accepted that the door has not seen yet."""
        return bool(self._tasks)

    def close(self) -> None:
        """Accept no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self.listener)
        self.listener.close()

    def _begin(self) -> None:
        self._loop.add_reader(self.listener, self._accept)

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self.listener)
        self._timer = self._loop.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        if readable(self.listener.fileno()):  # no other worker took it
            self._insists_until = self._loop.time() + _INSIST_SECONDS
        self._begin()

    def _accept(self) -> None:
        crowded = not self._alone and self._door.crowded
        if crowded and self._loop.time() > self._insists_until:
            self._pause(_YIELD_SECONDS)
            return
        for _ in range(_AT_ONCE if self._alone else 1):
            try:
                client, _ = self.listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return  # another worker was faster, or the client disconnected
            except OSError as error:
                if self._may_tell():
                    LOGGER.error("no connection can be accepted: %s", reason(error))  # noqa: TRY400
                self._pause(_RETRY_SECONDS)
                return
            client.setblocking(False)
            made = self._loop.connect_accepted_socket(partial(Connection, self._door), client)
            task = self._loop.create_task(made)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
