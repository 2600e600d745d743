"""Real servers for the tests, each in a thread of its own: an upstream that records, the proxy."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from flaglift.shim.asgi import Message, Receive, Scope, Send
from flaglift.shim.proxy.options import Options
from flaglift.shim.proxy.server import Proxy

Answer = Callable[["Received", Send], Awaitable[None]]


@dataclass
class Received:
    """One request as the upstream got it."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    complete: bool = False

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key == name]
        assert len(found) < 2, f"{name} is there twice"
        return found[0] if found else None


@dataclass
class Upstream:
    """An ASGI app that records requests and answers 201 with a short JSON body."""

    received: list[Received] = field(default_factory=list)
    answer: Answer | None = None
    url: str = ""

    def complete(self) -> int:
        """How many requests arrived whole; one that was given up may still be on its way."""
        return len([request for request in self.received if request.complete])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Received(
            scope["method"],
            scope["raw_path"].decode(),
            scope["query_string"].decode(),
            [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
        )
        self.received.append(request)
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            request.body += message["body"]
            more = message["more_body"]
        request.complete = True
        await (self.answer or created)(request, send)

    @property
    def last(self) -> Received:
        return self.received[-1]


async def created(_request: Received, send: Send) -> None:
    await respond(send, 201, b'{"id": 1}', ("content-type", "application/json"))


async def respond(send: Send, status: int, body: bytes, *headers: tuple[str, str]) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    pairs.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


@contextlib.contextmanager
def upstream(answer: Answer | None = None, **config: Any) -> Iterator[Upstream]:
    app = Upstream(answer=answer)
    with serving(app, **config) as app.url:
        yield app


@contextlib.contextmanager
def serving(app: Any, port: int = 0, **config: Any) -> Iterator[str]:
    """Serve an ASGI app with uvicorn; yield its address."""
    options = {"http": "h11", "log_config": None, "access_log": False, **config}
    server = uvicorn.Server(uvicorn.Config(app, timeout_graceful_shutdown=1, **options))
    # asyncio turns off Nagle's algorithm only where the protocol is named: 40 ms a response.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(100)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=lambda: asyncio.run(_served(server, listener)))
        thread.start()
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join()


async def _served(server: uvicorn.Server, listener: socket.socket) -> None:
    await server.serve(sockets=[listener])
    for connection in list(server.server_state.connections):  # those accepted in the last moment
        connection.transport.abort()
    await asyncio.sleep(0)


@contextlib.contextmanager
def proxied(
    options: Options,
    addresses: list[str] | None = None,
    listeners: list[socket.socket] | None = None,
) -> Iterator[str]:
    """Run the proxy; yield its address, and add all it has to a list."""
    with Proxy(options, listeners) as proxy:
        if addresses is not None:
            addresses += proxy.addresses
        listens = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(proxy.run(listens.set)))
        thread.start()
        try:
            assert listens.wait(60)
            yield proxy.addresses[0]
        finally:
            proxy.stop()
            thread.join()


def wait_until(true: Callable[[], object]) -> None:
    """Wait for something that happens soon, unless the machine is very slow."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen within two minutes")


@contextlib.contextmanager
def peer(act: Callable[[socket.socket], None]) -> Iterator[str]:
    """An upstream that does what it is told with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        act(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def messages(*sent: Message) -> Receive:
    """Return a `receive` that gives these messages."""
    left = list(sent)

    async def receive() -> Message:
        return left.pop(0)

    return receive
