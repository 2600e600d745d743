"""How long connections live, on both sides of the proxy, and which of them serve again."""

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, cast

import httpx
import pytest

from flaglift.shim.core.policy import Policy
from flaglift.shim.core.refusal import Refusal
from flaglift.shim.proxy.connections import Connections
from flaglift.shim.proxy.exchange import Exchange
from flaglift.shim.proxy.inbound import Connection
from flaglift.shim.proxy.options import Limits, Options, Timeouts
from flaglift.shim.proxy.outbound import UpstreamConnection, UpstreamError
from flaglift.shim.proxy.response import Response
from flaglift.shim.proxy.server import log_seldom
from flaglift.shim.proxy.site import Site
from flaglift.shim.proxy.upstream import Upstream
from flaglift.shim.proxy.writing import TransportWriter
from shim.forms import MULTIPART, file, lifted, multipart_body, read_multipart, text_field
from shim.servers import peer, proxied, upstream, wait_until
from shim.test_proxy_clients import raw
from shim.test_serve_verb import process
from shim.test_traffic import sent

ANY = ("127.0.0.1", 0)
GET = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def connected(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def answer(client: socket.socket) -> bytes:
    """Read one response of the upstream that records."""
    answered = b""
    while not answered.endswith(b"}"):
        answered += client.recv(65536)
    return answered


def test_a_connection_that_asks_for_nothing_more_is_closed_without_a_word() -> None:
    with upstream() as service:
        options = Options(service.url, ANY, limits=Limits(idle_seconds=0.3))
        with proxied(options) as url, connected(url) as client:
            for _ in range(2):
                client.sendall(GET)
                assert answer(client).startswith(b"HTTP/1.1 201 ")
            asked = time.monotonic()
            assert client.recv(65536) == b""
            assert 0.2 < time.monotonic() - asked < 5


def test_the_end_does_not_wait_for_connections_that_ask_for_nothing() -> None:
    with (
        upstream() as service,
        process("--upstream", service.url, "--shutdown-timeout", "60", quiet=True) as (
            running,
            url,
        ),
        connected(url) as used,
        connected(url) as fresh,
    ):
        used.sendall(GET)
        assert answer(used).startswith(b"HTTP/1.1 201 ")
        running.terminate()
        assert used.recv(65536) == b""
        assert fresh.recv(65536) == b""
        assert running.wait(10) == 0


def test_a_connection_that_breaks_while_it_is_answered_is_forgotten() -> None:
    go_on = threading.Event()

    def slow(connection: socket.socket) -> None:
        connection.recv(65536)
        go_on.wait(10)
        connection.sendall(EMPTY)

    with peer(slow) as up, proxied(Options(up, ANY, limits=Limits(connections=1))) as url:
        with connected(url) as client:
            client.sendall(GET)
        go_on.set()
        wait_until(lambda: httpx.get(url + "/healthz").status_code == 200)


def answering(
    *answers: bytes, after: Callable[[socket.socket], None] = lambda _: None
) -> tuple[Callable[[socket.socket], None], list[int]]:
    """Return an upstream that gives each request of a connection the next of some answers."""
    counts: list[int] = []

    def act(connection: socket.socket) -> None:
        counts.append(0)
        for answer in answers:
            if not connection.recv(65536):
                return
            counts[-1] += 1
            connection.sendall(answer)
            after(connection)

    return act, counts


def test_a_body_where_there_can_be_none_ends_the_connection() -> None:
    act, counts = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", EMPTY)
    with peer(act) as up, proxied(Options(up, ANY)) as url:
        for _ in range(2):
            response = httpx.head(url + "/x")
            assert (response.status_code, response.headers["content-length"]) == (200, "2")
    assert counts == [1, 1]


def test_what_says_something_unasked_is_not_asked_again() -> None:
    said = threading.Event()

    def after(connection: socket.socket) -> None:
        time.sleep(0.1)
        connection.sendall(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        said.set()
        connection.recv(1)  # until it is closed

    act, counts = answering(EMPTY, after=after)
    with peer(act) as up, proxied(Options(up, ANY)) as url:
        for _ in range(2):
            said.clear()
            assert httpx.get(url + "/x").status_code == 200
            assert said.wait(10)
            time.sleep(0.1)
    assert counts == [1, 1]


def test_a_connection_that_only_readiness_used_may_close() -> None:
    closed = threading.Event()

    def act(connection: socket.socket) -> None:
        if not closed.is_set():
            closed.set()
            return
        connection.recv(65536)
        connection.sendall(EMPTY)

    with peer(act) as up, proxied(Options(up, ANY)) as url:
        assert httpx.get(url + "/readyz").status_code == 200
        assert closed.wait(10)
        time.sleep(0.1)
        assert httpx.post(url + "/x").status_code == 200


def test_connections_to_the_upstream_are_kept_for_less_than_five_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("flaglift.shim.proxy.upstream._KEPT_SECONDS", 0.3)
    act, counts = answering(EMPTY, EMPTY, EMPTY)
    with peer(act) as up, proxied(Options(up, ANY)) as url:
        assert httpx.get(url + "/x").status_code == 200
        time.sleep(0.6)
        monkeypatch.setattr("flaglift.shim.proxy.upstream._KEPT_SECONDS", 60)
        for _ in range(2):
            assert httpx.get(url + "/x").status_code == 200
    assert counts == [1, 2]


def test_an_upstream_that_accepts_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        with socket.create_connection(address):  # the only one that may wait
            url = f"http://{address[0]}:{address[1]}"
            with proxied(Options(url, ANY, timeouts=Timeouts(connect=0.3))) as proxy:
                response = httpx.get(proxy + "/x")
    assert response.status_code == 504
    assert response.json() == {"base": ["the upstream did not answer in time"]}


def test_a_response_to_an_old_client_ends_with_the_connection() -> None:
    act, _ = answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    with peer(act) as up, proxied(Options(up, ANY)) as url:
        answer = raw(url, b"GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert answer == b"HTTP/1.1 200 OK\r\nVia: 1.1 flaglift\r\nconnection: close\r\n\r\n{}"


def test_an_old_client_may_ask_to_keep_the_connection() -> None:
    with upstream() as service, proxied(Options(service.url, ANY)) as url, connected(url) as client:
        for _ in range(2):
            client.sendall(b"GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert b"\r\nconnection: keep-alive\r\n" in answer(client)


def test_a_response_may_end_with_the_connection() -> None:
    act, counts = answering(b"HTTP/1.1 200 OK\r\n\r\nall of it")
    with peer(act) as up, proxied(Options(up, ANY)) as url:
        for _ in range(2):
            assert httpx.get(url + "/x").text == "all of it"
    assert counts == [1, 1]


def test_what_follows_a_response_at_once_ends_the_connection() -> None:
    act, counts = answering(b"HTTP/1.1 204 No Content\r\n\r\n{}", EMPTY)
    with peer(act) as up, proxied(Options(up, ANY)) as url:
        for _ in range(2):
            assert httpx.get(url + "/x").status_code == 204
    assert counts == [1, 1]


def test_an_answer_while_a_body_is_sent_waits_for_no_other() -> None:
    size = 3_000_000

    def early(connection: socket.socket) -> None:
        left = size - len(connection.recv(65536).partition(b"\r\n\r\n")[2])
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{")
        while left > 0:
            left -= len(connection.recv(65536))
        connection.sendall(b"}")
        connection.recv(1)

    timeouts = Timeouts(answer=0.5)
    with peer(early) as up, proxied(Options(up, ANY, timeouts=timeouts)) as url:
        assert httpx.put(url + "/x", content=b"x" * size).text == "{}"


def test_a_form_that_was_on_disk_arrives_in_parts() -> None:
    policy = Policy(hold_limit=10_000)
    picture = file(content=b"x" * 500_000)
    with upstream() as service, proxied(Options(service.url, ANY, policy=policy)) as url:
        httpx.post(
            url + "/tunes/7/prompts",
            content=multipart_body([picture, text_field()]),
            headers={"content-type": MULTIPART},
        )
    assert read_multipart(service.last.body) == [picture, *lifted()]


class Wire(asyncio.Transport):
    """A transport that takes everything; closed or not."""

    def __init__(self, *, closing: bool = False) -> None:
        super().__init__({"socket": None})
        self.closing = closing

    def is_closing(self) -> bool:
        return self.closing

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass


def test_an_answer_that_nobody_waits_for_any_more_is_read_to_its_end() -> None:
    async def given_up() -> bool:
        connection = UpstreamConnection(5)
        connection.connection_made(Wire())
        connection.begin("GET", lambda _hint: None)
        waiting = asyncio.ensure_future(connection.response())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        connection.get_buffer(-1)[: len(EMPTY)] = EMPTY
        connection.buffer_updated(len(EMPTY))
        return connection.reusable

    assert asyncio.run(given_up())


def test_an_upstream_that_answers_early_and_takes_the_rest_may_be_given_up() -> None:
    """What was still to be sent when it ended its side is taken: then the connection is gone."""

    async def given_up() -> bytes:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.setblocking(False)
            _, connection = await loop.create_connection(lambda: UpstreamConnection(5), sock=ours)
            connection.begin("POST", lambda _hint: None)
            connection.send_at_once(b"x" * 5_000_000)
            await loop.sock_sendall(theirs, b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno")
            theirs.shutdown(socket.SHUT_WR)
            assert (await connection.response()).status == 401
            while await loop.sock_recv(theirs, 65536):
                pass
            connection.fail(UpstreamError("was given up"))
            return await connection.read()

    assert asyncio.run(given_up()) == b"no"


def test_a_client_that_has_gone_while_a_request_ends_is_not_cut_off_again() -> None:
    """The same on the other side, when the proxy ends."""

    async def ended() -> int:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        ours, theirs = socket.socketpair()

        async def serve(_request: Any, _response: Any) -> None:
            connection.transport.write(b"x" * 5_000_000)
            connection.transport.close()
            with contextlib.suppress(asyncio.CancelledError):
                await done.wait()
            await done.wait()

        door = Connections(serve, Limits(), 1)
        with theirs:
            theirs.setblocking(False)
            _, connection = await loop.create_connection(lambda: Connection(door), sock=ours)
            await loop.sock_sendall(theirs, GET)
            while await loop.sock_recv(theirs, 65536):
                pass
            door.abort()
            open_until_then = len(door)
            done.set()
            while len(door):
                await asyncio.sleep(0)
            return open_until_then

    assert asyncio.run(ended()) == 1


def test_a_client_that_goes_while_it_is_answered_is_no_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[Exchange] = []
    with upstream() as service:
        options = Options(service.url, ANY)

        async def serve() -> None:
            request = sent(("host", "x"))
            request.body.end()
            writer = TransportWriter(Wire(closing=True), 1, lambda: None)
            to = Upstream.of(options)
            site = Site(options, to, [seen.append], lambda _: None, lambda _: [])
            await site.serve(request, Response(writer, request, last=False))
            to.close()

        asyncio.run(serve())
        assert service.last.complete
    assert [exchange.status for exchange in seen] == [201]
    assert not [record for record in caplog.records if record.name.startswith("flaglift")]


def test_errors_of_the_loop_are_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    tell = log_seldom()
    for _ in range(3):
        tell(None, {"message": "accept() out of system resource", "exception": OSError("secret")})
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert caplog.records[0].getMessage() == "accept() out of system resource: OSError"


class Waiting:
    """A connection that waits for a request, and its transport: a real socket."""

    def __init__(self) -> None:
        self.socket, self.client = socket.socketpair()
        self.closed = False
        self.refusals: list[Refusal] = []
        self.transport = self

    def get_extra_info(self, name: str) -> Any:
        return getattr(self, name)

    def close(self) -> None:
        self.closed = True

    def turn_away(self, refusal: Refusal) -> None:
        self.refusals.append(refusal)


def test_a_connection_whose_request_was_not_read_yet_makes_no_room() -> None:
    async def serve(_request: Any, _response: Any) -> None:
        raise AssertionError

    first, second, third, fourth, fifth = waiting = [Waiting() for _ in range(5)]
    connections = Connections(serve, Limits(), most=2)
    try:
        connections.opened(cast(Connection, first))
        connections.opened(cast(Connection, second))
        first.client.send(b"G")
        connections.opened(cast(Connection, third))
        assert [each.closed for each in waiting] == [False, True, False, False, False]
        third.client.send(b"G")
        connections.opened(cast(Connection, fourth))
        assert [each.closed for each in waiting] == [False, True, False, False, False]
        assert [each.status for each in fourth.refusals] == [503]
        assert len(connections) == 2
        third.socket.recv(1)
        third.client.close()  # there is an end to be read, and no request
        connections.opened(cast(Connection, fifth))
        assert third.closed
    finally:
        for each in waiting:
            each.socket.close()
            each.client.close()
