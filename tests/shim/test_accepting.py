"""Which of the processes that accept from one socket takes a connection."""

import asyncio
import errno
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from flaglift.shim.proxy import accepting
from flaglift.shim.proxy.accepting import Acceptor
from flaglift.shim.proxy.connections import Connections
from flaglift.shim.proxy.options import Limits, Options
from flaglift.shim.proxy.server import Proxy


async def nothing(_request: Any, _response: Any) -> None:
    raise AssertionError("nothing is asked")


def door(most: int = 1000) -> Connections:
    return Connections(nothing, Limits(), most)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened


async def until(doors: list[Connections], count: int) -> list[int]:
    async with asyncio.timeout(60):
        while sum(map(len, doors)) < count:
            await asyncio.sleep(0.01)
    found = [len(one) for one in doors]
    for one in doors:
        one.abort()
    return found


def shared_by(
    listener: socket.socket, doors: list[Connections], clients: int, remain: int
) -> list[int]:
    """Return how many connections each door has once so many were made, and so many remain."""

    async def run() -> list[int]:
        acceptors = [Acceptor(listener.dup(), one, alone=False) for one in doors]
        opened = []
        for _ in range(clients):
            opened.append(await asyncio.open_connection(*listener.getsockname()))
            await asyncio.sleep(0.005)
        found = await until(doors, remain)
        for acceptor in acceptors:
            acceptor.close()
        for _, writer in opened:
            writer.close()
        return found

    return asyncio.run(run())


def test_one_with_little_room_leaves_connections_to_the_others(listener: socket.socket) -> None:
    small, large = shared_by(listener, [door(most=8), door()], 40, 40)
    other, same = shared_by(listener, [door(), door(most=8)], 40, 40)
    assert small + large == other + same == 40
    assert max(small, same) == 7  # whichever is asked first


def test_where_none_has_room_all_are_accepted(listener: socket.socket) -> None:
    """And those that are idle longest are closed for them, as with one worker."""
    assert min(shared_by(listener, [door(most=8), door(most=8)], 30, 15)) >= 7


class Exhausted(socket.socket):
    """A socket for whose connections there is no descriptor, at first."""

    failures: ClassVar[list[int]] = [errno.EMFILE, errno.ECONNABORTED]

    def accept(self) -> tuple[socket.socket, Any]:
        if self.failures:
            code = self.failures.pop()
            raise OSError(code, os.strerror(code))
        return super().accept()


def test_what_cannot_be_accepted_now_is_accepted_later(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(accepting, "_RETRY_SECONDS", 0.01)

    async def run() -> list[int]:
        one = door()
        acceptor = Acceptor(Exhausted(fileno=listener.detach()), one, alone=True)
        address = acceptor.listener.getsockname()
        clients = [await asyncio.open_connection(*address) for _ in range(3)]
        found = await until([one], 3)
        acceptor.close()
        for _, writer in clients:
            writer.close()
        return found

    assert asyncio.run(run()) == [3]
    assert [one.getMessage() for one in caplog.records] == [
        "no connection can be accepted: too many open files"
    ]


@pytest.mark.parametrize("replaced", [False, True])
def test_a_connection_that_was_just_accepted_is_answered_before_the_end(
    replaced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    listens, accepted = threading.Event(), threading.Event()
    connect = asyncio.BaseEventLoop.connect_accepted_socket

    async def slowly(loop: Any, *arguments: Any) -> Any:
        accepted.set()
        await asyncio.sleep(0.5)
        return await connect(loop, *arguments)

    monkeypatch.setattr(asyncio.BaseEventLoop, "connect_accepted_socket", slowly)
    with Proxy(Options("http://127.0.0.1:9", ("127.0.0.1", 0))) as proxy:
        running = threading.Thread(target=lambda: asyncio.run(proxy.run(listens.set)))
        running.start()
        assert listens.wait(60)
        host, _, port = proxy.addresses[0].rpartition("/")[2].partition(":")
        with socket.create_connection((host, int(port)), timeout=60) as client:
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert accepted.wait(60)
            proxy.stop(replaced=replaced)
            assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")
        running.join()
