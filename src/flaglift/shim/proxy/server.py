"""Listening, signals, and the end: what `flaglift serve` runs."""

import asyncio
import contextlib
import gc
import logging
import secrets
import signal
import socket
from collections.abc import Iterator
from functools import partial
from typing import Any, Self
from urllib.parse import urlsplit

from flaglift.api import translate
from flaglift.errors import ConfigError, reason
from flaglift.shim.proxy.access import AccessLog
from flaglift.shim.proxy.caller import Callers
from flaglift.shim.proxy.connections import Connections, Seldom, most_connections
from flaglift.shim.proxy.counting import Counting
from flaglift.shim.proxy.inbound import Connection
from flaglift.shim.proxy.metrics import Metrics
from flaglift.shim.proxy.options import TCP, Limits, Options
from flaglift.shim.proxy.pages import Pages
from flaglift.shim.proxy.site import Site
from flaglift.shim.proxy.traffic import Store, Worker
from flaglift.shim.proxy.upstream import Address, Upstream

LOGGER = logging.getLogger("flaglift.shim")
_BACKLOG = 2048
"""How many connections may wait to be accepted."""
_AT_ONCE = 32
"""How many are accepted at once: fewer than the descriptors in reserve, because what is closed to
make room for them is closed after that."""
_GARBAGE = 20_000
"""How many objects more there are when garbage is looked for."""
_POLL_SECONDS = 0.05


def serve(options: Options) -> int:
    """Run the proxy until SIGTERM or SIGINT; return the signal's number.

    On a signal it stops listening, lets requests end for `shutdown_seconds`, and writes the counts;
    on a second one it ends at once. Raises `ConfigError` where it cannot listen, `InputError` where
    the traffic file cannot be used.
    """
    with Proxy(options) as proxy, _little_garbage():
        return asyncio.run(_until_signal(proxy))


@contextlib.contextmanager
def _little_garbage() -> Iterator[None]:
    """Look for garbage seldom, and not in what is loaded: no request is served meanwhile.

    Requests leave no cycles behind; only what fails does.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def _until_signal(proxy: "Proxy") -> int:
    received: list[int] = []

    def stop(number: int) -> None:
        proxy.stop(at_once=bool(received))
        received.append(number)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    loop.add_signal_handler(signal.SIGHUP, LOGGER.info, "SIGHUP: there is nothing to reload")
    await proxy.run()
    return received[0]


class Proxy:
    """The proxy with its sockets and files, listening from the beginning."""

    def __init__(self, options: Options) -> None:
        self._options = options
        with contextlib.ExitStack() as opened:
            self._store = opened.enter_context(Store(options.traffic))
            self._listeners = [opened.enter_context(_listening(options.listen))]
            _check_loop(options.upstream, self._listeners[0])
            if options.operators:
                self._listeners.append(opened.enter_context(_listening(options.operators)))
            translate("--video", options.policy.settings)  # loads the grammar, before any request
            self._opened = opened.pop_all()
        callers = Callers(self._store.secret, options.caller_header)
        self._metrics = Metrics()
        worker = Worker(secrets.token_hex(8))
        self._counting = Counting(self._store, callers, worker)
        observers = (AccessLog(callers), self._metrics, self._counting)
        self._upstream = Upstream(Address.of(options.upstream), options.timeouts)
        self._site = Site(options, self._upstream, observers)
        self._doors = self._open_doors(options.limits)
        self._stopping = False
        self._at_once = False

    def _open_doors(self, limits: Limits) -> list[Connections]:
        most = limits.connections or most_connections()
        site, metrics, store = self._site.serve, self._metrics, self._store
        if not self._options.operators:
            return [Connections(Pages(site, metrics, store).serve, limits, most)]
        pages = Pages(None, metrics, store).serve
        return [Connections(site, limits, most), Connections(pages, limits, most)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._opened.close()

    @property
    def addresses(self) -> list[str]:
        """Where it listens: the proxy, and then the pages for operators if they are elsewhere."""
        return [f"http://{_address(listener)}" for listener in self._listeners]

    async def run(self) -> None:
        """Serve until `stop` is called; call it once."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_log_seldom())
        keeping = asyncio.ensure_future(self._counting.keep())
        servers = [
            await loop.create_server(partial(Connection, door), sock=listener, backlog=_AT_ONCE)
            for door, listener in zip(self._doors, self._listeners, strict=True)
        ]
        for listener in self._listeners:
            listener.listen(_BACKLOG)  # asyncio has set the other
        LOGGER.info(
            "listening on %s, upstream %s, mode %s",
            " and ".join(self.addresses),
            self._options.upstream,
            self._options.policy.mode.value,
        )
        while not self._stopping:
            await asyncio.sleep(_POLL_SECONDS)
        for server in servers:
            server.close()
        await self._drained()
        self._upstream.close()
        keeping.cancel()
        await asyncio.wait((keeping,))
        await self._counting.write(ends=True)
        LOGGER.info("ended")

    async def _drained(self) -> None:
        """Let the requests that are under way end, for a while."""
        loop = asyncio.get_running_loop()
        for door in self._doors:
            door.draining = True
            door.close_idle()
        end = loop.time() + self._options.shutdown_seconds
        while any(map(len, self._doors)) and loop.time() < end and not self._at_once:
            await asyncio.sleep(_POLL_SECONDS)
        for door in self._doors:
            door.abort()
        while any(map(len, self._doors)):
            await asyncio.sleep(0)

    def stop(self, *, at_once: bool = False) -> None:
        """Stop listening, and end when the requests have ended; callable from any thread."""
        self._at_once = at_once
        self._stopping = True


def _log_seldom() -> Any:
    """Return what logs the loop's own errors, such as a lack of descriptors, once a minute."""
    may_tell = Seldom()

    def handle(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if may_tell():
            LOGGER.error("%s: %s", context["message"], type(context.get("exception")).__name__)

    return handle


def _listening(address: TCP) -> socket.socket:
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        said = reason(error).partition(" (while")[0]
        shown = f"[{host}]" if ":" in host else host
        raise ConfigError(f"cannot listen on {shown}:{port}: {said}") from None
    # Connections inherit it. asyncio sets it only where it knows that the protocol is TCP; without,
    # the end of each response waits 40 ms for the client to acknowledge the beginning.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _check_loop(upstream: str, listener: socket.socket) -> None:
    """Raise `ConfigError` where the proxy would forward to itself."""
    address = urlsplit(upstream)
    host, port = listener.getsockname()[:2]
    own = (
        {host, "localhost"}
        if host.startswith(("127.", "::1"))
        else {host, "127.0.0.1", "localhost"}
    )
    if address.hostname in own and (address.port or 80) == port:
        raise ConfigError(f"--upstream {upstream} is where the proxy itself listens")
