"""What RFC 9110 and 9112 ask of whoever passes messages on: any target, exact bytes, and Via."""

import asyncio
import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from flaglift.shim.core.policy import Mode, Policy
from flaglift.shim.proxy.body import Body
from flaglift.shim.proxy.options import Options
from flaglift.shim.proxy.request import Request, RequestReader
from flaglift.shim.proxy.writing import TransportWriter
from shim.forms import LEGACY, URLENCODED, urlencoded_body
from shim.servers import peer, proxied, wait_until
from shim.test_proxy_hostile import ask
from shim.test_upstreams import express, go, rack

ANY = ("127.0.0.1", 0)
BODY = urlencoded_body([("prompt[text]", LEGACY)])
ANSWER = b"HTTP/1.1 200 OK\r\nVia: 1.0 inner, 1.1 (of mine)\r\nContent-Length: 0\r\n\r\n"


class Recorder:
    """An upstream that keeps each request byte for byte; its bodies have a length."""

    def __init__(self, answer: bytes = ANSWER) -> None:
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self._answer = answer

    def __call__(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as file:
            while first := file.readline():
                head = first
                while (line := file.readline()) != b"\r\n":
                    head += line
                self.heads.append(head)
                length = re.search(rb"(?i)content-length: (\d+)", head)
                self.bodies.append(file.read(int(length[1])) if length else b"")
                connection.sendall(self._answer)

    @property
    def targets(self) -> list[bytes]:
        return [head.split(b" ")[1] for head in self.heads]


@contextlib.contextmanager
def between(
    recorder: Recorder, change: Callable[[str], Options] = lambda url: Options(url, ANY)
) -> Iterator[str]:
    with peer(recorder) as url, proxied(change(url)) as proxy:
        yield proxy


def get(target: bytes, *lines: bytes, method: bytes = b"GET", version: bytes = b"1.1") -> bytes:
    first = b"%b %b HTTP/%b\r\nHost: x\r\nConnection: close\r\n" % (method, target, version)
    return first + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def post(target: bytes, body: bytes = BODY, *, last: bool = True) -> bytes:
    closing = b"Connection: close\r\n" if last else b""
    return b"POST %b HTTP/1.1\r\nHost: x\r\n%bContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (
        target,
        closing,
        URLENCODED.encode(),
        len(body),
        body,
    )


RAW = [
    "/café".encode(),
    b"/caf\xe9?name=\xff^\xfe&b=^",
    b"/a^b/\x80\x85\xa0\xc2\xa0",
    "/tunes/größe/prompts?x=日本".encode(),
]


@pytest.mark.parametrize("target", RAW)
def test_bytes_of_a_target_that_are_not_ascii_arrive(target: bytes) -> None:
    recorder = Recorder()
    with between(recorder) as proxy:
        assert ask(proxy, get(target)).startswith(b"HTTP/1.1 200 ")
        assert ask(proxy, post(b"http://any.example" + target)).startswith(b"HTTP/1.1 200 ")
    assert recorder.targets == [target, target]


@pytest.mark.parametrize("server", [rack, express, go])
def test_servers_answer_them_as_without_the_proxy(
    server: Callable[[], contextlib.AbstractContextManager[str]],
) -> None:
    """Node and WEBrick refuse them, Go reads them: that is for each to decide."""
    with server() as url, proxied(Options(url, ANY)) as proxy:
        answers = [[ask(to, post(target, b"a=b")) for to in (url, proxy)] for target in RAW]
    for direct, passed in answers:
        status = direct.split(b"\r\n")[0]
        assert passed.split(b"\r\n")[0] == status
        assert (b" 400 " in status) is (server is not go)
        if server is go:
            read, read_then = (
                json.loads(said.partition(b"\r\n\r\n")[2]) for said in (direct, passed)
            )
            assert sorted(read["fields"]) == sorted(read_then["fields"])


def test_they_count_for_the_route_as_what_a_url_writes_for_them() -> None:
    recorder = Recorder()
    policy = Policy(modes=(("/tunes/größe/*", Mode.OFF),))
    with between(recorder, lambda url: Options(url, ANY, policy=policy)) as proxy:
        for name in ("größe", "gr%C3%B6%C3%9Fe", "grün", "gr%C3%BCn"):
            ask(proxy, post(f"/tunes/{name}/prompts".encode()))
    assert [body == BODY for body in recorder.bodies] == [True, True, False, False]


def test_they_are_escaped_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with between(Recorder()) as proxy:
        ask(proxy, get(b"/\x9b31m\xc3\xa9"))
        wait_until(lambda: "path=/%9B31m%C3%A9 " in caplog.text)


def read(*pieces: bytes) -> list[Request]:
    requests: list[Request] = []
    reader = RequestReader(requests.append, lambda: Body(lambda: None, lambda: None))
    for piece in pieces:
        reader.feed(memoryview(piece))
    return requests


def test_requests_are_read_alike_however_they_arrive() -> None:
    """Where a request line is, is known for requests that follow any kind of body."""
    like_a_request = b"^\xff\r\n\r\nGET /\xe9 HTTP/1.1\r\n\r\n"
    chunks = b"5\r\n\r\n\r\n\xff\r\n3\r\n^^^\r\n0\r\nX-After: \xe9^\r\n\r\n"
    sent = b"".join(
        (
            post(RAW[0], like_a_request, last=False),
            b"\r\n",
            b"GET %b HTTP/1.1\r\nHost: x\r\nX-Name: caf\xe9^\r\n\r\n" % RAW[1],
            b"POST %b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % RAW[2],
            chunks,
            b"GET /plain^ HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
            post(RAW[3]),
        )
    )
    cuts = [(sent[:cut], sent[cut:]) for cut in range(len(sent))]
    for pieces in (*cuts, [bytes([byte]) for byte in sent]):
        requests = read(*pieces)
        assert [request.target for request in requests] == [*RAW[:3], b"/plain^", RAW[3]], pieces
        assert all(request.body.complete for request in requests)
        lengths = [request.body.length for request in requests]
        assert lengths == [len(like_a_request), 0, 8, 0, len(BODY)]
        assert requests[1].headers[1] == (b"X-Name", b"caf\xe9^")


@pytest.mark.parametrize(
    "line",
    [
        b"GE\xc9 / HTTP/1.1", b"GET /x HTTP/1.\xb1", b"GET /x\xa0HTTP/1.1", b"\xff",
        b"^GET / HTTP/1.1", b"GET http://caf\xc3\xa9.example/ HTTP/1.1", b"GET /a\x7f HTTP/1.1",
        b"GET /\xe9 x HTTP/1.1", b"GET \xe9 HTTP/1.1", b"OPTIONS *\xe9 HTTP/1.1",
        b"OPTIONS ** HTTP/1.1",
        b"GET * HTTP/1.1", b"OPTIONS http:// HTTP/1.1",
    ],
)  # fmt: skip
def test_other_targets_are_refused(line: bytes) -> None:
    recorder = Recorder()
    with between(recorder) as proxy:
        answer = ask(proxy, line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert not recorder.heads


@pytest.mark.parametrize("target", [b"*", b"http://any.example", b"HTTPS://any.example:7"])
@pytest.mark.parametrize("below", ["", "/v1"])
def test_a_question_about_the_server_as_a_whole_arrives(target: bytes, below: str) -> None:
    recorder = Recorder()
    with between(recorder, lambda url: Options(url + below, ANY)) as proxy:
        assert ask(proxy, get(target, method=b"OPTIONS")).startswith(b"HTTP/1.1 200 ")
    assert recorder.targets == [b"*"]


def test_through_a_proxy_it_is_an_address_without_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    with peer(recorder) as network:
        monkeypatch.setenv("http_proxy", network)
        monkeypatch.setenv("no_proxy", "")
        with proxied(Options("http://api.example/v1", ANY)) as proxy:
            ask(proxy, get(b"*", method=b"OPTIONS"))
            ask(proxy, get(b"/a", method=b"OPTIONS"))
    assert recorder.targets == [b"http://api.example", b"http://api.example/v1/a"]


def fields(message: bytes, name: bytes) -> list[bytes]:
    lines = message.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    pairs = [line.partition(b": ") for line in lines if line]
    return [value for key, _, value in pairs if key.lower() == name]


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_both_directions_say_what_they_came_through(version: bytes) -> None:
    recorder = Recorder(ANSWER.replace(b"HTTP/1.1", b"HTTP/" + version))
    own = (b"VIA: 1.1 outer(\xe9) ,", b"X-Any: 1", b"Via: 2 two")
    with between(recorder) as proxy:
        answer = ask(proxy, get(b"/x", *own, version=version))
        refused = ask(proxy, get(b"nonsense"))
    got = fields(recorder.heads[0], b"via")
    assert got == [b"1.1 outer(\xe9) ,", b"2 two", version + b" flaglift"]
    assert fields(answer, b"via") == [b"1.0 inner, 1.1 (of mine)", version + b" flaglift"]
    assert refused.startswith(b"HTTP/1.1 400 ")
    assert not fields(refused, b"via")  # that was not passed on


def test_nobody_learns_of_it_where_it_is_switched_off() -> None:
    recorder = Recorder()
    with between(recorder, lambda url: Options(url, ANY, via=False)) as proxy:
        answer = ask(proxy, get(b"/x", b"Via: 1.1 outer"))
    assert fields(recorder.heads[0], b"via") == [b"1.1 outer"]
    assert fields(answer, b"via") == [b"1.0 inner, 1.1 (of mine)"]


HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n"


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_what_precedes_a_response_arrives(version: bytes) -> None:
    """But not that of a hop, and not at a client that would take it for the response."""
    recorder = Recorder(b"HTTP/1.1 100 Continue\r\n\r\n" + HINT + HINT + ANSWER)
    with between(recorder) as proxy:
        first, *hints = ask(proxy, get(b"/x", version=version)).split(b"HTTP/1.1 ")
    *hints, answer = hints
    assert first == b""
    told = b"103 Early Hints\r\nLink: </x>\r\nVia: 1.1 flaglift\r\n\r\n"
    assert hints == ([told, told] if version == b"1.1" else [])
    assert answer.startswith(b"200 OK\r\n")


def test_a_hint_is_sent_before_the_response_is_there() -> None:
    may_answer = threading.Event()

    def hinting(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(HINT)
        assert may_answer.wait(60)
        connection.sendall(ANSWER)

    with peer(hinting) as url, proxied(Options(url, ANY)) as proxy:
        host, port = proxy.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as client:
            client.sendall(get(b"/x"))
            assert client.recv(65536).startswith(b"HTTP/1.1 103 ")
            may_answer.set()
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_does_not_read_is_told_no_more_hints() -> None:
    written: list[bytes] = []

    class Wire(asyncio.Transport):
        def write(self, data: bytes | bytearray | memoryview) -> None:
            written.append(bytes(data))

        def is_closing(self) -> bool:
            return False

        def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
            pass

    async def tell() -> None:
        writer = TransportWriter(Wire(), 60, lambda: None)
        writer.write_if_taken(b"one")
        writer.pause()
        writer.write_if_taken(b"two")
        writer.resume()
        writer.write_if_taken(b"three")

    asyncio.run(tell())
    assert written == [b"one", b"three"]


@pytest.mark.parametrize("method", [b"OPTIONS", b"TRACE", b"GET"])
def test_a_request_goes_as_far_as_it_says(method: bytes) -> None:
    recorder = Recorder()
    bound = method != b"GET"
    with between(recorder) as proxy:
        for said in (b"7", b"x", b"9" * 10):
            ask(proxy, get(b"/x", b"max-forwards: " + said, method=method))
        own = (b"Max-Forwards: 0", b"Via: 1.0 a", b"Cookie: secret")
        last = ask(proxy, get(b"/x", *own, method=method))
    arrived = [fields(head, b"max-forwards") for head in recorder.heads]
    rest = [[b"x"], [b"9" * 10]]
    assert arrived == ([[b"6"], *rest] if bound else [[b"7"], *rest, [b"0"]])
    head, _, body = last.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    if method == b"TRACE":
        assert fields(last, b"content-type") == [b"message/http"]
        shown = b"TRACE /x HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\nVia: 1.0 a\r\n\r\n"
        assert body == shown
    else:
        assert body == b""
