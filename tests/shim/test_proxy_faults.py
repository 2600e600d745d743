"""The proxy when the upstream or the client fails."""

import asyncio
import contextlib
import re
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from flaglift.shim.core.policy import Mode, Policy
from flaglift.shim.proxy.options import Limits, Options, Timeouts
from flaglift.shim.proxy.traffic import TrafficStore
from peers import program
from shim.forms import (
    LEGACY,
    MULTIPART,
    Part,
    field,
    file,
    lifted,
    multipart_body,
    text_field,
    urlencoded_body,
)
from shim.servers import peer, proxied, respond, serving, upstream, wait_until
from shim.test_serve_verb import process

PATH = "/tunes/7/prompts"
ANY = ("127.0.0.1", 0)
FORM = {"content-type": MULTIPART}
LARGE = multipart_body([text_field(), file(content=b"x" * 20_000_000)])
QUICK = Timeouts(answer=0.5)


STREAMING = Policy(hold_limit=100_000)
"""Longer bodies are on their way before all of them has come."""


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def deaf(connection: socket.socket) -> None:
    connection.recv(1000)
    time.sleep(2)


def drops(connection: socket.socket) -> None:
    connection.recv(65536)


def resets(connection: socket.socket) -> None:
    connection.recv(1000)
    reset(connection)


@pytest.mark.parametrize(
    ("act", "status", "message"),
    [
        (None, 502, "the upstream cannot be reached"),
        (drops, 502, "the upstream closed the connection before it had answered"),
        (resets, 502, "the upstream closed the connection before it had answered"),
        (silent, 504, "the upstream did not answer in time"),
    ],
)
@pytest.mark.parametrize("large", [False, True])
def test_an_upstream_that_fails(
    act: Callable[[socket.socket], None] | None, status: int, message: str, large: bool
) -> None:
    failing = peer(act) if act else contextlib.nullcontext(closed_port())
    timeouts = QUICK if status == 504 else Timeouts()
    with failing as url, proxied(Options(url, ANY, timeouts=timeouts)) as proxy:
        for _ in range(2):
            body = LARGE if large else urlencoded_body([("prompt[text]", LEGACY)])
            response = httpx.post(proxy + PATH, content=body, headers=FORM)
            assert response.status_code == status
            assert response.json() == {"base": [message]}


def test_an_upstream_that_answers_early_and_closes() -> None:
    """Its answer counts, also where sending it the rest of the body has failed before."""

    def early(connection: socket.socket) -> None:
        connection.recv(1000)
        head = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
        connection.sendall(head + b"{}")

    with peer(early) as url, proxied(Options(url, ANY)) as proxy:
        for length in [100, 200_000, 5_000_000] * 10:
            answer = httpx.post(proxy + "/x", content=b"x" * length)
            assert (answer.status_code, answer.text) == (413, "{}")


@pytest.mark.parametrize(
    "said",
    [
        b"220 mail.example ESMTP, hello secret\r\n",
        b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-secret: a\0b\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX-secret: a\x0bb\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX-Large: " + b"x" * 1_000_000 + b"\r\n\r\n",
    ],
)
def test_an_upstream_that_does_not_speak_http(
    said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    def chatty(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(said)

    with peer(chatty) as url, proxied(Options(url, ANY)) as proxy:
        response = httpx.get(proxy + "/x?token=secret")
        assert response.status_code == 502
        assert response.json() == {"base": ["the upstream sent something that is not a response"]}
    logged = [one.getMessage() for one in caplog.records if "shim" in one.name]
    assert any("not a response: " in line for line in logged)
    assert "secret" not in "".join(logged)


@pytest.mark.parametrize("together", [True, False])
def test_trailers_are_no_part_of_the_head(together: bool) -> None:
    """Read as one piece with the head or later, they are left out (RFC 9110, section 6.5.1)."""
    head = b"HTTP/1.1 200 OK\r\nX-Head: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
    rest = b"2\r\n{}\r\n0\r\nX-Head: 2\r\nX-Trailer: 1\r\n\r\n"

    def trailing(connection: socket.socket) -> None:
        connection.recv(65536)
        for piece in [head + rest] if together else [head, rest]:
            connection.sendall(piece)

    with peer(trailing) as url, proxied(Options(url, ANY)) as proxy:
        answer = httpx.get(proxy + "/x")
    assert (answer.json(), answer.headers["x-head"]) == ({}, "1")
    assert "x-trailer" not in answer.headers


def test_an_answer_without_a_body_says_no_length_of_it() -> None:
    def empty(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\nX-Any: 1\r\n\r\n{}")

    with peer(empty) as url, proxied(Options(url, ANY)) as proxy:
        answer = httpx.get(proxy + "/x")
    assert (answer.status_code, answer.content, answer.headers["x-any"]) == (204, b"", "1")
    assert "content-length" not in answer.headers


def test_a_client_that_does_not_read_is_let_go() -> None:
    gone = threading.Event()

    async def endless(_request: Any, send: Any) -> None:
        start: Any = {"type": "http.response.start", "status": 200, "headers": []}
        await send(start)
        chunk = b"x" * 100_000
        while not gone.is_set():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(0)

    limits = Limits(client_seconds=0.5)
    with upstream(endless) as service, proxied(Options(service.url, ANY, limits=limits)) as proxy:
        host, port = proxy.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                wait_until(lambda: ended(proxy, "other") > 0)
            finally:
                gone.set()
            end = b""
            with contextlib.suppress(ConnectionError):
                while data := connection.recv(1_000_000):
                    end = data[-100:]
            assert not end.endswith(b"0\r\n\r\n")


def test_a_client_that_reads_slowly_gets_all() -> None:
    large = bytes(range(256)) * 40_000

    async def answer(_request: Any, send: Any) -> None:
        await respond(send, 200, large)

    with upstream(answer) as service, proxied(Options(service.url, ANY)) as proxy:
        host, port = proxy.removeprefix("http://").split(":")
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(20)
            connection.connect((host, int(port)))
            connection.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            got = bytearray()
            while data := connection.recv(65536):
                got += data
        assert got.endswith(b"\r\n\r\n" + large)


def test_a_body_that_goes_wrong_when_the_answer_has_begun_gets_no_second_answer() -> None:
    class Early:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"one", "more_body": True})
                while (await receive())["type"] != "http.disconnect":
                    pass

    with serving(Early()) as url, proxied(Options(url, ANY)) as proxy:
        host, port = proxy.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            head = b"PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            connection.sendall(head + b"3\r\nabc\r\n")
            answer = b""
            while b"one" not in answer:
                answer += connection.recv(1000)
            connection.sendall(b"no chunk\r\n")
            with contextlib.suppress(ConnectionError):
                while data := connection.recv(1000):
                    answer += data
        assert answer.count(b"HTTP/1.1") == 1
        assert not answer.endswith(b"0\r\n\r\n")


def test_an_upstream_with_a_certificate_that_nobody_knows(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
         "-keyout", key, "-out", certificate, "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    with upstream(ssl_keyfile=str(key), ssl_certfile=str(certificate)) as service:
        url = service.url.replace("http://127.0.0.1", "https://localhost")
        with proxied(Options(url, ANY)) as proxy:
            response = httpx.post(proxy + PATH, data={"prompt[text]": LEGACY})
            assert response.status_code == 502
            said = "the upstream has a certificate that is not trusted"
            assert response.json() == {"base": [said]}
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SSL_CERT_FILE", str(certificate))
            with process("--upstream", url) as (_, proxy):
                response = httpx.post(proxy + PATH, data={"prompt[text]": LEGACY})
                assert response.status_code == 201
    assert b"kling25" in service.last.body


@contextlib.contextmanager
def closing_at_the_second_request() -> Iterator[tuple[str, list[bytes]]]:
    seen: list[bytes] = []

    def once(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        if connection.recv(1):
            seen.append(b"closed")

    with peer(once) as url:
        yield url, seen


def test_a_streamed_body_is_not_sent_again() -> None:
    with (
        closing_at_the_second_request() as (url, seen),
        proxied(Options(url, ANY)) as proxy,
        httpx.Client() as client,
    ):
        client.get(proxy + "/x")
        chunks = (b"x" * 100_000 for _ in range(50))
        assert client.put(proxy + "/x", content=chunks).status_code == 502
        assert seen[1:] == [b"closed"]


@pytest.mark.parametrize(
    ("method", "repeated"), [("GET", True), ("PUT", True), ("POST", False), ("PATCH", False)]
)
def test_what_meets_a_closed_connection_is_repeated_if_that_does_nothing_twice(
    method: str, repeated: bool
) -> None:
    with (
        closing_at_the_second_request() as (url, seen),
        proxied(Options(url, ANY)) as proxy,
        httpx.Client() as client,
    ):
        client.get(proxy + "/x")
        content = b"" if method == "GET" else b"all of it"
        host, port = proxy.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            head = f"{method} /y HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n"
            connection.sendall(head.encode() + content)
            answer = connection.recv(1000)
        assert answer.startswith(b"HTTP/1.1 200 " if repeated else b"HTTP/1.1 502 ")
        assert seen[1] == b"closed"
        assert len(seen) == 2 + repeated
        if repeated:
            assert seen[2].startswith(method.encode() + b" /y ")
            assert seen[2].endswith(b"\r\n\r\n" + content)


@pytest.mark.parametrize(
    ("said", "idle", "connections"),
    [(b"timeout=1", 0, 2), (b"timeout=2, max=9", 0, 1), (b'Timeout="2"', 1.3, 2), (b"max=9", 1, 1)],
)
def test_a_connection_is_kept_for_less_than_the_upstream_says(
    said: bytes, idle: float, connections: int
) -> None:
    """What is sent as the upstream closes it may be lost, or done."""
    asked = []

    def keeps(connection: socket.socket) -> None:
        asked.append(connection.fileno())
        while connection.recv(65536):
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: %b\r\n\r\nok" % said
            )

    with peer(keeps) as url, proxied(Options(url, ANY)) as proxy:
        assert httpx.post(proxy + "/x").text == "ok"
        time.sleep(idle)
        assert httpx.post(proxy + "/x").text == "ok"
    assert len(asked) == connections


def test_an_upstream_that_stops_reading() -> None:
    with peer(deaf) as url, proxied(Options(url, ANY, timeouts=QUICK)) as proxy:
        response = httpx.post(proxy + PATH, content=LARGE, headers=FORM, timeout=20)
        assert response.status_code == 504


@pytest.mark.parametrize("ending", [drops, silent])
def test_a_response_that_is_cut_stays_cut(ending: Callable[[socket.socket], None]) -> None:
    def half(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        if ending is silent:
            silent(connection)

    with peer(half) as url, proxied(Options(url, ANY, timeouts=Timeouts(answer=3))) as proxy:
        with pytest.raises(httpx.RemoteProtocolError, match=r"peer closed|without sending"):
            httpx.get(proxy + "/x")
        assert httpx.get(proxy + "/healthz").status_code == 200


def test_an_answer_before_the_upload_is_complete_arrives() -> None:
    def early(connection: socket.socket) -> None:
        connection.recv(1000)
        body = b'{"image": ["is too large"]}'
        connection.sendall(
            b"HTTP/1.1 413 Too Large\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with peer(early) as url, proxied(Options(url, ANY)) as proxy:
        host, port = proxy.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {MULTIPART}\r\n"
            connection.sendall(f"{head}Content-Length: {len(LARGE)}\r\n\r\n".encode())
            connection.sendall(LARGE[:100_000])
            assert b" 413 " in connection.recv(1000)


def send_some(url: str, body: bytes, length: int, path: str = PATH) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {MULTIPART}\r\n"
    connection.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode() + body)
    return connection


def ended(proxy: str, route: str = "/tunes/") -> int:
    """How many requests of a route the proxy has done with."""
    page = httpx.get(proxy + "/metrics").text
    counted = rf'flaglift_requests_total\{{.*route="{route}.*\}} (\d+)\.0'
    return sum(map(int, re.findall(counted, page)))


@pytest.mark.parametrize("parts", [[text_field()], [text_field(), file()], [file(), text_field()]])
def test_a_cut_upload_is_no_complete_request_wherever_it_is_cut(parts: list[Part]) -> None:
    body = multipart_body(parts)
    with upstream() as service, proxied(Options(service.url, ANY)) as proxy:
        cuts = [*range(0, len(body), 23), len(body) - 1]
        for cut in cuts:
            connection = send_some(proxy, body[:cut], len(body))
            connection.shutdown(socket.SHUT_WR) if cut % 2 else reset(connection)
            connection.close()
        assert httpx.post(proxy + PATH, content=body, headers=FORM).status_code == 201
        wait_until(lambda: ended(proxy) == len(cuts) + 1)
        assert service.complete() == 1


def test_a_client_that_goes_while_it_waits_is_passed_on() -> None:
    gone = threading.Event()

    class Watching:
        async def __call__(self, scope: Any, receive: Any, _send: Any) -> None:
            if scope["type"] != "http":
                return
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()

    with serving(Watching()) as url, proxied(Options(url, ANY)) as proxy:
        body = multipart_body([text_field()])
        connection = send_some(proxy, body, len(body))
        time.sleep(0.3)
        connection.close()
        assert gone.wait(10)


def test_a_body_that_comes_byte_by_byte() -> None:
    body = multipart_body([text_field(), file(content=b"\r\n-")])
    with upstream() as service, proxied(Options(service.url, ANY)) as proxy:
        with send_some(proxy, b"", len(body)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(len(body)):
                connection.sendall(body[at : at + 1])
                time.sleep(0.001)
            assert b" 201 " in connection.recv(1000)
        assert service.last.body == multipart_body([*lifted(), file(content=b"\r\n-")])


def test_a_conflict_after_a_file_aborts_the_upstream_request() -> None:
    video = file(content=b"x" * 300_000)
    body = multipart_body([text_field(), video, field("prompt[video_duration]", "10")])
    with upstream() as service, proxied(Options(service.url, ANY, policy=STREAMING)) as proxy:
        response = httpx.post(proxy + PATH, content=body, headers=FORM)
        assert response.status_code == 422
        wait_until(lambda: service.received)
        fine = multipart_body([text_field(), video])
        assert httpx.post(proxy + PATH, content=fine, headers=FORM).status_code == 201
        assert [request.complete for request in service.received] == [False, True]
        assert service.last.body == multipart_body([*lifted(), video])


def test_a_client_that_sends_too_slowly_gets_408() -> None:
    body = multipart_body([text_field()])
    limits = Limits(client_seconds=0.5)
    with upstream() as service, proxied(Options(service.url, ANY, limits=limits)) as proxy:
        with send_some(proxy, body[:50], len(body)) as connection:
            assert b" 408 " in connection.recv(1000)
        large = multipart_body([text_field(), file(content=b"x" * 10_000)])
        with send_some(proxy, large[:5000], len(large)) as connection:
            for at in range(5000, 5100):  # a byte now and then
                with contextlib.suppress(OSError):
                    connection.sendall(large[at : at + 1])
                time.sleep(0.02)
            assert b" 408 " in connection.recv(1000)
        assert not any(request.complete for request in service.received)


def test_a_head_that_comes_too_slowly_gets_408() -> None:
    with (
        upstream() as service,
        proxied(Options(service.url, ANY, limits=Limits(head_seconds=0.4))) as proxy,
    ):
        host, port = proxy.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(b"GET /x HTTP/1.1\r\n")
            assert b" 408 " in connection.recv(1000)
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while b'{"id": 1}' not in answer:
                answer += connection.recv(1000)
            connection.sendall(b"GET /y HTTP/1.1\r\n")
            connection.sendall(b"Host:")
            assert b" 408 " in connection.recv(1000)
        assert [request.path for request in service.received] == ["/x"]


def test_too_long_a_body_gets_413() -> None:
    limits = Limits(body_bytes=1000)
    body = multipart_body([text_field(), file(content=b"x" * 2000)])
    with upstream() as service, proxied(Options(service.url, ANY, limits=limits)) as proxy:
        announced = httpx.post(proxy + PATH, content=body, headers=FORM)
        assert announced.status_code == 413
        assert announced.json() == {"base": ["the request's body is longer than 1000 bytes"]}
        chunked = httpx.post(proxy + PATH, content=iter([body[:500], body[500:]]), headers=FORM)
        assert chunked.status_code == 413
        assert not any(request.complete for request in service.received)
        assert httpx.post(proxy + PATH, data={"prompt[text]": LEGACY}).status_code == 201


@pytest.mark.parametrize("path", [PATH, "/gateway" + PATH])
def test_a_body_that_was_not_read_to_its_end_is_not_one_without_flags(
    path: str, tmp_path: Path
) -> None:
    def early(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    store = tmp_path / "t.db"
    limits = Limits(body_bytes=2000, client_seconds=0.5)
    report = Policy(mode=Mode.REPORT)
    body = multipart_body([file(), text_field()])
    with (
        peer(early) as url,
        proxied(Options(url, ANY, policy=report, limits=limits, traffic=store)) as proxy,
    ):
        for length, status in ((len(body), b" 401 "), (5000, b" 413 ")):
            with send_some(proxy, body[:100], length, path) as connection:
                assert status in connection.recv(1000)
        wait_until(lambda: ended(proxy, "") == 2)
    with TrafficStore(store) as kept:
        (row,) = kept.report(1).rows
    assert (row.legacy, row.unread) == (0, {"unfinished": 2})


def test_a_client_that_gives_up_sends_no_flags_to_anybody(tmp_path: Path) -> None:
    store = tmp_path / "t.db"
    body = multipart_body([text_field()])
    with (
        upstream() as service,
        proxied(Options(service.url, ANY, traffic=store)) as proxy,
    ):
        for path in (PATH, "/gateway" + PATH):
            send_some(proxy, body[:60], len(body), path).close()
        wait_until(lambda: ended(proxy, "") == 2)
    with TrafficStore(store) as kept:
        (row,) = kept.report(1).rows
    assert (row.route, row.requests, row.unread) == ("/tunes/:id/prompts", 1, {})
