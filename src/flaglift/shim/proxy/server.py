"""Listening, signals, and the end: what `flaglift serve` runs."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import uvicorn

from flaglift.api import translate
from flaglift.errors import ConfigError, reason
from flaglift.shim.asgi import App, Visit
from flaglift.shim.core.policy import Policy
from flaglift.shim.proxy.access import AccessLog
from flaglift.shim.proxy.caller import Callers
from flaglift.shim.proxy.counting import Counting
from flaglift.shim.proxy.forward import Forward, Timeouts
from flaglift.shim.proxy.guard import Guard, Limits
from flaglift.shim.proxy.metrics import Metrics
from flaglift.shim.proxy.operators import Pages
from flaglift.shim.proxy.protocol import MOST_HEAD_BYTES, GuardedProtocol
from flaglift.shim.proxy.traffic import Store

LOGGER = logging.getLogger("flaglift.shim")
_KEEP_ALIVE_SECONDS = 75
_BACKLOG = 2048
_GARBAGE = 20_000
"""How many objects more there are when garbage is looked for."""


@dataclass(frozen=True, slots=True)
class Options:
    """What `flaglift serve` was asked for."""

    upstream: str
    """The service's address, such as `https://api.example`; what clients ask for is appended."""
    listen: tuple[str, int] = ("127.0.0.1", 8080)
    operators: tuple[str, int] | None = None
    """Where the pages for operators are; None for beside the proxy."""
    policy: Policy = field(default_factory=Policy)
    limits: Limits = field(default_factory=Limits)
    timeouts: Timeouts = field(default_factory=Timeouts)
    head_seconds: float = 30.0
    shutdown_seconds: float = 30.0
    show_codes: bool = False
    traffic: Path | None = None
    caller_header: str | None = None


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
    await proxy.run()
    return received[0]


class Proxy:
    """The proxy with its sockets and files, listening from the beginning."""

    def __init__(self, options: Options) -> None:
        self._options = options
        with contextlib.ExitStack() as opened:
            self._store = opened.enter_context(Store(options.traffic))
            self._doors = [opened.enter_context(_listening(options.listen))]
            _check_loop(options.upstream, self._doors[0])
            if options.operators:
                self._doors.append(opened.enter_context(_listening(options.operators)))
            translate("--video", options.policy.settings)  # loads the grammar, before any request
            self._opened = opened.pop_all()
        callers = Callers(self._store.secret, options.caller_header)
        metrics = Metrics()
        self._counting = Counting(self._store, callers)
        self._observers = (AccessLog(callers), metrics, self._counting)
        proxy = self._site()
        apps: list[App] = [Pages(proxy, metrics, self._store)]
        if options.operators:
            apps = [proxy, Pages(None, metrics, self._store)]
        self._servers = [_server(app, options) for app in apps]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._opened.close()

    @property
    def addresses(self) -> list[str]:
        """Where it listens: the proxy, and then the pages for operators if they are elsewhere."""
        return [f"http://{_address(door)}" for door in self._doors]

    async def run(self) -> None:
        """Serve until `stop` is called; call it once."""
        keeping = asyncio.ensure_future(self._counting.keep())
        LOGGER.info(
            "listening on %s, upstream %s, mode %s",
            " and ".join(self.addresses),
            self._options.upstream,
            self._options.policy.mode.value,
        )
        await asyncio.gather(
            *(
                server.serve(sockets=[door])
                for server, door in zip(self._servers, self._doors, strict=True)
            )
        )
        keeping.cancel()
        await self._counting.write()
        LOGGER.info("ended")

    def stop(self, *, at_once: bool = False) -> None:
        """Stop listening, and end when the requests have ended."""
        for server in self._servers:
            server.force_exit = at_once
            server.should_exit = True

    def _site(self) -> App:
        options = self._options
        return Guard(
            Forward(options.upstream, options.timeouts),
            options.limits,
            policy=options.policy,
            observe=self._observe,
            show_codes=options.show_codes,
        )

    def _observe(self, visit: Visit) -> None:
        for observer in self._observers:
            observer(visit)


class _Server(uvicorn.Server):
    """A server whose signals are handled outside, once for all servers of the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _server(app: App, options: Options) -> _Server:
    seconds = {
        "head_seconds": options.head_seconds,
        "client_seconds": options.limits.client_seconds,
    }
    protocol = type("_Protocol", (GuardedProtocol,), seconds)
    return _Server(
        uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # what a client says of its address does not count
            server_header=False,
            date_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=max(1, round(options.shutdown_seconds)),
            h11_max_incomplete_event_size=MOST_HEAD_BYTES,
        )
    )


def _listening(address: tuple[str, int]) -> socket.socket:
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        door = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        said = reason(error).partition(" (while")[0]
        shown = f"[{host}]" if ":" in host else host
        raise ConfigError(f"cannot listen on {shown}:{port}: {said}") from None
    # Connections inherit it. asyncio sets it only where it knows that the protocol is TCP; without,
    # the end of each response waits 40 ms for the client to acknowledge the beginning.
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


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
