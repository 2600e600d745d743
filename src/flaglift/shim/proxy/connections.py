"""The open connections, and a bound on them."""

import logging
import resource
from collections.abc import Awaitable, Callable

from flaglift.shim.core.refusal import Refusal
from flaglift.shim.proxy.inbound import Connection
from flaglift.shim.proxy.logs import Seldom
from flaglift.shim.proxy.options import Limits
from flaglift.shim.proxy.request import Request
from flaglift.shim.proxy.response import Response
from flaglift.shim.proxy.writing import unread, waiting_bytes

LOGGER = logging.getLogger("flaglift.shim")
_RESERVED = 64
"""Descriptors reserved for files, logs, pages and libraries."""


def most_connections() -> int:
    """Raise the descriptor limit as far as possible; return how many connections it allows.

    Each may need a second one to the upstream.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(1, (hard - _RESERVED) // 2)


Serve = Callable[[Request, Response], Awaitable[None]]


class Connections:
    """The connections of a listening socket, and the handler of their requests.

    There are at most `most`: the one idle the longest is closed to make room.
    """

    def __init__(self, serve: Serve, limits: Limits, most: int) -> None:
        self.serve = serve
        self.limits = limits
        self.draining = False
        self._most = most
        self._open: set[Connection] = set()
        self._idle: dict[Connection, None] = {}  # in the order in which they became idle
        self._may_tell = Seldom()

    def __len__(self) -> int:
        return len(self._open)

    @property
    def crowded(self) -> bool:
        """Whether there is little room for more."""
        return len(self._open) * 8 >= self._most * 7

    def opened(self, connection: Connection) -> None:
        """Register a connection; close another one, or this one, if there are too many."""
        self._open.add(connection)
        self._idle[connection] = None
        if len(self._open) <= self._most:
            return
        if self._may_tell():
            LOGGER.warning("%d connections are open, the most there may be", self._most)
        # A connection with an unread request in its socket is not idle.
        idle = (each for each in self._idle if not waiting_bytes(each.transport))
        oldest = next(idle, connection)
        if oldest is connection:
            connection.turn_away(Refusal(503, "base", ["the proxy has too many connections"]))
        else:
            oldest.transport.close()
        self.closed(oldest)

    def busy(self, connection: Connection) -> None:
        """Mark a connection as busy with a request."""
        self._idle.pop(connection, None)

    def idle(self, connection: Connection) -> None:
        """Mark a connection as waiting for a request."""
        self._idle[connection] = None

    def closed(self, connection: Connection) -> None:
        """Forget a connection."""
        self._open.discard(connection)
        self._idle.pop(connection, None)

    def close_idle(self, *, fresh: bool) -> None:
        """Close idle connections without a request on its way; with `fresh`, unused ones, too.

        A client that has just connected is about to send a request.
        """
        for connection in list(self._idle):
            if (fresh or not connection.fresh) and not unread(connection.transport):
                connection.transport.close()

    def abort(self) -> None:
        """Abort all of them."""
        for connection in list(self._open):
            connection.abort()
