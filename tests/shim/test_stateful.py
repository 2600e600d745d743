"""The proxy against a model: whatever the order of pieces, aborts and reloads, no request is lost.

A client's connection is a queue of requests whose bytes are sent in pieces of any size, one request
ahead of the other. A reload is what the supervisor does: another proxy takes over the socket, and
the one before ends when what it has begun is answered.
"""

import asyncio
import itertools
import re
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from flaglift.shim.core.policy import Mode, Policy
from flaglift.shim.proxy.options import Options
from flaglift.shim.proxy.server import Proxy
from shim.forms import (
    JSON,
    LEGACY,
    LIFTED,
    MULTIPART,
    URLENCODED,
    file,
    json_body,
    lifted,
    multipart_body,
    text_field,
    urlencoded_body,
)
from shim.servers import Received, Upstream, respond, upstream

PATIENCE = 120.0
PICTURE = file(content=b"\r\n--x" * 30_000)
PLAIN = json_body({"prompt": {"text": "a cat"}})
BODIES = {
    "form": (MULTIPART, multipart_body([text_field()]), multipart_body(lifted())),
    "file first": (
        MULTIPART,
        multipart_body([PICTURE, text_field()]),
        multipart_body([PICTURE, *lifted()]),
    ),
    "pairs": (
        URLENCODED,
        urlencoded_body([("prompt[text]", LEGACY)]),
        urlencoded_body([(f"prompt[{name}]", value) for name, value in LIFTED.items()]),
    ),
    "plain": (JSON, PLAIN, PLAIN),
    "other": ("image/png", PICTURE.content, PICTURE.content),
}
"""By kind: the type, what a client sends, and what that becomes."""


@dataclass
class Sent:
    """A request of a client."""

    name: str
    kind: str
    left: bytes
    """What is still to be sent of it."""


@dataclass
class Client:
    """A connection, with the requests on it in their order."""

    socket: socket.socket
    modes: set[Mode]
    """Those of the proxies that may have accepted it."""
    requests: list[Sent] = field(default_factory=list)
    answered: int = 0
    promised: int = 0
    """How many must be answered: they were under way when a reload came."""
    may_end: bool = False
    received: bytes = b""

    def complete(self) -> int:
        """How many requests were sent to their last byte."""
        return sum(not one.left for one in self.requests)

    def send(self, most: int) -> None:
        for one in self.requests:
            if most > 0 and one.left:
                piece, one.left = one.left[:most], one.left[most:]
                most -= len(piece)
                try:
                    self.socket.sendall(piece)
                except OSError:
                    assert self.may_end
                    one.left = b"never" + piece + one.left
                    return

    def read(self, count: int) -> None:
        """Read until so many requests are answered, or the proxy has closed."""
        while self.answered < count:
            match = ANSWER.match(self.received)
            if match is not None:
                assert match[1].decode() == self.requests[self.answered].name
                self.answered += 1
                self.received = self.received[match.end() :]
                continue
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                break
            self.received += data


ANSWER = re.compile(rb"HTTP/1\.1 201 Created\r\n(?:[^\r]+\r\n)*\r\n<(\d+)>")


class Reloading:
    """A socket, and the proxies that have served on it."""

    def __init__(self, url: str, mode: Mode) -> None:
        self._url = url
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)  # or a copy of it would make those in use block
        self.address = self._listener.getsockname()
        self._running: list[tuple[Proxy, threading.Thread, Mode]] = []
        self._start(mode)

    def _start(self, mode: Mode) -> None:
        options = Options(self._url, ("127.0.0.1", 0), policy=Policy(mode=mode, hold_limit=50_000))
        proxy = Proxy(options, [self._listener.dup()])
        ready = threading.Event()

        def run() -> None:
            with proxy:
                asyncio.run(proxy.run(ready.set))

        thread = threading.Thread(target=run)
        thread.start()
        assert ready.wait(PATIENCE)
        self._running.append((proxy, thread, mode))

    def reload(self, mode: Mode) -> None:
        self._start(mode)
        self._running[-2][0].stop(replaced=True)

    def modes(self) -> set[Mode]:
        return {mode for _, thread, mode in self._running if thread.is_alive()}

    def end(self) -> None:
        for proxy, thread, _ in self._running:
            proxy.stop()
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a proxy does not end"
        self._listener.close()


class ProxyAndModel(RuleBasedStateMachine):
    """What may be done to a proxy, and what must hold whatever was done."""

    service: ClassVar[Upstream]

    def __init__(self) -> None:
        super().__init__()
        self.service.received.clear()
        self.proxy = Reloading(self.service.url, Mode.TRANSLATE)
        self.names = itertools.count(1)
        self.clients: list[Client] = []
        self.gone: list[Client] = []

    @precondition(lambda self: len(self.clients) < 4)
    @rule()
    def connect(self) -> None:
        connection = socket.create_connection(self.proxy.address, timeout=PATIENCE)
        self.clients.append(Client(connection, self.proxy.modes()))

    def client(self, data: st.DataObject) -> Client:
        return data.draw(st.sampled_from(self.clients))

    @precondition(lambda self: self.clients)
    @rule(data=st.data(), kind=st.sampled_from(sorted(BODIES)), chunk=st.sampled_from([0, 1, 7000]))
    def ask(self, data: st.DataObject, kind: str, chunk: int) -> None:
        """Put a request at the end of a connection's queue; nothing of it is sent yet."""
        client = self.client(data)
        if len(client.requests) < 6:
            name = str(next(self.names))
            client.requests.append(Sent(name, kind, request(name, kind, chunk)))

    @precondition(lambda self: self.clients)
    @rule(data=st.data(), most=st.sampled_from([1, 5, 60, 200, 300, 100_000, 1_000_000]))
    def send(self, data: st.DataObject, most: int) -> None:
        self.client(data).send(most)

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        client = self.client(data)
        if not client.may_end:
            client.read(client.complete())

    @precondition(lambda self: self.clients)
    @rule(data=st.data(), reset=st.booleans())
    def abort(self, data: st.DataObject, reset: bool) -> None:
        client = self.client(data)
        if reset:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.socket.close()
        self.clients.remove(client)
        self.gone.append(client)

    @rule(mode=st.sampled_from([Mode.OFF, Mode.REPORT, Mode.TRANSLATE, Mode.STRICT]))
    def reload(self, mode: Mode) -> None:
        for client in self.clients:
            if not client.may_end:
                client.promised = client.answered + 1
            client.may_end = True
        self.proxy.reload(mode)

    @invariant()
    def no_request_is_doubled(self) -> None:
        names = [name_of(one) for one in list(self.service.received) if one.complete]
        assert len(set(names)) == len(names)

    def teardown(self) -> None:
        try:
            for client in self.clients:
                client.read(client.complete())
                complete = client.complete()
                promised = min(client.promised, complete)
                assert client.answered >= promised, "a request under way was dropped"
                assert client.may_end or client.answered == complete, "a request was lost"
                assert client.answered <= complete
        finally:
            for client in self.clients:
                client.socket.close()
            self.proxy.end()
        self.no_request_is_doubled()
        arrived = {name_of(one): one for one in self.service.received if one.complete}
        for client in [*self.clients, *self.gone]:
            for number, one in enumerate(client.requests):
                got = arrived.pop(one.name, None)
                assert got or number >= client.answered, "what never arrived was answered"
                if got:
                    assert not one.left, "half a request arrived as a whole one"
                    assert got.body in {becomes(one.kind, mode) for mode in client.modes}
        assert not arrived


def request(name: str, kind: str, chunk: int) -> bytes:
    """Return a request, its body with a length or in chunks of so many bytes."""
    media_type, body, _ = BODIES[kind]
    head = f"POST /tunes/7/prompts?id={name} HTTP/1.1\r\nHost: x\r\nContent-Type: {media_type}\r\n"
    if not chunk:
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    if chunk == 1:
        chunk = max(1, len(body) // 40)  # every border is somewhere in a delimiter
    pieces = [body[at : at + chunk] for at in range(0, len(body), chunk)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + framed + b"0\r\n\r\n"


def becomes(kind: str, mode: Mode) -> bytes:
    _, body, new = BODIES[kind]
    return new if mode in (Mode.TRANSLATE, Mode.STRICT) else body


def name_of(received: Received) -> str:
    return received.query.removeprefix("id=")


async def named(received: Received, send: Any) -> None:
    await respond(send, 201, f"<{name_of(received)}>".encode())


@pytest.fixture(scope="module")
def machine() -> Iterator[type[ProxyAndModel]]:
    with upstream(named) as service:
        ProxyAndModel.service = service
        yield ProxyAndModel


def test_whatever_happens_no_request_is_lost_or_doubled(machine: type[ProxyAndModel]) -> None:
    test = machine.TestCase
    test.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
    test("runTest").runTest()
