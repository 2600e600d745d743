"""The proxy and input that is meant to hurt: it answers clearly, or passes the same bytes on."""

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from flaglift.shim.proxy.options import Limits, Options
from flaglift.shim.proxy.outbound import UpstreamConnection
from shim.forms import (
    BOUNDARY,
    JSON,
    LEGACY,
    MULTIPART,
    URLENCODED,
    Part,
    field,
    multipart_body,
    text_field,
    urlencoded_body,
)
from shim.servers import Upstream, proxied, upstream

PATH = "/tunes/7/prompts"
BODY = urlencoded_body([("prompt[text]", LEGACY)])


@pytest.fixture(scope="module")
def service() -> Iterator[Upstream]:
    with upstream() as app:
        yield app


@pytest.fixture(scope="module")
def proxy(service: Upstream) -> Iterator[str]:
    with proxied(Options(service.url, ("127.0.0.1", 0), show_codes=True)) as url:
        yield url


def ask(url: str, *pieces: bytes) -> bytes:
    """Send pieces, and return all that comes back until the connection is closed."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        answer = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
            while data := connection.recv(65536):
                answer += data
        except ConnectionError:
            pass  # it may be closed before all is sent
        return answer


def head(*lines: str, target: str = PATH, method: str = "POST") -> bytes:
    first = f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    return (first + "".join(f"{line}\r\n" for line in lines) + "\r\n").encode("latin-1")


FORM = f"Content-Type: {URLENCODED}"
LENGTH = f"Content-Length: {len(BODY)}"
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)


@pytest.mark.parametrize(
    "request_bytes",
    [
        head(FORM, LENGTH, f"Content-Length: {len(BODY) + 1}") + BODY,
        head(FORM, f"Content-Length: {len(BODY)}, {len(BODY) + 1}") + BODY,
        head(FORM, LENGTH, "Transfer-Encoding: chunked") + CHUNKED,
        head(FORM, "Content-Length: -1") + BODY,
        head(FORM, "Content-Length: +5") + BODY,
        head(FORM, "Content-Length: 0x10") + BODY,
        head(FORM, "Transfer-Encoding: gzip, chunked") + CHUNKED,
        head(FORM, "Transfer-Encoding: chunked", "Transfer-Encoding: identity") + CHUNKED,
        head(FORM, "Transfer-Encoding: xchunked") + CHUNKED,
        head(FORM, "Transfer-Encoding : chunked") + CHUNKED,
        head(FORM, LENGTH, "X-Folded: a\r\n b") + BODY,
        head(FORM, LENGTH, "X-Folded: a\n\tb") + BODY,
        head(FORM, LENGTH, "X-Any: a\rb") + BODY,
        head(FORM, LENGTH, "X-Any: a\nX-Other: b") + BODY,
        head(FORM, LENGTH).replace(b"\r\n", b"\n") + BODY,
        head(FORM, "Transfer-Encoding: chunked").replace(b"HTTP/1.1", b"HTTP/1.0") + CHUNKED,
        head(FORM, LENGTH, "X-Any: a\0b") + BODY,
        head(FORM, LENGTH, "No colon") + BODY,
        head(FORM, LENGTH, "X-Large: " + "x" * 1_000_000) + BODY,
        head(FORM, "Transfer-Encoding: chunked") + b"zz\r\n" + BODY,
        head(FORM, "Transfer-Encoding: chunked") + b"5\r\nabcdefgh\r\n0\r\n\r\n",
        head(FORM, "Transfer-Encoding: chunked") + b"5\r\nabcdexx0\r\n\r\n",
        head(FORM, "Transfer-Encoding: chunked") + b"5;a\nb\r\nabcde\r\n0\r\n\r\n",
        head(FORM, LENGTH, target="http://u:secret@evil.example" + PATH) + BODY,
        head(FORM, LENGTH, target="ftp://evil.example" + PATH) + BODY,
        head(FORM, LENGTH, target=PATH + "#x") + BODY,
        head(target="evil.example:443", method="CONNECT"),
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(150) + b"\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /x\r\n\r\n",
        b"GET /x HTTP/1.1\r\nConnection: close\r\n\r\n",
        head(FORM, LENGTH, "Host: y") + BODY,
        *(
            head(FORM, "Transfer-Encoding: chunked") + b"5%b\r\nabcde\r\n0\r\n%b\r\n" % odd
            for odd in (
                (b";a\rb", b""),
                (b" ", b""),
                (b"", b"X: a\n"),
                (b"", b"X: a\r\n b\r\n"),
                (b"", b"X: a\rb\r\n"),
                (b"", b"X : a\r\n"),
                (b"", b"X: a\0\r\n"),
            )
        ),
        head(FORM, "Transfer-Encoding: chunked") + b"5\r\nabcde\r\n0\r\nX: " + b"y" * 200_000,
        head(FORM, "Transfer-Encoding: chunked") + b"5;" + b"y" * 200_000,
    ],
)
def test_what_others_could_read_differently_is_refused(
    proxy: str, service: Upstream, request_bytes: bytes
) -> None:
    answer = ask(proxy, request_bytes)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"connection: close" in answer.lower()
    assert b'{"base": ["' in answer
    assert not any(request.complete for request in service.received)
    assert httpx.get(proxy + "/healthz").status_code == 200


def test_a_folded_header_in_a_second_request_of_a_connection_is_refused(
    proxy: str, service: Upstream
) -> None:
    first = b"GET /one HTTP/1.1\r\nHost: x\r\n\r\n"
    second = b"GET /two HTTP/1.1\r\nHost: x\r\nX-Folded: a\r\n b\r\n\r\n"
    for pieces in ((first, second), (first + second,)):
        service.received.clear()
        answer = ask(proxy, *pieces)
        assert answer.count(b"HTTP/1.1 ") == 2
        assert b"HTTP/1.1 400 " in answer
        assert [request.path for request in service.received] == ["/one"]
    service.received.clear()


def test_pipelined_requests_are_answered_in_order(proxy: str, service: Upstream) -> None:
    service.received.clear()
    kept = [head(FORM, LENGTH, "X-Number: 1") + BODY, head(method="HEAD", target="/two")]
    last = head(FORM, "Transfer-Encoding: chunked") + CHUNKED
    sent = b"".join(one.replace(b"Connection: close\r\n", b"") for one in kept) + last
    answer = ask(proxy, sent)
    assert answer.count(b"HTTP/1.1 201 ") == 3
    assert [request.method for request in service.received] == ["POST", "HEAD", "POST"]
    assert service.received[0].body == service.received[2].body
    assert b"kling25" in service.last.body
    service.received.clear()


def test_websockets_are_refused_and_other_upgrades_left_out(proxy: str, service: Upstream) -> None:
    count = len(service.received)
    upgrade = ("Connection: Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Version: 13")
    answer = ask(proxy, head(*upgrade, method="GET"))
    assert answer.startswith(b"HTTP/1.1 501 ")
    assert len(service.received) == count
    answer = ask(proxy, head("Connection: Upgrade", "Upgrade: h2c", method="GET"))
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert service.last.header("upgrade") is None


def test_what_is_refused_is_logged_and_counted(
    service: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    options = Options(service.url, ("127.0.0.1", 0), limits=Limits(body_bytes=10))
    with proxied(options) as url:
        for target, status in ((PATH, 413), ("http://u:secret@evil.example/x", 400)):
            answer = ask(url, head(FORM, LENGTH, target=target, method="POST") + BODY)
            assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert ask(url, b"POST secret\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        ask(url, head(target="/x", method="M" * 99))
        page = httpx.get(url + "/metrics").text
    logged = [one.getMessage() for one in caplog.records if one.name.endswith("access")]
    for wanted in (
        r"path=/tunes/7/prompts status=413 .* outcome=refused ",
        r"path=- status=400 ",
        r"^status=400 refused={\"base\": \[\"this is not a request in HTTP/1\.1: its target has a ",
        r"^status=400 .* it does not begin with a method of HTTP in capitals",
    ):
        assert any(re.search(wanted, line) for line in logged), wanted
    assert "secret" not in "".join(logged)
    assert 'outcome="refused",route="/tunes/:id/prompts",status="413"} 1.0' in page


@pytest.mark.parametrize("started", [True, False])
def test_a_failure_of_the_proxy_itself_says_where_and_not_with_what(
    started: bool,
    service: Upstream,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def failing(_self: object) -> bytes:
        raise ValueError("a prompt")

    monkeypatch.setattr(UpstreamConnection, "read" if started else "response", failing)
    with proxied(Options(service.url, ("127.0.0.1", 0))) as url:
        answer = ask(url, head(target="/x", method="GET"))
    if started:
        assert not answer.endswith(b'{"id": 1}')
    else:
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert answer.endswith(b'{"base": ["the proxy failed"]}')
    assert "ValueError at" in caplog.text
    assert "in failing" in caplog.text
    assert "a prompt" not in caplog.text.replace('ValueError("a prompt")', "")  # the source's line


@pytest.mark.parametrize(
    ("media_type", "body", "shown"),
    [
        (JSON, b"[" * 900_000, "untouched malformed"),
        (JSON, b'{"a":' * 150_000, "untouched malformed"),
        (JSON, b'{"text": "' + b"x" * 2_000_000 + b'"}', "untouched too-large"),
        (JSON, b'{"text": "\xff --video"}', "untouched invalid-utf8"),
        (URLENCODED, b"prompt[text]=%ff", "untouched invalid-utf8"),
        (JSON, b'{"text": "--video"' + b"".join(b',"%d":0' % n for n in range(20_000)) + b"}",
         "untouched too-large"),
        (URLENCODED, b"a&" * 9_000 + BODY, "translated FL001"),
        (URLENCODED, b"a&" * 200_000 + BODY, "untouched too-large"),
        (URLENCODED, BODY + b"&x=" + b"y" * 2_000_000, "untouched too-large"),
        (MULTIPART, b"", "untouched malformed"),
        (MULTIPART, b"--" + BOUNDARY.encode() + b"\r\n" + b"x" * 1_000_000, "untouched odd-part"),
        (MULTIPART, (b"--" + BOUNDARY.encode() + b"\r\n\r\n\r\n") * 10_000, "untouched odd-part"),
        (MULTIPART, multipart_body([Part("prompt[text]", b"\xff")]), "untouched invalid-utf8"),
        (
            MULTIPART,
            multipart_body([*(field(f"f{n}", "") for n in range(10_000)), text_field()]),
            "untouched too-large",
        ),
        (
            MULTIPART,
            multipart_body([*(Part(f"f{n}", b"", "a") for n in range(5_000)), text_field()]),
            "translated FL001",
        ),
        (MULTIPART, multipart_body([text_field("-- " * 12_000)]), "untouched too-large"),
        (MULTIPART + "\0", multipart_body([text_field()]), None),
        ("multipart/form-data; boundary=" + "-" * 71, b"x", "untouched media-type"),
    ],
)  # fmt: skip
def test_bodies_that_are_meant_to_hurt(
    proxy: str, service: Upstream, media_type: str, body: bytes, shown: str | None
) -> None:
    service.received.clear()
    if shown is None:
        answer = ask(
            proxy, head(f"Content-Type: {media_type}", f"Content-Length: {len(body)}"), body
        )
        assert answer.startswith(b"HTTP/1.1 400 ")
        return
    response = httpx.post(
        proxy + PATH, content=body, headers={"content-type": media_type}, timeout=30
    )
    assert (response.status_code, response.headers["x-flaglift"]) == (201, shown)
    assert service.last.complete
    if shown.startswith("untouched"):
        assert service.last.body == body
    else:
        assert b"kling25" in service.last.body


def test_garbage_does_not_stop_it(service: Upstream) -> None:
    service.received.clear()
    options = Options(service.url, ("127.0.0.1", 0), limits=Limits(head_seconds=0.3))
    with proxied(options) as proxy:
        for number in range(200):
            garbage = bytes((number * 7 + at * at) % 256 for at in range(number * 5))
            ask(proxy, garbage + b"\r\n\r\n")
        response = httpx.post(proxy + PATH, data={"prompt[text]": LEGACY})
    assert response.status_code == 201
    assert [request.path for request in service.received] == [PATH]


@pytest.mark.parametrize(
    ("beginning", "word"),
    [
        (b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(150), "TLS was spoken"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2 was spoken"),
        (b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n", "does not support the PROXY protocol"),
        (b"\r\n\r\n\0\r\nQUIT\n" + bytes(20), "does not support the PROXY protocol"),
        (b"patch /prompts/7 HTTP/1.1\r\nHost: x\r\n\r\n", "a method of HTTP in capitals"),
        (b"GET /a\x7f HTTP/1.1\r\nHost: x\r\n\r\n", "belongs percent-encoded"),
    ],
)
def test_what_was_spoken_instead_is_named(proxy: str, beginning: bytes, word: str) -> None:
    answer = ask(proxy, beginning)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert word in answer.decode()


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (f"http://any.example:80{PATH}?a=1", PATH, "a=1"),
        (f"HTTPS://[::1]{PATH}", PATH, ""),
        ("http://any.example", "/", ""),
        ("http://any.example?a", "/", "a"),
    ],
)
def test_a_target_that_is_an_address_is_asked_for_by_its_path(
    proxy: str, service: Upstream, target: str, path: str, query: str
) -> None:
    answer = ask(proxy, head(FORM, LENGTH, target=target) + BODY)
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert (service.last.path, service.last.query) == (path, query)
    assert service.last.header("host") == service.url.removeprefix("http://")
    assert (b"video_model%5D" in service.last.body) is (path == PATH)
    service.received.clear()


def test_empty_lines_before_a_request_are_ignored(proxy: str, service: Upstream) -> None:
    service.received.clear()
    kept = (head(FORM, LENGTH) + BODY).replace(b"Connection: close\r\n", b"")
    answer = ask(proxy, b"\r\n\r\n" + kept + b"\r\n" + kept + b"\r\n" + head(FORM, LENGTH) + BODY)
    assert answer.count(b"HTTP/1.1 201 ") == 3
    assert len({request.body for request in service.received}) == 1
    service.received.clear()


def test_bytes_of_a_header_that_are_not_utf_8_arrive(proxy: str, service: Upstream) -> None:
    latin = head(FORM, LENGTH, "X-Name: caf\xe9", "Cookie: a=\xff\xfe") + BODY
    assert ask(proxy, latin).startswith(b"HTTP/1.1 201 ")
    assert service.last.header("x-name") == "caf\xe9"
    assert service.last.header("cookie") == "a=\xff\xfe"
    assert b"kling25" in service.last.body
    service.received.clear()


def test_a_body_after_an_upgrade_that_is_declined_arrives(proxy: str, service: Upstream) -> None:
    upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMA")
    service.received.clear()
    for lines, body in ((LENGTH, BODY), ("Transfer-Encoding: chunked", CHUNKED)):
        sent = head(FORM, lines, *upgrade) + body
        for pieces in ((sent,), (sent[:-9], sent[-9:])):
            again = head(target="/after", method="GET")
            answer = ask(
                proxy, *(one.replace(b"Connection: close\r\n", b"") for one in pieces), again
            )
            assert answer.count(b"HTTP/1.1 201 ") == 2
    assert [request.path for request in service.received] == [PATH, "/after"] * 4
    assert all(b"kling25" in request.body for request in service.received[::2])
    service.received.clear()


def test_nothing_secret_is_logged(
    proxy: str, service: Upstream, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level("INFO")
    headers = {"authorization": "Bearer topsecret", "x-forwarded-for": "6.6.6.6"}
    url = f"{proxy}/tunes/logged/prompts?token=topsecret"
    for text in (LEGACY, 'a hidden \x1b[31m 6" heel --video'):
        httpx.post(url, data={"prompt[text]": text}, headers=headers)
    lines: list[str] = []
    while len(lines) < 2:  # they are written when the client has its answer
        time.sleep(0.02)
        logged = [one.getMessage() for one in caplog.records if "shim" in one.name]
        lines = [line for line in logged if "path=/tunes/logged/" in line]
    assert "outcome=translated reason=- codes=FL001 caller=key-" in lines[0]
    assert "outcome=left reason=- codes=FL101" in lines[1]
    for line in lines:
        for secret in ("topsecret", "yawns", "hidden", "heel", "6.6.6.6", "\x1b"):
            assert secret not in line
    assert service.last.complete
