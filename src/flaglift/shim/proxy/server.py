"""One worker of `flaglift serve`: its assembly, and its shutdown."""

import asyncio
import contextlib
import gc
import logging
import os
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, Self

from flaglift.shim.core.decision import warm_up
from flaglift.shim.proxy.accepting import Acceptor
from flaglift.shim.proxy.access import AccessLog
from flaglift.shim.proxy.assignment import REPLACED, Assignment
from flaglift.shim.proxy.caller import Callers
from flaglift.shim.proxy.connections import Connections, most_connections
from flaglift.shim.proxy.counting import Counting
from flaglift.shim.proxy.exchange import Exchange
from flaglift.shim.proxy.headers import Headers
from flaglift.shim.proxy.listeners import bound, check_loop, shown
from flaglift.shim.proxy.logs import Seldom
from flaglift.shim.proxy.metrics import Metrics
from flaglift.shim.proxy.options import Limits, Options
from flaglift.shim.proxy.outbound import UpstreamError
from flaglift.shim.proxy.pages import Pages
from flaglift.shim.proxy.relay import Call
from flaglift.shim.proxy.site import Observer, Site
from flaglift.shim.proxy.traffic import TrafficStore, Worker
from flaglift.shim.proxy.upstream import Upstream

LOGGER = logging.getLogger("flaglift.shim")
_GARBAGE = 20_000
"""How many more objects trigger a garbage collection."""
_POLL_SECONDS = 0.05
_FRESH_SECONDS = 0.5
"""How long a client that connected before shutdown may take to send a request."""


def work(options: Options, assignment: Assignment) -> None:
    """Be a worker: serve until SIGTERM, or `REPLACED`, or until the supervisor has ended.

    Then it stops listening, lets requests finish for `shutdown_seconds`, or without limit if it
    was replaced, and writes the counts; after a second SIGTERM it ends at once. Raises `InputError`
    if the traffic file cannot be used.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    listeners = [socket.socket(fileno=file) for file in assignment.listeners]
    worker = Worker(assignment.proxy, assignment.number, assignment.workers)
    with Proxy(options, listeners, worker) as proxy, _little_garbage():
        asyncio.run(_until_signal(proxy, assignment))


@contextlib.contextmanager
def _little_garbage() -> Iterator[None]:
    """Collect garbage rarely, and not among loaded modules, because it blocks requests.

    Requests leave no reference cycles behind; only failures do.
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


async def _until_signal(proxy: "Proxy", assignment: Assignment) -> None:
    told: set[int] = set()

    def stop(number: int) -> None:
        proxy.stop(at_once=number in told, replaced=number == REPLACED)
        told.add(number)

    def orphaned() -> None:
        loop.remove_reader(assignment.lifeline)
        proxy.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, REPLACED):
        loop.add_signal_handler(number, stop, number)
    loop.add_reader(assignment.lifeline, orphaned)
    # They were blocked before the worker started, and are blocked again without a handler.
    before = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        await proxy.run(lambda: os.write(assignment.ready, b"1"))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Proxy:
    """The proxy with its sockets and files, bound to its addresses on creation."""

    def __init__(
        self,
        options: Options,
        listeners: list[socket.socket] | None = None,
        worker: Worker | None = None,
    ) -> None:
        self._options = options
        with contextlib.ExitStack() as opened:
            self._store = opened.enter_context(TrafficStore(options.traffic))
            addresses = [one for one in (options.listen, options.operators) if one]
            self._listeners = listeners or [bound(address) for address in addresses]
            for listener in self._listeners:
                opened.enter_context(listener)
            check_loop(options.upstream, self._listeners[0])
            warm_up(options.policy.settings)
            self._opened = opened.pop_all()
        callers = Callers(self._store.secret, options.caller_header)
        self._metrics = Metrics()
        worker = worker or Worker(secrets.token_hex(8))
        self._alone = worker.workers == 1
        self._counting = Counting(self._store, callers, worker)
        observers: list[Observer] = [AccessLog(callers), self._metrics, self._counting]
        begin: Observer = _ignore
        call: Call = _nothing
        if options.spans:
            from flaglift.shim.proxy.spans import Spans  # noqa: PLC0415 - it is an extra

            spans = Spans(options.upstream)
            self._opened.callback(spans.close)
            observers.append(spans)
            begin, call = spans.begin, spans.call
        self._upstream = Upstream.of(options)
        self._site = Site(options, self._upstream, observers, begin, call)
        self._doors = self._open_doors(options.limits)
        self._stopping = False
        self._replaced = False
        self._patient = False  # requests have no time limit
        self._at_once = False

    def _open_doors(self, limits: Limits) -> list[Connections]:
        most = limits.connections or most_connections()
        site, metrics, store = self._site.serve, self._metrics, self._store
        if len(self._listeners) == 1:
            return [Connections(Pages(site, metrics, store, self._unready).serve, limits, most)]
        pages = Pages(None, metrics, store, self._unready).serve
        return [Connections(site, limits, most), Connections(pages, limits, most)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._opened.close()

    @property
    def addresses(self) -> list[str]:
        """Its addresses: that of the proxy, then that of the operator pages if separate."""
        return [f"http://{shown(listener)}" for listener in self._listeners]

    async def run(self, ready: Callable[[], object] = bool) -> None:
        """Serve until `stop` is called; call it once. `ready` is called once it is listening."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(log_seldom())
        keeping = asyncio.ensure_future(self._counting.keep())
        self._acceptors = [
            Acceptor(listener, door, alone=self._alone)
            for door, listener in zip(self._doors, self._listeners, strict=True)
        ]
        ready()
        while not self._stopping:
            await asyncio.sleep(_POLL_SECONDS)
        grace = loop.time() + self._options.grace_seconds
        while loop.time() < grace and not self._at_once and not self._replaced:
            await asyncio.sleep(_POLL_SECONDS)
        for acceptor in self._acceptors:
            acceptor.close()
        await self._drained()
        self._upstream.close()
        keeping.cancel()
        await asyncio.wait((keeping,))
        await self._counting.write(ends=True)

    async def _drained(self) -> None:
        """Let current requests finish, for a limited time.

        If it was replaced, there is no limit, and kept-alive connections may send one more
        request: a client whose request meets a closing connection cannot know its outcome.
        """
        for door in self._doors:
            door.draining = True
        while self._has_connections and self._patient and not self._at_once:
            await asyncio.sleep(_POLL_SECONDS)
        loop = asyncio.get_running_loop()
        began = loop.time()
        end = began + self._options.shutdown_seconds
        while self._has_connections and loop.time() < end and not self._at_once:
            for door in self._doors:
                door.close_idle(fresh=loop.time() > began + _FRESH_SECONDS)
            await asyncio.sleep(_POLL_SECONDS)
        for door in self._doors:
            door.abort()
        while any(map(len, self._doors)):
            await asyncio.sleep(0)

    @property
    def _has_connections(self) -> bool:
        return any(map(len, self._doors)) or any(one.making for one in self._acceptors)

    async def _unready(self) -> str:
        """Return why the proxy is not ready; nothing if it is."""
        if self._stopping and not self._patient:
            return "the proxy is about to end"
        try:
            await self._upstream.reach()
        except UpstreamError as error:
            return error.message
        return ""

    def stop(self, *, at_once: bool = False, replaced: bool = False) -> None:
        """Stop listening, and end when the requests have finished; callable from any thread.

        `replaced`: another proxy has taken over, so requests may take as long
        as they need, until a call without it.
        """
        self._patient = replaced and (self._patient or not self._stopping)
        self._replaced |= replaced
        self._at_once |= at_once
        self._stopping = True


def _ignore(_exchange: Exchange) -> None:
    pass


def _nothing(_exchange: Exchange) -> Headers:
    return []


def log_seldom() -> Any:
    """Return a handler that logs errors of the loop, such as too few descriptors, once a minute."""
    may_tell = Seldom()

    def handle(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if may_tell():
            LOGGER.error("%s: %s", context["message"], type(context.get("exception")).__name__)

    return handle
